//! Breaks: a room without a row.
