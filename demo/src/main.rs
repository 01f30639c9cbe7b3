//! Stand-ins for the departments' systems.
fn main() {}
