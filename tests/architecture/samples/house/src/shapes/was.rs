//! Once imported `shapes/mod.rs`.

pub fn was() {}
