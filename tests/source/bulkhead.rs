//! The limits of requests that wait for one connector, over sockets to an upstream that responds when the test allows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use sangam::cache::{Admissions, Documents, Endpoint, Policy, UpstreamCall, WaitingLimits};
use sangam::connector::SchemaLifetime;
use sangam::source::http::{HttpSettings, HttpSource};
use sangam::source::{Source, SourceError, SourceErrorKind, StoredHeaders};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::{LONG, get, options};
use crate::support::server::{Server, router};

const CACHED: Policy = Policy::Read {
    lifetime: Some(SchemaLifetime {
        max_age: Duration::from_secs(60),
        scope: None,
    }),
    subject: None,
};

/// An upstream that responds when the test allows it, and a connector with a limit of three calls.
struct World {
    server: Server,
    upstream: Arc<Held>,
    documents: Arc<Documents>,
    endpoint: Arc<Endpoint>,
}

/// Counts its calls; each waits for a permit.
struct Held {
    calls: AtomicUsize,
    permits: Semaphore,
}

async fn world(in_flight: usize) -> World {
    world_with(in_flight, "").await
}

/// The same with these directives of `Cache-Control` in each response.
async fn world_with(in_flight: usize, directives: &'static str) -> World {
    let upstream = Arc::new(Held {
        calls: AtomicUsize::new(0),
        permits: Semaphore::new(0),
    });
    let held = Arc::clone(&upstream);
    let answer = async move || {
        held.calls.fetch_add(1, Ordering::SeqCst);
        held.permits.acquire().await.unwrap().forget();
        ([(http::header::CACHE_CONTROL, directives)], "7")
    };
    let server = router(Router::new().fallback(answer)).await;
    let documents = Documents::new(1 << 20);
    let source: Arc<dyn Source> = Arc::new(HttpSource::new(HttpSettings::default()).unwrap());
    let waiting = WaitingLimits {
        calls: in_flight,
        joins: 2 * in_flight,
    };
    let bounded = documents.bounded_connector("works", waiting);
    let endpoint = bounded.endpoint(&source, "works:Query.works[0]", StoredHeaders::NONE, "");
    World {
        server,
        upstream,
        documents: Arc::new(documents),
        endpoint,
    }
}

type Running = JoinHandle<Result<(), SourceError>>;

impl World {
    /// Starts a call in a task, and returns when it has ended or waits.
    async fn begin(&self, path: &str, policy: Policy, of: &Arc<Admissions>) -> Running {
        let documents = Arc::clone(&self.documents);
        let endpoint = Arc::clone(&self.endpoint);
        let (request, of) = (get(&self.server.url(path)), Arc::clone(of));
        let task = tokio::spawn(async move {
            let call = UpstreamCall {
                endpoint: &endpoint,
                request,
                options: options(LONG, 1000),
                policy,
                admissions: &of,
            };
            documents.fetch(call, |_| true).await.map(|_| ())
        });
        // The tests run on one thread: after this, the task has run as far as it can.
        tokio::task::yield_now().await;
        task
    }

    /// The numbers of requests with calls of their own, and of requests that joined a call.
    fn waiting(&self) -> (usize, usize) {
        let upstream = self.endpoint.connector();
        (upstream.state().calling(), upstream.state().joining())
    }

    async fn is_refused(&self, path: &str, policy: Policy) {
        let task = self.begin(path, policy, &Arc::default()).await;
        assert!(task.is_finished(), "{path} waits");
        let refused = task.await.unwrap().unwrap_err();
        assert_eq!(refused.kind, SourceErrorKind::Busy);
    }
}

#[test]
async fn every_call_counts_whatever_its_policy() {
    let world = world(3).await;
    let first = world.begin("/a", CACHED, &Arc::default()).await;
    let second = world.begin("/b", Policy::Uncached, &Arc::default()).await;
    let third = world.begin("/c", Policy::Mutation, &Arc::default()).await;
    assert_eq!(world.waiting(), (3, 0));
    world.is_refused("/d", CACHED).await;
    world.is_refused("/e", Policy::Uncached).await;
    world.is_refused("/f", Policy::Mutation).await;
    assert_eq!(world.waiting(), (3, 0));
    for waiting in [first, second, third] {
        assert!(!waiting.is_finished());
        waiting.abort();
    }
}

