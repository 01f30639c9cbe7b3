//! The binary is a separate crate, and imports the library by its name.

use sangam::top::run;

fn main() {
    // Breaks: `main` imports `values`.
    let _ = sangam::values::Value;
    run();
}
