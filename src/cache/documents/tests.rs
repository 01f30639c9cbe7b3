//! What the executor may rely on, against an upstream that answers when the test lets it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::{Notify, Semaphore};

use super::*;
use crate::cache::clock::ManualClock;
use crate::connector::{HttpRequest, Scope};
use crate::errors::ErrorKind;
use crate::source::http::response as http_response;
use crate::source::{
    Outcome, Source, SourceError, SourceErrorKind, StoredHeaders, UpstreamResponse,
};

const NOW: Timestamp = Timestamp(1_795_500_000_000);

/// Counts its calls; each takes one ticket and answers with its own number.
#[derive(Debug)]
struct Scripted {
    calls: AtomicUsize,
    began: Notify,
    tickets: Semaphore,
    script: Mutex<VecDeque<Reply>>,
}

#[derive(Debug, Clone)]
enum Reply {
    Status(u16, Vec<(&'static str, &'static str)>),
    Error(SourceErrorKind),
    Panic,
}

#[async_trait]
impl Source for Scripted {
    async fn call(&self, _: &Request, _: &CallOptions) -> Result<UpstreamResponse, SourceError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        self.began.notify_one();
        self.tickets.acquire().await.unwrap().forget();
        let reply = {
            let mut script = self.script.lock().unwrap();
            let next = script.pop_front();
            next.unwrap_or(Reply::Status(200, Vec::new()))
        };
        match reply {
            Reply::Panic => panic!("a bug in a driver"),
            Reply::Error(kind) => Err(SourceError::new(kind, "as the script says")),
            Reply::Status(status, lines) => {
                let mut headers = HeaderMap::new();
                for (name, value) in lines {
                    headers.append(name, HeaderValue::from_static(value));
                }
                let document = Bytes::from(number.to_string());
                Ok(http_response(status, headers, document, 1))
            }
        }
    }
}

struct World {
    documents: Arc<Documents>,
    clock: Arc<ManualClock>,
    driver: Arc<Scripted>,
    endpoint: Arc<Endpoint>,
}

/// A world in which the upstream answers at once.
fn world() -> World {
    let world = slow_world();
    world.driver.tickets.add_permits(1000);
    world
}

/// A world in which each answer needs a ticket.
fn slow_world() -> World {
    let clock = Arc::new(ManualClock::at(NOW));
    let documents = Documents::with_clock(&MemoryBackend, 1 << 20, clock.clone());
    let driver = Arc::new(Scripted {
        calls: AtomicUsize::new(0),
        began: Notify::new(),
        tickets: Semaphore::new(0),
        script: Mutex::default(),
    });
    let source: Arc<dyn Source> = driver.clone();
    let endpoint = documents.upstream("works").endpoint(
        &source,
        "works:Query.works[0]",
        StoredHeaders::NONE,
        "",
    );
    World {
        documents: Arc::new(documents),
        clock,
        driver,
        endpoint,
    }
}

fn minute() -> Option<SchemaLifetime> {
    Some(SchemaLifetime {
        max_age: Duration::from_secs(60),
        scope: Some(Scope::Public),
    })
}

const BY_HEADERS: Policy = Policy::Read {
    lifetime: None,
    subject: None,
};

fn cached() -> Policy {
    Policy::Read {
        lifetime: minute(),
        subject: None,
    }
}

impl World {
    fn says(&self, replies: impl IntoIterator<Item = Reply>) {
        self.driver.script.lock().unwrap().extend(replies);
    }

    fn calls(&self) -> usize {
        self.driver.calls.load(Ordering::SeqCst)
    }

    async fn fetch(&self, path: &str, policy: Policy) -> Result<Fetched, SourceError> {
        self.fetch_within(path, policy, Duration::from_secs(60), |document| {
            document.outcome == Outcome::Success
        })
        .await
    }

