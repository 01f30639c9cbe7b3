//! The table of attacks, one file per attack.

mod aliases;
mod bodies;
mod closing;
mod compiling;
mod connections;
mod documents;
mod fragments;
mod h2_continuation;
mod h2_frames;
mod h2_reset;
mod h2_window;
mod heads;
mod heads_only;
mod hole;
mod introspection;
mod invalid;
mod leavers;
mod many_errors;
mod mutations;
mod names;
mod nested_lists;
mod nested_rows;
mod numbers;
mod pages;
mod pipelining;
mod slow_readers;
mod slow_requests;
mod stalled_log;
mod stopping;
mod unreadable;
mod variables;

use crate::attack::Attack;

/// All attacks, by who attacks.
pub const ATTACKS: [Attack; 31] = [
    nested_rows::ATTACK,
    nested_lists::ATTACK,
    introspection::ATTACK,
    compiling::ATTACK,
    aliases::ATTACK,
    fragments::ATTACK,
    variables::ATTACK,
    invalid::ATTACK,
    mutations::ATTACK,
    pages::ATTACK,
    documents::ATTACK,
    many_errors::ATTACK,
    numbers::ATTACK,
    unreadable::ATTACK,
    hole::ATTACK,
    closing::ATTACK,
    names::ATTACK,
    heads_only::ATTACK,
    slow_requests::ATTACK,
    slow_readers::ATTACK,
    leavers::ATTACK,
    pipelining::ATTACK,
    h2_window::ATTACK,
    h2_reset::ATTACK,
    h2_frames::ATTACK,
    h2_continuation::ATTACK,
    connections::ATTACK,
    heads::ATTACK,
    bodies::ATTACK,
    stalled_log::ATTACK,
    stopping::ATTACK,
];
