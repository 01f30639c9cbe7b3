//! Cache keys. A key is made from *all* parts that an entry depends on, and the types ensure that: a new field in one of
//! the `…Parts` does not compile until it is in the key. What identifies a request is known to its wire protocol.
//!
//! A key is a BLAKE3 hash of its parts, each after its length, so that no two lists of parts give the same text. The
//! text starts with the kind of the entry, so entries of different kinds have different keys. Trace identifiers are
//! left out on purpose: they differ with every request and change no document.

use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};

use http::HeaderMap;

use crate::connector::{Fingerprint, Request, is_trace_header};
use crate::source::StoredHeaders;

/// A hash that identifies one entry of any cache.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// The bytes, for a shared cache.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its first bytes as a number.
    pub(super) fn short(&self) -> u64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(first)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.short());
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in &self.0[..8] {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// Hashes a [`Key`] by its first bytes, since it is a hash already.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

impl BuildHasher for KeyHasher {
    type Hasher = KeyHasher;

    fn build_hasher(&self) -> KeyHasher {
        KeyHasher(0)
    }
}

macro_rules! key_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(Key);

        impl From<$name> for Key {
            fn from(key: $name) -> Key {
                key.0
            }
        }
    };
}

key_type!(
    /// One endpoint, and everything that decides what of its responses is stored.
    EndpointKey
);
key_type!(
    /// One document: the response to one rendered request.
    DocumentKey
);
key_type!(
    /// All entities that a GraphQL service would be asked for by the same request and selection.
    EntitiesKey
);
key_type!(
    /// One entity of a GraphQL service.
    EntityKey
);
key_type!(
    /// One operation: text and name.
    OperationKey
);
key_type!(
    /// One operation text that a client has registered.
    TextKey
);
key_type!(
    /// One response to a client.
    ResponseKey
);
key_type!(
    /// The folders and settings that responses depend on, and the version of the gateway.
    Generation
);
/// Whose credentials or headers a request has. Requests with equal subjects may share private data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subject {
    key: Key,
    has_credentials: bool,
}

impl Subject {
    /// Until sign-in exists: the client headers that a connector reads, by name. `None` if the client sent none of
    /// them, so that nothing distinguishes clients. Trace identifiers do not identify a client, and neither do its
    /// languages: what was fetched for them differs by the request alone, however clients order and weigh them.
    pub fn from_headers<N: AsRef<str>>(names: &[N], client: &HeaderMap) -> Option<Subject> {
        let tells = |name: &str| {
            client.contains_key(name) && !is_trace_header(name) && name != "accept-language"
        };
        if !names.iter().any(|name| tells(name.as_ref())) {
            return None;
        }
        let key = digest("subject", |out| {
            // A header that was not sent adds nothing: then its name is missing.
            for name in names.iter().map(AsRef::as_ref).filter(|name| tells(name)) {
                put_values(out, name, client);
            }
        });
        let is_credential = |name: &str| matches!(name, "authorization" | "cookie") && tells(name);
        let has_credentials = names.iter().any(|name| is_credential(name.as_ref()));
        Some(Subject {
            key,
            has_credentials,
        })
    }

    /// Its bytes, for a hash of several.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether the client has sent credentials: `Authorization` or `Cookie`.
    pub fn has_credentials(&self) -> bool {
        self.has_credentials
    }
}

impl Generation {
    /// From the texts of all that can change responses, in a fixed order.
    pub fn new(texts: &[&[u8]]) -> Generation {
        Generation(digest("generation", |out| put_list(out, texts)))
    }

    /// Its bytes, for a hash of several.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl OperationKey {
    /// From what a client sent.
    pub fn new(text: &str, name: Option<&str>) -> OperationKey {
        OperationKey(digest("operation", |out| {
            put(out, text.as_bytes());
            put_option(out, name.map(str::as_bytes));
        }))
    }
}

impl TextKey {
    /// From the SHA-256 of the text.
    pub fn new(hash: &[u8; 32]) -> TextKey {
        TextKey(digest("text", |out| put(out, hash)))
    }
}

/// What an [`EndpointKey`] is made of.
#[derive(Debug, Clone, Copy)]
pub struct EndpointKeyParts<'a> {
    /// The connector.
    pub service: &'a str,
    /// `service:Type.field[n]`, or the name of a GraphQL service.
    pub coordinate: &'a str,
    /// The response headers that are stored with a document.
    pub stored_headers: &'a StoredHeaders,
    /// What else decides which documents are accepted: the text of `isSuccess`.
    pub acceptance: &'a str,
}

impl EndpointKeyParts<'_> {
    /// The key.
    pub fn key(&self) -> EndpointKey {
        let EndpointKeyParts {
            service,
            coordinate,
            stored_headers,
            acceptance,
        } = self;
        EndpointKey(digest("endpoint", |out| {
            put(out, service.as_bytes());
            put(out, coordinate.as_bytes());
            put(out, acceptance.as_bytes());
            match stored_headers {
                StoredHeaders::All => put_option(out, None),
                StoredHeaders::Named(names) => {
                    put_option(out, Some(b""));
                    put_list(out, names);
                }
            }
        }))
    }
}

/// What a [`DocumentKey`] is made of.
#[derive(Debug, Clone, Copy)]
pub struct DocumentKeyParts<'a> {
    /// The endpoint.
    pub endpoint: &'a EndpointKey,
    /// The whole request, before credentials are added.
    pub request: &'a Request,
    /// Whose credentials it will have.
    pub subject: Option<&'a Subject>,
}