    async fn fetch_within(
        &self,
        path: &str,
        policy: Policy,
        timeout: Duration,
        accept: fn(&Document) -> bool,
    ) -> Result<Fetched, SourceError> {
        let call = UpstreamCall {
            endpoint: &self.endpoint,
            request: request(path),
            options: CallOptions {
                timeout,
                max_bytes: 1000,
                ..CallOptions::default()
            },
            policy,
            admissions: &Admissions::new(),
        };
        self.documents.fetch(call, accept).await
    }

    /// `hit 1`: the state, and which of the upstream's answers it is.
    async fn say(&self, path: &str, policy: Policy) -> String {
        describe(self.fetch(path, policy).await)
    }

    /// Fetches in a task of its own.
    fn spawn(
        self: &Arc<Self>,
        path: &'static str,
        policy: Policy,
    ) -> tokio::task::JoinHandle<String> {
        let world = Arc::clone(self);
        tokio::spawn(async move { world.say(path, policy).await })
    }

    async fn until_under_way(&self) {
        self.driver.began.notified().await;
    }
}

fn describe(result: Result<Fetched, SourceError>) -> String {
    match result {
        Ok(fetched) => format!(
            "{} {}",
            fetched.state.as_str(),
            String::from_utf8_lossy(&fetched.document.body)
        ),
        Err(error) => format!("{:?}", error.kind),
    }
}

fn request(path: &str) -> Request {
    Request::new(HttpRequest {
        url: format!("http://works.example{path}"),
        ..HttpRequest::default()
    })
}

/// Lets every task run that can.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_read_is_kept_for_its_lifetime() {
    let world = world();
    assert_eq!(world.say("/a", cached()).await, "miss 1");
    assert_eq!(world.say("/a", cached()).await, "hit 1");
    assert_eq!(world.say("/b", cached()).await, "miss 2");
    world.clock.advance(Duration::from_secs(59));
    let hit = world.fetch("/a", cached()).await.unwrap();
    assert_eq!(hit.age, Duration::from_secs(59));
    assert_eq!(hit.fresh_for, Some(Duration::from_secs(1)));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.say("/a", cached()).await, "miss 3");
    let figures = world.documents.figures();
    assert_eq!(figures[0].0, "works");
    assert_eq!((figures[0].1.hits, figures[0].1.misses), (2, 3));
}

#[tokio::test]
async fn a_reader_that_allows_less_gets_less() {
    let world = world();
    let seconds = |seconds| Policy::Read {
        lifetime: Some(SchemaLifetime {
            max_age: Duration::from_secs(seconds),
            scope: None,
        }),
        subject: Some(
            Subject::from_headers(
                &["a"],
                &HeaderMap::from_iter([(
                    HeaderName::from_static("a"),
                    HeaderValue::from_static("b"),
                )]),
            )
            .unwrap(),
        ),
    };
    assert_eq!(world.say("/a", seconds(60)).await, "miss 1");
    world.clock.advance(Duration::from_secs(20));
    let hit = world.fetch("/a", seconds(30)).await.unwrap();
    assert_eq!(hit.fresh_for, Some(Duration::from_secs(10)));
    assert_eq!(world.say("/a", seconds(20)).await, "miss 2");
    assert_eq!(world.say("/a", seconds(60)).await, "hit 2");
}

#[tokio::test]
async fn without_a_lifetime_nothing_is_kept() {
    let world = world();
    for number in 1..=3 {
        assert_eq!(world.say("/a", BY_HEADERS).await, format!("miss {number}"));
    }
    // By now the endpoint is known for it.
    assert_eq!(world.say("/a", BY_HEADERS).await, "bypass 4");
    // Until an answer says otherwise.
    world.says(vec![
        Reply::Status(200, vec![("cache-control", "max-age=9")]);
        2
    ]);
    assert_eq!(world.say("/a", BY_HEADERS).await, "bypass 5");
    assert_eq!(world.say("/a", BY_HEADERS).await, "miss 6");
    assert_eq!(world.say("/a", BY_HEADERS).await, "hit 6");
}

