//! The resolver: looks up the addresses of upstreams' hosts, caches them, and continues to use them if no name server
//! responds.
//!
//! A name server that does not respond must only affect calls to its hosts, and those only for their `connect_timeout`.
//! So a look-up blocks no thread ([`lookup`]), there is at most one look-up for each host (single flight), and the
//! number of all look-ups is bounded. Addresses are fresh for their time to live, within bounds. After that the next
//! connection starts a look-up; if it fails, the last addresses are used (RFC 8767): hosts seldom move, and not because
//! a name server is down.
//!
//! Both HTTP clients, `hyper_util` and `reqwest`, use [`Resolver`].

mod connect;
mod error;
mod lookup;
mod settings;

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};

pub use self::error::DnsError;
use self::lookup::{HostAddresses, LookupMethod};
pub use self::settings::DnsSettings;
use crate::observe::scope;

type LookupOutcome = Result<Arc<[IpAddr]>, DnsError>;

/// Finds addresses, for all sources of a gateway. Clones share one cache.
#[derive(Clone)]
pub struct Resolver(Arc<Inner>);

struct Inner {
    settings: DnsSettings,
    backend: LookupMethod,
    /// The permits for look-ups.
    lookups: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, HostState>>,
}

/// The state of one host.
#[derive(Default)]
struct HostState {
    cached: Option<CachedAddresses>,
    /// The running look-up.
    pending: Option<watch::Receiver<Option<LookupOutcome>>>,
    /// After a look-up has failed and stale addresses are used: no look-up starts before this.
    not_before: Option<Instant>,
}

/// The addresses of the last successful look-up.
#[derive(Clone)]
struct CachedAddresses {
    addresses: Arc<[IpAddr]>,
    fresh_until: Instant,
    usable_until: Instant,
}

/// How long stale addresses are used without a look-up after one has failed.
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

/// Equal if they share one cache; the settings are not compared.
impl PartialEq for Resolver {
    fn eq(&self, other: &Resolver) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Resolver {}

impl Resolver {
    /// A resolver with an empty cache.
    pub fn new(settings: DnsSettings) -> Resolver {
        let lookups = settings.lookups.clamp(1, Semaphore::MAX_PERMITS);
        Resolver(Arc::new(Inner {
            backend: LookupMethod::new(&settings),
            lookups: Arc::new(Semaphore::new(lookups)),
            hosts: Mutex::default(),
            settings,
        }))
    }

    /// The addresses of a host, from the cache or by a look-up.
    ///
    /// # Errors
    /// The look-up failed, and there are no stale addresses to use.
    pub async fn resolve(&self, host: &str) -> Result<Arc<[IpAddr]>, DnsError> {
        let (last, pending) = {
            let mut hosts = self.0.hosts();
            let now = Instant::now();
            let state = hosts.get(host);
            let cached = state.and_then(|state| state.cached.clone());
            if let Some(cached) = cached.as_ref().filter(|cached| now < cached.fresh_until) {
                return Ok(Arc::clone(&cached.addresses));
            }
            let last = cached.filter(|cached| now < cached.usable_until);
            let pause = state.and_then(|state| state.not_before);
            match (last, pause) {
                (Some(last), Some(pause)) => {
                    if pause <= now {
                        // The last look-up failed: start another one, without waiting for it.
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

    /// The running look-up of a host; starts one if there is none.
    fn pending(
        &self,
        hosts: &mut HashMap<String, HostState>,
        host: &str,
    ) -> Result<watch::Receiver<Option<LookupOutcome>>, DnsError> {
        let pending = hosts.get(host).and_then(|state| state.pending.as_ref());
        // If the sender is gone, the task of the look-up has ended abnormally.
        if let Some(pending) = pending.filter(|pending| pending.has_changed().is_ok()) {
            return Ok(pending.clone());
        }
        let lookups = Arc::clone(&self.0.lookups);
        let permit = lookups.try_acquire_owned().map_err(|_| DnsError::Busy)?;
        if hosts.len() >= self.0.settings.hosts && !hosts.contains_key(host) {
            hosts.retain(|_, state| state.pending.is_some());
        }
        let (sender, receiver) = watch::channel(None);
        hosts.entry(host.to_owned()).or_default().pending = Some(receiver.clone());
        let (inner, host) = (Arc::clone(&self.0), host.to_owned());
        // A task of its own: the call that started the look-up may be dropped without ending it for the others.
        scope::spawn(async move {
            let looking_up = timeout(inner.settings.timeout, inner.backend.look_up(&host, permit));
            let result = looking_up.await.unwrap_or(Err(DnsError::Timeout));
            sender.send_replace(Some(inner.store_result(&host, result)));
        });
        Ok(receiver)
    }
}

/// Waits for the result of a look-up.
async fn outcome(mut pending: watch::Receiver<Option<LookupOutcome>>) -> LookupOutcome {
    let ended = pending.wait_for(Option::is_some).await;
    let outcome = ended.ok().and_then(|outcome| outcome.clone());
    outcome.unwrap_or_else(|| Err(DnsError::Failed("the look-up ended abnormally".to_owned())))
}

/// `time + by`, or a time far in the future if that overflows.
fn later(time: Instant, by: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(365 * 86_400);
    time.checked_add(by).unwrap_or_else(|| time + FAR)
}

impl Inner {
    fn hosts(&self) -> MutexGuard<'_, HashMap<String, HostState>> {
        // A panic under the lock leaves the map valid: at worst, addresses are missing from it.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the addresses of a look-up. If it failed, the last addresses stay as long as they are usable.
    fn store_result(&self, host: &str, result: Result<HostAddresses, DnsError>) -> LookupOutcome {
        let now = Instant::now();
        let mut hosts = self.hosts();
        let state = hosts.entry(host.to_owned()).or_default();
        state.pending = None;
        match result {
            Ok(host_addresses) => {
                let ttl = host_addresses.ttl.min(self.settings.max_ttl);
                let fresh_until = later(now, ttl.max(self.settings.min_ttl));
                state.not_before = None;
                state.cached = Some(CachedAddresses {
                    addresses: Arc::clone(&host_addresses.addresses),
                    fresh_until,
                    usable_until: later(fresh_until, self.settings.stale),
                });
                Ok(host_addresses.addresses)
            }
            Err(error) => {
                tracing::debug!(%error, "a host's addresses cannot be found");
                let cached = state.cached.as_ref();
                if cached.is_some_and(|cached| now < cached.usable_until) {
                    state.not_before = Some(now + PAUSE);
                } else {
                    hosts.remove(host);
                }
                Err(error)
            }
        }
    }
}
