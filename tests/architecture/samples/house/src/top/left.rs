//! Breaks: a cycle that was longer.

use super::right;

pub fn left() {
    right::right();
}
