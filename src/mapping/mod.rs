//! The mapping language: parse, check, evaluate.

/// A parsed selection (its real definition replaces this one).
#[derive(Debug)]
pub struct Selection;

/// Variables of one evaluation (its real definition replaces this one).
#[derive(Debug)]
pub struct Variables;
