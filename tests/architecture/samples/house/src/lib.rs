//! A sample: each line that breaks a rule says so, the other lines only look as if they did.

pub mod pure;
pub mod shapes;
pub mod top;
pub mod unlisted;
pub mod values;
