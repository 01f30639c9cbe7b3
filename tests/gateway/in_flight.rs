//! Queries that are the same share an execution that is under way (`share_in_flight`).

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use sangam::gateway::{ClientContext, Gateway, GraphqlRequest, Known};
use tokio::task::JoinHandle;

use super::scripted::{self, Upstream, http};

const SCHEMA: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key", "@shareable"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "own", http: { baseURL: "http://own.example" })

type Query {
  figure: Int @connect(source: "own", http: { GET: "/figure" }, selection: "$.n")
  again: Int @connect(source: "own", http: { GET: "/figure" }, selection: "$.n")
  mine: Int
    @connect(
      source: "own"
      http: { GET: "/mine", headers: [{ name: "x-user", from: "x-user" }] }
      selection: "$.n"
    )
}

type Mutation {
  count: Int @connect(source: "own", http: { POST: "/count" }, selection: "$.n")
}
"#;

const QUERY: &str = "{ figure }";

/// A response that gives no lifetime.
fn figure(n: u32) -> Vec<u8> {
    with_headers("", n)
}

fn with_headers(headers: &str, n: u32) -> Vec<u8> {
    let headers = format!("content-type: application/json\r\n{headers}");
    http("200 OK", &headers, format!("{{\"n\": {n}}}").as_bytes())
}

struct Setup {
    upstream: Upstream,
    gateway: Arc<Gateway>,
}

impl Setup {
    /// The operations are compiled.
    async fn start(cache: &str, connector: &str) -> Setup {
        let upstream = Upstream::start().await;
        let waiters = "[limits]\nconcurrent_requests = 5000\n";
        let general = format!("{waiters}[cache]\n{cache}");
        let gateway = scripted::gateway(&upstream, SCHEMA, &general, connector);
        let setup = Setup {
            upstream,
            gateway: Arc::new(gateway),
        };
        setup.upstream.answer("/figure", figure(1));
        setup.upstream.answer("/mine", figure(1));
        for query in [QUERY, "{ mine }", "{ figure again }"] {
            scripted::ask(&setup.gateway, query).await;
        }
        setup.upstream.calls();
        setup
    }

    fn spawn(&self, query: &str, user: &str) -> JoinHandle<String> {
        let gateway = Arc::clone(&self.gateway);
        let request = GraphqlRequest {
            query: Some(query.to_owned()),
            sent: Some(Bytes::copy_from_slice(query.as_bytes())),
            ..GraphqlRequest::default()
        };
        let mut client = ClientContext::default();
        let headers = Arc::make_mut(&mut client.headers);
        headers.insert("x-user", user.parse().unwrap());
        tokio::spawn(async move {
            let body = gateway.execute(request, &client).await.body().await;
            String::from_utf8(body.to_vec()).unwrap()
        })
    }

    /// The connector learns that its responses have no lifetime: until then they may be cached, and their calls are shared.
    async fn learn(&self) {
        for n in 0..3 {
            self.crowd(1, figure(n)).await;
        }
        self.calls();
    }

    /// So many clients send the query while the upstream does not respond; then it responds with this.
    async fn crowd(&self, clients: usize, answer: Vec<u8>) -> Vec<String> {
        self.upstream.hold("/figure");
        let crowd: Vec<_> = (0..clients).map(|_| self.spawn(QUERY, "u")).collect();
        self.upstream.until_called("GET /figure").await;
        settle().await;
        self.upstream.answer("/figure", answer);
        all(crowd).await
    }

    /// Waits for the execution of the query that is under way, if it is known by its bytes; `None` if it is not.
    fn join_known(&self) -> Option<JoinHandle<Option<Bytes>>> {
        match self.gateway.known(QUERY.as_bytes(), &HeaderMap::new())? {
            Known::Kept(_) => panic!("it is not in the cache"),
            Known::InFlight(response) => {
                Some(tokio::spawn(async { Some(response.await?.body().await) }))
            }
        }
    }

    fn calls(&self) -> usize {
        self.upstream.calls().len()
    }
}

/// Lets every task run that can.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

