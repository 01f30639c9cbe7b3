//! Builds the `reqwest` clients of one source: TLS, proxy, redirects, pool.

use std::sync::OnceLock;

use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, NoProxy, Proxy};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use url::Url;

use super::direct::{Direct, is_this_machine};
use super::{HttpSettings, ProxyChoice};
use crate::source::registry::SetupError;
use crate::source::tls;

/// Hosts that are never reached through a proxy of the environment.
const THIS_MACHINE: &str = "localhost,127.0.0.0/8,::1";

/// The clients of one source, each built when the first call needs it.
///
/// Most sources use one: plain `http` does without the system's certificate authorities, which take time to read.
#[derive(Debug)]
pub(super) struct Clients {
    settings: HttpSettings,
    authorities: Vec<CertificateDer<'static>>,
    plain: OnceLock<Client>,
    secure: OnceLock<Client>,
    direct: Option<Direct>,
    /// The environment names proxies: only this machine is reached without.
    proxied: bool,
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
        Ok(Clients {
            // With a proxy that cannot be used, the full client says so.
            proxied: found.map_or(true, |found| !found.is_empty()),
            direct: Direct::new(&settings)
                .filter(|_| !matches!(settings.proxy, ProxyChoice::Url(_))),
            settings,
            authorities,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
        })
    }

    /// The client for a URL of plain HTTP, where nothing stands between.
    pub(super) fn direct(&self, url: &Url) -> Option<&Direct> {
        let direct = self.direct.as_ref()?;
        (!self.proxied || is_this_machine(url)).then_some(direct)
    }

    /// The full client for this URL.
    pub(super) fn get(&self, url: &Url) -> Result<&Client, reqwest::Error> {
        let secure_proxy = match &self.settings.proxy {
            ProxyChoice::Url(proxy) => proxy.scheme() == "https",
            ProxyChoice::Environment | ProxyChoice::Direct => false,
        };
        let (slot, secure) = if url.scheme() == "https" || secure_proxy {
            (&self.secure, true)
        } else {
            (&self.plain, false)
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let tls = match (secure, self.authorities.is_empty()) {
            (false, _) => tls::none(),
            (true, true) => tls::system(),
            (true, false) => tls::with_authorities(&self.authorities),
        };
        let built = self.build(tls)?;
        Ok(slot.get_or_init(|| built))
    }

    fn build(&self, mut tls: ClientConfig) -> Result<Client, reqwest::Error> {
        let settings = &self.settings;
        let mut builder = Client::builder()
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(settings.idle_timeout)
            .pool_max_idle_per_host(settings.max_idle)
            .redirect(redirects(settings.redirects))
            .referer(false)
            .http2_adaptive_window(true)
            .user_agent(&settings.user_agent)
            // `proxy` below says which, and the library must not add its own reading of the environment.
            .no_proxy();
        if settings.http1_only {
            tls.alpn_protocols = vec![b"http/1.1".to_vec()];
            builder = builder.http1_only();
        }
        for proxy in proxies(&settings.proxy)? {
            builder = builder.proxy(proxy);
        }
        builder.tls_backend_preconfigured(tls).build()
    }
}

/// Follows up to `max` redirects that stay at the same origin; any other is given back as the answer it is.
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

fn proxies(choice: &ProxyChoice) -> Result<Vec<Proxy>, reqwest::Error> {
    match choice {
        ProxyChoice::Direct => Ok(Vec::new()),
        ProxyChoice::Url(url) => Ok(vec![Proxy::all(url.clone())?]),
        ProxyChoice::Environment => from_environment(|name| std::env::var(name).ok()),
    }
}

/// The proxies that the environment names, the more special before the more general.
fn from_environment(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Proxy>, reqwest::Error> {
    // In capitals or in small letters, if it says anything.
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
