//! Operation texts that clients have registered by their hashes (automatic persisted queries).

use std::sync::Arc;
use std::time::Duration;

use super::backend::Backend;
use super::entries::{ARC, Answer, Entries, StoreSize, Stored};
use super::key::TextKey;
use crate::observe::scope;

/// How long a text is kept that no client uses. A client whose text was forgotten registers it again.
const USEFUL_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Operation texts by the SHA-256 of their bytes.
///
/// The caller stores a text under its own hash only, and checks what a shared backend gives back.
#[derive(Debug)]
pub struct RegisteredTexts {
    entries: Arc<dyn Entries<Arc<str>>>,
}

impl RegisteredTexts {
    /// The texts of a backend, of which at most about `max_bytes` are held in this process.
    pub fn with_backend(backend: &dyn Backend, max_bytes: u64) -> RegisteredTexts {
        RegisteredTexts {
            entries: backend.texts(max_bytes),
        }
    }

    /// The text with this hash, if it is registered.
    pub async fn get(&self, hash: &[u8; 32]) -> Option<Arc<str>> {
        match self.entries.get(&TextKey::new(hash).into()) {
            Answer::Now(text) => text,
            answer => answer.wait().await.flatten(),
        }
    }

    /// Registers a text. The client does not wait for a backend in another system.
    pub fn put(&self, hash: &[u8; 32], text: Arc<str>) {
        if let answer @ Answer::Later(_) = self.entries.put(TextKey::new(hash).into(), text) {
            scope::spawn_detached(async {
                answer.wait().await;
            });
        }
    }

    /// The number of texts, and their weight.
    pub fn size(&self) -> StoreSize {
        self.entries.size()
    }
}

impl Stored for Arc<str> {
    fn weight(&self) -> usize {
        ARC + self.len()
    }

    fn useful_for(&self) -> Duration {
        USEFUL_FOR
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(self, other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::MemoryBackend;

    #[tokio::test]
    async fn texts_are_bounded_by_their_bytes() {
        let texts = RegisteredTexts::with_backend(&MemoryBackend, 10_000);
        for number in 0..200_u8 {
            texts.put(&[number; 32], format!("{{ a{number:800} }}").into());
        }
        let size = texts.size();
        assert!(size.bytes <= 10_000 && size.entries >= 5, "{size:?}");
        texts.put(&[7; 32], "{ a }".into());
        assert_eq!(texts.get(&[7; 32]).await.as_deref(), Some("{ a }"));
        assert_eq!(texts.get(&[201; 32]).await, None);
    }
}
