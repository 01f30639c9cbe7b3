//! The mapping language: parse, check, evaluate.
