//! How many requests may wait for one connector, over real sockets to an upstream that never answers.

use std::sync::Arc;
use std::time::Duration;

use sangam::cache::{Admissions, Call, Documents, Endpoint, KeptHeaders, Policy};
use sangam::connector::SchemaLifetime;
use sangam::source::http::{HttpSettings, HttpSource};
use sangam::source::{SourceError, SourceErrorKind};
use tokio::task::JoinHandle;

use super::{LONG, get, options};
use crate::support::server::{Server, Then, raw};

const CACHED: Policy = Policy::Read {
    lifetime: Some(SchemaLifetime {
        max_age: Duration::from_secs(60),
        scope: None,
    }),
    subject: None,
};

/// An upstream that never answers, and a connector for which three requests may wait.
struct World {
    server: Server,
    documents: Arc<Documents>,
    endpoint: Arc<Endpoint>,
}

async fn world() -> World {
    let server = raw(Vec::new(), Then::Hold).await;
    let documents = Documents::new(1 << 20);
    let driver = Arc::new(HttpSource::new(HttpSettings::default()).unwrap());
    let upstream = documents.bounded_upstream("works", driver, 3);
    let endpoint = upstream.endpoint("works:Query.works[0]", KeptHeaders::NONE, "");
    World {
        server,
        documents: Arc::new(documents),
        endpoint,
    }
}

type Running = JoinHandle<Result<(), SourceError>>;

impl World {
    /// A call that runs in a task of its own, until it has ended or waits.
    async fn begin(&self, path: &str, policy: Policy, of: &Arc<Admissions>) -> Running {
        let documents = Arc::clone(&self.documents);
        let endpoint = Arc::clone(&self.endpoint);
        let (request, of) = (get(&self.server.url(path)), Arc::clone(of));
        let task = tokio::spawn(async move {
            let call = Call {
                endpoint: &endpoint,
                request,
                options: options(LONG, 1000),
                policy,
                admissions: &of,
            };
            documents.fetch(call, |_| true).await.map(|_| ())
        });
        // The tests run on one thread: after this the task has gone as far as it can at once.
        tokio::task::yield_now().await;
        task
    }

    fn waiting(&self) -> usize {
        self.endpoint.upstream().state().waiting()
    }

    async fn is_refused(&self, path: &str, policy: Policy) {
        let task = self.begin(path, policy, &Arc::default()).await;
        assert!(task.is_finished(), "{path} waits");
        let refused = task.await.unwrap().unwrap_err();
        assert_eq!(refused.kind, SourceErrorKind::Busy);
    }
}

#[tokio::test]
async fn whoever_waits_counts_whatever_the_call() {
    let world = world().await;
    let first = world.begin("/a", CACHED, &Arc::default()).await;
    // Takes part in the first one's call.
    let second = world.begin("/a", CACHED, &Arc::default()).await;
    let third = world.begin("/b", Policy::Mutation, &Arc::default()).await;
    assert_eq!(world.waiting(), 3);
    // The mutation has moved the epoch on, so that this would be a call of its own.
    world.is_refused("/a", CACHED).await;
    world.is_refused("/c", Policy::Uncached).await;
    world.is_refused("/d", Policy::Mutation).await;
    assert_eq!(world.waiting(), 3);
    for waiting in [first, second, third] {
        assert!(!waiting.is_finished());
        waiting.abort();
    }
}

#[tokio::test]
async fn the_calls_of_one_request_count_once() {
    let world = world().await;
    let request = Arc::new(Admissions::new());
    let mut calls = Vec::new();
    for path in ["/a", "/b", "/c", "/d", "/e"] {
        calls.push(world.begin(path, Policy::Uncached, &request).await);
    }
    assert_eq!(world.waiting(), 1);
    assert!(calls.iter().all(|call| !call.is_finished()));
    for call in calls {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
    assert_eq!(world.waiting(), 0);
}

#[tokio::test]
async fn a_call_that_outlives_its_request_counts_on() {
    let world = world().await;
    for path in ["/a", "/b", "/c"] {
        let left = world.begin(path, CACHED, &Arc::default()).await;
        left.abort();
        assert!(left.await.unwrap_err().is_cancelled());
    }
    // Their clients have left, and the upstream is still being waited for.
    assert_eq!(world.waiting(), 3);
    world.is_refused("/d", CACHED).await;
    let alone = world.documents.upstream("lgd", driver());
    assert_eq!(alone.state().waiting(), 0);
}

fn driver() -> Arc<HttpSource> {
    Arc::new(HttpSource::new(HttpSettings::default()).unwrap())
}
