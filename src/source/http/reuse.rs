//! Reuse of connections: how long they may be idle, and whether a call broke on a reused connection.
//!
//! A server closes idle connections, and a request may already be on its way at that moment. That is no failure of
//! either side, and a read is sent again, on a new connection. For that, the driver must know that the connection had
//! been used before: if a server closes new connections without a response, it is faulty, and sending twice would make
//! that worse.
//!
//! The direct client knows its connections. The full client does not return the connection of a call, but its local
//! port, with the response and with the error. So this module stores the time of the last response for each port. A port
//! may have belonged to another connection before; then a read is sent once more than necessary.

use std::error::Error;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ::http::{Extensions, HeaderMap, HeaderName};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpInfo;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// How long before the server's timeout an idle connection is closed: the next request takes time to reach the server.
const MARGIN: Duration = Duration::from_secs(1);

/// How long a connection may be idle: the `Keep-Alive: timeout=…` of a response, minus a second or a half of it,
/// whichever is less. `None` if the response has no such header.
pub(super) fn idle_time(headers: &HeaderMap) -> Option<Duration> {
    let mut parameters = headers.get(KEEP_ALIVE)?.to_str().ok()?.split(',');
    let seconds = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        let is_it = name.trim().eq_ignore_ascii_case("timeout");
        is_it.then(|| value.parse::<u32>().ok()).flatten()
    })?;
    let timeout = Duration::from_secs(seconds.into());
    Some(timeout - MARGIN.min(timeout / 2))
}

/// By local port: the second of the last response; 0 for none.
static ANSWERED: [AtomicU32; 1 << 16] = [const { AtomicU32::new(0) }; 1 << 16];

/// Seconds since the first call of this process, counted from 1.
fn now() -> u32 {
    static START: OnceLock<Instant> = OnceLock::new();
    let passed = START.get_or_init(Instant::now).elapsed().as_secs();
    u32::try_from(passed).unwrap_or(u32::MAX).saturating_add(1)
}

fn cell(info: &HttpInfo) -> &'static AtomicU32 {
    &ANSWERED[usize::from(info.local_addr().port())]
}

/// Records a response of the full client with these extensions.
pub(super) fn answered(extensions: &Extensions) {
    if let Some(info) = extensions.get::<HttpInfo>() {
        let (cell, now) = (cell(info), now());
        if cell.load(Ordering::Relaxed) != now {
            cell.store(now, Ordering::Relaxed);
        }
    }
}

/// Whether a call failed on a connection that has had a response within this time.
pub(super) fn was_used(error: &(dyn Error + 'static), within: Duration) -> bool {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        let connected = inner
            .downcast_ref::<legacy::Error>()
            .and_then(legacy::Error::connect_info);
        if let Some(connected) = connected {
            let mut extensions = Extensions::new();
            connected.get_extras(&mut extensions);
            return extensions.get::<HttpInfo>().is_some_and(|info| {
                let last = cell(info).load(Ordering::Relaxed);
                last > 0 && u64::from(now().saturating_sub(last)) <= within.as_secs()
            });
        }
        cause = inner.source();
    }
    false
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn idle_connections_end_before_the_servers_time() {
        let table = [
            (None, None),
            (Some("timeout=5"), Some(4_000)),
            (Some("timeout=5, max=100"), Some(4_000)),
            (Some("max=100, Timeout = \"75\""), Some(74_000)),
            (Some("timeout=1"), Some(500)),
            (Some("timeout=0"), Some(0)),
            (Some("timeout=-1"), None),
            (Some("timeout"), None),
            (Some("max=5"), None),
        ];
        for (value, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(KEEP_ALIVE, value.parse().unwrap());
            }
            let expected = expected.map(Duration::from_millis);
            assert_eq!(idle_time(&headers), expected, "{value:?}");
        }
    }
}