#[test]
async fn requests_that_take_part_in_a_call_count_apart() {
    let world = world(3).await;
    let mut waiting = Vec::new();
    for path in ["/a", "/b", "/c"] {
        waiting.push(world.begin(path, CACHED, &Arc::default()).await);
    }
    // No further call is allowed, but twice as many requests may join one.
    world.is_refused("/d", CACHED).await;
    for path in ["/a", "/b", "/a", "/b", "/a", "/b"] {
        waiting.push(world.begin(path, CACHED, &Arc::default()).await);
    }
    assert_eq!(world.waiting(), (3, 6));
    world.is_refused("/a", CACHED).await;
    world.upstream.permits.add_permits(3);
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
    assert_eq!(world.waiting(), (0, 0));
    assert_eq!(world.upstream.calls.load(Ordering::SeqCst), 3);
}

/// With the default limit of 250, many clients read one page that is not cached.
#[test]
async fn a_burst_on_one_page_costs_one_call_and_is_served_whole() {
    let world = world(250).await;
    let mut waiting = Vec::new();
    for _ in 0..400 {
        waiting.push(world.begin("/page", CACHED, &Arc::default()).await);
    }
    assert_eq!(world.waiting(), (1, 399));
    // Permits for any number of calls, so that the count shows that only one was made.
    world.upstream.permits.add_permits(400);
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
    assert_eq!(world.upstream.calls.load(Ordering::SeqCst), 1);
    assert_eq!(world.waiting(), (0, 0));
}

/// If the response turns out to be private, the requests that waited for it make calls, which count.
#[test]
async fn calls_for_an_answer_that_may_not_be_shared_count() {
    let world = world_with(3, "private").await;
    let by_headers = Policy::Read {
        lifetime: None,
        subject: None,
    };
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(world.begin("/page", by_headers, &Arc::default()).await);
    }
    assert_eq!(world.waiting(), (1, 4));
    world.upstream.permits.add_permits(1);
    waiting.remove(0).await.unwrap().unwrap();
    let mut outcomes = FuturesUnordered::from_iter(waiting);
    let refused = outcomes.next().await.unwrap().unwrap().unwrap_err();
    assert_eq!(refused.kind, SourceErrorKind::Busy);
    assert_eq!(world.waiting(), (3, 0));
    world.upstream.permits.add_permits(3);
    while let Some(outcome) = outcomes.next().await {
        outcome.unwrap().unwrap();
    }
    assert_eq!(world.upstream.calls.load(Ordering::SeqCst), 4);
}

#[test]
async fn the_calls_of_one_request_count_once() {
    let world = world(3).await;
    let request = Arc::new(Admissions::new());
    let mut calls = Vec::new();
    for path in ["/a", "/b", "/c", "/d", "/e"] {
        calls.push(world.begin(path, Policy::Uncached, &request).await);
    }
    assert_eq!(world.waiting(), (1, 0));
    assert!(calls.iter().all(|call| !call.is_finished()));
    for call in calls {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
    assert_eq!(world.waiting(), (0, 0));
}

#[test]
async fn a_call_that_outlives_its_request_counts_on() {
    let world = world(3).await;
    for path in ["/a", "/b", "/c"] {
        let left = world.begin(path, CACHED, &Arc::default()).await;
        left.abort();
        assert!(left.await.unwrap_err().is_cancelled());
    }
    // The clients have disconnected, and the calls still wait for the upstream.
    assert_eq!(world.waiting(), (3, 0));
    world.is_refused("/d", CACHED).await;
    let alone = world.documents.connector("lgd");
    assert_eq!(alone.state().calling(), 0);
}
