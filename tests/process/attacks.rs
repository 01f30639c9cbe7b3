//! The attacks of `benches/attacks`, each with a few connections and a gateway process of its own: honest clients get
//! responses during and after the attack, the memory of the gateway stays within its bound, and the attack does not reach
//! its goal.
//!
//! `make prove-attacks` runs the same attacks at length and measures times.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use sangam_attacks::honest::{Clients, HONEST, answered};
use sangam_attacks::upstream::{PARTS, Upstreams};
use sangam_attacks::{ATTACKS, Aim, Attack, Class, Extent, Finding, Phase, Seen, World, world};
use sangam_harness::{Log, Process};
use tokio::sync::watch;

use super::running::binary;

/// The bound for the gateway's memory.
const MEMORY: u64 = 1_000_000_000;
/// Rounds of each connection.
const ROUNDS: u64 = 2;
/// Honest requests of each kind, once all attackers are connected.
const REQUESTS: usize = 5;
/// The time after which an attack is stopped.
const PATIENCE: Duration = Duration::from_secs(20);
/// The interval at which the memory of the process is read during an attack: no event reports that it has grown.
const LOOK: Duration = Duration::from_millis(20);

#[test(threads)]
async fn by_queries() {
    attacked(Class::Query).await;
}

#[test(threads)]
async fn by_upstreams() {
    attacked(Class::Upstream).await;
}

#[test(threads)]
async fn by_clients() {
    attacked(Class::Client).await;
}

/// All attacks of a class, one after the other. `ATTACK` picks them by a part of their name.
async fn attacked(class: Class) {
    let only = std::env::var("ATTACK").unwrap_or_default();
    let mut wrong = Vec::new();
    let attacks = ATTACKS
        .iter()
        // It needs privileges that a test does not have.
        .filter(|attack| attack.class == class && attack.world != World::DeadNames)
        .filter(|attack| attack.name.contains(&only));
    for attack in attacks {
        let failures = Scene::start(attack).await.play().await;
        wrong.extend(
            failures
                .iter()
                .map(|what| format!("{}: {what}", attack.name)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A gateway with its upstreams.
struct Scene {
    attack: &'static Attack,
    upstreams: Vec<Upstreams>,
    gateway: Process,
    address: SocketAddr,
    _folder: tempfile::TempDir,
    wrong: Vec<String>,
}

impl Scene {
    async fn start(attack: &'static Attack) -> Scene {
        let (mut upstreams, mut text) = (Vec::new(), String::new());
        for (_, part) in PARTS {
            let upstream = Upstreams::start(part).await.unwrap();
            text.push_str(upstream.settings());
            upstreams.push(upstream);
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let connectors =
            ["connectors", "benches/connectors/attacks"].map(|folder| root.join(folder));
        let folder = tempfile::tempdir().unwrap();
        let text = world::settings(folder.path(), &connectors, Some(attack), &text).unwrap();
        let settings = folder.path().join("sangam.toml");
        std::fs::write(&settings, text).unwrap();
        let mut command = Command::new(binary());
        command.env_clear();
        let log = match attack.world {
            World::StalledLog => Log::Stalled,
            _ => Log::Counted,
        };
        let gateway = Process::gateway_by(command, &settings, log).unwrap();
        let address = gateway.url.trim_start_matches("http://").parse().unwrap();
        answered(address, PATIENCE).await.unwrap();
        Scene {
            attack,
            upstreams,
            gateway,
            address,
            _folder: folder,
            wrong: Vec::new(),
        }
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.upstreams.iter().flat_map(Upstreams::calls).collect()
    }

    /// The assertions that failed.
    async fn play(mut self) -> Vec<String> {
        let stops = self.attack.world == World::Stopping;
        let clients = Clients::new(self.address, self.attack.honest_stay).await;
        let clients = clients.unwrap();
        let (phases, phase) = watch::channel(Phase::On);
        let extent = Extent {
            connections: self.attack.few,
            rounds: if stops { u64::MAX } else { ROUNDS },
        };
        let (calls, begun) = (self.calls(), Instant::now());
        let aim = Aim::new(self.address, extent, phase);
        let mut attacking = tokio::spawn((self.attack.run)(aim.clone()));
        // Until all attackers are connected, and a little longer.
        let (mut asked, mut left) = (0, REQUESTS);
        while left > 0 {
            self.honest(&clients).await;
            asked += 1;
            let is_complete = aim.cost().1 >= self.attack.few as u64 || attacking.is_finished();
            left -= usize::from(is_complete || begun.elapsed() > PATIENCE);
        }
        let descriptors = self.gateway.descriptors().unwrap_or_default();
        if stops {
            self.gateway.terminate().unwrap();
        } else {
            phases.send_replace(Phase::Ended);
        }
        let ending = Instant::now();
        while !attacking.is_finished() && ending.elapsed() < PATIENCE && self.is_small() {
            // Until the attack ends or the memory must be read.
            let _ = tokio::time::timeout(LOOK, &mut attacking).await;
        }
        phases.send_replace(Phase::Cut);
        self.is_small();
        if stops {
            self.stopped();
        } else {
            self.honest(&clients).await;
            asked += 1;
        }
        let mut counts = aim.counts();
        counts.insert("honest calls".to_owned(), asked);
        let since = |(name, count): (String, u64)| {
            let before = calls.get(&name).copied().unwrap_or_default();
            (name, count - before)
        };
        let seen = Seen {
            counts,
            descriptors,
            logged: self.gateway.logged(),
            seconds: begun.elapsed().as_secs_f64(),
            calls: self.calls().into_iter().map(since).collect(),
        };
        let findings = (self.attack.judge)(&seen).into_iter();
        let missed = findings.filter(|finding| !finding.met);
        self.wrong.extend(missed.map(|Finding { what, .. }| what));
        self.wrong.sort();
        self.wrong.dedup();
        self.wrong
    }

    /// One request of each kind.
    async fn honest(&mut self, clients: &Clients) {
        for honest in HONEST {
            if let Err(why) = clients.ask(honest, true).await {
                self.wrong
                    .push(format!("an honest request ({}): {why}", honest.name));
            }
        }
    }

    /// Whether the gateway uses less memory than allowed. If not, it is killed: it could use up the memory of the machine.
    fn is_small(&mut self) -> bool {
        let small = self.gateway.peak().is_ok_and(|peak| peak < MEMORY);
        if !small {
            self.wrong.push(format!(
                "the gateway took {} MB, or ended",
                MEMORY / 1_000_000
            ));
            let _ = self.gateway.kill();
        }
        small
    }

    fn stopped(&mut self) {
        let ended = tokio::task::block_in_place(|| self.gateway.ended_within(3 * PATIENCE));
        match ended.unwrap() {
            Some(status) if status.success() => {}
            Some(status) => self
                .wrong
                .push(format!("the gateway stopped with {status}")),
            None => self.wrong.push("the gateway did not stop".to_owned()),
        }
    }
}
