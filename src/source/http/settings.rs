//! The settings of one HTTP source. The defaults of its limits are those of the connector's settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::budget::Budget;
use crate::config::{ConnectorLimits, ResponseFormat};
use crate::source::dns::Resolver;
use crate::source::gate::Gate;
use crate::source::wire::{SetupError, SourceParts};

/// The settings of one HTTP source. Times and sizes of a single call are in
/// [`CallOptions`](crate::source::CallOptions).
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// How long a connection may take to be made, name lookup and TLS included.
    pub connect_timeout: Duration,
    /// An idle connection is closed after this time, earlier if the upstream's `Keep-Alive` says so.
    pub idle_timeout: Duration,
    /// Unused connections that are kept per host and port.
    pub max_idle: usize,
    /// Concurrent calls.
    pub max_concurrency: usize,
    /// Calls that may wait for a permit; more are refused at once.
    pub max_queue: usize,
    /// How long a call may wait for a permit.
    pub max_queue_wait: Duration,
    /// Redirects that are followed, to the same scheme, host and port only: another host must not receive the headers
    /// of this one. With 0, a redirect is a response like any other.
    pub redirects: usize,
    /// The resolver, which all sources of a gateway share.
    pub dns: Resolver,
    /// The proxy towards upstreams. Default: from the environment.
    pub proxy: ProxyChoice,
    /// A PEM text of certificate authorities that are trusted in place of the system's. Default none: the system's.
    pub authorities_pem: Vec<u8>,
    /// Never HTTP/2. Default false: an `https` server chooses (ALPN); plain `http` is always HTTP/1.1.
    pub http1_only: bool,
    /// The `user-agent` header where the connector sets none. Default `sangam/<version>`.
    pub user_agent: String,
    /// How bodies are read. Default: by their content type.
    pub response_format: ResponseFormat,
    /// The budget for bodies while they are received. Default: unbounded.
    pub budget: Arc<Budget>,
}

impl From<&ConnectorLimits> for HttpSettings {
    fn from(limits: &ConnectorLimits) -> HttpSettings {
        HttpSettings {
            connect_timeout: limits.connect_timeout,
            idle_timeout: limits.idle_timeout,
            max_idle: limits.idle_connections,
            max_concurrency: limits.concurrency,
            max_queue: limits.queue,
            // A call may wait for a permit as long as the call itself may take: the upstream may only be slow.
            max_queue_wait: limits.timeout,
            redirects: limits.redirects as usize,
            dns: Resolver::default(),
            proxy: ProxyChoice::Environment,
            authorities_pem: Vec::new(),
            http1_only: false,
            user_agent: concat!("sangam/", env!("CARGO_PKG_VERSION")).to_owned(),
            response_format: limits.response_format,
            budget: Budget::unbounded(),
        }
    }
}

impl HttpSettings {
    /// Those of a gateway's source.
    ///
    /// # Errors
    /// The proxy or the private authority cannot be read.
    pub(super) fn of(parts: &SourceParts) -> Result<HttpSettings, SetupError> {
        let limits = &parts.limits;
        let proxy = match &limits.proxy {
            Some(proxy) => {
                let url = proxy.as_str().parse();
                let url = url.map_err(|error| SetupError::new(format!("proxy: {error}")))?;
                ProxyChoice::Url(url)
            }
            None => ProxyChoice::Environment,
        };
        let authorities_pem = match &limits.ca {
            Some(path) => std::fs::read(path)
                .map_err(|error| SetupError::new(format!("ca: {}: {error}", path.display())))?,
            None => Vec::new(),
        };
        Ok(HttpSettings {
            dns: parts.dns.clone(),
            proxy,
            authorities_pem,
            budget: Arc::clone(&parts.budget),
            ..HttpSettings::from(limits)
        })
    }

    /// The gate for so many calls.
    pub fn gate(&self) -> Gate {
        Gate::new(self.max_concurrency, self.max_queue, self.max_queue_wait)
    }
}

impl Default for HttpSettings {
    /// Those of a connector without settings.
    fn default() -> HttpSettings {
        HttpSettings::from(&ConnectorLimits::default())
    }
}

/// Which proxy is used.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum ProxyChoice {
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case; never for this machine itself.
    #[default]
    Environment,
    /// No proxy, whatever the environment says.
    Direct,
    /// This proxy, for every call. The URL may have a user and a password.
    Url(Url),
}

impl fmt::Debug for ProxyChoice {
    /// A proxy's password is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProxyChoice::Environment => f.write_str("Environment"),
            ProxyChoice::Direct => f.write_str("Direct"),
            ProxyChoice::Url(url) => write!(
                f,
                "Url({}://{}:{})",
                url.scheme(),
                url.host_str().unwrap_or_default(),
                url.port_or_known_default().unwrap_or_default()
            ),
        }
    }
}
