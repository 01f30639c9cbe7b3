//! What is promised to operators, held against the real binary as a process of its own: what it tells departments and
//! collectors, what it never shows, how much memory it takes, and
//! that attacks do not take it down.

mod attacks;
mod authorities;
mod checked;
mod collector;
mod departments;
mod log;
mod memory;
mod operations;
mod package;
mod refusals;
mod running;
mod secrets;
mod stopping;
mod traces;
