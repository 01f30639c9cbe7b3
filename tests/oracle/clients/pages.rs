//! The pages of docs/live.md and docs/operations.md in Chromium, with the sample graph: the grievance cell may be slow, and the
//! service desk posts its changes to the gateway.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::routing::put;
use sangam_demo::departments;
use tokio::sync::watch;

use super::node;
use crate::process::running::{Folder, Running};
use crate::support::server;

const SETTINGS: &str = "listen = \"127.0.0.1:0\"\n[streaming]\nheartbeat = \"100ms\"\n[live]\nthrottle = \"10ms\"\n\
                        [cors]\norigins = [\"http://127.0.0.1:*\"]\n";

/// What the desk proves its webhook with.
const WEBHOOK: &str = "webhook_secret = { sample = \"sample-token\" }\nwebhook_proof = \"token\"\n";

/// The department that is slow.
const SLOW: &str = "grievances";

/// After `PUT /hold`, this system does not respond until `PUT /release`.
fn held(system: Router) -> Router {
    let held = watch::Sender::new(false);
    let seen = held.subscribe();
    let wait = move |request: Request, next: Next| {
        let mut seen = seen.clone();
        async move {
            let _ = seen.wait_for(|is_held| !is_held).await;
            next.run(request).await
        }
    };
    let set = |is_held: bool| {
        let held = held.clone();
        put(move || async move {
            held.send_replace(is_held);
        })
    };
    let system = system.layer(from_fn(wait));
    system
        .route("/hold", set(true))
        .route("/release", set(false))
}

#[test(threads)]
#[ignore = "needs clients from the npm registry: scripts/oracle-clients runs it"]
async fn pages_follow_the_sample_graph_in_a_browser() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let operations = root.join("schema/operations");
    let mut settings = format!("{SETTINGS}[operations]\nfolder = {operations:?}\n");
    let (mut systems, mut connectors) = (Vec::new(), Vec::new());
    for department in departments() {
        let system = (department.router)();
        let system = match department.name {
            SLOW => held(system),
            _ => system,
        };
        let system = server::router(system).await;
        settings += &format!("\n{}", department.settings(&system.url("")));
        if department.name == "services" {
            settings += WEBHOOK;
        }
        systems.push((department.name, system));
        let schema = root.join("connectors").join(department.name);
        let schema = std::fs::read_to_string(schema.join("connector.graphql")).unwrap();
        connectors.push((department.name, schema));
    }
    let connectors: Vec<(&str, &str)> = connectors
        .iter()
        .map(|(name, schema)| (*name, &**schema))
        .collect();
    let folder = Folder::new(&settings, &connectors);
    let running = Running::start(folder.command(&["serve"]));
    let url = |name: &str| {
        let system = systems.iter().find(|(known, _)| *known == name).unwrap();
        system.1.url("")
    };
    let documents = ["docs/live.md", "docs/operations.md"].map(|page| root.join(page));
    let urls = [running.url.clone(), url("services"), url(SLOW)].map(PathBuf::from);
    let [gateway, desk, slow] = &urls;
    node(
        "pages.mjs",
        &[gateway, &documents[0], &documents[1], desk, slow],
    );
}