#[tokio::test]
async fn what_is_not_accepted_is_not_kept() {
    let world = world();
    world.says([Reply::Status(500, Vec::new())]);
    let failed = world.fetch("/a", cached()).await.unwrap();
    assert_eq!(
        failed.document.outcome,
        Outcome::Failed(ErrorKind::Upstream)
    );
    assert_eq!(failed.fresh_for, None);
    assert_eq!(world.say("/a", cached()).await, "miss 2");
    assert_eq!(world.say("/a", cached()).await, "hit 2");
}

#[tokio::test]
async fn errors_are_not_kept() {
    let world = world();
    world.says([Reply::Error(SourceErrorKind::Unreachable)]);
    assert_eq!(world.say("/a", cached()).await, "Unreachable");
    assert_eq!(world.say("/a", cached()).await, "miss 2");
    let figures = world.documents.figures()[0].1;
    assert_eq!((figures.calls, figures.failures), (2, 1));
}

#[tokio::test]
async fn a_crowd_makes_one_call() {
    let world = Arc::new(slow_world());
    let crowd: Vec<_> = (0..20).map(|_| world.spawn("/a", cached())).collect();
    world.until_under_way().await;
    settle().await;
    world.driver.tickets.add_permits(1);
    let mut states = Vec::new();
    for one in crowd {
        states.push(one.await.unwrap());
    }
    states.sort();
    assert_eq!(states[0], "miss 1");
    assert!(states[1..].iter().all(|state| state == "shared 1"));
    assert_eq!(world.calls(), 1);
}

#[tokio::test]
async fn a_crowd_shares_nothing_that_may_not_be_cached() {
    let world = Arc::new(slow_world());
    let crowd: Vec<_> = (0..5).map(|_| world.spawn("/a", BY_HEADERS)).collect();
    world.until_under_way().await;
    settle().await;
    assert_eq!(world.calls(), 1);
    world.says(vec![
        Reply::Status(200, vec![("cache-control", "no-store")]);
        5
    ]);
    world.driver.tickets.add_permits(5);
    let mut states = Vec::new();
    for one in crowd {
        states.push(one.await.unwrap());
    }
    states.sort();
    assert_eq!(
        states,
        ["bypass 2", "bypass 3", "bypass 4", "bypass 5", "miss 1"]
    );
}

#[tokio::test]
async fn an_answer_that_varies_on_anything_is_for_one_request() {
    let world = Arc::new(slow_world());
    world.says(vec![Reply::Status(200, vec![("vary", "*")]); 2]);
    let crowd = [world.spawn("/a", cached()), world.spawn("/a", cached())];
    world.until_under_way().await;
    settle().await;
    world.driver.tickets.add_permits(2);
    let mut states = Vec::new();
    for one in crowd {
        states.push(one.await.unwrap());
    }
    states.sort();
    assert_eq!(states, ["bypass 2", "miss 1"]);
}

#[tokio::test]
async fn a_failure_of_a_shared_read_is_shared() {
    let world = Arc::new(slow_world());
    world.says([Reply::Error(SourceErrorKind::Timeout)]);
    let crowd = [world.spawn("/a", cached()), world.spawn("/a", cached())];
    world.until_under_way().await;
    settle().await;
    world.driver.tickets.add_permits(1);
    for one in crowd {
        assert_eq!(one.await.unwrap(), "Timeout");
    }
    assert_eq!(world.calls(), 1);
}

#[tokio::test]
async fn the_request_that_started_a_flight_may_leave() {
    let world = Arc::new(slow_world());
    let first = world.spawn("/a", cached());
    world.until_under_way().await;
    let second = world.spawn("/a", cached());
    settle().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    world.driver.tickets.add_permits(1);
    assert_eq!(second.await.unwrap(), "shared 1");
    // And when no request waits any more, the answer is kept all the same.
    let third = world.spawn("/b", cached());
    world.until_under_way().await;
    third.abort();
    assert!(third.await.unwrap_err().is_cancelled());
    world.driver.tickets.add_permits(1);
    settle().await;
    assert_eq!(world.say("/b", cached()).await, "hit 2");
}

