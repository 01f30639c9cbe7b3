//! What an attack is: a name, what it does, under which circumstances, and what must hold while it goes on.

use std::collections::BTreeMap;
use std::pin::Pin;

use crate::aim::Aim;

/// An attack that is under way.
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
    /// Connections at the same time, when it is run at length.
    pub connections: usize,
    /// How many show whether anything holds, when it is run as a test.
    pub few: usize,
    /// What is set otherwise than by default: lines of `[limits]`.
    pub limits: &'static str,
    /// What else is out of the ordinary.
    pub world: World,
    /// Honest clients stay on the connections that they have, because the attack takes all others.
    pub honest_stay: bool,
    /// Carries it out, until the aim says that it is over.
    pub run: fn(Aim) -> UnderWay,
    /// What must hold besides what must always hold.
    pub judge: fn(&Seen) -> Vec<Finding>,
}

/// Who attacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// By what an operation asks.
    Query,
    /// A department does, by how it answers.
    Department,
    /// By how a client's connection behaves.
    Client,
}

/// What is out of the ordinary around the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// Nothing.
    Plain,
    /// Its log is not read.
    StalledLog,
    /// The name server is dead. Needs the rights to give a process a name server of its own.
    DeadNames,
    /// It is asked to stop in the middle.
    Stopping,
}

/// What was seen while an attack went on.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What the attack itself has counted.
    pub counts: BTreeMap<String, u64>,
    /// The most descriptors that the gateway had open.
    pub descriptors: usize,
    /// Bytes of the gateway's log.
    pub logged: u64,
    /// How long it went on.
    pub seconds: f64,
    /// Calls that each department got, by its name.
    pub calls: BTreeMap<String, u64>,
}

/// Something that must hold, and whether it does.
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
    /// One with a hundred connections, under ordinary circumstances.
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
