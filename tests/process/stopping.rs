//! Signals, and the limit of file descriptors.
#![cfg(target_os = "linux")]

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use super::running::{Folder, Running, binary, client};

const CONNECTOR: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11")
  @link(url: "https://specs.apollo.dev/connect/v0.2", import: ["@source", "@connect"])
  @source(name: "files", http: { baseURL: "https://files.example" })

type Query {
  file: File @connect(source: "files", http: { GET: "/" }, selection: "id")
}

type File { id: ID }
"#;

fn folder() -> Folder {
    Folder::new("listen = \"127.0.0.1:0\"\n", &[("files", CONNECTOR)])
}

/// Waits for an event that should happen at once.
async fn within<F: Future>(future: F) -> F::Output {
    let patience = Duration::from_secs(60);
    tokio::time::timeout(patience, future).await.unwrap()
}

async fn status(url: &str) -> u16 {
    client().get(url).send().await.unwrap().status().as_u16()
}

#[test]
async fn the_port_stays_open_and_a_second_signal_ends_at_once() {
    let folder = folder();
    let mut command = folder.command(&["serve"]);
    command.env("SANGAM_SHUTDOWN_DELAY", "1h");
    let running = Running::start(command);
    let ready = format!("{}/health/ready", running.url);
    assert_eq!(status(&ready).await, 200);
    running.terminate();
    // The process handles the signal asynchronously; only a response shows that it has.
    within(async { while status(&ready).await == 200 {} }).await;
    assert_eq!(status(&ready).await, 503);
    assert_eq!(status(&format!("{}/health/live", running.url)).await, 200);
    let said = running.stop();
    assert!(said.contains("by a second signal"), "{said}");
}

#[test]
async fn connections_leave_descriptors_for_calls() {
    let folder = folder();
    let mut command = std::process::Command::new("sh");
    let script = "ulimit -n 64 && exec \"$0\" serve";
    command.args(["-c", script]).arg(binary());
    let serve = folder.command(&["serve"]);
    command.current_dir(serve.get_current_dir().unwrap());
    command.env_clear().env("SANGAM_SHUTDOWN_DELAY", "0s");
    let running = Running::start(command);
    let address = running.url.trim_start_matches("http://").to_owned();
    let clients: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(&address).unwrap())
        .collect();
    // Half of the descriptors are for connections: further connections are closed at once.
    for client in &clients[32..] {
        let mut client = client;
        assert_eq!(client.read(&mut [0; 1]).unwrap_or(0), 0);
    }
    drop(clients);
    // Their permits are released asynchronously; only an accepted connection shows that they are.
    let live = client().get(format!("{}/health/live", running.url));
    let ask = || live.try_clone().unwrap().send();
    within(async { while ask().await.is_err() {} }).await;
    let said = running.stop();
    assert!(said.contains("may not open enough descriptors"), "{said}");
    assert!(!said.contains("cannot be accepted"), "{said}");
}
