//! Traces, logs and metrics.
