//! One set of clients with their idle connections: TLS, proxy, redirects.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::{Attempt, Policy};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use url::Url;

use super::direct::Direct;
use super::proxy::Proxies;
use super::settings::HttpSettings;
use crate::source::tls;

/// What an upstream may send ahead of the reader on one HTTP/2 stream, in bytes. It is held uncharged, so it is fixed:
/// a window that adapts grows to 16 MB while a reader is slow.
const STREAM_WINDOW: u32 = 1 << 20;

/// The same for all streams of one connection.
const CONNECTION_WINDOW: u32 = 4 << 20;

/// The input for building the clients of one source.
#[derive(Debug)]
pub(super) struct ClientParts {
    pub(super) settings: HttpSettings,
    pub(super) authorities: Vec<CertificateDer<'static>>,
    pub(super) proxies: Proxies,
}

/// The clients, each built at the first call that needs it.
///
/// Most sources use one: plain `http` does not need the system's certificate authorities, which take time to read.
#[derive(Debug)]
pub(super) struct Pool {
    parts: Arc<ClientParts>,
    idle_timeout: Duration,
    plain: OnceLock<Client>,
    secure: OnceLock<Client>,
    direct: Option<Direct>,
}

impl Pool {
    /// Clients that keep idle connections for this time; if it is zero, they make a new connection for each call.
    pub(super) fn new(parts: &Arc<ClientParts>, idle_timeout: Duration) -> Pool {
        let mut pool = Pool {
            parts: Arc::clone(parts),
            idle_timeout,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
            direct: None,
        };
        pool.direct = Direct::new(&parts.settings, idle_timeout, pool.max_idle());
        pool
    }

    /// How long an idle connection is kept.
    pub(super) fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    fn max_idle(&self) -> usize {
        match self.idle_timeout.is_zero() {
            true => 0,
            false => self.parts.settings.max_idle,
        }
    }

    /// The direct client, if no proxy is used for the URL.
    pub(super) fn direct(&self, url: &Url) -> Option<&Direct> {
        let direct = self.direct.as_ref()?;
        (!self.parts.proxies.may_serve(url)).then_some(direct)
    }

    /// The full client for this URL.
    pub(super) fn full(&self, url: &Url) -> Result<&Client, reqwest::Error> {
        let (slot, secure) = if url.scheme() == "https" || self.parts.proxies.are_secure() {
            (&self.secure, true)
        } else {
            (&self.plain, false)
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let authorities = &self.parts.authorities;
        let tls = match (secure, authorities.is_empty()) {
            (false, _) => tls::none(),
            (true, true) => tls::system(),
            (true, false) => tls::only(authorities),
        };
        let built = self.build(tls)?;
        Ok(slot.get_or_init(|| built))
    }

    fn build(&self, mut tls: ClientConfig) -> Result<Client, reqwest::Error> {
        let settings = &self.parts.settings;
        let mut builder = Client::builder()
            .connect_timeout(settings.connect_timeout)
            .dns_resolver(Arc::new(settings.dns.clone()))
            .pool_idle_timeout(self.idle_timeout)
            .pool_max_idle_per_host(self.max_idle())
            .redirect(redirects(settings.redirects))
            .referer(false)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .user_agent(&settings.user_agent)
            // The library must not read proxies from the environment: those below are complete.
            .no_proxy();
        if settings.http1_only {
            tls.alpn_protocols = vec![b"http/1.1".to_vec()];
            builder = builder.http1_only();
        }
        for proxy in self.parts.proxies.list()? {
            builder = builder.proxy(proxy);
        }
        builder.tls_backend_preconfigured(tls).build()
    }
}

/// Follows up to `max` redirects to the same origin. Any other redirect is returned as a response.
fn redirects(max: usize) -> Policy {
    if max == 0 {
        return Policy::none();
    }
    Policy::custom(move |attempt: Attempt<'_>| {
        let hops = attempt.previous().len();
        let stays = attempt
            .previous()
            .last()
            .is_some_and(|from| from.origin() == attempt.url().origin());
        if stays && hops <= max {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}
