//! A sample crate: lines that break a rule have a comment `Breaks`; other lines only look like violations.

pub mod pure;
pub mod shapes;
pub mod top;
pub mod unlisted;
pub mod values;
