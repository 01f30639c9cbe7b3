//! Deep equality, charged to the budget.

use std::sync::Arc;

use super::evaluator::Evaluator;
use crate::document::Value;

impl Evaluator {
    /// Deep equality; numbers by value. `None` if the budget is exceeded.
    pub(in crate::mapping) fn equal(&mut self, a: &Value, b: &Value) -> Option<bool> {
        self.charge(1)?;
        Some(match (a, b) {
            (Value::Array(a), Value::Array(b)) => {
                if Arc::ptr_eq(a, b) {
                    return Some(true);
                }
                if a.len() != b.len() {
                    return Some(false);
                }
                for (a, b) in a.iter().zip(b.iter()) {
                    if !self.equal(a, b)? {
                        return Some(false);
                    }
                }
                true
            }
            (Value::Object(a), Value::Object(b)) => {
                if Arc::ptr_eq(a, b) {
                    return Some(true);
                }
                if a.len() != b.len() {
                    return Some(false);
                }
                for (name, a) in a.iter() {
                    match b.get(name) {
                        Some(b) if self.equal(a, b)? => {}
                        _ => return Some(false),
                    }
                }
                true
            }
            (Value::String(a), Value::String(b)) => {
                self.charge(a.len().min(b.len()) / 32)?;
                a == b
            }
            (a, b) => a == b,
        })
    }
}
