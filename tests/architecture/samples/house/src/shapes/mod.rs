//! Uses of `values` are allowed.

use crate::value;
use crate::values::Value;

pub struct Shape(Value);

// Breaks: a path in an expression, without `use`.
pub fn run() {
    crate::pure::compute();
    value!();
}

impl Shape {
    #[cfg(test)]
    pub fn only_for_tests() {
        crate::pure::compute();
    }

    #[cfg(not(test))]
    pub fn always() {
        // Breaks: `#[cfg(not(test))]` is the program.
        self::super::pure::compute();
    }
}
