//! Live queries of a running gateway: `GET /operations/<Name>/live`, and `@live` over an event stream.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::running::{Folder, Running, client};
use crate::support::server::{self, Server};

const CONNECTOR: &str = r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@poll"])
  @source(name: "s", http: { baseURL: "https://s.example" })

type Query {
  figure(of: ID): Figure @connect(source: "s", http: { GET: "/figure" }, selection: "n text")
  broken: Int @connect(source: "s", http: { GET: "/nothing" }, selection: "n")
}
type Mutation {
  count: Count @connect(source: "s", http: { POST: "/count" }, selection: "n")
}
type Subscription {
  figure(of: ID): Figure @connect(source: "s", http: { GET: "/figure" }, selection: "n text") @poll(every: 3600)
  broken: Int @connect(source: "s", http: { GET: "/nothing" }, selection: "n") @poll(every: 3600)
}
type Figure { n: Int text: String }
type Count { n: Int }
"#;

const FIGURE: &str = "# The figure.\nquery Figure($of: ID) { figure(of: $of) { n text } }\n";

const OTHERS: &str = "query Broken { broken }\nmutation Count { count { n } }\n\
    subscription Followed($of: ID) { figure(of: $of) { n } }\n\
    # POST only\nsubscription Hidden($of: ID) { figure(of: $of) { n } }\n";

#[derive(Default)]
struct Figure {
    n: AtomicUsize,
    reads: AtomicUsize,
}

struct World {
    folder: Folder,
    running: Running,
    figure: Arc<Figure>,
    _upstream: Server,
}

async fn read(
    State(figure): State<Arc<Figure>>,
) -> ([(&'static str, &'static str); 1], Json<Value>) {
    figure.reads.fetch_add(1, Ordering::SeqCst);
    let n = figure.n.load(Ordering::SeqCst);
    let text = "a text that does not change, so that a patch is shorter than the whole answer";
    let headers = [("cache-control", "max-age=3600")];
    (headers, Json(json!({ "n": n, "text": text })))
}

async fn count(State(figure): State<Arc<Figure>>) -> Json<Value> {
    let n = figure.n.fetch_add(1, Ordering::SeqCst) + 1;
    Json(json!({ "n": n }))
}

