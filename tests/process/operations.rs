//! Random operations on the schema of the demonstration, up to every limit, sent to the process with a hard memory limit: it
//! never ends, and every response is JSON.
//!
//! If a cgroup can be created, the kernel enforces the limit; the maximum memory is asserted in any case. `MEMORY_SECONDS`
//! (20) is the duration, `MEMORY_SEED` (1) chooses the operations.
#![cfg(target_os = "linux")]

mod group;
mod random;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apollo_compiler::Schema;
use sangam_attacks::upstream::{Part, Upstreams};
use sangam_attacks::wire::{Wire, operation};
use sangam_attacks::world;
use sangam_harness::{Log, Process};
use serde::de::IgnoredAny;
use tokio::runtime::Runtime;

use self::group::Group;
use self::random::Maker;
use super::running::binary;

/// The memory limit of the process.
const LIMIT: u64 = 1_500_000_000;
/// Concurrent operations.
const CLIENTS: u64 = 8;
/// The maximum time of a response: the deadline of an operation, and as much again for an unoptimised build.
const PATIENCE: Duration = Duration::from_secs(40);
/// The interval at which its memory is read: without a cgroup, no event reports that it has grown.
const LOOK: Duration = Duration::from_millis(20);
const SETTINGS: &str = "operation_timeout = \"10s\"\n";

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |given| given.parse().unwrap())
}

#[test(threads)]
async fn random_operations_under_a_hard_limit() {
    let seconds = Duration::from_secs(number("MEMORY_SECONDS", 20));
    let seed = number("MEMORY_SEED", 1);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("schema/api.graphql")).unwrap();
    let schema = Arc::new(Schema::parse(text, "api.graphql").unwrap());
    let aside = Aside::new();
    let (_upstreams, folder) = aside.run(world()).await;
    let group = Group::new(LIMIT);
    let mut command = match &group {
        Some(group) => group.command(binary()),
        None => Command::new(binary()),
    };
    command.env_clear();
    let settings = folder.path().join("sangam.toml");
    let mut gateway = Process::gateway_by(command, &settings, Log::Counted).unwrap();
    let address: SocketAddr = gateway.url.trim_start_matches("http://").parse().unwrap();
    let until = Instant::now() + seconds;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let maker = Maker::new(Arc::clone(&schema), seed.wrapping_mul(CLIENTS) + client);
            tokio::spawn(asking(address, maker, until))
        })
        .collect();
    let mut wrong = Vec::new();
    let mut answers = 0;
    let mut clients = futures_util::future::join_all(clients);
    let asked = loop {
        tokio::select! {
            asked = &mut clients => break asked,
            () = tokio::time::sleep(LOOK) => {
                // Otherwise it could use up the memory of the machine.
                if gateway.memory().is_ok_and(|bytes| bytes > LIMIT) {
                    wrong.push("it took too much, and was ended".to_owned());
                    gateway.kill().unwrap();
                }
            }
        }
    };
    for asked in asked {
        match asked.unwrap() {
            Ok(count) => answers += count,
            Err(why) => wrong.push(why),
        }
    }
    if let Some(status) = gateway.ended().unwrap() {
        wrong.push(format!("it ended with {status}"));
    }
    let peak = gateway.peak().unwrap_or_default();
    drop(gateway);
    let held = if group.is_some() {
        "a cgroup"
    } else {
        "watching"
    };
    eprintln!(
        "{answers} random operations with MEMORY_SEED={seed}, held by {held}: {} MB at most",
        peak / 1_000_000
    );
    assert!(peak <= LIMIT, "{peak} bytes at most");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(answers > 0);
}

/// Threads for the stand-ins. The cost of operations is not limited here, and an operation with nested lists can keep a
/// stand-in busy for minutes, long after the gateway has cancelled the call. Neither the clients nor the end of the test may
/// wait for these threads.
struct Aside(Option<Runtime>);

impl Aside {
    fn new() -> Aside {
        let mut threads = tokio::runtime::Builder::new_multi_thread();
        Aside(Some(threads.enable_all().build().unwrap()))
    }

    async fn run<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> T {
        let runtime = self.0.as_ref().unwrap();
        runtime.spawn(future).await.unwrap()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

async fn world() -> (Vec<Upstreams>, tempfile::TempDir) {
    let (mut upstreams, mut text) = (Vec::new(), String::new());
    for part in [Part::Desk, Part::Standins] {
        let upstream = Upstreams::start(part).await.unwrap();
        text.push_str(upstream.settings());
        upstreams.push(upstream);
    }
    let folder = tempfile::tempdir().unwrap();
    let connectors = [Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors")];
    let text = world::settings(folder.path(), &connectors, None, &text).unwrap();
    let text = text.replacen("[limits]\n", &format!("[limits]\n{SETTINGS}"), 1);
    // The cost limit is off: the memory bound must hold without it.
    let text = format!("{text}\n[cost]\nmode = \"off\"\n");
    std::fs::write(folder.path().join("sangam.toml"), text).unwrap();
    (upstreams, folder)
}

/// The operations of one client. Returns their number, or the one whose response is not JSON.
async fn asking(address: SocketAddr, mut maker: Maker, until: Instant) -> Result<u64, String> {
    let mut count = 0;
    while Instant::now() < until {
        // The first one multiplies: a hundred rows on each of six levels.
        let text = match count {
            0 => format!(
                "{{ districts {{ {} lgdCode {} }} }}",
                "works(first: 100) { nodes { district {".repeat(6),
                "} } }".repeat(6)
            ),
            _ => maker.operation(),
        };
        let body = operation(&text);
        let asking = async { Wire::connect(address).await?.ask(&body).await };
        let answer = tokio::time::timeout(PATIENCE, asking).await;
        let answer = answer.map_err(|_| format!("no answer in {PATIENCE:?}: {text}"))?;
        let answer = answer.map_err(|error| format!("{error}: {text}"))?;
        serde_json::from_slice::<IgnoredAny>(&answer.body)
            .map_err(|error| format!("{}, {error}: {text}", answer.status))?;
        count += 1;
    }
    Ok(count)
}