#[tokio::test]
async fn a_deadline_is_ones_own() {
    let world = Arc::new(slow_world());
    let patient = world.spawn("/a", cached());
    world.until_under_way().await;
    let hasty = world
        .fetch_within("/a", cached(), Duration::from_millis(5), |_| true)
        .await;
    assert_eq!(hasty.unwrap_err().kind, SourceErrorKind::Timeout);
    world.driver.tickets.add_permits(1);
    assert_eq!(patient.await.unwrap(), "miss 1");
}

#[tokio::test]
async fn a_driver_that_panics_is_an_error() {
    let world = world();
    world.says([Reply::Panic, Reply::Panic]);
    assert_eq!(world.say("/a", cached()).await, "Internal");
    assert_eq!(world.say("/a", Policy::Mutation).await, "Internal");
    assert_eq!(world.say("/a", cached()).await, "miss 3");
}

#[tokio::test]
async fn a_mutation_ends_what_was_read_before() {
    let world = world();
    assert_eq!(world.say("/a", cached()).await, "miss 1");
    assert_eq!(world.say("/pay", Policy::Mutation).await, "bypass 2");
    assert_eq!(world.say("/a", cached()).await, "miss 3");
    assert_eq!(world.say("/a", cached()).await, "hit 3");
    // Also one that has no answer: it may have taken effect.
    world.says([Reply::Error(SourceErrorKind::Timeout)]);
    assert_eq!(world.say("/pay", Policy::Mutation).await, "Timeout");
    assert_eq!(world.say("/a", cached()).await, "miss 5");
}

#[tokio::test]
async fn a_mutation_that_is_provably_refused_ends_nothing() {
    let replies = [
        (Reply::Status(400, Vec::new()), "hit 1"),
        (Reply::Status(401, Vec::new()), "hit 1"),
        (Reply::Status(403, Vec::new()), "hit 1"),
        (Reply::Status(409, Vec::new()), "hit 1"),
        (Reply::Status(422, Vec::new()), "hit 1"),
        (Reply::Status(429, Vec::new()), "hit 1"),
        (Reply::Status(200, Vec::new()), "miss 3"),
        (Reply::Status(302, Vec::new()), "miss 3"),
        (Reply::Status(408, Vec::new()), "miss 3"),
        (Reply::Status(499, Vec::new()), "miss 3"),
        (Reply::Status(500, Vec::new()), "miss 3"),
        (Reply::Status(503, Vec::new()), "miss 3"),
        (Reply::Error(SourceErrorKind::Timeout), "miss 3"),
        (Reply::Error(SourceErrorKind::Unreachable), "miss 3"),
        (Reply::Error(SourceErrorKind::BadAnswer), "miss 3"),
        (Reply::Panic, "miss 3"),
    ];
    for (reply, then) in replies {
        let world = world();
        assert_eq!(world.say("/a", cached()).await, "miss 1");
        world.says([reply.clone()]);
        let _ = world.say("/pay", Policy::Mutation).await;
        assert_eq!(world.say("/a", cached()).await, then, "{reply:?}");
    }
    // A 4xx that is a success to its connector has been carried out.
    let world = world();
    assert_eq!(world.say("/a", cached()).await, "miss 1");
    world.says([Reply::Status(404, Vec::new())]);
    let timeout = Duration::from_secs(60);
    let gone = world.fetch_within("/a", Policy::Mutation, timeout, |_| true);
    assert_eq!(describe(gone.await), "bypass 2");
    assert_eq!(world.say("/a", cached()).await, "miss 3");
}

