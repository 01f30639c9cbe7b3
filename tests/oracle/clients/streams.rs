//! Clients that stream, as docs/live.md sets them up: graphql-ws, graphql-sse, Apollo Client, urql, Relay.

use std::path::Path;

use super::clients;
use super::upstream::{deployment, districts};
use crate::process::running::Running;

/// Runs a program against a gateway whose upstream it knows.
async fn stream(program: &str) {
    let upstream = districts().await;
    let folder = deployment(&upstream, "[streaming]\nheartbeat = \"100ms\"\n");
    let running = Running::start(folder.command(&["serve"]));
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/live.md");
    let upstream = upstream.url("");
    clients(program, &running, &[page.as_path(), Path::new(&upstream)]);
}

#[test(threads)]
#[ignore = "needs clients from the npm registry: scripts/oracle-clients runs it"]
async fn over_each_transport() {
    stream("streams.mjs").await;
}

#[test(threads)]
#[ignore = "needs clients from the npm registry: scripts/oracle-clients runs it"]
async fn deferred_fragments() {
    stream("deferred.mjs").await;
}

#[test(threads)]
#[ignore = "needs clients from the npm registry: scripts/oracle-clients runs it"]
async fn relay() {
    stream("relay_streams.mjs").await;
}

#[test(threads)]
#[ignore = "needs clients from the npm registry: scripts/oracle-clients runs it"]
async fn a_phone_that_sleeps_and_wakes() {
    stream("asleep.mjs").await;
}
