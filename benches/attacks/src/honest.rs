//! The clients that must not notice an attack. They send requests at a moderate fixed rate: each request at its due time,
//! even if earlier ones have no response yet. Latency is measured from the due time.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::wire::{Wire, operation};

/// A response that takes longer is a failure.
const PATIENCE: Duration = Duration::from_secs(10);
/// One in so many requests uses a new connection: new clients arrive during an attack too.
const FRESH: u64 = 10;
/// The connections of clients that open no new ones.
const STAYING: usize = 8;

/// One kind of honest request.
#[derive(Debug, Clone, Copy)]
pub struct Honest {
    /// Its name in tables.
    pub name: &'static str,
    query: &'static str,
    per_second: u32,
}

/// The two kinds.
pub const HONEST: [Honest; 2] = [
    // The whole response is cached: the directory allows a day, the index five minutes.
    Honest {
        name: "cached",
        query: "query HonestCached { districts { name dggi { composite rank } } }",
        per_second: 100,
    },
    // From the service desk, which does not allow caching of an application.
    Honest {
        name: "uncached",
        query: "query HonestUncached { trackedApplication(reference: \"JK-RR1QRD-T79YWA-P52MXW-Y53G2B\") { reference application { status appliedOn } } }",
        per_second: 50,
    },
];

/// The results of the requests of one kind.
#[derive(Debug, Clone, Default)]
pub struct Load {
    /// Sorted.
    pub latencies: Vec<Duration>,
    /// The failures, with their counts.
    pub failures: BTreeMap<String, u64>,
}

impl Load {
    /// The number of failures.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// A percentile of the latency.
    #[must_use]
    pub fn percentile(&self, of: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        let at = (self.latencies.len() * of / 100).min(last);
        self.latencies.get(at).copied().unwrap_or_default()
    }
}

/// Honest clients of one gateway, with their connections.
#[derive(Debug, Clone)]
pub struct Clients {
    address: SocketAddr,
    /// Connections that wait for their next request.
    pool: Arc<Mutex<VecDeque<Wire>>>,
    /// No further connections are opened.
    stay: bool,
}

impl Clients {
    /// Clients of the gateway at this address. With `stay`, they only use connections that are opened now.
    ///
    /// # Errors
    /// When these are refused.
    pub async fn new(address: SocketAddr, stay: bool) -> io::Result<Clients> {
        let mut wires = VecDeque::new();
        while stay && wires.len() < STAYING {
            wires.push_back(Wire::connect(address).await?);
        }
        Ok(Clients {
            address,
            pool: Arc::new(Mutex::new(wires)),
            stay,
        })
    }

    /// One request; with `fresh`, on a connection of its own.
    ///
    /// # Errors
    /// What is wrong with the response.
    pub async fn ask(&self, honest: Honest, fresh: bool) -> Result<(), String> {
        let body = operation(honest.query);
        let asking = self.asked(&body, fresh);
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_| Err(format!("no answer in {} s", PATIENCE.as_secs())))
    }

    async fn asked(&self, body: &str, fresh: bool) -> Result<(), String> {
        let mut wire = match self.kept(fresh).await {
            Some(wire) => wire,
            None => Wire::connect(self.address)
                .await
                .map_err(|error| format!("cannot connect: {}", error.kind()))?,
        };
        let answer = wire.ask(body).await;
        let answer = answer.map_err(|error| format!("no answer: {}", error.kind()))?;
        if answer.status != 200 {
            return Err(format!("status {}", answer.status));
        }
        let text = String::from_utf8_lossy(&answer.body);
        if !text.starts_with("{\"data\":{") || text.contains("\"errors\"") {
            let kind = text.split("\"kind\":\"").nth(1).unwrap_or_default();
            let kind = kind.split('"').next().unwrap_or_default();
            return Err(format!("errors {kind}"));
        }
        if !answer.closes && (self.stay || !fresh) {
            self.pool().push_back(wire);
        }
        Ok(())
    }

    fn pool(&self) -> MutexGuard<'_, VecDeque<Wire>> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was idle for the longest time, so that none is idle for long.
    async fn kept(&self, fresh: bool) -> Option<Wire> {
        if fresh && !self.stay {
            return None;
        }
        loop {
            let kept = self.pool().pop_front();
            if kept.is_some() || !self.stay {
                return kept;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Requests of one kind at its rate, until `end` says so.
    async fn load(&self, honest: Honest, end: watch::Receiver<bool>) -> Load {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / honest.per_second);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut requests = JoinSet::new();
        let mut number = 0;
        while !*end.borrow() {
            let due = ticks.tick().await;
            number += 1;
            let clients = self.clone();
            requests.spawn(async move {
                let asked = clients.ask(honest, number % FRESH == 0).await;
                asked.map(|()| due.elapsed())
            });
        }
        let mut load = Load::default();
        while let Some(came) = requests.join_next().await {
            match came {
                Ok(Ok(latency)) => load.latencies.push(latency),
                Ok(Err(why)) => *load.failures.entry(why).or_default() += 1,
                Err(_) => {
                    let why = "the client failed".to_owned();
                    *load.failures.entry(why).or_default() += 1;
                }
            }
        }
        load.latencies.sort_unstable();
        load
    }

    /// Both kinds at once.
    pub async fn loads(&self, end: watch::Receiver<bool>) -> [Load; 2] {
        let [cached, uncached] = HONEST.map(|honest| self.load(honest, end.clone()));
        let (cached, uncached) = tokio::join!(cached, uncached);
        [cached, uncached]
    }

    /// Both kinds for a time.
    pub async fn for_a_time(&self, time: Duration) -> [Load; 2] {
        let (ending, end) = watch::channel(false);
        let (loads, ()) = tokio::join!(self.loads(end), async move {
            tokio::time::sleep(time).await;
            // Fails only if both have ended.
            let _ = ending.send(true);
        });
        loads
    }
}

/// Waits until both kinds get correct responses, which fills the caches; at most `patience`.
///
/// # Errors
/// What is wrong with the last response.
pub async fn answered(address: SocketAddr, patience: Duration) -> Result<(), String> {
    let begun = Instant::now();
    let clients = Clients::new(address, false).await;
    let clients = clients.map_err(|error| error.to_string())?;
    for honest in HONEST {
        loop {
            match clients.ask(honest, true).await {
                Ok(()) => break,
                Err(why) if begun.elapsed() > patience => {
                    return Err(format!("{}: {why}", honest.name));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }
    Ok(())
}
