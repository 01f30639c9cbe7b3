//! Allocations per request of the gateway without its HTTP server, and the bytes that entries of its caches hold against their
//! weight, as Markdown tables. They are counted, not timed: the figures are the same on a busy machine.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::alloc::System;

use sangam::gateway::Gateway;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::runtime::Runtime;

use support::upstream::serve_posts;
use support::{
    JOIN, NO_ANSWERS, ask, ask_first, ask_with, gateway, over_departments, over_posts, runtime,
    text,
};

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
    let (over_all, _standins) = runtime.block_on(over_departments(NO_ANSWERS));
    let district = text("schema/operations/Districts.graphql");
    count("documents cached, the district query", &over_all, &district);
    weights(&runtime);
}

/// About twenty fields of a user.
const FIELDS: &str = "id name username email phone website address { street suite city zipcode geo { lat lng } } \
                                 company { name catchPhrase bs } posts { id title }";

/// Only compiled operations are kept.
const ONLY_PLANS: &str = "[cache]\ndocuments = \"0MB\"\nresponses = \"0MB\"\nplans = \"1GB\"\n";

/// Only whole answers are kept, beside the operation.
const ONLY_ANSWERS: &str = "[cache]\ndocuments = \"0MB\"\n";

/// The gateway over users with many fields.
fn over_users(settings: &str) -> Gateway {
    let url = serve_posts(3600);
    let settings = format!("{settings}\n[connector.users]\nbase_url = \"{url}\"\n");
    gateway("benches/connectors/users", &settings)
}

fn weights(runtime: &Runtime) {
    println!("\n| an entry | bytes that it holds | its weight | ratio |\n|---|---:|---:|---:|");
    let weigh = |name: &str, gateway: &Gateway, cache: &str, requests: &dyn Fn(u64) -> Request| {
        let (held, weight) = runtime.block_on(weighed(gateway, cache, requests));
        println!(
            "| {name} | {held:.0} | {weight:.0} | {:.2} |",
            weight / held
        );
    };
    let of_text = |operation: String| (operation, None);
    let users = |number: u64| {
        of_text(format!(
            "{{ user(id: 1) {{ n{number:010}: name {FIELDS} }} }}"
        ))
    };
    weigh(
        "a plan, twenty fields",
        &over_users(ONLY_PLANS),
        "plan",
        &users,
    );
    let fields = JOIN.trim_start_matches('{');
    let posts = |number: u64| of_text(format!("{{ n{number:010}: __typename {fields}"));
    weigh(
        "a plan, a join",
        &over_posts(3600, ONLY_PLANS),
        "plan",
        &posts,
    );
    let (gateway, _standins) = runtime.block_on(over_departments(ONLY_PLANS));
    let district = text("schema/operations/Districts.graphql");
    let district = |number: u64| {
        let first = format!("{{ n{number:010}: __typename ");
        of_text(district.replacen('{', &first, 1))
    };
    weigh("a plan, the district query", &gateway, "plan", &district);
    let user = |number: u64| {
        let text = "query ($id: Int!) { user(id: $id) { id name email } }";
        let variables = format!("{{\"id\":{}}}", number + 1);
        (text.to_owned(), Some(variables))
    };
    weigh(
        "a document",
        &over_posts(3600, NO_ANSWERS),
        "document",
        &user,
    );
    weigh(
        "an answer",
        &over_posts(3600, ONLY_ANSWERS),
        "response",
        &user,
    );
}

/// An operation, and its variables as JSON.
type Request = (String, Option<String>);

/// The bytes that an entry of a cache holds and its weight, of many requests that differ in their numbers.
async fn weighed(gateway: &Gateway, cache: &str, requests: &dyn Fn(u64) -> Request) -> (f64, f64) {
    const ENTRIES: u64 = 400;
    let size = || {
        let sizes = gateway.cache_sizes();
        let (_, size) = sizes.iter().find(|(name, _)| *name == cache).unwrap();
        *size
    };
    // What is set up once, or grows in steps, is no part of an entry.
    for number in 0..100 {
        ask_with(gateway, requests(number)).await;
    }
    let (before, region) = (size(), Region::new(ALLOCATOR));
    for number in 100..100 + ENTRIES {
        ask_with(gateway, requests(number)).await;
    }
    let after = size();
    let change = region.change();
    let held = change.bytes_allocated as f64 - change.bytes_deallocated as f64;
    let entries = (after.entries - before.entries) as f64;
    assert_eq!(entries, ENTRIES as f64);
    (
        held / entries,
        (after.bytes - before.bytes) as f64 / entries,
    )
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