#[tokio::test]
async fn refused_mutations_cost_no_call_more_than_their_own() {
    let world = world();
    let pages = ["/a", "/b", "/c", "/d"];
    for _ in 0..50 {
        for page in pages {
            world.fetch(page, cached()).await.unwrap();
        }
        world.says([Reply::Status(403, Vec::new())]);
        world.fetch("/pay", Policy::Mutation).await.unwrap();
    }
    assert_eq!(world.calls(), pages.len() + 50);
}

#[tokio::test]
async fn a_read_during_a_mutation_comes_before_it() {
    let world = Arc::new(slow_world());
    world.driver.tickets.add_permits(1);
    assert_eq!(world.say("/a", cached()).await, "miss 1");
    world.until_under_way().await;
    world.says([
        Reply::Status(403, Vec::new()),
        Reply::Status(200, Vec::new()),
    ]);
    for _ in 0..2 {
        let mutation = world.spawn("/pay", Policy::Mutation);
        world.until_under_way().await;
        assert_eq!(world.say("/a", cached()).await, "hit 1");
        world.driver.tickets.add_permits(1);
        mutation.await.unwrap();
    }
    // The second was not refused.
    world.driver.tickets.add_permits(1);
    assert_eq!(world.say("/a", cached()).await, "miss 4");
}

#[tokio::test]
async fn nothing_that_was_read_before_is_used_when_a_mutation_is_not_awaited() {
    let world = Arc::new(slow_world());
    world.driver.tickets.add_permits(1);
    assert_eq!(world.say("/a", cached()).await, "miss 1");
    world.until_under_way().await;
    let mutation = world.spawn("/pay", Policy::Mutation);
    world.until_under_way().await;
    mutation.abort();
    assert!(mutation.await.unwrap_err().is_cancelled());
    world.driver.tickets.add_permits(2);
    assert_eq!(world.say("/a", cached()).await, "miss 3");
}

#[tokio::test]
async fn however_many_mutations_end_few_calls_are_made_for_one_document() {
    let world = Arc::new(slow_world());
    let mut readers = Vec::new();
    for _ in 0..50 {
        readers.push(world.spawn("/a", cached()));
        settle().await;
        world.endpoint.upstream().state().advance_epoch();
    }
    settle().await;
    assert_eq!(world.calls(), crate::cache::flight::MAX_FLIGHTS_PER_KEY);
    world.driver.tickets.add_permits(50);
    for reader in readers {
        let said = reader.await.unwrap();
        assert!(
            said.starts_with("miss") || said.starts_with("shared"),
            "{said}"
        );
    }
    // The last readers share one call that began after the last mutation.
    assert_eq!(world.calls(), crate::cache::flight::MAX_FLIGHTS_PER_KEY + 1);
    assert_eq!(world.say("/a", cached()).await, "hit 3");
}

impl World {
    /// As [`World::say`], for a caller that gives this verdict on every answer.
    async fn judge(&self, policy: Policy, verdict: Verdict) -> Fetched {
        let call = UpstreamCall {
            endpoint: &self.endpoint,
            request: request("/a"),
            options: CallOptions {
                timeout: Duration::from_secs(60),
                max_bytes: 1000,
                traceparent: None,
                tracestate: None,
                is_read: true,
            },
            policy,
            admissions: &Admissions::new(),
        };
        self.documents.fetch(call, move |_| verdict).await.unwrap()
    }
}

#[tokio::test]
async fn what_is_only_for_those_who_asked_is_not_kept() {
    let world = world();
    let fetched = world.judge(cached(), Verdict::UseOnce).await;
    assert_eq!((fetched.state, fetched.fresh_for), (CacheState::Miss, None));
    assert_eq!(world.say("/a", cached()).await, "miss 2");
}

