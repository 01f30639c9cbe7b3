//! The clients of one source.
//!
//! There are two sets of clients ([`Pool`]): one whose connections are used again, and one that makes a new connection
//! for each call, for reads that are sent again. An upstream can limit how long an idle connection is kept ([`reuse`]).
//! The client libraries cannot change that time, so if an upstream gives a shorter one, the first set is replaced by a
//! set with that time, and its idle connections are closed. That happens at most once for each second of the timeout.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::http::HeaderMap;
use arc_swap::ArcSwap;
use reqwest::Client;
use url::Url;

use super::pool::{ClientParts, Pool};
use super::proxy::Proxies;
use super::reuse;
use super::settings::{HttpSettings, ProxyChoice};
use crate::source::tls;
use crate::source::wire::SetupError;

/// The connection for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connection {
    /// An idle connection, or else a new one.
    Any,
    /// A new connection.
    New,
}

/// The clients of one source.
#[derive(Debug)]
pub(super) struct Clients {
    parts: Arc<ClientParts>,
    pooled: ArcSwap<Pool>,
    single_use: OnceLock<Arc<Pool>>,
    /// For subscriptions, which have connections of their own over HTTP/1.1.
    streaming: OnceLock<Pool>,
}

impl Clients {
    /// Checks what can be checked before the first call.
    pub(super) fn new(settings: HttpSettings) -> Result<Clients, SetupError> {
        let authorities = if settings.authorities_pem.is_empty() {
            Vec::new()
        } else {
            tls::authorities(&settings.authorities_pem)
                .map_err(|error| SetupError::new(format!("the private authority: {error}")))?
        };
        if let ProxyChoice::Url(url) = &settings.proxy
            && !matches!(url.scheme(), "http" | "https")
        {
            return Err(SetupError::new(format!(
                "a proxy's URL starts with http:// or https://, not {}://",
                url.scheme()
            )));
        }
        let parts = Arc::new(ClientParts {
            proxies: Proxies::new(&settings.proxy),
            settings,
            authorities,
        });
        Ok(Clients {
            pooled: ArcSwap::from_pointee(Pool::new(&parts, parts.settings.idle_timeout)),
            single_use: OnceLock::new(),
            streaming: OnceLock::new(),
            parts,
        })
    }

    /// The set of clients for such a connection.
    pub(super) fn pool(&self, connection: Connection) -> Arc<Pool> {
        match connection {
            Connection::Any => self.pooled.load_full(),
            Connection::New => {
                let make = || Arc::new(Pool::new(&self.parts, Duration::ZERO));
                Arc::clone(self.single_use.get_or_init(make))
            }
        }
    }

    /// A client for subscriptions.
    pub(super) fn streaming(&self, url: &Url) -> Result<Client, reqwest::Error> {
        let make = || {
            let settings = HttpSettings {
                http1_only: true,
                ..self.parts.settings.clone()
            };
            let parts = ClientParts {
                proxies: Proxies::new(&settings.proxy),
                authorities: self.parts.authorities.clone(),
                settings,
            };
            Pool::new(&Arc::new(parts), Duration::ZERO)
        };
        self.streaming.get_or_init(make).full(url).cloned()
    }

    /// Keeps idle connections no longer than these response headers say.
    pub(super) fn limit_idle_time(&self, headers: &HeaderMap) {
        let Some(idle) = reuse::idle_time(headers) else {
            return;
        };
        if idle >= self.pooled.load().idle_timeout() {
            return;
        }
        let shorter = Arc::new(Pool::new(&self.parts, idle));
        self.pooled
            .rcu(|present| match idle < present.idle_timeout() {
                true => Arc::clone(&shorter),
                false => Arc::clone(present),
            });
    }

    /// The time after a response in which its connection may be used for another call, with some time for that call.
    pub(super) fn used_within(&self) -> Duration {
        self.parts.settings.idle_timeout.saturating_mul(2)
    }
}
