//! The program `sangam-demo`: its messages if it cannot start, and that it stops on request.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sangam-demo"));
    command
        .env_remove("PORT")
        .arg("--connectors")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Waits until a file exists, which is written atomically. Polls, as scripts do.
fn wait_for(file: &Path, child: &mut Child) -> String {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        if let Ok(text) = std::fs::read_to_string(file) {
            return text;
        }
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before its file was there"
        );
        assert!(Instant::now() < patience, "its file is still not there");
        std::thread::yield_now();
    }
}

#[test]
fn a_port_in_use_is_a_clear_message() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = program().env("PORT", port.to_string()).output().unwrap();
    let said = said(&output);
    assert!(said.contains(&format!("port {port} is in use")), "{said}");
}

fn free_port() -> u16 {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    free.local_addr().unwrap().port()
}

#[test]
fn a_gateway_that_is_not_there_is_named() {
    let free = free_port();
    let output = program()
        .args(["--gateway", "no/such/sangam", "--port", &free.to_string()])
        .output()
        .unwrap();
    let said = said(&output);
    assert!(
        said.contains("there is no gateway at no/such/sangam"),
        "{said}"
    );
}

#[test]
fn stand_ins_alone_write_their_addresses_and_end_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let (ports, config) = (
        folder.path().join("ports.json"),
        folder.path().join("sangam.toml"),
    );
    let mut child = program()
        .arg("--standins-only")
        .arg("--config-file")
        .arg(&config)
        .arg("--ports-file")
        .arg(&ports)
        .spawn()
        .unwrap();
    let addresses: serde_json::Value = serde_json::from_str(&wait_for(&ports, &mut child)).unwrap();
    let settings: toml::Table = std::fs::read_to_string(&config).unwrap().parse().unwrap();
    for department in sangam_demo::departments() {
        let url = addresses[department.name]
            .as_str()
            .expect("an address for every department");
        assert!(
            settings["connector"][department.name]
                .to_string()
                .contains(url)
        );
    }
    let origins = settings["cors"]["origins"].to_string();
    assert!(origins.contains("http://localhost:*"), "{origins}");
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
}

/// A gateway that is ready at once, and does not stop on request, so that its parent must kill it. It writes its process id
/// to `gateway.pid` in its folder.
const STUBBORN: &str = r#"#!/usr/bin/env bash
trap '' INT TERM
echo $$ > "$0.draft" && mv "$0.draft" "$0.pid"
exec 3<> <(:)
while :; do read -r -t 1 -u 3; done
"#;

#[test]
fn an_interrupt_from_the_terminal_leaves_nothing_behind() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let gateway = folder.path().join("gateway");
    std::fs::write(&gateway, STUBBORN).unwrap();
    std::fs::set_permissions(&gateway, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut child = program()
        .arg("--gateway")
        .arg(&gateway)
        .args(["--port", &free_port().to_string()])
        .process_group(0)
        .spawn()
        .unwrap();
    let started = wait_for(&folder.path().join("gateway.pid"), &mut child);
    let gateway = Pid::from_raw(started.trim().parse().unwrap()).unwrap();
    // Ctrl-C reaches every process of the group.
    let group = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process_group(group, Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
    test_kill_process(gateway).unwrap_err();
}
