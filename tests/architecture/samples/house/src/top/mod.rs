//! May import all rooms above it.

mod left;
mod right;

use crate::shapes::Shape;
use super::values::Value;

pub struct Top(Shape, Value);

pub fn run() {
    left::left();
}
pub fn stop() {}