async fn all(tasks: Vec<JoinHandle<String>>) -> Vec<String> {
    let mut bodies = Vec::new();
    for task in tasks {
        bodies.push(task.await.unwrap());
    }
    bodies
}

#[test]
async fn a_thousand_requests_share_one_execution() {
    let setup = Setup::start("", "").await;
    let bodies = setup.crowd(1000, figure(7)).await;
    assert!(bodies.iter().all(|body| body == r#"{"data":{"figure":7}}"#));
    assert_eq!(setup.calls(), 1);
    // Nothing was stored.
    let bodies = setup.crowd(2, figure(8)).await;
    assert_eq!(bodies, [r#"{"data":{"figure":8}}"#; 2]);
    assert_eq!(setup.calls(), 1);
}

#[test]
async fn a_failure_is_shared() {
    let setup = Setup::start("", "").await;
    let bodies = setup
        .crowd(1000, http("500 Internal Server Error", "", b""))
        .await;
    assert!(bodies[0].contains("\"errors\""), "{}", bodies[0]);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(setup.calls(), 1);
}

#[test]
async fn the_first_client_may_leave_and_the_last_one_ends_it() {
    let setup = Setup::start("", "").await;
    setup.upstream.hold("/figure");
    let mut crowd: Vec<_> = (0..1000).map(|_| setup.spawn(QUERY, "u")).collect();
    setup.upstream.until_called("GET /figure").await;
    settle().await;
    crowd.remove(0).abort();
    settle().await;
    setup.upstream.answer("/figure", figure(7));
    let bodies = all(crowd).await;
    assert!(bodies.iter().all(|body| body == r#"{"data":{"figure":7}}"#));
    assert_eq!(setup.calls(), 1);
    // All leave: their execution ends, and holds no memory.
    setup.upstream.hold("/figure");
    let crowd: Vec<_> = (0..3).map(|_| setup.spawn(QUERY, "u")).collect();
    setup.upstream.until_called("GET /figure").await;
    for one in &crowd {
        one.abort();
    }
    while setup.gateway.budget().used() > 0 {
        tokio::task::yield_now().await;
    }
}

#[test]
async fn a_request_after_a_mutation_joins_no_execution_from_before() {
    let setup = Setup::start("", "").await;
    setup.upstream.hold("/figure");
    let before: Vec<_> = (0..500).map(|_| setup.spawn(QUERY, "u")).collect();
    setup.upstream.until_called("GET /figure").await;
    settle().await;
    assert_eq!(setup.calls(), 1);
    setup.upstream.answer("/count", figure(1));
    scripted::ask(&setup.gateway, "mutation { count }").await;
    setup.calls();
    let after: Vec<_> = (0..500).map(|_| setup.spawn(QUERY, "u")).collect();
    setup.upstream.until_called("GET /figure").await;
    settle().await;
    setup.upstream.answer("/figure", figure(7));
    assert_eq!(all(before).await.len() + all(after).await.len(), 1000);
    assert_eq!(setup.calls(), 1);
}

#[test]
async fn a_response_for_one_request_is_not_shared() {
    for headers in ["cache-control: no-store\r\n", "cache-control: private\r\n"] {
        let setup = Setup::start("", "").await;
        setup.crowd(5, with_headers(headers, 7)).await;
        assert_eq!(setup.calls(), 5, "{headers}");
        // From now on no request waits for another one.
        setup.upstream.hold("/figure");
        let crowd: Vec<_> = (0..5).map(|_| setup.spawn(QUERY, "u")).collect();
        for _ in 0..5 {
            setup.upstream.until_called("GET /figure").await;
        }
        settle().await;
        setup.upstream.answer("/figure", with_headers(headers, 8));
        all(crowd).await;
        assert_eq!(setup.calls(), 5, "{headers}");
        let setup = Setup::start("share_in_flight = \"on\"", "share_in_flight = \"on\"").await;
        setup.crowd(5, with_headers(headers, 7)).await;
        assert_eq!(setup.calls(), 1, "{headers}");
    }
}

#[test]
async fn what_the_settings_forbid_is_not_shared() {
    let off = "share_in_flight = \"off\"";
    for (cache, connector, calls) in [
        // Calls are shared all the same.
        (off, "", 1),
        // The query reads a connector that is not shared.
        ("", off, 5),
        (off, off, 5),
        ("share_in_flight = \"on\"", off, 1),
    ] {
        let setup = Setup::start(cache, connector).await;
        setup.learn().await;
        setup.crowd(5, figure(7)).await;
        assert_eq!(setup.calls(), calls, "{cache} {connector}");
    }
}

#[test]
async fn requests_with_other_headers_that_a_connector_reads_are_others() {
    let setup = Setup::start("", "").await;
    setup.upstream.hold("/mine");
    let users = ["a", "b", "a", "b"];
    let crowd: Vec<_> = users
        .iter()
        .map(|user| setup.spawn("{ mine }", user))
        .collect();
    setup.upstream.until_called("GET /mine").await;
    settle().await;
    setup.upstream.answer("/mine", figure(7));
    all(crowd).await;
    assert_eq!(setup.calls(), 2);
}

#[test]
async fn different_queries_share_a_call() {
    let setup = Setup::start("", "").await;
    setup.upstream.hold("/figure");
    let crowd = vec![
        setup.spawn(QUERY, "u"),
        setup.spawn("{ figure again }", "u"),
    ];
    setup.upstream.until_called("GET /figure").await;
    settle().await;
    setup.upstream.answer("/figure", figure(7));
    assert_eq!(
        all(crowd).await,
        [
            r#"{"data":{"figure":7}}"#,
            r#"{"data":{"figure":7,"again":7}}"#
        ]
    );
    // One for each of the two fields, whose selections may differ.
    assert_eq!(setup.calls(), 2);
}

#[test]
async fn an_execution_that_is_too_old_is_not_joined() {
    let setup = Setup::start("share_in_flight_for = \"0s\"", "").await;
    setup.learn().await;
    setup.crowd(5, figure(7)).await;
    assert_eq!(setup.calls(), 5);
}

#[test]
async fn a_request_that_is_known_by_its_bytes_joins_an_execution() {
    let setup = Setup::start("", "").await;
    assert!(setup.join_known().is_none());
    setup.crowd(2, figure(6)).await;
    assert!(setup.join_known().is_none(), "nothing is being executed");
    setup.calls();

    setup.upstream.hold("/figure");
    let first = setup.spawn(QUERY, "u");
    setup.upstream.until_called("GET /figure").await;
    let mut joined = Vec::new();
    let mut others = vec![first];
    for _ in 0..999 {
        match setup.join_known() {
            Some(response) => joined.push(response),
            // Now and then a request takes the usual way.
            None => {
                others.push(setup.spawn(QUERY, "u"));
                settle().await;
            }
        }
    }
    assert!(joined.len() > 900, "{}", joined.len());
    let mut headers = HeaderMap::new();
    headers.insert("sangam-cost", "1".parse().unwrap());
    let with_cost = setup.gateway.known(QUERY.as_bytes(), &headers);
    assert!(with_cost.is_none(), "{with_cost:?}");
    settle().await;
    setup.calls();
    setup.upstream.answer("/figure", figure(7));
    let body = r#"{"data":{"figure":7}}"#;
    assert!(all(others).await.iter().all(|other| other == body));
    for one in joined {
        assert_eq!(one.await.unwrap().unwrap(), body);
    }
    assert_eq!(setup.calls(), 0);
}

#[test]
async fn a_known_request_joins_on_the_same_terms() {
    let setup = Setup::start("", "").await;
    setup.crowd(2, figure(6)).await;
    setup.calls();
    setup.upstream.hold("/figure");
    let first = setup.spawn(QUERY, "u");
    setup.upstream.until_called("GET /figure").await;
    let joined = setup.join_known().unwrap();
    setup.upstream.answer("/count", figure(1));
    scripted::ask(&setup.gateway, "mutation { count }").await;
    assert!(setup.join_known().is_none(), "it began before a mutation");
    setup
        .upstream
        .answer("/figure", with_headers("cache-control: private\r\n", 7));
    first.await.unwrap();
    let response = joined.await.unwrap();
    assert!(response.is_none(), "the response is for one user");
}
