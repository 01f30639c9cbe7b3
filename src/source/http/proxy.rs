//! Which calls go through a proxy: one decision, which both clients follow.

use std::fmt;

use reqwest::{NoProxy, Proxy};
use url::{Host, Url};

use super::settings::ProxyChoice;

/// Hosts that never use a proxy of the environment, as the full client reads them; [`is_this_machine`] says the same.
const THIS_MACHINE: &str = "localhost,127.0.0.0/8,::1";

/// The proxies of one source, read once.
pub(super) struct Proxies {
    choice: ProxyChoice,
    /// `None` if one of them is invalid.
    proxies: Option<Vec<Proxy>>,
}

impl fmt::Debug for Proxies {
    /// A proxy's password is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxies({:?})", self.choice)
    }
}

impl Proxies {
    pub(super) fn new(choice: &ProxyChoice) -> Proxies {
        Proxies {
            choice: choice.clone(),
            proxies: read(choice).ok(),
        }
    }

    /// Whether a call may go through a proxy. The full client makes such a call: it has the exceptions of the
    /// environment, and reports an invalid proxy.
    pub(super) fn may_serve(&self, url: &Url) -> bool {
        match self.choice {
            ProxyChoice::Direct => false,
            ProxyChoice::Url(_) => true,
            ProxyChoice::Environment => {
                self.proxies
                    .as_ref()
                    .is_none_or(|proxies| !proxies.is_empty())
                    && !is_this_machine(url)
            }
        }
    }

    /// Whether the connection to the proxy is encrypted.
    pub(super) fn are_secure(&self) -> bool {
        matches!(&self.choice, ProxyChoice::Url(proxy) if proxy.scheme() == "https")
    }

    /// The proxies, special ones before general ones.
    ///
    /// # Errors
    /// One of them is invalid.
    pub(super) fn list(&self) -> Result<Vec<Proxy>, reqwest::Error> {
        match &self.proxies {
            Some(proxies) => Ok(proxies.clone()),
            None => read(&self.choice),
        }
    }
}

fn read(choice: &ProxyChoice) -> Result<Vec<Proxy>, reqwest::Error> {
    match choice {
        ProxyChoice::Direct => Ok(Vec::new()),
        ProxyChoice::Url(url) => Ok(vec![Proxy::all(url.clone())?]),
        ProxyChoice::Environment => from_environment(|name| std::env::var(name).ok()),
    }
}

/// The proxies of the environment.
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
    let mut proxies = Vec::new();
    if let Some(url) = read("HTTPS_PROXY") {
        proxies.push(Proxy::https(url)?.no_proxy(except.clone()));
    }
    if let Some(url) = read("HTTP_PROXY") {
        proxies.push(Proxy::http(url)?.no_proxy(except.clone()));
    }
    if let Some(url) = read("ALL_PROXY") {
        proxies.push(Proxy::all(url)?.no_proxy(except));
    }
    Ok(proxies)
}

/// Whether a host is this machine, for which no proxy of the environment is used.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
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
            let proxies = from_environment(|wanted| {
                let variable = variables.iter().find(|(name, _)| *name == wanted);
                variable.map(|(_, value)| (*value).to_owned())
            });
            assert_eq!(proxies.unwrap().len(), expected, "{variables:?}");
        }
    }

    #[test]
    fn only_some_calls_may_need_a_proxy() {
        let url = |text: &str| Url::parse(text).unwrap();
        let far = url("http://upstream.example/");
        let near = [
            "http://localhost/",
            "http://127.9.9.9:8080/",
            "http://[::1]/",
        ]
        .map(url);
        let of = |choice: &ProxyChoice, proxies| Proxies {
            choice: choice.clone(),
            proxies,
        };
        let proxy = Proxy::all("http://proxy.example").unwrap();
        for proxies in [Some(vec![proxy]), None] {
            let proxies = of(&ProxyChoice::Environment, proxies);
            assert!(proxies.may_serve(&far));
            assert!(near.iter().all(|url| !proxies.may_serve(url)));
        }
        assert!(!of(&ProxyChoice::Environment, Some(Vec::new())).may_serve(&far));
        assert!(!Proxies::new(&ProxyChoice::Direct).may_serve(&far));
        let chosen = Proxies::new(&ProxyChoice::Url(url("https://proxy.example")));
        assert!(chosen.may_serve(&near[0]) && chosen.are_secure());
    }
}
