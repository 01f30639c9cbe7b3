//! How much work planning is, in counted steps.
