//! Whole-gateway tests: the real connectors in front of the stand-ins, over loopback sockets.

mod access;
mod caches;
mod canary;
mod counts;
mod district;
mod limits;
mod plans;
mod smoke;
mod weather;
mod world;
