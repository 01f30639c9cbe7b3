//! Breaks: a cycle of three files, one step of which goes through a re-export and one through a macro.

use super::ring_b;

pub struct RingA;

pub fn a() {
    ring_b::b();
}
