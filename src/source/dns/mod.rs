//! The addresses of departments' hosts: looked up once for all who want them, kept, and used on when no name server
//! answers.
//!
//! A name server that does not answer must cost nothing but the calls to its hosts, and those no more than their
//! `connect_timeout`. So a look-up takes no thread ([`lookup`]), there is at most one for each host, and all look-ups
//! together are bounded. An answer counts as long as its own time to live says, within bounds. After that the next
//! connection asks again; what was answered last stands in where no answer comes (RFC 8767), because a department seldom
//! moves, and does not move because a name server is down.
//!
//! Both HTTP clients connect through this: [`Resolver`] is what `hyper_util` and `reqwest` ask.

mod connect;
mod lookup;

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};

use self::lookup::{Backend, HostAddresses};
use crate::observe::scope;

/// How hosts are looked up. What each means is written in `config`, which has the defaults that operators see.
#[derive(Debug, Clone)]
pub struct DnsSettings {
    /// Ask the C library, not the name servers.
    pub system: bool,
    /// The name servers; those of `/etc/resolv.conf` when empty.
    pub servers: Vec<SocketAddr>,
    /// How long one look-up may take.
    pub timeout: Duration,
    /// Look-ups at the same time.
    pub lookups: usize,
    /// How long an answer counts at least.
    pub min_ttl: Duration,
    /// How long an answer counts at most.
    pub max_ttl: Duration,
    /// How much longer it stands in for an answer that does not come.
    pub stale: Duration,
    /// How long a connection waits for a new answer before it uses the last one.
    pub stale_wait: Duration,
    /// Hosts whose last answer is kept.
    pub hosts: usize,
}

impl Default for DnsSettings {
    fn default() -> DnsSettings {
        DnsSettings {
            system: false,
            servers: Vec::new(),
            timeout: Duration::from_secs(2),
            lookups: 32,
            min_ttl: Duration::from_secs(1),
            max_ttl: Duration::from_secs(300),
            stale: Duration::from_secs(86_400),
            stale_wait: Duration::from_millis(500),
            hosts: 1_000,
        }
    }
}

/// Why there are no addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// No name server has answered in time.
    #[error("no name server has answered in time")]
    Timeout,
    /// As many look-ups as allowed are under way.
    #[error("too many look-ups of hosts are under way")]
    Busy,
    /// The answer is that there are none, or the look-up itself failed.
    #[error("the host cannot be found: {0}")]
    Failed(String),
}

type LookupOutcome = Result<Arc<[IpAddr]>, DnsError>;

/// Finds addresses, for all sources of a gateway. Clones share what they know.
#[derive(Clone)]
pub struct Resolver(Arc<Inner>);

struct Inner {
    settings: DnsSettings,
    backend: Backend,
    /// Places for look-ups. An owned permit goes with each.
    lookups: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Host>>,
}

/// What is known of one host.
#[derive(Default)]
struct Host {
    cached: Option<CachedAddresses>,
    /// The look-up that is under way.
    pending: Option<watch::Receiver<Option<LookupOutcome>>>,
    /// No look-up is begun before this, after one that has failed while there is an answer to use.
    not_before: Option<Instant>,
}

/// An answer.
#[derive(Clone)]
struct CachedAddresses {
    addresses: Arc<[IpAddr]>,
    fresh_until: Instant,
    usable_until: Instant,
}

/// How long the last answer is used without another look-up after one has failed.
const PAUSE: Duration = Duration::from_secs(1);

impl Default for Resolver {
    fn default() -> Resolver {
        Resolver::new(DnsSettings::default())
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Resolver").field(&self.0.settings).finish()
    }
}

/// The same resolver, not one with the same settings.
impl PartialEq for Resolver {
    fn eq(&self, other: &Resolver) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Resolver {}

impl Resolver {
    /// A resolver that has made no look-up yet.
    pub fn new(settings: DnsSettings) -> Resolver {
        let lookups = settings.lookups.clamp(1, Semaphore::MAX_PERMITS);
        Resolver(Arc::new(Inner {
            backend: Backend::new(&settings),
            lookups: Arc::new(Semaphore::new(lookups)),
            hosts: Mutex::default(),
            settings,
        }))
    }

