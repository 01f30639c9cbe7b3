//! The commands of the sangam binary.
