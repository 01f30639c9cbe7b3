//! When an answer is kept, and what ends its use.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bytes::Bytes;
use futures_util::FutureExt;
use http::HeaderMap;

use super::*;
use crate::cache::clock::{ManualClock, Timestamp};
use crate::cache::documents::{Documents, Fetched};
use crate::cache::endpoint::Endpoint;
use crate::cache::entry::Document;
use crate::cache::freshness::Lifetime;
use crate::cache::key::{Generation, HeadersRead, OperationKey, ResponseKeyParts};
use crate::connector::Scope;
use crate::source::{Envelope, NoSource, Outcome, Source, StoredHeaders};

const NOW: Timestamp = Timestamp(1_795_500_000_000);

struct World {
    clock: Arc<ManualClock>,
    responses: Responses,
    documents: Documents,
}

fn world() -> World {
    let clock = Arc::new(ManualClock::at(NOW));
    World {
        responses: Responses::with_clock(&MemoryBackend, 1 << 20, clock.clone()),
        documents: Documents::with_clock(&MemoryBackend, 1 << 20, clock.clone()),
        clock,
    }
}

fn key(operation: &str) -> ResponseKey {
    ResponseKeyParts {
        generation: &Generation::new(&[]),
        operation: &OperationKey::new(operation, None),
        variables: b"{}",
        headers: HeadersRead::Named(&[]),
        client: &HeaderMap::new(),
        conditions: &[],
        media_type: "application/json",
    }
    .key()
}

fn no_source() -> Arc<dyn Source> {
    Arc::new(NoSource)
}

impl World {
    /// A response from memory, which is there without a wait.
    fn get(&self, key: &ResponseKey) -> Option<Served> {
        self.responses.get(key).now_or_never().unwrap()
    }

    fn connector(&self, name: &str) -> Arc<Endpoint> {
        let upstream = self.documents.connector(name);
        let coordinate = format!("{name}:Query.all[0]");
        upstream.endpoint(&no_source(), &coordinate, StoredHeaders::NONE, "")
    }

    /// A document that came so long ago and is fresh for so long from now.
    fn fetched(&self, upstream: &Endpoint, age: u64, fresh_for: Option<u64>) -> Fetched {
        let (age, left) = (Duration::from_secs(age), fresh_for.map(Duration::from_secs));
        let now = self.clock.now();
        let lifetime = left.map(|left| Lifetime {
            fresh_for: age + left,
            ..Lifetime::for_seconds(0)
        });
        let document = Document {
            outcome: Outcome::Success,
            envelope: Envelope::new(None, HeaderMap::new()),
            body: Bytes::new(),
            received: 0,
            received_at: now.minus(age),
            age_when_received: Duration::ZERO,
            lifetime,
            retry_after: None,
            epoch: upstream.epoch().now(),
            memo: Default::default(),
        };
        Fetched {
            document: Arc::new(document),
            state: CacheState::Hit,
            key: None,
            born: now.minus(age),
            fresh_until: left.map(|left| now.plus(left)),
            private_fresh_until: None,
            may_be_shared: true,
            report: None,
        }
    }

    fn put(&self, operation: &str, provenance: Provenance) {
        let body = Bytes::from(operation.to_owned());
        self.responses.put(
            key(operation),
            &Payload::only(body),
            &Arc::from([]),
            &provenance,
        );
    }
}

#[test]
fn as_fresh_as_the_least_fresh_part() {
    let world = world();
    let (works, lgd) = (world.connector("works"), world.connector("lgd"));
    let mut provenance = Provenance::new();
    provenance.add(&works, &world.fetched(&works, 5, Some(30)));
    provenance.add(&lgd, &world.fetched(&lgd, 600, Some(3000)));
    world.put("{a}", provenance);
    world.clock.advance(Duration::from_secs(10));
    let served = world.get(&key("{a}")).unwrap();
    assert_eq!(served.payload.body, b"{a}".as_slice());
    assert_eq!(served.fresh_for, Duration::from_secs(20));
    assert_eq!(served.age, Some(Duration::from_secs(610)));
    assert!(!served.private);
    assert!(world.get(&key("{b}")).is_none());
    world.clock.advance(Duration::from_secs(20));
    assert!(world.get(&key("{a}")).is_none());
}

#[test]
fn one_part_that_may_not_be_kept_is_enough() {
    let world = world();
    let works = world.connector("works");
    let mut provenance = Provenance::new();
    provenance.add(&works, &world.fetched(&works, 0, Some(30)));
    provenance.add(&works, &world.fetched(&works, 0, None));
    assert_eq!(provenance.fresh_for(NOW), None);
    world.put("{a}", provenance);
    assert!(world.get(&key("{a}")).is_none());
}

#[test]
fn without_any_lifetime_nothing_is_kept() {
    let world = world();
    world.put("{__typename}", Provenance::new());
    assert!(world.get(&key("{__typename}")).is_none());
    let mut forbidden = Provenance::new();
    forbidden.restrict(Duration::from_secs(60), None, NOW);
    assert_eq!(forbidden.fresh_for(NOW), Some(Duration::from_secs(60)));
    forbidden.forbid();
    assert_eq!(forbidden.fresh_for(NOW), None);
}

#[test]
fn the_schema_can_only_shorten() {
    let mut provenance = Provenance::new();
    provenance.restrict(Duration::from_secs(60), None, NOW);
    provenance.restrict(Duration::from_secs(10), Some(Scope::Private), NOW);
    provenance.restrict(Duration::from_secs(90), Some(Scope::Public), NOW);
    assert_eq!(provenance.fresh_for(NOW), Some(Duration::from_secs(10)));
    assert!(provenance.is_private());
    assert_eq!(provenance.age(NOW), None);
    let mut other = Provenance::new();
    other.merge(&provenance);
    assert_eq!(other.fresh_for(NOW), Some(Duration::from_secs(10)));
    assert!(other.is_private());
}

#[test]
fn a_mutation_ends_the_answers_that_read_its_connector() {
    let world = world();
    let (works, lgd) = (world.connector("works"), world.connector("lgd"));
    for (operation, upstream) in [("{works}", &works), ("{lgd}", &lgd)] {
        let mut provenance = Provenance::new();
        provenance.add(upstream, &world.fetched(upstream, 0, Some(30)));
        world.put(operation, provenance);
    }
    // Read before the mutation, finished after it.
    let mut late = Provenance::new();
    late.add(&works, &world.fetched(&works, 0, Some(30)));
    works.connector().state().advance_epoch();
    world.put("{late}", late);
    assert!(world.get(&key("{works}")).is_none());
    assert!(world.get(&key("{late}")).is_none());
    assert!(world.get(&key("{lgd}")).is_some());
}

#[test]
fn no_older_than_a_mutation_that_names_what_it_changes() {
    let world = world();
    let works = world.connector("works");
    let other =
        works
            .connector()
            .endpoint(&no_source(), "works:Query.one[0]", StoredHeaders::NONE, "");
    for (operation, endpoint) in [("{all}", &works), ("{one}", &other)] {
        let mut provenance = Provenance::new();
        provenance.add(endpoint, &world.fetched(endpoint, 0, Some(30)));
        world.put(operation, provenance);
    }
    let state = works.connector().state();
    state.advance(&["Query.one".to_owned(), "Other".to_owned()]);
    assert!(world.get(&key("{all}")).is_some());
    assert!(world.get(&key("{one}")).is_none());
    state.advance(&[]);
    assert!(world.get(&key("{all}")).is_none());
}
