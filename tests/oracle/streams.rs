//! Operations that `gql` runs over each transport of docs/live.md. `PYTHON_ORACLE` is a Python that has it; `scripts/oracle-python` makes it.

use std::path::Path;
use std::process::Command;

use super::clients::upstream::{deployment, districts};
use crate::process::running::Running;

#[test(threads)]
#[ignore = "needs packages from PyPI: scripts/oracle-python runs it"]
#[allow(
    clippy::print_stdout,
    reason = "what the client found is shown with --nocapture"
)]
async fn gql_streams_over_each_transport() {
    let upstream = districts().await;
    let folder = deployment(&upstream, "");
    let running = Running::start(folder.command(&["serve"]));
    let python = std::env::var_os("PYTHON_ORACLE").expect("PYTHON_ORACLE, by the script");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut client = Command::new(python);
    client
        .arg(root.join("tests/oracle/clients/streams.py"))
        .arg(format!("{}/graphql", running.url))
        .arg(root.join("docs/live.md"));
    let output = client.output().expect("python");
    let printed = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let (out, errors) = (printed(&output.stdout), printed(&output.stderr));
    assert!(output.status.success(), "{out}{errors}");
    print!("{out}");
}
