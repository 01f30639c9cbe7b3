//! The description of the sample graph's named operations, for a validator of OpenAPI and for a generator of clients.
//!
//! `OPENAPI_ORACLE` names the folder where `npm ci` was run.

use std::path::{Path, PathBuf};
use std::process::Command;

use sangam_demo::{Options, departments};

use crate::process::running::{Folder, Running};

#[test(threads)]
#[ignore = "needs packages from the npm registry: scripts/oracle-openapi runs it"]
#[allow(
    clippy::print_stdout,
    reason = "the log of the programs is the result of this test"
)]
async fn a_generated_client_of_the_sample_graph_compiles_and_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let operations = root.join("schema/operations");
    let mut settings = format!("listen = \"127.0.0.1:0\"\noperations = {operations:?}\n");
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
    let installed = std::env::var_os("OPENAPI_ORACLE").map(PathBuf::from);
    let installed = installed.expect("OPENAPI_ORACLE is set: use scripts/oracle-openapi");
    let mut command = Command::new("node");
    command
        .arg(installed.join("openapi.mjs"))
        .arg(&running.url)
        .arg(root.join("tests/oracle/openapi/client.ts"));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let (log, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    println!("{log}");
    assert!(output.status.success(), "{log}{errors}");
}
