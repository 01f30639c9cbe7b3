//! Tests of the whole gateway: the connectors of the demonstration with their stand-ins, over loopback sockets.

mod access;
mod addresses;
mod backend;
mod black_hole;
mod cache_headers;
mod caches;
mod canary;
mod constant;
mod cost;
mod counts;
mod deliverables;
mod dggi;
mod district;
mod generations;
mod languages;
mod limits;
mod names;
pub(crate) mod operations;
mod operators;
mod plans;
mod refused_mutations;
pub(crate) mod scripted;
mod smoke;
mod unreadable;
mod weather;
mod world;
