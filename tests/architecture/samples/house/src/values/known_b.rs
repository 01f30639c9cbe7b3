//! The other half.

pub struct KnownB(Option<Box<super::known_a::KnownA>>);
