//! A plan and variables become an answer.
