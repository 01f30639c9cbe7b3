//! The binary is a crate of its own, and names the library by its name.

use sangam::top::run;

fn main() {
    // Breaks: `main` imports `values`.
    let _ = sangam::values::Value;
    run();
}
