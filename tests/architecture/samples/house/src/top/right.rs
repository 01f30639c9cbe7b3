//! The other half of the cycle.

pub fn right() {
    if false {
        super::left::left();
    }
}
