//! Allocations per request of the gateway without its HTTP server, as a Markdown table. They are counted, not timed:
//! the figures are the same on a busy machine.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::alloc::System;

use sangam::gateway::Gateway;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use support::{JOIN, NO_ANSWERS, ask, ask_first, over_departments, over_posts, runtime, text};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Requests that are counted, after as many that are not: what is set up once is no part of a request.
const REQUESTS: usize = 200;

fn main() {
    // Cargo asks every bench whether it is a test.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = runtime();
    let _inside = runtime.enter();
    println!("| allocations per request | number | bytes |\n|---|---:|---:|");
    let count = |name: &str, gateway: &Gateway, operation: &str| {
        let (number, bytes) = runtime.block_on(counted(gateway, operation));
        println!("| {name} | {number:.1} | {bytes:.0} |");
    };
    count("no upstream call", &over_posts(0, ""), "{ greet }");
    count(
        "nothing cached, one list",
        &over_posts(0, ""),
        "{ posts { title } }",
    );
    count(
        "nothing cached, a join of 11 calls",
        &over_posts(0, ""),
        JOIN,
    );
    count(
        "documents cached, the same join",
        &over_posts(3600, NO_ANSWERS),
        JOIN,
    );
    count("the answer cached", &over_posts(3600, ""), JOIN);
    let (gateway, _standins) = runtime.block_on(over_departments(NO_ANSWERS));
    let district = text("schema/operations/Districts.graphql");
    count("documents cached, the district query", &gateway, &district);
}

/// Allocations and their bytes, per request.
async fn counted(gateway: &Gateway, operation: &str) -> (f64, f64) {
    ask_first(gateway, operation).await;
    for _ in 0..REQUESTS {
        ask(gateway, operation).await;
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..REQUESTS {
        ask(gateway, operation).await;
    }
    let change = region.change();
    let each = |total: usize| total as f64 / REQUESTS as f64;
    (
        each(change.allocations + change.reallocations),
        each(change.bytes_allocated),
    )
}