#[tokio::test]
async fn what_is_kept_for_less_is_kept_for_less() {
    let world = world();
    let short = Verdict::StoreFor(Duration::from_secs(5));
    let fetched = world.judge(cached(), short).await;
    assert_eq!(fetched.fresh_for, Some(Duration::from_secs(5)));
    world.clock.advance(Duration::from_secs(4));
    assert_eq!(world.say("/a", cached()).await, "hit 1");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.say("/a", cached()).await, "miss 2");
    // Never for longer than its own lifetime.
    let long = Verdict::StoreFor(Duration::from_secs(500));
    world.clock.advance(Duration::from_secs(60));
    let fetched = world.judge(cached(), long).await;
    assert_eq!(fetched.fresh_for, Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn what_comes_past_the_caches_is_judged_too() {
    let world = world();
    for _ in 0..3 {
        world.fetch("/a", BY_HEADERS).await.unwrap();
    }
    // The endpoint is known for answers without a lifetime; this one has one, and cannot be read.
    let lifetime = || Reply::Status(200, vec![("cache-control", "max-age=9")]);
    world.says([lifetime(), lifetime()]);
    let fetched = world.judge(BY_HEADERS, Verdict::UseOnce).await;
    assert_eq!(
        (fetched.state, fetched.fresh_for),
        (CacheState::Bypass, None)
    );
    let fetched = world.judge(BY_HEADERS, Verdict::Store).await;
    assert_eq!(fetched.fresh_for, Some(Duration::from_secs(9)));
}

#[tokio::test]
async fn a_document_that_cannot_be_used_is_forgotten() {
    let world = world();
    assert_eq!(world.say("/a", cached()).await, "miss 1");
    let first = world.fetch("/a", cached()).await.unwrap();
    world.documents.forget(&first);
    assert_eq!(world.say("/a", cached()).await, "miss 2");
    // Another has taken its place.
    world.documents.forget(&first);
    assert_eq!(world.say("/a", cached()).await, "hit 2");
}

#[tokio::test]
async fn a_mutation_of_another_connector_ends_nothing() {
    let world = world();
    assert_eq!(world.say("/a", cached()).await, "miss 1");
    let other = world.documents.upstream("other");
    other.state().advance_epoch();
    assert_eq!(world.say("/a", cached()).await, "hit 1");
    // The same name under a new configuration is the same connector.
    let again = world.documents.upstream("works");
    again.state().advance_epoch();
    assert_eq!(world.say("/a", cached()).await, "miss 2");
}

#[tokio::test]
async fn no_read_joins_a_flight_older_than_a_mutation() {
    let world = Arc::new(slow_world());
    let old = world.spawn("/a", cached());
    world.until_under_way().await;
    world.endpoint.upstream().state().advance_epoch();
    let new = world.spawn("/a", cached());
    world.until_under_way().await;
    world.driver.tickets.add_permits(2);
    assert_eq!(old.await.unwrap(), "miss 1");
    assert_eq!(new.await.unwrap(), "miss 2");
    assert_eq!(world.say("/a", cached()).await, "hit 2");
}

#[tokio::test]
async fn what_is_read_during_a_mutation_is_not_used_after() {
    let world = Arc::new(slow_world());
    let mutation = world.spawn("/pay", Policy::Mutation);
    world.until_under_way().await;
    let during = world.spawn("/a", cached());
    world.until_under_way().await;
    world.driver.tickets.add_permits(2);
    assert_eq!(mutation.await.unwrap(), "bypass 1");
    assert_eq!(during.await.unwrap(), "miss 2");
    world.driver.tickets.add_permits(1);
    assert_eq!(world.say("/a", cached()).await, "miss 3");
}

#[tokio::test]
async fn a_mutation_goes_on_without_its_client() {
    let world = Arc::new(slow_world());
    let mutation = world.spawn("/pay", Policy::Mutation);
    world.until_under_way().await;
    let before = world.endpoint.upstream().state().epoch();
    mutation.abort();
    assert!(mutation.await.unwrap_err().is_cancelled());
    // Its client may read at once, and what it changes may show by now.
    assert_eq!(world.endpoint.upstream().state().epoch(), before + 1);
    world.driver.tickets.add_permits(1);
    settle().await;
    assert_eq!(world.endpoint.upstream().state().epoch(), before + 2);
    assert_eq!(world.documents.figures()[0].1.last_success, Some(NOW));
}

#[tokio::test]
async fn an_uncached_read_sees_the_upstream() {
    let world = world();
    assert_eq!(world.say("/a", cached()).await, "miss 1");
    assert_eq!(world.say("/a", Policy::Uncached).await, "bypass 2");
    assert_eq!(world.say("/a", cached()).await, "hit 1");
    let never = Policy::Read {
        lifetime: Some(SchemaLifetime {
            max_age: Duration::ZERO,
            scope: None,
        }),
        subject: None,
    };
    assert_eq!(world.say("/a", never).await, "bypass 3");
}

#[tokio::test]
async fn private_answers_belong_to_their_subject() {
    let world = world();
    let private = |subject| Policy::Read {
        lifetime: Some(SchemaLifetime {
            max_age: Duration::from_secs(60),
            scope: Some(Scope::Private),
        }),
        subject,
    };
    let subject = |token: &'static str| {
        let mut client = HeaderMap::new();
        client.insert("authorization", HeaderValue::from_static(token));
        Subject::from_headers(&["authorization"], &client)
    };
    let (asha, ravi) = (subject("Bearer asha"), subject("Bearer ravi"));
    assert_eq!(world.say("/me", private(asha)).await, "miss 1");
    assert_eq!(world.say("/me", private(ravi)).await, "miss 2");
    assert_eq!(world.say("/me", private(asha)).await, "hit 1");
    assert_eq!(world.say("/me", private(None)).await, "bypass 3");
    assert_eq!(world.say("/me", private(None)).await, "bypass 4");
}

