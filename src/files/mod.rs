//! Files beside GraphQL: what clients download and upload.
//!
//! A field with `@file` gives a URL of this gateway that is valid for a short time. It ends with a token, which holds the
//! connector, the field and the value that the upstream gave for the field, sealed, so that a client can neither read nor
//! change it. [`Files`] makes these URLs when a response is written, and opens the tokens when a client uses one. So nothing
//! is stored: each replica that has the same keys can serve the file.
//!
//! - [`keys`]: seals and opens texts.
//! - [`ticket`]: what a token holds.
//! - [`presentation`]: how a file is declared to a browser: its type and its name.
//! - [`uploads`]: the files of a client's request, which are passed on while they arrive.

mod keys;
pub mod presentation;
mod ticket;
pub mod uploads;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::keys::FileKeys;
pub use self::ticket::{Ticket, TicketError};
use self::uploads::{Spool, UploadRules};
use crate::config;

/// The path below which files are, with its slashes.
pub const PATH: &str = "/files/";

/// The longest value of a field that a URL can hold, in bytes of JSON.
pub const LONGEST_VALUE: usize = 2_000;

/// Makes and opens the URLs of files.
#[derive(Debug)]
pub struct Files {
    keys: FileKeys,
    /// The gateway's address for clients, without a slash at the end.
    base: Arc<OnceLock<String>>,
    /// Its settings.
    pub settings: config::Files,
    downloads: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
    /// The disk for files that must wait.
    pub spool: Arc<Spool>,
    warned: AtomicBool,
    warned_of_address: AtomicBool,
    /// The values themselves are shown in place of URLs.
    shown: AtomicBool,
}

impl Files {
    /// With these settings.
    pub fn new(settings: &config::Files) -> Files {
        Files {
            keys: FileKeys::new(settings.keys()),
            base: base_of(settings),
            settings: settings.clone(),
            downloads: Arc::new(Semaphore::new(
                settings.downloads.min(Semaphore::MAX_PERMITS),
            )),
            uploads: Arc::new(Semaphore::new(
                settings.upload_requests.min(Semaphore::MAX_PERMITS),
            )),
            spool: Arc::new(Spool::new(
                settings.spool.clone(),
                settings.spool_bytes.0 as u64,
            )),
            warned: AtomicBool::new(false),
            warned_of_address: AtomicBool::new(false),
            shown: AtomicBool::new(false),
        }
    }

    /// The same after a change of settings. Random keys stay, and so does an address that is known from the listener.
    #[must_use]
    pub fn next(self: &Arc<Files>, settings: &config::Files) -> Arc<Files> {
        let is_same = format!("{settings:?}") == format!("{:?}", self.settings);
        if is_same && settings.keys().eq(self.settings.keys()) {
            return Arc::clone(self);
        }
        let mut next = Files::new(settings);
        if settings.key.is_none() && self.settings.key.is_none() {
            next.keys = self.keys.clone();
        }
        if settings.base_url.is_none() && self.settings.base_url.is_none() {
            next.base = Arc::clone(&self.base);
        }
        Arc::new(next)
    }

    /// The address on which clients reach this gateway, if the settings do not say it.
    pub fn listening(&self, address: String) {
        let _ = self.base.set(address);
    }

    /// Warns once if URLs end with the process.
    pub fn warn_of_random_key(&self) {
        if self.settings.key.is_none() && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "files.key is not set: the URLs of files end with this process, and other replicas do not know them"
            );
        }
    }

    /// Warns once if clients outside probably cannot use URLs, since nothing says how they reach the gateway.
    pub fn warn_of_address(&self, listen: SocketAddr, has_other_listener: bool) {
        let is_any = listen.ip().is_unspecified();
        if self.settings.base_url.is_some()
            || !(is_any || has_other_listener)
            || self.warned_of_address.swap(true, Ordering::Relaxed)
        {
            return;
        }
        match has_other_listener {
            true => tracing::warn!(
                "files.base_url is not set: the URLs of files have the address of `listen`, for clients of operations.listen too"
            ),
            false => tracing::warn!(
                "files.base_url is not set: the URLs of files begin with `localhost`, which is no address for other machines"
            ),
        }
    }

    /// From now on, responses show the value of a field and no URL, which would be another one each time. For specs of
    /// connectors, never for clients.
    pub fn show_values(&self) {
        self.shown.store(true, Ordering::Relaxed);
    }

    /// The URL of a file, valid from now on. `coordinate` is the field with `@file`; `value` is the JSON text of its value.
    pub fn url(
        &self,
        connector: &str,
        coordinate: &str,
        value: &[u8],
        lifetime: Option<Duration>,
    ) -> String {
        if self.shown.load(Ordering::Relaxed) {
            let value = String::from_utf8_lossy(value);
            return format!("file: {}", value.trim_matches('"'));
        }
        let lifetime = self.lifetime(lifetime);
        let expires = now().saturating_add(lifetime.as_secs());
        let sealed = self
            .keys
            .seal(&ticket::write(expires, connector, coordinate, value));
        let base = self.base.get().map_or("", String::as_str);
        format!("{base}{PATH}{sealed}")
    }

    /// How long a URL is valid, if the field says `lifetime`.
    pub fn lifetime(&self, lifetime: Option<Duration>) -> Duration {
        lifetime.unwrap_or(self.settings.url_lifetime)
    }

    /// What a token holds.
    ///
    /// # Errors
    /// It is not one of this gateway, or its time is over.
    pub fn open(&self, token: &str) -> Result<Ticket, TicketError> {
        let opened = self.keys.open(token).ok_or(TicketError::Unknown)?;
        let ticket = Ticket::read(&opened).ok_or(TicketError::Unknown)?;
        match ticket.expires > now() {
            true => Ok(ticket),
            false => Err(TicketError::Expired),
        }
    }

    /// The right to download a file; `None` if too many are being downloaded.
    pub fn download(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.downloads).try_acquire_owned().ok()
    }
}

