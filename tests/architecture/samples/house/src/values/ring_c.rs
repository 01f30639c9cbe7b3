//! See `ring_a.rs`.

use super::RingA;

pub fn c() -> RingA {
    RingA
}