#[tokio::test]
async fn headers_that_are_kept_are_part_of_the_key() {
    let world = world();
    assert_eq!(world.say("/a", cached()).await, "miss 1");
    world.says([Reply::Status(
        200,
        vec![("x-total", "20"), ("x-other", "1")],
    )]);
    let stored_headers = StoredHeaders::Named(vec!["x-total".to_owned()]);
    let upstream = world.endpoint.upstream();
    let endpoint = upstream.endpoint(
        world.endpoint.source(),
        "works:Query.works[0]",
        stored_headers,
        "",
    );
    let call = UpstreamCall {
        endpoint: &endpoint,
        request: request("/a"),
        options: CallOptions {
            timeout: Duration::from_secs(60),
            max_bytes: 1000,
            ..CallOptions::default()
        },
        policy: cached(),
        admissions: &Admissions::new(),
    };
    let fetched = world.documents.fetch(call, |_| true).await.unwrap();
    assert_eq!(fetched.state, CacheState::Miss);
    let total = (
        HeaderName::from_static("x-total"),
        HeaderValue::from_static("20"),
    );
    assert_eq!(
        fetched.document.envelope,
        http_response(200, HeaderMap::from_iter([total]), Bytes::new(), 0).envelope
    );
}

/// Asks for entities of one selection; each answer of the upstream is the text of all that it was asked for, or none.
async fn entities(world: &World, ids: &[&str], policy: Policy) -> String {
    let representation = |id: &&str| Representation {
        list: 0,
        selection: 0,
        text: id.as_bytes().to_vec(),
    };
    let representations: Vec<Representation> = ids.iter().map(representation).collect();
    let selections = [EntitySelection {
        text: "{name}".to_owned(),
        variables: b"{}".to_vec(),
    }];
    let call = UpstreamCall {
        endpoint: &world.endpoint,
        request: request("/graphql"),
        options: CallOptions {
            timeout: Duration::from_secs(60),
            max_bytes: 1000,
            ..CallOptions::default()
        },
        policy,
        admissions: &Admissions::new(),
    };
    let asked = EntitiesCall {
        selections: &selections,
        representations: &representations,
        parts: |document, _| {
            let whole = crate::document::ValueSpan {
                start: 0,
                end: document.body.len() as u32,
            };
            (document.outcome == Outcome::Success).then(|| vec![whole])
        },
    };
    let of = |elements: &[usize]| request(&format!("/graphql?{elements:?}"));
    let found = world.documents.entities(call, asked, of).await;
    let cached = found.cached.into_iter().map(|cached| match cached {
        Some(cached) => describe(Ok(cached)),
        None => "-".to_owned(),
    });
    let mut said: Vec<String> = cached.collect();
    said.extend(found.called.map(describe));
    said.join(", ")
}

