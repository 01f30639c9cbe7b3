//! Live queries: what makes a new answer, and who gets it.

mod stale;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::{join_all, poll_immediate};
use sangam::gateway::{
    AcceptedDeliveries, ClientContext, Delivery, Gateway, GraphqlRequest, GraphqlResponse,
    LiveGateway, LiveRequest, Payloads, RequestOutcome, Setup,
};
use serde_json::{Value, json};

use super::scripted::{self, Upstream, http, json as kept};
use crate::plans::subgraph;

const SCHEMA: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key", "@shareable"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "own", http: { baseURL: "http://own.example" })

type Query {
  figure: Int @connect(source: "own", http: { GET: "/figure" }, selection: "$.n")
  rows: [Int] @connect(source: "own", http: { GET: "/rows" }, selection: "$.rows")
  mine: Int
    @connect(
      source: "own"
      http: { GET: "/mine", headers: [{ name: "x-user", from: "x-user" }] }
      selection: "$.n"
    )
  sum(of: Int): Int @connect(source: "own", http: { GET: "/sum/{$args.of}" }, selection: "$.n")
}

type Mutation {
  count: Int @connect(source: "own", http: { POST: "/count" }, selection: "$.n")
}
"#;

const LIVE: &str = "query @live { figure }";

/// Short times, so that no test waits for long.
const QUICK: &str = "[live]\nthrottle = \"10ms\"\ninterval = \"100ms\"\n";

/// A response with header lines.
fn figure(headers: &str, n: u32) -> Vec<u8> {
    let headers = format!("content-type: application/json\r\n{headers}");
    http("200 OK", &headers, format!("{{\"n\": {n}}}").as_bytes())
}

struct World {
    upstream: Upstream,
    gateway: LiveGateway,
    general: String,
}

impl World {
    /// `/figure` is kept for an hour, and `count` counts.
    async fn start(general: &str) -> World {
        World::with_schema(SCHEMA, general, "").await
    }

