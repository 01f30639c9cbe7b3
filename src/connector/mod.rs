//! One connector folder, read and checked by itself.