#[tokio::test]
async fn entities_are_found_again_one_by_one() {
    let world = world();
    assert_eq!(entities(&world, &["a"], cached()).await, "-, miss 1");
    assert_eq!(entities(&world, &["b"], cached()).await, "-, miss 2");
    let both = entities(&world, &["b", "a"], cached()).await;
    assert_eq!(both, "hit 2, hit 1");
    let other = entities(&world, &["a", "c", "b"], cached()).await;
    assert_eq!(other, "hit 1, -, hit 2, miss 3");
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(entities(&world, &["a"], cached()).await, "-, miss 4");
}

#[tokio::test]
async fn entities_are_not_kept_that_cannot_be_told_apart() {
    let world = world();
    // The answer has one part.
    let both = entities(&world, &["a", "b"], cached()).await;
    assert_eq!(both, "-, -, miss 1");
    assert_eq!(entities(&world, &["a"], cached()).await, "-, miss 2");
    world.says([Reply::Status(500, Vec::new())]);
    assert_eq!(entities(&world, &["c"], cached()).await, "-, miss 3");
    assert_eq!(entities(&world, &["c"], cached()).await, "-, miss 4");
}

#[tokio::test]
async fn entities_are_not_older_than_a_mutation() {
    let world = world();
    assert_eq!(entities(&world, &["a"], cached()).await, "-, miss 1");
    assert_eq!(world.say("/change", Policy::Mutation).await, "bypass 2");
    assert_eq!(entities(&world, &["a"], cached()).await, "-, miss 3");
    assert_eq!(
        entities(&world, &["a"], Policy::Uncached).await,
        "-, bypass 4"
    );
    assert_eq!(entities(&world, &["a"], cached()).await, "hit 3");
}

#[tokio::test]
async fn entities_of_one_subject_are_for_no_other() {
    let world = world();
    let private = |subject: Option<&str>| Policy::Read {
        lifetime: Some(SchemaLifetime {
            max_age: Duration::from_secs(60),
            scope: Some(Scope::Private),
        }),
        subject: subject.and_then(|token| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", HeaderValue::from_str(token).unwrap());
            Subject::from_headers(&["authorization"], &headers)
        }),
    };
    let ask = async |subject| entities(&world, &["a"], private(subject)).await;
    assert_eq!(ask(Some("one")).await, "-, miss 1");
    assert_eq!(ask(Some("two")).await, "-, miss 2");
    assert_eq!(ask(Some("one")).await, "hit 1");
    assert_eq!(ask(None).await, "-, bypass 3");
}

#[tokio::test]
async fn one_flight_for_all_who_miss_the_same_entities() {
    let world = Arc::new(slow_world());
    let ask = |ids: &'static [&'static str]| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { entities(&world, ids, cached()).await })
    };
    let first = ask(&["a"]);
    world.until_under_way().await;
    let second = ask(&["a"]);
    settle().await;
    world.driver.tickets.add_permits(10);
    assert_eq!(first.await.unwrap(), "-, miss 1");
    assert_eq!(second.await.unwrap(), "-, shared 1");
    assert_eq!(world.calls(), 1);
}
