//! Compiled operations, by the text that a client sent.
//!
//! The text itself is the key, not a hash of it: comparing is faster than a hash that nobody can collide, and a text
//! that looks like another one can never be given its plan. Variables, headers and guards are no part of the key: one
//! plan serves all of them. Each generation of the gateway has its own plans.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hashbrown::Equivalent;
use moka::sync::Cache;

use super::documents::CacheState;
use super::flight::{Flights, Joined, Lost};
use super::meter::LookupMeter;

/// Something compiled, as far as a bound in bytes needs to know it.
pub trait Weighs {
    /// The bytes that it holds, about.
    fn weight(&self) -> usize;
}

/// Compiled operations; `T` is what compiling gives, also when it fails: a client that repeats a wrong operation must
/// not have it compiled again and again.
pub struct Plans<T> {
    entries: Cache<Operation, Arc<T>, ahash::RandomState>,
    /// `None`: the computation panicked.
    flights: Arc<Flights<Operation, Option<Arc<T>>>>,
    lookups: LookupMeter,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Operation {
    text: Arc<str>,
    name: Option<Arc<str>>,
}

/// The same, borrowed.
#[derive(Clone, Copy)]
struct Sent<'a> {
    text: &'a str,
    name: Option<&'a str>,
}

impl Hash for Sent<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
        self.name.hash(state);
    }
}

impl Hash for Operation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let sent = Sent {
            text: &self.text,
            name: self.name.as_deref(),
        };
        sent.hash(state);
    }
}

impl Equivalent<Operation> for Sent<'_> {
    fn equivalent(&self, key: &Operation) -> bool {
        *self.text == *key.text && self.name == key.name.as_deref()
    }
}

impl<T: Weighs + Send + Sync + 'static> Plans<T> {
    /// Holds about `max_bytes` at most, texts included; what is used least goes first.
    pub fn new(max_bytes: u64) -> Plans<T> {
        let entries = Cache::builder()
            .name("plans")
            .max_capacity(max_bytes)
            .weigher(|operation: &Operation, compiled: &Arc<T>| {
                const FIXED: usize = 160;
                let weight = FIXED + operation.text.len() + compiled.weight();
                u32::try_from(weight).unwrap_or(u32::MAX)
            })
            .build_with_hasher(ahash::RandomState::new());
        Plans {
            entries,
            flights: Flights::new(),
            lookups: LookupMeter::new("plan"),
        }
    }

    /// The compiled operation, if there is one.
    pub fn get(&self, text: &str, name: Option<&str>) -> Option<Arc<T>> {
        self.entries.get(&Sent { text, name })
    }

    /// The compiled operation. If there is none, `compile` is run off the threads that answer requests, once for all who
    /// ask at the same time. It is given the text and the name again, so that a caller has nothing to copy when the
    /// operation is there.
    ///
    /// # Errors
    /// [`Lost`]: `compile` panicked. Nothing is kept then.
    pub async fn get_or_compile<F>(
        &self,
        text: &str,
        name: Option<&str>,
        compile: F,
    ) -> Result<Arc<T>, Lost>
    where
        F: FnOnce(&str, Option<&str>) -> T + Send + 'static,
    {
        if let Some(compiled) = self.get(text, name) {
            self.lookups.count(CacheState::Hit);
            return Ok(compiled);
        }
        let operation = Operation {
            text: text.into(),
            name: name.map(Arc::from),
        };
        let there = || self.get(text, name).map(Some);
        let flight = || {
            let (entries, operation) = (self.entries.clone(), operation.clone());
            async move {
                let compiling = tokio::task::spawn_blocking(move || {
                    let compiled = compile(&operation.text, operation.name.as_deref());
                    let compiled = Arc::new(compiled);
                    entries.insert(operation, Arc::clone(&compiled));
                    compiled
                });
                compiling.await.ok()
            }
        };
        let (state, compiled) = match self.flights.join(operation.clone(), there, flight) {
            Joined::There(compiled) => (CacheState::Hit, compiled),
            Joined::Seat(seat) if seat.first => (CacheState::Miss, seat.land().await?),
            Joined::Seat(seat) => (CacheState::Shared, seat.land().await?),
        };
        self.lookups.count(state);
        compiled.ok_or(Lost)
    }

    /// How many there are, as of the last housekeeping.
    pub fn len(&self) -> u64 {
        self.entries.entry_count()
    }

    /// There are none, as of the last housekeeping.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> fmt::Debug for Plans<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plans")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    impl Weighs for usize {
        fn weight(&self) -> usize {
            *self
        }
    }

    #[tokio::test]
    async fn compiles_once() {
        let plans: Plans<usize> = Plans::new(10_000);
        let runs = Arc::new(AtomicUsize::new(0));
        let ask = |text: &'static str, name: Option<&'static str>| {
            let runs = Arc::clone(&runs);
            let plans = &plans;
            async move {
                let compile = move |_: &str, _: Option<&str>| runs.fetch_add(1, Ordering::SeqCst);
                *plans.get_or_compile(text, name, compile).await.unwrap()
            }
        };
        let all = futures_util::future::join_all((0..20).map(|_| ask("{a}", None))).await;
        assert_eq!(all, [0; 20]);
        assert_eq!(ask("{a}", None).await, 0);
        assert_eq!(ask("{a}", Some("")).await, 1);
        assert_eq!(ask("{a}", Some("A")).await, 2);
        assert_eq!(ask("{b}", None).await, 3);
        assert_eq!(plans.get("{a}", Some("A")).as_deref(), Some(&2));
        assert_eq!(plans.get("{c}", None), None);
        let given = |text: &str, name: Option<&str>| text.len() + name.map_or(0, str::len);
        let found = plans.get_or_compile("{abc}", Some("Name"), given).await;
        assert_eq!(found.as_deref(), Ok(&9));
    }

    #[tokio::test]
    async fn a_panic_is_kept_by_nobody() {
        let plans: Plans<usize> = Plans::new(10_000);
        let lost = plans
            .get_or_compile("{a}", None, |_, _| panic!("a bug"))
            .await;
        assert_eq!(lost, Err(Lost));
        assert_eq!(
            *plans.get_or_compile("{a}", None, |_, _| 7).await.unwrap(),
            7
        );
    }

    #[tokio::test]
    async fn stays_within_its_bytes() {
        let plans: Plans<usize> = Plans::new(5_000);
        for number in 0..100 {
            let text = format!("{{a{number}}}");
            plans.get_or_compile(&text, None, |_, _| 840).await.unwrap();
        }
        plans.entries.run_pending_tasks();
        assert!(plans.len() <= 5, "{}", plans.len());
        assert!(!plans.is_empty());
    }
}
