//! The documents of a scripted upstream, which responds when the test lets it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::{Notify, Semaphore};

mod demand;
mod entities;
mod mutations;
mod reads;
mod sharing;

use super::*;
use crate::cache::clock::ManualClock;
use crate::cache::{CacheState, EndpointParts, SharingRules};
use crate::connector::{HttpRequest, Scope};
use crate::errors::ErrorKind;
use crate::source::http::response as http_response;
use crate::source::{
    Outcome, Source, SourceError, SourceErrorKind, StoredHeaders, UpstreamResponse,
};

const NOW: Timestamp = Timestamp(1_795_500_000_000);

/// Counts its calls. Each waits for a ticket, and its body is its number.
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

struct Setup {
    documents: Arc<Documents>,
    clock: Arc<ManualClock>,
    driver: Arc<Scripted>,
    endpoint: Arc<Endpoint>,
}

/// The upstream responds at once.
fn ready_setup() -> Setup {
    let setup = slow_setup();
    setup.driver.tickets.add_permits(1000);
    setup
}

/// Each response needs a ticket.
fn slow_setup() -> Setup {
    slow_setup_with(SharingRules::default())
}

fn slow_setup_with(sharing: SharingRules) -> Setup {
    let clock = Arc::new(ManualClock::at(NOW));
    let documents = Documents::with_clock(&MemoryBackend, 1 << 20, clock.clone());
    let driver = Arc::new(Scripted {
        calls: AtomicUsize::new(0),
        began: Notify::new(),
        tickets: Semaphore::new(0),
        script: Mutex::default(),
    });
    let source: Arc<dyn Source> = driver.clone();
    let parts = EndpointParts {
        coordinate: "works:Query.works[0]",
        acceptance: "",
        changes: &[],
        sharing,
    };
    let connector = documents.connector("works");
    let endpoint = connector.endpoint_of(&source, StoredHeaders::NONE, parts);
    Setup {
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

impl Setup {
    fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.driver.script.lock().unwrap().extend(replies);
    }

    /// How much longer it may be used.
    fn left(&self, fetched: &Fetched) -> Option<Duration> {
        let now = self.clock.now();
        fetched.fresh_until.map(|until| until.since(now))
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

    /// `hit 1`: the state, and the number of the call that the document is from.
    async fn state_of(&self, path: &str, policy: Policy) -> String {
        describe(self.fetch(path, policy).await)
    }

    /// Fetches for a caller that gives this verdict on every document.
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
                uploads: None,
                ignores_content: false,
            },
            policy,
            admissions: &Admissions::new(),
        };
        self.documents.fetch(call, move |_| verdict).await.unwrap()
    }

    /// Fetches in a task of its own.
    fn spawn(
        self: &Arc<Self>,
        path: &'static str,
        policy: Policy,
    ) -> tokio::task::JoinHandle<String> {
        let setup = Arc::clone(self);
        tokio::spawn(async move { setup.state_of(path, policy).await })
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
