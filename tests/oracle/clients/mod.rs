//! Clients that normalise responses (Apollo Client, urql with Graphcache) against gateways whose types have `@node`, clients that
//! send batches (graphql-request, Apollo Client), clients that stream (`streams`), and clients that send ids and hashes
//! instead of operation texts (`persisted`).
//!
//! `CLIENTS_ORACLE` names the folder where `npm ci` was run.

mod pages;
mod persisted;
mod streams;
pub(crate) mod upstream;

use std::path::{Path, PathBuf};
use std::process::Command;

use sangam_demo::{Options, departments};

use self::upstream::{deployment, districts};
use crate::process::running::{Folder, Running};

#[test(threads)]
#[ignore = "needs clients from the npm registry: scripts/oracle-clients runs it"]
async fn clients_store_each_object_once() {
    let upstream = districts().await;
    let folder = deployment(&upstream, "");
    let running = Running::start(folder.command(&["serve"]));
    clients("clients.mjs", &running, &[]);
}

#[test(threads)]
#[ignore = "needs an audit from the npm registry: scripts/oracle-clients runs it"]
async fn the_audit_of_graphql_over_http_passes() {
    let upstream = districts().await;
    let folder = deployment(&upstream, "");
    let running = Running::start(folder.command(&["serve"]));
    clients("audit.mjs", &running, &[]);
}

#[test(threads)]
#[ignore = "needs clients from the npm registry: scripts/oracle-clients runs it"]
async fn clients_send_batches() {
    let upstream = districts().await;
    let folder = deployment(&upstream, "[limits]\nbatch = 10\n");
    let running = Running::start(folder.command(&["serve"]));
    clients("batches.mjs", &running, &[&page()]);
}

#[test(threads)]
#[ignore = "needs clients from the npm registry: scripts/oracle-clients runs it"]
async fn clients_show_the_sample_graph_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let operations = root.join("schema/operations");
    // Pages of this machine, by its number; those of `localhost` are of another origin.
    let mut settings = format!(
        "listen = \"127.0.0.1:0\"\n[operations]\nfolder = {operations:?}\norigins = [\"http://127.0.0.1:*\"]\n"
    );
    let (mut standins, mut connectors) = (Vec::new(), Vec::new());
    for department in departments() {
        let standin = department.start(Options::default()).await.unwrap();
        settings += &format!("\n{}", department.settings(&standin.url()));
        standins.push(standin);
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
    clients("graph.mjs", &running, &[operations.as_path()]);
    clients("uploads.mjs", &running, &[&page()]);
    let gateway = PathBuf::from(&running.url);
    node("embed.mjs", &[&root.join("docs/operations.md"), &gateway]);
}

/// The page with the set-up of clients.
fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/clients.md")
}

/// Runs a program of this folder against the gateway.
fn clients(program: &str, gateway: &Running, arguments: &[&Path]) {
    let url = PathBuf::from(format!("{}/graphql", gateway.url));
    let arguments: Vec<&Path> = std::iter::once(&*url)
        .chain(arguments.iter().copied())
        .collect();
    node(program, &arguments);
}

/// Runs a program of this folder.
#[allow(
    clippy::print_stdout,
    reason = "what the clients found is shown with --nocapture"
)]
fn node(program: &str, arguments: &[&Path]) {
    let packages = std::env::var_os("CLIENTS_ORACLE").expect("CLIENTS_ORACLE, by the script");
    let mut clients = Command::new("node");
    clients
        // With the warnings that the clients give their developers.
        .arg("--conditions=development")
        .arg(PathBuf::from(packages).join(program))
        .args(arguments);
    let output = clients.output().expect("node");
    let printed = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let (out, errors) = (printed(&output.stdout), printed(&output.stderr));
    assert!(output.status.success(), "{out}{errors}");
    print!("{out}");
}