    async fn with_schema(schema: &str, general: &str, connector: &str) -> World {
        let upstream = Upstream::start().await;
        upstream.answer("/figure", kept(r#"{"n":1}"#));
        upstream.answer("/count", kept(r#"{"n":1}"#));
        let gateway = scripted::gateway(&upstream, schema, general, connector);
        World {
            upstream,
            gateway: LiveGateway::new(gateway),
            general: general.to_owned(),
        }
    }

    async fn send(&self, request: GraphqlRequest, user: Option<&str>) -> GraphqlResponse {
        let mut client = ClientContext {
            deliveries: AcceptedDeliveries {
                live: true,
                ..AcceptedDeliveries::default()
            },
            mutations_allowed: true,
            ..ClientContext::default()
        };
        if let Some(user) = user {
            let headers = Arc::make_mut(&mut client.headers);
            headers.insert("x-user", user.parse().unwrap());
        }
        self.gateway.execute(request, &client).await
    }

    async fn watch(&self, query: &str) -> Watching {
        let response = self.send(request(query), None).await;
        assert_eq!(response.payloads.delivery(), Delivery::Live);
        assert_eq!(response.outcome, RequestOutcome::Executed);
        assert_eq!(response.cache.max_age, None);
        Watching(response.payloads)
    }

    /// The mutation ends what is kept.
    async fn mutate(&self) {
        scripted::ask(&self.gateway.current(), "mutation { count }").await;
    }

    /// The upstream's figure changes, and a mutation says so.
    async fn change(&self, n: u32) {
        self.upstream
            .answer("/figure", kept(format!("{{\"n\":{n}}}")));
        self.mutate().await;
    }

    /// The calls for reading since the last call of this method.
    fn reads(&self) -> usize {
        let calls = self.upstream.calls();
        calls.iter().filter(|call| call.starts_with("GET")).count()
    }

    async fn replace(&self, schema: &str) {
        let url = &self.upstream.url;
        let text = format!("{}\n[connector.own]\nbase_url = \"{url}\"\n", self.general);
        let settings = scripted::settings(&text);
        let member = sangam::gateway::ConfiguredConnector {
            subgraph: subgraph("own", schema),
            owner: None,
            description: None,
            settings: settings.connector("own", None).unwrap(),
        };
        let setup = Setup {
            connectors: vec![member],
            set_aside: Vec::new(),
            settings: &settings,
        };
        let next = self.gateway.current().successor(setup);
        let next = next.unwrap_or_else(|problem| panic!("{problem:#?}"));
        self.gateway.replace(next).await;
    }
}

fn request(query: &str) -> GraphqlRequest {
    GraphqlRequest {
        query: Some(query.to_owned()),
        ..GraphqlRequest::default()
    }
}

/// A client that watches.
struct Watching(Payloads);

impl Watching {
    async fn bytes(&mut self) -> Bytes {
        let payload = self.0.next().await.expect("another payload");
        assert!(!payload.is_last, "{:?}", payload.body);
        payload.body
    }

    async fn next(&mut self) -> Value {
        serde_json::from_slice(&self.bytes().await).unwrap()
    }

    async fn figure(&mut self) -> Value {
        let mut answer = self.next().await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"]["figure"].take()
    }

    /// Whether another payload is there.
    async fn has_next(&mut self) -> bool {
        poll_immediate(Box::pin(self.0.next())).await.is_some()
    }
}

/// Lets every task run that can.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[test]
async fn a_mutation_makes_a_new_answer() {
    let world = World::start(QUICK).await;
    let mut watching = world.watch(LIVE).await;
    assert_eq!(watching.figure().await, 1);
    world.change(2).await;
    assert_eq!(watching.figure().await, 2);
    world.change(3).await;
    assert_eq!(watching.figure().await, 3);
    assert_eq!(world.reads(), 3);
}

#[test]
async fn an_event_makes_a_new_answer() {
    let wire =
        r#"@link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@poll", "@invalidates"])"#;
    let schema = SCHEMA
        .replacen("  @source(", &format!("  {wire}\n  @source("), 1)
        .replace(
            "type Mutation",
            r#"type Subscription {
  counter: Int
    @connect(source: "own", http: { GET: "/counter" }, selection: "$.n")
    @poll(every: 3600)
    @invalidates(fields: ["Query.figure"])
}

type Mutation"#,
        );
    let world = World::with_schema(&schema, QUICK, "poll_every = \"1ms\"").await;
    world.upstream.answer("/counter", figure("", 1));
    let mut watching = world.watch(LIVE).await;
    assert_eq!(watching.figure().await, 1);
    let mut client = ClientContext::default();
    client.deliveries.events = true;
    let subscription = request("subscription { counter }");
    let mut events = world.gateway.execute(subscription, &client).await.payloads;
    events.next().await.unwrap();
    world.upstream.answer("/figure", kept(r#"{"n":2}"#));
    world.upstream.answer("/counter", figure("", 2));
    assert_eq!(watching.figure().await, 2);
}

#[test]
async fn the_end_of_a_documents_life_makes_a_new_answer() {
    let world = World::start(QUICK).await;
    let brief = "cache-control: max-age=1\r\n";
    world.upstream.answer("/figure", figure(brief, 1));
    let mut watching = world.watch(LIVE).await;
    let begun = Instant::now();
    assert_eq!(watching.figure().await, 1);
    world.upstream.answer("/figure", figure(brief, 2));
    assert_eq!(watching.figure().await, 2);
    assert!(begun.elapsed() > Duration::from_millis(800));
    assert_eq!(world.reads(), 2);
}

#[test]
async fn an_answer_that_may_not_be_kept_is_made_again_after_the_interval() {
    let world = World::start(QUICK).await;
    world.upstream.answer("/figure", figure("", 1));
    let mut watching = world.watch(LIVE).await;
    assert_eq!(watching.figure().await, 1);
    let begun = Instant::now();
    world.upstream.answer("/figure", figure("", 2));
    assert_eq!(watching.figure().await, 2);
    assert!(begun.elapsed() > Duration::from_millis(50));
}

#[test]
async fn the_same_answer_is_not_sent_again() {
    let world = World::start(QUICK).await;
    let mut watching = world.watch(LIVE).await;
    assert_eq!(watching.figure().await, 1);
    world.reads();
    world.mutate().await;
    world.upstream.until_called("GET /figure").await;
    settle().await;
    assert!(!watching.has_next().await);
    world.change(2).await;
    assert_eq!(watching.figure().await, 2);
}

#[test]
async fn a_thousand_watchers_cost_one_execution() {
    let world = World::start(QUICK).await;
    let mut crowd = Vec::new();
    for _ in 0..1000 {
        crowd.push(world.watch(LIVE).await);
    }
    let first = join_all(crowd.iter_mut().map(Watching::bytes)).await;
    assert_eq!(world.reads(), 1);
    world.change(2).await;
    let second = join_all(crowd.iter_mut().map(Watching::bytes)).await;
    assert_eq!(world.reads(), 1);
    for all in [first, second] {
        // The same memory.
        assert!(all.iter().all(|bytes| bytes.as_ptr() == all[0].as_ptr()));
    }
    assert_eq!(load(&world), (1, 1000));
    // Some leave, and the others go on.
    crowd.truncate(1);
    world.change(3).await;
    assert_eq!(crowd[0].figure().await, 3);
    assert_eq!((world.reads(), load(&world)), (1, (1, 1)));
    // The last one leaves.
    crowd.clear();
    assert_eq!(load(&world), (0, 0));
    world.change(4).await;
    settle().await;
    assert_eq!(world.reads(), 0);
}

/// Watched queries, and watchers.
fn load(world: &World) -> (usize, usize) {
    world.gateway.current().watched()
}

#[test]
async fn who_leaves_during_an_execution_ends_it() {
    let world = World::start(QUICK).await;
    let mut watching = world.watch(LIVE).await;
    watching.figure().await;
    world.upstream.hold("/figure");
    world.upstream.calls();
    world.mutate().await;
    world.upstream.until_called("GET /figure").await;
    drop(watching);
    settle().await;
    assert_eq!(world.gateway.current().budget().used(), 0);
}

#[test]
async fn who_does_not_read_gets_the_latest_answer() {
    let world = World::start(QUICK).await;
    let (mut slow, mut quick) = (world.watch(LIVE).await, world.watch(LIVE).await);
    assert_eq!(slow.figure().await, 1);
    assert_eq!(quick.figure().await, 1);
    for n in 2..5 {
        world.change(n).await;
        assert_eq!(quick.figure().await, n);
    }
    assert_eq!(slow.figure().await, 4);
    assert!(!slow.has_next().await);
    // It has not read while the answer became another one and the same again.
    world.change(5).await;
    assert_eq!(quick.figure().await, 5);
    world.change(4).await;
    assert_eq!(quick.figure().await, 4);
    assert!(!slow.has_next().await);
}

#[test]
async fn who_comes_later_gets_the_answer_as_it_is_now() {
    let world = World::start("[live]\nthrottle = \"1h\"\n").await;
    let mut first = world.watch(LIVE).await;
    assert_eq!(first.figure().await, 1);
    let mut second = world.watch(LIVE).await;
    assert_eq!(second.figure().await, 1);
    assert_eq!(world.reads(), 1);
    // What a mutation has changed is seen by those who come after it, and then by the others.
    world.change(2).await;
    let mut third = world.watch(LIVE).await;
    assert_eq!(third.figure().await, 2);
    assert_eq!(first.figure().await, 2);
    assert_eq!(world.reads(), 1);
}

#[test]
async fn answers_are_as_far_apart_as_the_client_asks() {
    let world = World::start(QUICK).await;
    let query = "query Q($ms: Int) @live(throttle: $ms) { figure }";
    let mut throttled = request(query);
    let variables = sangam::document::Value::parse_json(br#"{"ms":400}"#);
    throttled.variables = Some(variables.unwrap());
    let mut watching = Watching(world.send(throttled, None).await.payloads);
    let mut quick = world.watch(LIVE).await;
    assert_eq!(watching.figure().await, 1);
    let begun = Instant::now();
    quick.figure().await;
    for n in 2..4 {
        world.change(n).await;
        assert_eq!(quick.figure().await, n);
    }
    // One answer for both changes.
    assert_eq!(watching.figure().await, 3);
    assert!(begun.elapsed() >= Duration::from_millis(400));
    for (throttle, message) in [
        ("-1", "`throttle` of @live is a time in milliseconds"),
        ("\"1s\"", "expected value of type Int"),
    ] {
        let query = format!("query @live(throttle: {throttle}) {{ figure }}");
        let mut refused = world.send(request(&query), None).await;
        assert_eq!(refused.payloads.delivery(), Delivery::Whole);
        assert_eq!(refused.outcome, RequestOutcome::Refused);
        let body = String::from_utf8(refused.body().await.to_vec()).unwrap();
        assert!(body.contains(message), "{body}");
    }
}

#[test]
async fn a_failure_is_sent_once_and_then_the_recovery() {
    let world = World::start(QUICK).await;
    let mut watching = world.watch(LIVE).await;
    assert_eq!(watching.figure().await, 1);
    let failed = http("500 Internal Server Error", "", b"");
    world.upstream.answer("/figure", failed);
    world.mutate().await;
    let answer = watching.next().await;
    assert_eq!(answer["data"], json!({ "figure": null }));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    // It is tried again, and fails again.
    world.upstream.calls();
    world.upstream.until_called("GET /figure").await;
    settle().await;
    assert!(!watching.has_next().await);
    world.upstream.answer("/figure", kept(r#"{"n":3}"#));
    assert_eq!(watching.figure().await, 3);
}

#[test]
async fn a_client_that_can_get_one_response_only_gets_one() {
    let world = World::start(QUICK).await;
    let client = ClientContext::default();
    let mut response = world.gateway.execute(request(LIVE), &client).await;
    assert_eq!(response.payloads.delivery(), Delivery::Whole);
    assert_eq!(response.body().await, r#"{"data":{"figure":1}}"#);
    assert!(response.cache.max_age > Some(3000));
    for query in [
        "query @live(if: false) { figure }",
        "query Q($live: Boolean! = false) @live(if: $live) { figure }",
        "{ figure }",
    ] {
        let mut response = world.send(request(query), None).await;
        assert_eq!(response.payloads.delivery(), Delivery::Whole, "{query}");
        assert_eq!(response.body().await, r#"{"data":{"figure":1}}"#);
    }
    let query = "query Q($live: Boolean! = true) @live(if: $live) { figure }";
    assert_eq!(world.watch(query).await.figure().await, 1);
    // It is a directive of queries.
    let mut refused = world.send(request("mutation @live { count }"), None).await;
    let body = String::from_utf8(refused.body().await.to_vec()).unwrap();
    assert!(body.contains("live"), "{body}");
    assert_eq!(refused.outcome, RequestOutcome::Refused);
}

#[test]
async fn a_request_may_ask_for_it_beside_the_text() {
    let world = World::start(QUICK).await;
    let live = LiveRequest {
        throttle: Some(Duration::from_millis(1)),
        patch: Some(true),
    };
    let request = GraphqlRequest {
        live: Some(Box::new(live)),
        ..request("{ figure }")
    };
    let response = world.send(request, None).await;
    let mut watching = Watching(response.payloads);
    assert_eq!(
        watching.next().await,
        json!({ "data": { "figure": 1 }, "revision": 1 })
    );
}

#[test]
async fn a_constant_answer_waits_for_nothing() {
    let world = World::start(QUICK).await;
    let mut watching = world.watch("query @live { __typename }").await;
    assert_eq!(
        watching.next().await,
        json!({ "data": { "__typename": "Query" } })
    );
    world.mutate().await;
    settle().await;
    assert!(!watching.has_next().await);
}

#[test]
async fn clients_with_other_headers_that_a_connector_reads_watch_something_else() {
    let world = World::start(QUICK).await;
    world.upstream.answer("/mine", kept(r#"{"n":1}"#));
    let mut crowd = Vec::new();
    for user in ["a", "b", "a", "b"] {
        let response = world
            .send(request("query @live { mine }"), Some(user))
            .await;
        crowd.push(Watching(response.payloads));
    }
    join_all(crowd.iter_mut().map(Watching::next)).await;
    assert_eq!((world.reads(), load(&world)), (2, (2, 4)));
}

#[test]
async fn an_answer_for_one_request_is_not_shared() {
    for headers in ["cache-control: no-store\r\n", "cache-control: private\r\n"] {
        let world = World::start("[live]\nthrottle = \"10ms\"\ninterval = \"1h\"\n").await;
        world.upstream.answer("/figure", figure(headers, 1));
        let mut crowd = Vec::new();
        for _ in 0..3 {
            crowd.push(world.watch(LIVE).await);
        }
        join_all(crowd.iter_mut().map(Watching::next)).await;
        assert_eq!(load(&world), (3, 3), "{headers}");
        world.reads();
        world.upstream.answer("/figure", figure(headers, 2));
        world.mutate().await;
        for one in &mut crowd {
            assert_eq!(one.figure().await, 2);
        }
        assert_eq!(world.reads(), 3, "{headers}");
    }
}

#[test]
async fn watchers_part_when_an_answer_becomes_one_for_one_request() {
    let world = World::start("[live]\nthrottle = \"10ms\"\ninterval = \"1h\"\n").await;
    let (mut one, mut other) = (world.watch(LIVE).await, world.watch(LIVE).await);
    assert_eq!(one.figure().await, 1);
    assert_eq!(other.figure().await, 1);
    let private = "cache-control: private\r\n";
    world.upstream.answer("/figure", figure(private, 2));
    world.mutate().await;
    assert_eq!(one.figure().await, 2);
    assert_eq!(other.figure().await, 2);
    assert_eq!(load(&world), (2, 2));
}

#[test]
async fn no_more_queries_are_watched_than_may_be() {
    let world = World::start("[live]\noperations = 2\n").await;
    for n in 0..3 {
        world
            .upstream
            .answer(&format!("/sum/{n}"), kept(r#"{"n":1}"#));
    }
    let sum = |n: usize| format!("query @live {{ sum(of: {n}) }}");
    let mut first = world.watch(&sum(0)).await;
    let _second = world.watch(&sum(1)).await;
    let mut refused = world.send(request(&sum(2)), None).await;
    assert_eq!(refused.outcome, RequestOutcome::Busy);
    let body = String::from_utf8(refused.body().await.to_vec()).unwrap();
    assert!(body.contains("(2, live.operations)"), "{body}");
    // One more of the same, and one instead of another.
    let third = world.watch(&sum(1)).await;
    first.next().await;
    drop(first);
    world.watch(&sum(2)).await;
    drop(third);
}

#[test]
async fn an_answer_without_room_ends_the_query() {
    let world = World::start("[live]\nthrottle = \"10ms\"\nbytes = 200\n").await;
    let mut watching = world.watch(LIVE).await;
    assert_eq!(watching.figure().await, 1);
    world.upstream.answer(
        "/rows",
        kept(r#"{"rows":[10000000,20000000,30000000,40000000]}"#),
    );
    let mut refused = world.send(request("query @live { rows }"), None).await;
    let body = String::from_utf8(refused.body().await.to_vec()).unwrap();
    assert!(body.contains("(live.bytes)"), "{body}");
    assert_eq!(refused.outcome, RequestOutcome::Busy);
    world.change(2).await;
    assert_eq!(watching.figure().await, 2);
}

#[test]
async fn patches_make_the_whole_answer() {
    let world = World::start(QUICK).await;
    let rows = |rows: &[i32]| kept(json!({ "rows": rows }).to_string());
    let mut numbers: Vec<i32> = (0..40).map(|n| n * 1_000_000).collect();
    world.upstream.answer("/rows", rows(&numbers));
    let patched = "query @live(patch: true) { rows }";
    let mut whole = world.watch("query @live { rows }").await;
    let mut eager = world.watch(patched).await;
    let mut lazy = world.watch(patched).await;
    let first = eager.next().await;
    assert_eq!(first["revision"], 1);
    let mut data = first["data"].clone();
    assert_eq!(data, whole.next().await["data"]);
    assert_eq!(lazy.next().await["data"], data);
    for (revision, n) in (2..).zip([7, 8, 9]) {
        numbers.remove(n);
        numbers.push(n as i32);
        world.upstream.answer("/rows", rows(&numbers));
        world.mutate().await;
        let answer = eager.next().await;
        assert_eq!(answer["revision"], revision);
        assert_eq!(answer["patch"].as_array().unwrap().len(), 2, "{answer}");
        let patch: json_patch::Patch = serde_json::from_value(answer["patch"].clone()).unwrap();
        json_patch::patch(&mut data, &patch).unwrap();
        assert_eq!(data, whole.next().await["data"]);
    }
    // It has missed two answers.
    assert_eq!(
        lazy.next().await,
        json!({ "patch": [{ "op": "replace", "path": "", "value": data }], "revision": 2 })
    );
    // An answer with errors has them beside the patch.
    world
        .upstream
        .answer("/rows", http("500 Internal Server Error", "", b""));
    world.mutate().await;
    let answer = eager.next().await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    assert_eq!(
        answer["patch"],
        json!([{ "op": "replace", "path": "/rows", "value": null }])
    );
}

#[test]
async fn a_reload_goes_on_with_what_is_watched() {
    let world = World::start(QUICK).await;
    let (mut one, mut other) = (world.watch(LIVE).await, world.watch(LIVE).await);
    assert_eq!(one.figure().await, 1);
    assert_eq!(other.figure().await, 1);
    // Nothing is different: clients get nothing.
    world.replace(SCHEMA).await;
    settle().await;
    assert!(!one.has_next().await);
    world.change(2).await;
    assert_eq!(one.figure().await, 2);
    assert_eq!(other.figure().await, 2);
    world.reads();
    // Another mapping: a new answer, by one execution for both.
    let doubled = SCHEMA.replacen("\"$.n\"", "\"$.n->mul(2)\"", 1);
    world.replace(&doubled).await;
    assert_eq!(one.figure().await, 4);
    assert_eq!(other.figure().await, 4);
    assert_eq!((world.reads(), load(&world)), (1, (1, 2)));
    // The field is gone: the last payload says so.
    world
        .replace(&SCHEMA.replacen("figure: Int", "number: Int", 1))
        .await;
    for watching in [&mut one, &mut other] {
        let last = watching.0.next().await.unwrap();
        assert!(last.is_last);
        let body = String::from_utf8(last.body.to_vec()).unwrap();
        assert!(body.contains("figure") && body.contains("errors"), "{body}");
        assert!(watching.0.next().await.is_none());
    }
    drop((one, other));
    assert_eq!(load(&world), (0, 0));
}

#[test]
async fn a_gateway_without_successors_gives_one_response() {
    let upstream = Upstream::start().await;
    upstream.answer("/figure", kept(r#"{"n":1}"#));
    let gateway: Gateway = scripted::gateway(&upstream, SCHEMA, "", "");
    let client = ClientContext {
        deliveries: AcceptedDeliveries {
            live: true,
            ..AcceptedDeliveries::default()
        },
        ..ClientContext::default()
    };
    let response = gateway.execute(request(LIVE), &client).await;
    assert_eq!(response.payloads.delivery(), Delivery::Whole);
}

#[test]
async fn the_directive_is_in_the_public_schema() {
    let world = World::start("").await;
    let sdl = world.gateway.current().api_sdl().to_owned();
    assert!(sdl.contains("directive @live("), "{sdl}");
    let query = "{ __schema { directives { name locations } } }";
    let answer = scripted::ask(&world.gateway.current(), query).await;
    let directives = answer["data"]["__schema"]["directives"].as_array().unwrap();
    let live = json!({ "name": "live", "locations": ["QUERY"] });
    assert!(directives.contains(&live), "{directives:?}");
}