impl Files {
    /// The right to send a request with files; `None` if too many are being sent.
    pub fn upload(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.uploads).try_acquire_owned().ok()
    }

    /// What a call allows of a file, of which the connector allows these types (all of the settings if there are none) and so
    /// many bytes.
    pub fn rules(
        &self,
        types: &Arc<[String]>,
        max_bytes: Option<u64>,
        needs_length: bool,
    ) -> UploadRules {
        let most = self.settings.upload_bytes.0 as u64;
        UploadRules {
            max_bytes: max_bytes.map_or(most, |own| own.min(most)),
            types: match types.is_empty() {
                true => self.settings.upload_types.clone().into(),
                false => Arc::clone(types),
            },
            needs_length,
        }
    }
}

fn base_of(settings: &config::Files) -> Arc<OnceLock<String>> {
    let base = OnceLock::new();
    if let Some(url) = &settings.base_url {
        let _ = base.set(url.as_str().trim_end_matches('/').to_owned());
    }
    Arc::new(base)
}

/// Seconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn settings(key: &str) -> config::Files {
        config::Files {
            key: (!key.is_empty()).then(|| Secret::new(key)),
            base_url: config::HttpUrl::new("https://graph.example/"),
            ..config::Files::default()
        }
    }

    const OLD: &str = "0123456789abcdef0123456789abcdef";
    const NEW: &str = "abcdef0123456789abcdef0123456789";

    fn token(files: &Files, lifetime: u64) -> String {
        let lifetime = Some(Duration::from_secs(lifetime));
        let url = files.url("desk", "Certificate.url", br#""/c/1""#, lifetime);
        url.strip_prefix("https://graph.example/files/")
            .unwrap()
            .to_owned()
    }

    #[test]
    fn a_url_holds_its_ticket_and_shows_nothing_of_it() {
        let files = Files::new(&settings(OLD));
        let token = token(&files, 60);
        assert!(
            !token.contains("desk") && !token.contains("/c/1"),
            "{token}"
        );
        let ticket = files.open(&token).unwrap();
        assert_eq!(ticket.connector, "desk");
        assert_eq!(ticket.coordinate, "Certificate.url");
        assert_eq!(ticket.value, br#""/c/1""#);
    }

    #[test]
    fn an_altered_token_is_unknown_and_a_late_one_expired() {
        let files = Files::new(&settings(OLD));
        let token = token(&files, 60);
        let mut altered = token.clone().into_bytes();
        for at in 0..altered.len() {
            let before = altered[at];
            altered[at] = if before == b'A' { b'B' } else { b'A' };
            let text = String::from_utf8(altered.clone()).unwrap();
            assert_eq!(files.open(&text).unwrap_err(), TicketError::Unknown, "{at}");
            altered[at] = before;
        }
        for other in ["", "A", "../..", &token[1..], &format!("{token}A")] {
            assert_eq!(files.open(other).unwrap_err(), TicketError::Unknown);
        }
        let late = self::token(&files, 0);
        assert_eq!(files.open(&late).unwrap_err(), TicketError::Expired);
    }

    #[test]
    fn keys_are_shared_and_replaced() {
        let token = token(&Files::new(&settings(OLD)), 60);
        assert!(Files::new(&settings(OLD)).open(&token).is_ok());
        assert!(
            Files::new(&settings(&format!("{NEW}\n{OLD}\n")))
                .open(&token)
                .is_ok()
        );
        assert!(Files::new(&settings(NEW)).open(&token).is_err());
        assert!(Files::new(&settings("")).open(&token).is_err());
    }

    #[test]
    fn a_random_key_stays_when_settings_change() {
        let files = Arc::new(Files::new(&settings("")));
        let token = token(&files, 60);
        let changed = config::Files {
            downloads: 3,
            ..settings("")
        };
        assert!(files.next(&changed).open(&token).is_ok());
        assert!(files.next(&settings(NEW)).open(&token).is_err());
    }
}
