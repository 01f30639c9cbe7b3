//! Caching of documents over sockets: the headers of the upstream decide.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::routing::any;
use sangam::cache::{Admissions, Documents, Endpoint, Policy, Subject, UpstreamCall};
use sangam::connector::Request;
use sangam::source::http::{HttpSettings, HttpSource};
use sangam::source::{Source, StoredHeaders};

use super::{LONG, get, options};
use crate::support::server::{Server, router};

const READ: Policy = Policy::Read {
    lifetime: None,
    subject: None,
};

struct World {
    server: Server,
    documents: Documents,
    endpoint: Arc<Endpoint>,
}

/// `/{policy}` responds with the number of the call, and with this `Cache-Control`.
async fn numbered(
    State(calls): State<Arc<AtomicUsize>>,
    Path(policy): Path<String>,
) -> (HeaderMap, String) {
    let number = calls.fetch_add(1, Ordering::SeqCst) + 1;
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_str(&policy).unwrap(),
    );
    (headers, number.to_string())
}

async fn world() -> World {
    let calls: Arc<AtomicUsize> = Arc::default();
    let server = router(
        Router::new()
            .route("/{policy}", any(numbered))
            .with_state(calls),
    )
    .await;
    let documents = Documents::new(1 << 20);
    let source: Arc<dyn Source> = Arc::new(HttpSource::new(HttpSettings::default()).unwrap());
    let upstream = documents.connector("works");
    let endpoint = upstream.endpoint(&source, "works:Query.works[0]", StoredHeaders::NONE, "");
    World {
        server,
        documents,
        endpoint,
    }
}

impl World {
    async fn say(&self, request: Request, policy: Policy) -> String {
        let call = UpstreamCall {
            endpoint: &self.endpoint,
            request,
            options: options(LONG, 1000),
            policy,
            admissions: &Admissions::new(),
        };
        let fetched = self.documents.fetch(call, |_| true).await.unwrap();
        let body = String::from_utf8_lossy(&fetched.document.body);
        format!("{} {body}", fetched.state.as_str())
    }

    fn at(&self, policy: &str) -> Request {
        get(&self.server.url(&format!("/{policy}")))
    }
}

#[test]
async fn the_upstreams_headers_decide() {
    let world = world().await;
    assert_eq!(world.say(world.at("max-age=60"), READ).await, "miss 1");
    assert_eq!(world.say(world.at("max-age=60"), READ).await, "hit 1");
    assert_eq!(world.say(world.at("no-store"), READ).await, "miss 2");
    assert_eq!(world.say(world.at("no-store"), READ).await, "miss 3");
    assert_eq!(
        world.say(world.at("max-age=60"), Policy::Mutation).await,
        "bypass 4"
    );
    assert_eq!(world.say(world.at("max-age=60"), READ).await, "miss 5");
}

#[test]
async fn what_is_private_stays_so() {
    let world = world().await;
    let read = |token: &'static str| {
        let mut client = HeaderMap::new();
        client.insert("authorization", HeaderValue::from_static(token));
        Policy::Read {
            lifetime: None,
            subject: Subject::from_headers(&["authorization"], &client),
        }
    };
    let private = || world.at("private, max-age=60");
    assert_eq!(world.say(private(), read("asha")).await, "miss 1");
    assert_eq!(world.say(private(), read("ravi")).await, "miss 2");
    assert_eq!(world.say(private(), READ).await, "miss 3");
    assert_eq!(world.say(private(), READ).await, "miss 4");
    assert_eq!(world.say(private(), read("asha")).await, "hit 1");
}

#[test]
async fn a_crowd_over_real_sockets_makes_one_call() {
    let world = world().await;
    let crowd = (0..50).map(|_| world.say(world.at("max-age=60"), READ));
    let answers = futures_util::future::join_all(crowd).await;
    assert!(
        answers.iter().all(|answer| answer.ends_with(" 1")),
        "{answers:?}"
    );
}
