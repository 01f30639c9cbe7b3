//! Hand-written backends that the gateway is measured against.
fn main() {}
