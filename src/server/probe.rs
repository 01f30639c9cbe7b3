//! Asks a server whether it is ready: what a container or a service manager needs, without another HTTP client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::config::Settings;

/// How long the server may take.
const TIMEOUT: Duration = Duration::from_secs(4);

/// Asks the server with these settings on this machine for `/health/ready`. Returns its URL.
///
/// The certificate is not checked: it is that of a public name, and nothing secret is sent. Must run within a tokio runtime.
///
/// # Errors
/// Why it is not ready.
pub async fn is_ready(settings: &Settings) -> Result<String, String> {
    let scheme = match settings.tls.certificate {
        Some(_) => "https",
        None => "http",
    };
    let address = reachable(settings.general.listen);
    let url = format!("{scheme}://{address}/health/ready");
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_danger_accept_invalid_certs(true)
        .timeout(TIMEOUT)
        .build()
        .map_err(|error| format!("cannot ask: {error}"))?;
    let response = client.get(&url).send().await;
    let response = response.map_err(|error| format!("{url}: {}", cause(&error)))?;
    match response.status() {
        status if status.is_success() => Ok(url),
        status => Err(format!("{url}: status {}", status.as_u16())),
    }
}

/// The address at which this machine reaches a server that listens there.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The innermost cause: the others repeat the URL.
fn cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => cause(source),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_server_on_every_address_is_asked_on_the_loopback_one() {
        for (listen, asked) in [
            ("0.0.0.0:4000", "127.0.0.1:4000"),
            ("[::]:4000", "[::1]:4000"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
