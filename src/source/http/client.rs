//! The clients of one source, and its proxies.
//!
//! There are two sets of clients ([`Pool`]): one whose connections are used again, and one that makes a new connection
//! for each call, for reads that are sent again. An upstream can limit how long an idle connection is kept ([`reuse`]).
//! The client libraries cannot change that time, so if an upstream gives a shorter one, the first set is replaced by a
//! set with that time, and its idle connections are closed. That happens at most once for each second of the timeout.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::http::HeaderMap;
use arc_swap::ArcSwap;
use reqwest::{NoProxy, Proxy};
use rustls::pki_types::CertificateDer;

use super::pool::Pool;
use super::reuse;
use super::settings::{HttpSettings, ProxyChoice};
use crate::source::tls;
use crate::source::wire::SetupError;

/// Hosts that never use a proxy of the environment.
const THIS_MACHINE: &str = "localhost,127.0.0.0/8,::1";

/// The input for building the clients of one source.
#[derive(Debug)]
pub(super) struct ClientParts {
    pub(super) settings: HttpSettings,
    pub(super) authorities: Vec<CertificateDer<'static>>,
    /// The environment has proxies: only this machine is reached without one.
    pub(super) proxied: bool,
}

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
        let found = proxies(&settings.proxy);
        let parts = Arc::new(ClientParts {
            // If a proxy is invalid, building the full client reports that.
            proxied: found.map_or(true, |found| !found.is_empty()),
            settings,
            authorities,
        });
        Ok(Clients {
            pooled: ArcSwap::from_pointee(Pool::new(&parts, parts.settings.idle_timeout)),
            single_use: OnceLock::new(),
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

pub(super) fn proxies(choice: &ProxyChoice) -> Result<Vec<Proxy>, reqwest::Error> {
    match choice {
        ProxyChoice::Direct => Ok(Vec::new()),
        ProxyChoice::Url(url) => Ok(vec![Proxy::all(url.clone())?]),
        ProxyChoice::Environment => from_environment(|name| std::env::var(name).ok()),
    }
}

/// The proxies of the environment, special ones before general ones.
fn from_environment(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Proxy>, reqwest::Error> {
    // In upper or lower case, unless it is empty.
    let read = |name: &str| {
        [name.to_owned(), name.to_lowercase()]
            .iter()
            .filter_map(|name| variable(name))
            .find(|value| !value.trim().is_empty())
    };
    let except = read("NO_PROXY").unwrap_or_default();
    let except = NoProxy::from_string(&format!("{except},{THIS_MACHINE}"));
    let mut found = Vec::new();
    if let Some(url) = read("HTTPS_PROXY") {
        found.push(Proxy::https(url)?.no_proxy(except.clone()));
    }
    if let Some(url) = read("HTTP_PROXY") {
        found.push(Proxy::http(url)?.no_proxy(except.clone()));
    }
    if let Some(url) = read("ALL_PROXY") {
        found.push(Proxy::all(url)?.no_proxy(except));
    }
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn proxies_of_the_environment() {
        let table = [
            (vec![], 0),
            (vec![("HTTP_PROXY", "")], 0),
            (vec![("http_proxy", "http://proxy.example:3128")], 1),
            (
                vec![("HTTPS_PROXY", "proxy.example:3128"), ("NO_PROXY", "*")],
                1,
            ),
            (
                vec![
                    ("ALL_PROXY", "http://a.example"),
                    ("HTTP_PROXY", "http://b.example"),
                ],
                2,
            ),
        ];
        for (variables, expected) in table {
            let found = from_environment(|wanted| {
                let found = variables.iter().find(|(name, _)| *name == wanted);
                found.map(|(_, value)| (*value).to_owned())
            });
            assert_eq!(found.unwrap().len(), expected, "{variables:?}");
        }
    }
}