impl DocumentKeyParts<'_> {
    /// The key.
    pub fn key(&self) -> DocumentKey {
        let DocumentKeyParts {
            endpoint,
            request,
            subject,
        } = self;
        DocumentKey(digest("document", |out| {
            put(out, &endpoint.0.0);
            put_option(out, subject.map(|subject| subject.key.0.as_slice()));
            request.write_fingerprint(out);
        }))
    }
}

/// What an [`EntitiesKey`] is made of: the common part of the keys of entities that one call would fetch.
#[derive(Debug, Clone, Copy)]
pub struct EntitiesKeyParts<'a> {
    /// The GraphQL service.
    pub endpoint: &'a EndpointKey,
    /// The request that would fetch them, without the operation: the parts below and each representation determine that.
    pub request: &'a Request,
    /// The selection, as text in a canonical form.
    pub selection: &'a str,
    /// The values of the variables that the selection uses, as JSON in a fixed order.
    pub variables: &'a [u8],
    /// Whose credentials the request will have.
    pub subject: Option<&'a Subject>,
}

impl EntitiesKeyParts<'_> {
    /// The common part, which is hashed once for all entities.
    pub fn key(&self) -> EntitiesKey {
        let EntitiesKeyParts {
            endpoint,
            request,
            selection,
            variables,
            subject,
        } = self;
        EntitiesKey(digest("entities", |out| {
            put(out, &endpoint.0.0);
            put_option(out, subject.map(|subject| subject.key.0.as_slice()));
            put(out, selection.as_bytes());
            put(out, variables);
            request.write_fingerprint(out);
        }))
    }
}

impl EntitiesKey {
    /// The key of one entity. `representation` is JSON, with its keys in a fixed order.
    pub fn entity(&self, representation: &[u8]) -> EntityKey {
        EntityKey(digest("entity", |out| {
            put(out, &self.0.0);
            put(out, representation);
        }))
    }
}

/// Which client headers a response can depend on.
#[derive(Debug, Clone, Copy)]
pub enum HeadersRead<'a> {
    /// Those of these names, in lower case.
    Named(&'a [String]),
    /// Any.
    All,
}

/// What a [`ResponseKey`] is made of.
#[derive(Debug, Clone, Copy)]
pub struct ResponseKeyParts<'a> {
    /// The folders and settings.
    pub generation: &'a Generation,
    /// The operation.
    pub operation: &'a OperationKey,
    /// Its variables after coercion, as JSON in a fixed order.
    pub variables: &'a [u8],
    /// Which client headers the plan can read.
    pub headers: HeadersRead<'a>,
    /// What the client sent.
    pub client: &'a HeaderMap,
    /// The value of each condition of its plan: all that its guards are evaluated from.
    pub conditions: &'a [bool],
    /// The media type of the response.
    pub media_type: &'a str,
}

impl ResponseKey {
    /// The key of something that differs from other variants of the same response.
    pub fn with_variant(self, variant: u8) -> ResponseKey {
        let ResponseKey(Key(mut bytes)) = self;
        bytes[0] ^= variant;
        ResponseKey(Key(bytes))
    }
}

impl ResponseKeyParts<'_> {
    /// The key.
    pub fn key(&self) -> ResponseKey {
        let ResponseKeyParts {
            generation,
            operation,
            variables,
            headers,
            client,
            conditions,
            media_type,
        } = self;
        ResponseKey(digest("response", |out| {
            put(out, &generation.0.0);
            put(out, &operation.0.0);
            put(out, variables);
            put(out, media_type.as_bytes());
            put_count(out, conditions.len());
            out.extend(conditions.iter().map(|value| u8::from(*value)));
            match headers {
                HeadersRead::Named(names) => put_named(out, names, client),
                HeadersRead::All => put_all(out, client),
            }
        }))
    }
}

/// The client's values of these headers. No value, one and several give different texts.
fn put_named<N: AsRef<str>>(out: &mut Vec<u8>, names: &[N], client: &HeaderMap) {
    put_count(out, names.len());
    for name in names {
        put_values(out, name.as_ref(), client);
    }
}

fn put_values(out: &mut Vec<u8>, name: &str, client: &HeaderMap) {
    let values = client.get_all(name);
    put(out, name.as_bytes());
    put_count(out, values.iter().count());
    for value in values {
        put(out, value.as_bytes());
    }
}

fn put_all(out: &mut Vec<u8>, client: &HeaderMap) {
    let mut names: Vec<&str> = client
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| !is_trace_header(name))
        .collect();
    names.sort_unstable();
    put_named(out, &names, client);
}

fn put_list<T: AsRef<[u8]>>(out: &mut Vec<u8>, items: &[T]) {
    put_count(out, items.len());
    for item in items {
        put(out, item.as_ref());
    }
}

fn put_option(out: &mut Vec<u8>, item: Option<&[u8]>) {
    match item {
        None => out.push(0),
        Some(item) => {
            out.push(1);
            put(out, item);
        }
    }
}

fn put(out: &mut Vec<u8>, item: &[u8]) {
    Fingerprint::new(out).part(item);
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    Fingerprint::new(out).count(count);
}

/// Writes a key's text into a buffer of the thread and hashes it at once. For a short text that is several times faster
/// than hashing it piece by piece.
fn digest(kind: &str, write: impl FnOnce(&mut Vec<u8>)) -> Key {
    thread_local! {
        static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    /// A longer buffer is dropped: a large body must not stay in the buffer of every thread.
    const MAX_RETAINED: usize = 64 * 1024;

    let mut buffer = BUFFER.take();
    buffer.clear();
    put(&mut buffer, kind.as_bytes());
    write(&mut buffer);
    let hash = blake3::hash(&buffer);
    if buffer.capacity() <= MAX_RETAINED {
        BUFFER.set(buffer);
    }
    Key(*hash.as_bytes())
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
