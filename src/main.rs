//! The `sangam` binary: the commands of [`sangam::cli`].

fn main() {}
