//! The settings of the resolver.

use std::net::SocketAddr;
use std::time::Duration;

use crate::config;

/// The settings of the resolver. `config` documents them, and has the defaults that operators see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsSettings {
    /// Use the C library, not the name servers.
    pub system: bool,
    /// The name servers; those of `/etc/resolv.conf` if empty.
    pub servers: Vec<SocketAddr>,
    /// The maximum time of one look-up.
    pub timeout: Duration,
    /// The maximum number of concurrent look-ups.
    pub lookups: usize,
    /// The minimum time for which addresses are fresh.
    pub min_ttl: Duration,
    /// The maximum time for which addresses are fresh.
    pub max_ttl: Duration,
    /// How long stale addresses are used if look-ups fail.
    pub stale: Duration,
    /// How long a connection waits for a look-up before it uses stale addresses.
    pub stale_wait: Duration,
    /// The maximum number of cached hosts.
    pub hosts: usize,
}

impl From<&config::Dns> for DnsSettings {
    fn from(settings: &config::Dns) -> DnsSettings {
        DnsSettings {
            system: settings.resolver == config::DnsResolver::System,
            servers: settings.servers.clone(),
            timeout: settings.timeout,
            lookups: settings.lookups,
            min_ttl: settings.min_ttl,
            max_ttl: settings.max_ttl,
            stale: settings.stale,
            stale_wait: settings.stale_wait,
            hosts: settings.hosts,
        }
    }
}

impl Default for DnsSettings {
    fn default() -> DnsSettings {
        DnsSettings::from(&config::Dns::default())
    }
}