    /// The addresses of a host: known ones, or those that a look-up brings.
    ///
    /// # Errors
    /// No answer, or one without addresses, and none from before that may stand in.
    pub async fn resolve(&self, host: &str) -> Result<Arc<[IpAddr]>, DnsError> {
        let (last, pending) = {
            let mut hosts = self.0.hosts();
            let now = Instant::now();
            let known = hosts.get(host);
            let cached = known.and_then(|known| known.cached.clone());
            if let Some(cached) = cached.as_ref().filter(|cached| now < cached.fresh_until) {
                return Ok(Arc::clone(&cached.addresses));
            }
            let last = cached.filter(|cached| now < cached.usable_until);
            let pause = known.and_then(|known| known.not_before);
            match (last, pause) {
                (Some(last), Some(pause)) => {
                    if pause <= now {
                        // It failed before: no connection waits for the next look-up.
                        let _ = self.pending(&mut hosts, host);
                    }
                    return Ok(last.addresses);
                }
                (last, _) => (last, self.pending(&mut hosts, host)),
            }
        };
        match (last, pending) {
            (None, pending) => outcome(pending?).await,
            (Some(last), Err(_)) => Ok(last.addresses),
            (Some(last), Ok(pending)) => {
                match timeout(self.0.settings.stale_wait, outcome(pending)).await {
                    Ok(Ok(addresses)) => Ok(addresses),
                    Ok(Err(_)) | Err(_) => Ok(last.addresses),
                }
            }
        }
    }

    /// The look-up of a host that is under way; begins one where there is none.
    fn pending(
        &self,
        hosts: &mut HashMap<String, Host>,
        host: &str,
    ) -> Result<watch::Receiver<Option<LookupOutcome>>, DnsError> {
        let pending = hosts.get(host).and_then(|known| known.pending.as_ref());
        // Without a sender, the task of the look-up has ended abnormally.
        if let Some(pending) = pending.filter(|pending| pending.has_changed().is_ok()) {
            return Ok(pending.clone());
        }
        let lookups = Arc::clone(&self.0.lookups);
        let permit = lookups.try_acquire_owned().map_err(|_| DnsError::Busy)?;
        if hosts.len() >= self.0.settings.hosts && !hosts.contains_key(host) {
            hosts.retain(|_, known| known.pending.is_some());
        }
        let (sender, receiver) = watch::channel(None);
        hosts.entry(host.to_owned()).or_default().pending = Some(receiver.clone());
        let (inner, host) = (Arc::clone(&self.0), host.to_owned());
        // A task of its own: the call that began it may leave without ending it for the others.
        scope::spawn(async move {
            let found = timeout(inner.settings.timeout, inner.backend.look_up(&host, permit));
            let found = found.await.unwrap_or(Err(DnsError::Timeout));
            sender.send_replace(Some(inner.store_result(&host, found)));
        });
        Ok(receiver)
    }
}

/// What a look-up comes to.
async fn outcome(mut pending: watch::Receiver<Option<LookupOutcome>>) -> LookupOutcome {
    let ended = pending.wait_for(Option::is_some).await;
    let outcome = ended.ok().and_then(|outcome| outcome.clone());
    outcome.unwrap_or_else(|| Err(DnsError::Failed("the look-up ended abnormally".to_owned())))
}

/// So much later; a time beyond what a clock can tell is some time far away.
fn later(time: Instant, by: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(365 * 86_400);
    time.checked_add(by).unwrap_or_else(|| time + FAR)
}

impl Inner {
    fn hosts(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        // A panic under the lock leaves the map usable: at worst an answer is missing from it.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what a look-up has found; after one that has failed, what was found before stays.
    fn store_result(&self, host: &str, found: Result<HostAddresses, DnsError>) -> LookupOutcome {
        let now = Instant::now();
        let mut hosts = self.hosts();
        let known = hosts.entry(host.to_owned()).or_default();
        known.pending = None;
        match found {
            Ok(found) => {
                let ttl = found.ttl.min(self.settings.max_ttl);
                let fresh_until = later(now, ttl.max(self.settings.min_ttl));
                known.not_before = None;
                known.cached = Some(CachedAddresses {
                    addresses: Arc::clone(&found.addresses),
                    fresh_until,
                    usable_until: later(fresh_until, self.settings.stale),
                });
                Ok(found.addresses)
            }
            Err(error) => {
                tracing::debug!(%error, "a host's addresses cannot be found");
                let cached = known.cached.as_ref();
                if cached.is_some_and(|cached| now < cached.usable_until) {
                    known.not_before = Some(now + PAUSE);
                } else {
                    hosts.remove(host);
                }
                Err(error)
            }
        }
    }
}
