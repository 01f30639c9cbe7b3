//! Seals texts with ChaCha20-Poly1305 (RFC 8439): without a key they can be neither read nor changed.
//!
//! Each text is sealed with a key of its own, made of a secret and 16 random bytes that are sent with the text. So the nonce
//! may always be zero, and replicas with the same secret need not agree on nonces.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

/// The first byte of a sealed text: its format.
const FORMAT: u8 = 1;

const ID: usize = 4;
const SALT: usize = 16;
const HEAD: usize = 1 + ID + SALT;

/// The longest sealed text that is opened.
const LONGEST: usize = 8 * 1024;

/// The secrets; the first seals.
#[derive(Clone)]
pub(super) struct FileKeys(Vec<FileKey>);

#[derive(Clone)]
struct FileKey {
    /// Says which secret has sealed a text.
    id: [u8; ID],
    secret: [u8; 32],
}

impl fmt::Debug for FileKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileKeys({})", self.0.len())
    }
}

impl FileKeys {
    /// The keys of these texts; without one, a random key.
    pub(super) fn new<'t>(texts: impl Iterator<Item = &'t str>) -> FileKeys {
        let mut keys: Vec<_> = texts.map(|text| FileKey::of(text.as_bytes())).collect();
        if keys.is_empty() {
            keys.push(FileKey::of(&rand::random::<[u8; 32]>()));
        }
        FileKeys(keys)
    }

    /// Seals a text, as a part of a URL.
    pub(super) fn seal(&self, text: &[u8]) -> String {
        let salt: [u8; SALT] = rand::random();
        let key = &self.0[0];
        let mut sealed = Vec::with_capacity(HEAD + text.len() + CHACHA20_POLY1305.tag_len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&key.id);
        sealed.extend_from_slice(&salt);
        let mut body = text.to_vec();
        let once = key.once(&salt);
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        // Fails only for texts of many gigabytes.
        let is_sealed = once.and_then(|once| {
            let added = Aad::from(sealed.as_slice());
            once.seal_in_place_append_tag(nonce, added, &mut body).ok()
        });
        if is_sealed.is_none() {
            body.clear();
        }
        sealed.extend_from_slice(&body);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The text that was sealed with one of the keys; `None` for anything else.
    pub(super) fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        if sealed.len() > LONGEST {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (head, body) = sealed.split_at_checked(HEAD)?;
        let (format, rest) = head.split_first()?;
        let (id, salt) = rest.split_at_checked(ID)?;
        if *format != FORMAT {
            return None;
        }
        let mut keys = self.0.iter().filter(|key| key.id == id);
        keys.find_map(|key| {
            let once = key.once(salt)?;
            let nonce = Nonce::assume_unique_for_key([0; 12]);
            let mut body = body.to_vec();
            let text = once.open_in_place(nonce, Aad::from(head), &mut body).ok()?;
            Some(text.to_vec())
        })
    }
}

impl FileKey {
    fn of(text: &[u8]) -> FileKey {
        let secret = blake3::derive_key("sangam 2026 URLs of files", text);
        let hash = blake3::derive_key("sangam 2026 id of a key for URLs of files", &secret);
        let mut id = [0; ID];
        id.copy_from_slice(&hash[..ID]);
        FileKey { id, secret }
    }

    /// The key for the text with this salt.
    fn once(&self, salt: &[u8]) -> Option<LessSafeKey> {
        let key = blake3::keyed_hash(&self.secret, salt);
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_bytes());
        key.ok().map(LessSafeKey::new)
    }
}
