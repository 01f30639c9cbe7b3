//! One look-up, by the name servers or by the C library.
//!
//! A query to name servers blocks no thread. The C library may block a thread for any time, even after the caller has
//! been dropped; so the thread owns the permit of the look-up, and the bound on look-ups bounds the threads.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
    ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::system_conf::read_system_conf;
use tokio::sync::OwnedSemaphorePermit;

use super::error::DnsError;
use super::settings::DnsSettings;

/// The result of a look-up: at least one address.
pub(super) struct HostAddresses {
    pub(super) addresses: Arc<[IpAddr]>,
    pub(super) ttl: Duration,
}

/// How look-ups are made.
pub(super) enum LookupMethod {
    /// By the name servers. The resolver is built at the first look-up, since that reads files.
    NameServers {
        settings: DnsSettings,
        resolver: Box<OnceLock<TokioResolver>>,
    },
    /// By the C library.
    System,
}

impl LookupMethod {
    pub(super) fn new(settings: &DnsSettings) -> LookupMethod {
        match settings.system {
            true => LookupMethod::System,
            false => LookupMethod::NameServers {
                settings: settings.clone(),
                resolver: Box::default(),
            },
        }
    }

    /// Looks up a host. The permit is released when the work has ended.
    pub(super) async fn look_up(
        &self,
        host: &str,
        permit: OwnedSemaphorePermit,
    ) -> Result<HostAddresses, DnsError> {
        let addresses = match self {
            LookupMethod::System => system(host.to_owned(), permit).await?,
            LookupMethod::NameServers { settings, resolver } => {
                let _permit = permit;
                name_servers(settings, resolver, host).await?
            }
        };
        match addresses.addresses.is_empty() {
            true => Err(DnsError::Failed("it has no address".to_owned())),
            false => Ok(addresses),
        }
    }
}

async fn system(host: String, permit: OwnedSemaphorePermit) -> Result<HostAddresses, DnsError> {
    let asked = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let sockets = (host.as_str(), 0).to_socket_addrs()?;
        Ok::<_, std::io::Error>(sockets.map(|address| address.ip()).collect())
    });
    match asked.await {
        // The C library does not return a time to live.
        Ok(Ok(addresses)) => Ok(HostAddresses {
            addresses,
            ttl: Duration::ZERO,
        }),
        Ok(Err(error)) => Err(DnsError::Failed(error.to_string())),
        Err(lost) => Err(DnsError::Failed(lost.to_string())),
    }
}

async fn name_servers(
    settings: &DnsSettings,
    resolver: &OnceLock<TokioResolver>,
    host: &str,
) -> Result<HostAddresses, DnsError> {
    let failed = |error: NetError| match error {
        NetError::Timeout => DnsError::Timeout,
        error => DnsError::Failed(error.to_string()),
    };
    let resolver = match resolver.get() {
        Some(resolver) => resolver,
        None => {
            let built = build(settings).map_err(failed)?;
            resolver.get_or_init(|| built)
        }
    };
    let answer = resolver.lookup_ip(host).await.map_err(failed)?;
    Ok(HostAddresses {
        addresses: answer.iter().collect(),
        ttl: answer
            .valid_until()
            .saturating_duration_since(Instant::now()),
    })
}

fn build(settings: &DnsSettings) -> Result<TokioResolver, NetError> {
    let (config, options) = config(&settings.servers);
    // An attempt queries two name servers. The next one queries others, since those that did not respond come last
    // then.
    let attempts = config.name_servers().len().div_ceil(2).max(1);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    *builder.options_mut() = options;
    let options = builder.options_mut();
    // Leave some time, so that the addresses of one family can be used if a name server does not respond for the other.
    // A datagram may be lost: an attempt sends its query up to three times, at least a third of a second apart.
    let share = u32::try_from(attempts).unwrap_or(u32::MAX);
    options.timeout = settings.timeout * 4 / 5 / share;
    // The library counts the attempts after the first.
    options.attempts = attempts - 1;
    options.use_hosts_file = ResolveHosts::Always;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    // `Resolver` has the cache.
    options.cache_size = 0;
    builder.build()
}

/// Uses these servers, or else those of `/etc/resolv.conf`, or else one on this machine, as `resolv.conf(5)` says.
fn config(servers: &[SocketAddr]) -> (ResolverConfig, ResolverOpts) {
    if servers.is_empty()
        && let Ok(config) = read_system_conf()
    {
        return config;
    }
    let here = [SocketAddr::from((Ipv4Addr::LOCALHOST, 53))];
    let servers = match servers.is_empty() {
        true => &here,
        false => servers,
    };
    let servers = servers.iter().map(|server| {
        let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
        for connection in &mut connections {
            connection.port = server.port();
        }
        NameServerConfig::new(server.ip(), true, connections)
    });
    let config = ResolverConfig::from_name_servers(servers.collect());
    (config, ResolverOpts::default())
}
