//! One half of a known cycle.

use super::known_b::KnownB;

pub struct KnownA(KnownB);
