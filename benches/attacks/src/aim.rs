//! The target of an attack, its duration, and its cost to the attacker.
//!
//! An attack at length runs in a process of its own, which is limited to a share of one core: all input and output calls
//! [`Aim::breathe`], which waits while the process has used more than its share.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::wire::Wire;

/// The interval at which the attacker's own CPU time is read.
const LOOK: Duration = Duration::from_millis(10);
/// How long a client waits after a failure.
const AGAIN: Duration = Duration::from_millis(20);

/// The phase of an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It runs.
    On,
    /// No new round is started.
    Ended,
    /// Running rounds are dropped.
    Cut,
}

/// The extent of an attack.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Concurrent connections.
    pub connections: usize,
    /// The maximum number of rounds per connection.
    pub rounds: u64,
}

/// The target of an attack. Clones share their counters.
#[derive(Debug, Clone)]
pub struct Aim {
    address: SocketAddr,
    extent: Extent,
    phase: watch::Receiver<Phase>,
    pause: watch::Receiver<bool>,
    cost: Arc<Cost>,
}

#[derive(Debug, Default)]
struct Cost {
    sent: AtomicU64,
    opened: AtomicU64,
    counts: Mutex<BTreeMap<String, u64>>,
}

impl Aim {
    /// The gateway at this address, until `phase` ends the attack.
    #[must_use]
    pub fn new(address: SocketAddr, extent: Extent, phase: watch::Receiver<Phase>) -> Aim {
        let (_, pause) = watch::channel(false);
        Aim {
            address,
            extent,
            phase,
            pause,
            cost: Arc::default(),
        }
    }

    /// Limits this process to `share` of one core, wherever it calls [`Aim::breathe`].
    #[must_use]
    pub fn held_to(mut self, share: f64) -> Aim {
        let (pausing, pause) = watch::channel(false);
        self.pause = pause;
        tokio::spawn(async move {
            let used = || sangam_harness::process::cpu("self").unwrap_or_default();
            let (begun, before) = (Instant::now(), used());
            while !pausing.is_closed() {
                let allowed = begun.elapsed().mul_f64(share);
                pausing.send_if_modified(|paused| {
                    let ahead = used().saturating_sub(before) > allowed;
                    std::mem::replace(paused, ahead) != ahead
                });
                tokio::time::sleep(LOOK).await;
            }
        });
        self
    }

    /// The gateway's address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether a client starts its next round; each has at least one.
    #[must_use]
    pub fn goes_on(&self, round: u64) -> bool {
        round == 0 || (*self.phase.borrow() == Phase::On && round < self.extent.rounds)
    }

    /// Waits until no new round may be started.
    pub async fn until_end(&self) {
        // Fails only if the sender is gone: then the attack has ended.
        let _ = self
            .phase
            .clone()
            .wait_for(|now| *now >= Phase::Ended)
            .await;
    }

    async fn until_cut(&self) {
        let _ = self.phase.clone().wait_for(|now| *now == Phase::Cut).await;
    }

    /// Waits while this process has used more than its share.
    pub async fn breathe(&self) {
        if *self.pause.borrow() {
            // Without a governor there is no share.
            let _ = self.pause.clone().wait_for(|paused| !paused).await;
        }
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn connect(&self) -> io::Result<Wire> {
        self.breathe().await;
        let wire = Wire::connect(self.address).await?;
        self.cost.opened.fetch_add(1, Ordering::Relaxed);
        Ok(wire.of(self.clone()))
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.cost.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts something by its name.
    pub fn count(&self, name: &str) {
        let counts = self.cost.counts.lock();
        let mut counts = counts.unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                counts.insert(name.to_owned(), 1);
            }
        }
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let counts = self.cost.counts.lock();
        counts.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The bytes sent and the connections opened so far.
    #[must_use]
    pub fn cost(&self) -> (u64, u64) {
        let of = |number: &AtomicU64| number.load(Ordering::Relaxed);
        (of(&self.cost.sent), of(&self.cost.opened))
    }

    /// Runs `client` concurrently for each connection, with the number of the connection. If a connection breaks, it is
    /// counted as `broken`, and the client starts again.
    pub async fn crowd<F, R>(self, client: F)
    where
        F: Fn(Aim, u64) -> R + Clone + Send + 'static,
        R: Future<Output = io::Result<()>> + Send,
    {
        let mut tasks = JoinSet::new();
        for number in 0..self.extent.connections as u64 {
            let (aim, client) = (self.clone(), client.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = persist(&aim, number, client) => (),
                    () = aim.until_cut() => (),
                }
            });
        }
        tasks.join_all().await;
    }

    /// Each connection sends one GraphQL request after the other, and reads the answers. `body` makes them from the number
    /// of the connection and of the round.
    pub async fn posts<F>(self, body: F)
    where
        F: Fn(u64, u64) -> String + Clone + Send + Sync + 'static,
    {
        self.answers(body, |_, _| ()).await;
    }

    /// The same, with a look at each answer's body.
    pub async fn answers<F, L>(self, body: F, look: L)
    where
        F: Fn(u64, u64) -> String + Clone + Send + Sync + 'static,
        L: Fn(&Aim, &[u8]) + Clone + Send + Sync + 'static,
    {
        let client = move |aim: Aim, number: u64| {
            let (body, look) = (body.clone(), look.clone());
            async move {
                let mut wire = aim.connect().await?;
                let mut round = 0;
                while aim.goes_on(round) {
                    let answer = wire.ask(&body(number, round)).await?;
                    aim.count("answered");
                    look(&aim, &answer.body);
                    if answer.closes {
                        wire = aim.connect().await?;
                    }
                    round += 1;
                }
                Ok(())
            }
        };
        self.crowd(client).await;
    }
}

async fn persist<F, R>(aim: &Aim, number: u64, client: F)
where
    F: Fn(Aim, u64) -> R,
    R: Future<Output = io::Result<()>>,
{
    let mut attempt = 0;
    while aim.goes_on(attempt) {
        match client(aim.clone(), number).await {
            Ok(()) => return,
            Err(_) => aim.count("broken"),
        }
        attempt += 1;
        tokio::time::sleep(AGAIN).await;
    }
}
