//! Breaks: a cycle of two files. `mod.rs` uses them, but they do not use it.

use super::right;

pub fn left() {
    right::right();
}
