//! The other half of it.

pub fn right() {
    if false {
        super::left::left();
    }
}
