//! See `ring_a.rs`.

pub fn b() {
    let _ = vec![super::ring_c::c()];
}
