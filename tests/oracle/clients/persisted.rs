//! The blocks of docs/clients.md, with the libraries that they are for.

use std::path::PathBuf;

use super::node;
use super::upstream::{deployment, districts};
use crate::process::running::Running;

#[test(threads)]
#[ignore = "needs clients from the npm registry: scripts/oracle-clients runs it"]
async fn clients_send_ids_and_hashes_as_the_documentation_says() {
    let upstream = districts().await;
    let start = |section: &str| {
        let folder = deployment(&upstream, section);
        let running = Running::start(folder.command(&["serve"]));
        (folder, running)
    };
    let automatic = start("");
    let without = start("[persisted]\nautomatic = false\n");

    let made = tempfile::tempdir().unwrap();
    let schema = automatic.0.command(&["schema"]).output().unwrap();
    let schema_file = made.path().join("schema.graphql");
    std::fs::write(&schema_file, &schema.stdout).unwrap();
    let page = super::page();
    node("manifests.mjs", &[&page, &schema_file, made.path()]);

    let apps = made.path().join("apps");
    let manifests = format!(
        "[persisted]\nmanifests = [{:?}]\nonly = \"enforce\"\n",
        apps
    );
    let only = start(&manifests);
    let urls = [&automatic, &without, &only].map(|(_, running)| graphql(running));
    let [automatic, without, only] = &urls;
    node(
        "persisted.mjs",
        &[&page, automatic, without, only, made.path()],
    );
    let check = deployment(&upstream, "");
    for manifest in ["apollo", "relay", "codegen"] {
        let file = apps.join(format!("{manifest}.json"));
        let file = file.to_str().unwrap();
        let checked = check.command(&["operations", "--check", file]).output();
        assert!(checked.unwrap().status.success(), "{manifest}");
    }
}

fn graphql(running: &Running) -> PathBuf {
    PathBuf::from(format!("{}/graphql", running.url))
}