impl World {
    async fn start() -> World {
        let figure = Arc::<Figure>::default();
        let router = Router::new()
            .route("/figure", get(read))
            .route("/count", post(count))
            .with_state(Arc::clone(&figure));
        let upstream = server::router(router).await;
        let settings = format!(
            "listen = \"127.0.0.1:0\"\nwatch = \"0s\"\n[live]\nthrottle = \"10ms\"\n\
             [operations]\norigins = [\"https://news.example\"]\n[connector.figures]\npoll_every = \"1ms\"\nbase_url = \"{}\"\n",
            upstream.url("")
        );
        let folder = Folder::new(&settings, &[("figures", CONNECTOR)]);
        let operations = folder.path("schema/operations");
        std::fs::create_dir_all(&operations).unwrap();
        std::fs::write(operations.join("Figure.graphql"), FIGURE).unwrap();
        std::fs::write(operations.join("others.graphql"), OTHERS).unwrap();
        let running = Running::start(folder.command(&["serve"]));
        World {
            folder,
            running,
            figure,
            _upstream: upstream,
        }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        client().get(format!("{}{path}", self.running.url))
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        client()
            .post(format!("{}{path}", self.running.url))
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    async fn count(&self) {
        let request = self.post("/operations/Count", &json!({}));
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
}

/// The JSON of a response.
async fn body(response: reqwest::Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

/// The events of a response.
struct Events {
    response: reqwest::Response,
    text: String,
}

/// An event: its fields as lines.
#[derive(Debug)]
struct Event(String);

impl Event {
    fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn data(&self) -> Value {
        serde_json::from_str(self.field("data").unwrap()).unwrap()
    }
}

impl Events {
    async fn of(request: RequestBuilder) -> Events {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Events {
            response,
            text: String::new(),
        }
    }

    /// The next event with data.
    async fn next(&mut self) -> Event {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = Event(event.to_owned());
                self.text = rest.to_owned();
                if event.field("data").is_some() {
                    return event;
                }
            }
            let chunk = self.response.chunk().await.unwrap();
            let chunk = chunk.expect("another event");
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn figure(&mut self) -> Value {
        self.next().await.data()["data"]["figure"]["n"].take()
    }
}

#[test(threads)]
async fn a_page_follows_a_named_operation() {
    let world = World::start().await;
    let page = |id: Option<&str>| {
        let request = world.get("/operations/Figure/live?of=1");
        let request = request.header("origin", "https://news.example");
        match id {
            Some(id) => request.header("last-event-id", id),
            None => request,
        }
    };
    let mut one = Events::of(page(None)).await;
    let headers = one.response.headers();
    assert_eq!(
        headers["access-control-allow-origin"],
        "https://news.example"
    );
    assert_eq!(headers["cache-control"], "no-store");
    let first = one.next().await;
    assert_eq!(first.data()["data"]["figure"]["n"], 0);
    assert!(first.field("event").is_none() && first.field("id").is_some());
    let mut other = Events::of(page(None)).await;
    assert_eq!(other.next().await.field("id"), first.field("id"));
    world.count().await;
    let second = one.next().await;
    assert_eq!(second.data()["data"]["figure"]["n"], 1);
    assert_ne!(second.field("id"), first.field("id"));
    assert_eq!(other.next().await.field("id"), second.field("id"));
    assert_eq!(world.figure.reads.load(Ordering::SeqCst), 2);
    // A page that connects again gets the answer as it is now, and not the same once more.
    let mut again = Events::of(page(first.field("id"))).await;
    assert_eq!(again.next().await.field("id"), second.field("id"));
    let mut again = Events::of(page(second.field("id"))).await;
    world.count().await;
    assert_eq!(again.figure().await, 2);
}

#[test(threads)]
async fn a_reload_goes_on_with_the_events() {
    let mut world = World::start().await;
    let mut events = Events::of(world.get("/operations/Figure/live")).await;
    assert_eq!(events.figure().await, 0);
    let connector = world.folder.path("connectors/figures/connector.graphql");
    let changed = CONNECTOR.replace(
        "selection: \"n text\"",
        "selection: \"n: n->add(100) text\"",
    );
    assert_ne!(changed, CONNECTOR);
    std::fs::write(&connector, changed).unwrap();
    world.running.hang_up();
    world.running.until("reloaded");
    assert_eq!(events.figure().await, 100);
    world.count().await;
    assert_eq!(events.figure().await, 101);
    // An operation that is not valid any more ends: its last event says why.
    let changed = CONNECTOR.replace("n text\"", "text\"");
    let changed = changed.replace("type Figure { n: Int text", "type Figure { text");
    std::fs::write(&connector, changed).unwrap();
    world.running.hang_up();
    world.running.until("reloaded");
    let last = events.next().await;
    assert!(last.field("id").is_none());
    let code = &last.data()["errors"][0]["extensions"]["code"];
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
    assert!(events.response.chunk().await.unwrap().is_none());
    let response = world.get("/operations/Figure/live").send().await.unwrap();
    assert_eq!(response.status(), 503);
}

#[test(threads)]
async fn patches_and_throttle_are_parameters() {
    let world = World::start().await;
    let path = "/operations/Figure/live?patch=true&throttle=20";
    let mut events = Events::of(world.get(path)).await;
    let first = events.next().await;
    assert_eq!(first.data()["revision"], 1);
    assert_eq!(first.data()["data"]["figure"]["n"], 0);
    assert!(first.field("id").is_none());
    world.count().await;
    let patch = json!([{ "op": "replace", "path": "/figure/n", "value": 1 }]);
    let second = events.next().await.data();
    assert_eq!(second, json!({ "patch": patch, "revision": 2 }));
}

#[test(threads)]
async fn a_live_query_is_an_event_stream_of_the_endpoint() {
    let world = World::start().await;
    let query = "query @live { figure { n } }";
    let post = world.post("/graphql", &json!({ "query": query }));
    let stream = post.try_clone().unwrap();
    let mut events = Events::of(stream.header("accept", "text/event-stream")).await;
    let first = events.next().await;
    assert_eq!(first.field("event"), Some("next"));
    assert_eq!(first.data(), json!({ "data": { "figure": { "n": 0 } } }));
    world.count().await;
    assert_eq!(events.figure().await, 1);
    // A client that accepts JSON only gets the answer as it is now.
    let response = post.header("accept", "application/json").send().await;
    let answer = body(response.unwrap()).await;
    assert_eq!(answer, json!({ "data": { "figure": { "n": 1 } } }));
}

#[test(threads)]
async fn an_answer_with_errors_is_an_event() {
    let world = World::start().await;
    let mut events = Events::of(world.get("/operations/Broken/live")).await;
    let answer = events.next().await.data();
    assert_eq!(answer["data"], json!({ "broken": null }));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
}

#[test(threads)]
async fn what_cannot_be_watched_is_refused_with_a_reason() {
    let world = World::start().await;
    for (path, status, message) in [
        (
            "Figure/live?thottle=1",
            400,
            "`thottle` is no variable of Figure; it has of",
        ),
        (
            "Figure/live?throttle=soon",
            400,
            "`throttle` must be a number of milliseconds, at most 86400000",
        ),
        (
            "Figure/live?throttle=-1",
            400,
            "`throttle` must be a number",
        ),
        (
            "Figure/live?patch=1",
            400,
            "`patch` must be `true` or `false`",
        ),
        (
            "Figure/live?bom=true",
            400,
            "`bom` is no parameter of this path",
        ),
        (
            "Figure?throttle=1",
            400,
            "`throttle` is no parameter of this path",
        ),
        ("Figure.csv/live", 404, "There is nothing at this path"),
        ("Figure/live/", 404, "There is nothing at this path"),
        ("Nothing/live", 404, "There is no operation with this name"),
        ("Count/live", 404, "sent by POST alone has no such path"),
        ("Hidden/live", 404, "sent by POST alone has no such path"),
        (
            "Followed/live?throttle=1",
            400,
            "`throttle` is no parameter of a subscription",
        ),
    ] {
        let response = world
            .get(&format!("/operations/{path}"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{path}");
        let refusal = body(response).await;
        let said = refusal["errors"][0]["message"].as_str().unwrap();
        assert!(said.contains(message), "{path}: {said}");
    }
    let post = world.post("/operations/Figure/live", &json!({}));
    let response = post.send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET");
}

#[test(threads)]
async fn a_page_follows_a_named_subscription() {
    let world = World::start().await;
    let request = world.get("/operations/Followed/live?of=1");
    let mut events = Events::of(request.header("last-event-id", "of another stream")).await;
    let state = events.next().await;
    assert_eq!(state.data(), json!({ "data": { "figure": { "n": 0 } } }));
    assert!(state.field("event").is_none() && state.field("id").is_none());
    world.count().await;
    assert_eq!(events.figure().await, 1);
}

#[test(threads)]
async fn a_subscription_goes_on_over_a_reload_unless_its_connector_changes() {
    let mut world = World::start().await;
    let mut events = Events::of(world.get("/operations/Followed/live")).await;
    assert_eq!(events.figure().await, 0);
    let other = world.folder.path("connectors/other");
    std::fs::create_dir_all(&other).unwrap();
    let text = CONNECTOR.replace("figure", "other").replace("count", "add");
    let text = text.replace("Figure", "Other").replace("Count", "Added");
    let text = text.replace("broken", "wrong");
    std::fs::write(other.join("connector.graphql"), text).unwrap();
    world.running.hang_up();
    world.running.until("reloaded");
    let added = world.post(
        "/graphql",
        &json!({ "query": "{ __type(name: \"Other\") { name } }" }),
    );
    let added = body(added.send().await.unwrap()).await;
    assert_eq!(added["data"]["__type"]["name"], "Other", "{added}");
    world.count().await;
    assert_eq!(events.figure().await, 1);

    let connector = world.folder.path("connectors/figures/connector.graphql");
    let changed = CONNECTOR.replace("selection: \"n text\"", "selection: \"n: n->add(9) text\"");
    std::fs::write(&connector, changed).unwrap();
    world.running.hang_up();
    world.running.until("reloaded");
    let last = events.next().await.data();
    let code = &last["errors"][0]["extensions"]["code"];
    assert_eq!(code, "SUBSCRIPTION_SCHEMA_RELOAD");
    assert!(events.response.chunk().await.unwrap().is_none());
    let mut again = Events::of(world.get("/operations/Followed/live")).await;
    assert_eq!(again.figure().await, 10);
}

#[test(threads)]
async fn a_named_subscription_has_no_result() {
    let world = World::start().await;
    let cases = [
        ("Followed", "its events are at /operations/Followed/live"),
        (
            "Followed.csv",
            "its events are at /operations/Followed/live",
        ),
        ("Hidden", "/graphql has its events"),
    ];
    for (path, place) in cases {
        let path = format!("/operations/{path}");
        for request in [world.get(&path), world.post(&path, &json!({}))] {
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 405, "{path}");
            assert_eq!(response.headers()["allow"], "", "{path}");
            let error = body(response).await["errors"][0].take();
            let message = format!("The operation is a subscription: {place}");
            assert_eq!(error["message"], message);
            assert_eq!(error["extensions"]["code"], "METHOD_NOT_ALLOWED");
        }
    }
    let list = body(world.get("/operations").send().await.unwrap()).await;
    let listed = list["operations"].as_array().unwrap();
    let named = |name: &str| listed.iter().find(|one| one["name"] == name).unwrap();
    let followed = named("Followed");
    assert_eq!(followed["kind"], "subscription");
    assert_eq!(followed["methods"], json!([]));
    assert_eq!(followed["live"], "/operations/Followed/live");
    assert_eq!(followed.get("formats"), None);
    assert_eq!(named("Hidden").get("live"), None);
    let page = world.get("/operations").header("accept", "text/html");
    let page = page.send().await.unwrap().text().await.unwrap();
    for link in ["/operations/Followed/live", "/operations/Figure/live"] {
        assert!(page.contains(&format!("<a href=\"{link}\">")), "{page}");
    }
    assert!(!page.contains("/operations/Count/live"), "{page}");
    let path = "/operations/openapi.json";
    let described = body(world.get(path).send().await.unwrap()).await;
    let paths = described["paths"].as_object().unwrap();
    let followed: Vec<&String> = paths
        .keys()
        .filter(|path| path.contains("/Followed"))
        .collect();
    assert_eq!(followed, ["/operations/Followed/live"]);
    let parameters = &described["paths"]["/operations/Followed/live"]["get"]["parameters"];
    assert_eq!(parameters.as_array().unwrap().len(), 1, "{parameters}");
}

#[test(threads)]
async fn the_lists_of_operations_have_it() {
    let world = World::start().await;
    let list = body(world.get("/operations").send().await.unwrap()).await;
    let listed = list["operations"].as_array().unwrap();
    let named = |name: &str| listed.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(named("Figure")["live"], "/operations/Figure/live");
    assert_eq!(named("Count").get("live"), None);
    let path = "/operations/openapi.json";
    let described = body(world.get(path).send().await.unwrap()).await;
    let get = &described["paths"]["/operations/Figure/live"]["get"];
    let names: Vec<&str> = get["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["of", "patch", "throttle"]);
    assert!(
        get["responses"]["200"]["content"]
            .get("text/event-stream")
            .is_some()
    );
}
