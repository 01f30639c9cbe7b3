//! The definition of an attack: its name, the function that runs it, its circumstances, and what must hold during it.

use std::collections::BTreeMap;
use std::pin::Pin;

use crate::aim::Aim;

/// A running attack.
pub type UnderWay = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One attack.
#[derive(Debug, Clone, Copy)]
pub struct Attack {
    /// Its name in the table.
    pub name: &'static str,
    /// Who attacks.
    pub class: Class,
    /// What is sent, in a few words.
    pub what: &'static str,
    /// Concurrent connections when it runs at length.
    pub connections: usize,
    /// Concurrent connections when it runs as a test.
    pub few: usize,
    /// Settings that differ from the defaults: lines of `[limits]`.
    pub limits: &'static str,
    /// The circumstances of the gateway.
    pub world: World,
    /// Honest clients use the connections that they have, because the attack takes all others.
    pub honest_stay: bool,
    /// Runs it until the aim says that it is over.
    pub run: fn(Aim) -> UnderWay,
    /// Checks what must hold in addition to what holds for all attacks.
    pub judge: fn(&Seen) -> Vec<Finding>,
}

/// Who attacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A client, by what its operation requests.
    Query,
    /// An upstream, by its responses.
    Upstream,
    /// A client, by how its connection behaves.
    Client,
}

/// The circumstances of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// The ordinary ones.
    Plain,
    /// Its log is not read.
    StalledLog,
    /// The name server is dead. Needs the privilege to give a process its own name server.
    DeadNames,
    /// It is asked to stop during the attack.
    Stopping,
}

/// Observations during an attack.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What the attack itself has counted.
    pub counts: BTreeMap<String, u64>,
    /// The most descriptors that the gateway had open.
    pub descriptors: usize,
    /// Bytes of the gateway's log.
    pub logged: u64,
    /// Its duration.
    pub seconds: f64,
    /// Calls to each connector's upstream, by the name of the connector.
    pub calls: BTreeMap<String, u64>,
}

/// A condition, and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// In words, with its figures.
    pub what: String,
    /// Whether it holds.
    pub met: bool,
}

impl Finding {
    /// A finding.
    pub fn new(met: bool, what: impl Into<String>) -> Finding {
        Finding {
            what: what.into(),
            met,
        }
    }
}

impl Seen {
    /// What the attack has counted under this name.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }
}

impl Attack {
    /// An attack with a hundred connections, under ordinary circumstances.
    #[must_use]
    pub const fn new(
        class: Class,
        name: &'static str,
        what: &'static str,
        run: fn(Aim) -> UnderWay,
    ) -> Attack {
        Attack {
            name,
            class,
            what,
            connections: 100,
            few: 4,
            limits: "",
            world: World::Plain,
            honest_stay: false,
            run,
            judge: |_| Vec::new(),
        }
    }
}
