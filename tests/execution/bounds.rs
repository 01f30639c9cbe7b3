//! The bounds of one operation: bytes, rows, calls and time. The upstream has a few rows that refer to each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Query;
use axum::routing::get;
use futures_util::future::poll_immediate;
use sangam::budget::Budget;
use sangam::cache::Documents;
use sangam::config::{Environment, Limits, RawSettings, Settings};
use sangam::document::Value;
use sangam::execute::{ConnectorRuntime, Execution, ExecutionLimits, RequestContext, Runtime};
use sangam::gateway::{ClientContext, ConfiguredConnector, Gateway, GraphqlRequest};
use sangam::source::CallOptions;
use sangam::source::gate::Gate;
use serde::Deserialize;

use crate::plans::{compiler, graph, subgraph};
use crate::support::server::{Server, router};

const SUBGRAPH: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12")
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@paginate"])
  @source(name: "s", http: { baseURL: "https://s.example" })
type Query {
  rows(count: Int = 100): [Row!] @connect(source: "s", http: { GET: "/rows", queryParams: "count: $args.count" }, selection: "id kind name")
  raised(count: Int = 100): [Raised!]
    @connect(source: "s", http: { GET: "/rows", queryParams: "count: $args.count" }, selection: "id name: name->withError('odd')")
  pages: [Paged!]
    @connect(source: "s", http: { GET: "/page", queryParams: "number: $page.number" }, selection: "$.rows { id }")
    @paginate(by: PAGE, size: 1, items: "$.rows", more: "$.more", maxPages: 100)
}
type Raised { id: ID name: String }
type Paged { id: ID }
type Row {
  id: ID
  kind: ID
  name: String
  others: [Row!] @connect(source: "s", http: { GET: "/rows", queryParams: "count: $(100) kind: $this.kind" }, selection: "id kind name")
}
"#;

/// About the bytes of a page.
const PAGE: usize = 1_000_000;

#[derive(Deserialize)]
struct Asked {
    count: usize,
}

/// An upstream with rows of ten kinds, and an endless list of pages, which it counts.
async fn department(pages: Arc<AtomicUsize>) -> Server {
    let rows = |Query(Asked { count }): Query<Asked>| async move {
        let row = |id: usize| format!("{{\"id\":{id},\"kind\":{},\"name\":\"row {id}\"}}", id % 10);
        let rows: Vec<String> = (0..count).map(row).collect();
        (
            [("content-type", "application/json")],
            format!("[{}]", rows.join(",")),
        )
    };
    let page = move || {
        pages.fetch_add(1, Ordering::Relaxed);
        let filling = "x".repeat(PAGE);
        let body = format!("{{\"more\":true,\"filling\":\"{filling}\",\"rows\":[{{\"id\":1}}]}}");
        std::future::ready(([("content-type", "application/json")], body))
    };
    router(
        Router::new()
            .route("/rows", get(rows))
            .route("/page", get(page)),
    )
    .await
}

struct World {
    gateway: Gateway,
    pages: Arc<AtomicUsize>,
    _department: Server,
}

impl World {
    async fn start(limits: &str) -> World {
        let pages = Arc::default();
        let department = department(Arc::clone(&pages)).await;
        let text = format!(
            "[cost]\nmode = \"off\"\n[limits]\n{limits}\n[connector.s]\nbase_url = \"{}\"\n",
            department.url("")
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sangam.toml");
        std::fs::write(&file, text).unwrap();
        let settings = Settings::load(Some(&file), &Environment::default(), RawSettings::default());
        let settings = settings.unwrap_or_else(|error| panic!("{error}"));
        let member = ConfiguredConnector {
            settings: settings.connector("s", None).unwrap(),
            owner: None,
            description: None,
            subgraph: subgraph("s", SUBGRAPH),
        };
        let gateway = Gateway::new(vec![member], &settings);
        World {
            gateway: gateway.unwrap_or_else(|problem| panic!("{problem:#?}")),
            pages,
            _department: department,
        }
    }

    async fn ask(&self, query: &str) -> Value {
        let client = ClientContext::default();
        let mut response = self.gateway.execute(request(query), &client).await;
        let answer = Value::parse_json(&response.body().await).unwrap();
        assert_eq!(
            self.gateway.budget().used(),
            0,
            "everything has been given back"
        );
        answer
    }
}

fn request(query: &str) -> GraphqlRequest {
    GraphqlRequest {
        query: Some(query.to_owned()),
        ..GraphqlRequest::default()
    }
}

/// `{ rows { others { others { … { id } } } } }`, so many levels deep.
fn nested(levels: usize) -> String {
    let open = "{ others ".repeat(levels);
    let close = "}".repeat(levels);
    format!("{{ rows {open} {{ id }} {close} }}")
}

/// The message, kind and path of the only error.
fn error(answer: &Value) -> (String, String, Option<String>) {
    let errors = answer.get("errors").and_then(Value::as_array);
    let Some([error]) = errors else {
        panic!("{answer}");
    };
    let kind = error
        .get("extensions")
        .and_then(|extensions| extensions.get("sangam")?.get("kind"));
    let message = error.get("message").and_then(Value::as_str);
    (
        message.unwrap().to_owned(),
        kind.and_then(Value::as_str).unwrap().to_owned(),
        error.get("path").map(Value::to_string),
    )
}

/// There are 101 lists of 100 rows, and 10^12 paths through them.
#[test]
async fn a_path_with_many_ways_and_few_rows() {
    let world = World::start("answer_bytes = 1000000").await;
    let answer = world.ask(&nested(5)).await;
    let message = "The response is longer than allowed (1000000 bytes)".to_owned();
    assert_eq!(error(&answer), (message, "LIMIT".to_owned(), None));
    assert_eq!(answer.get("data"), Some(&Value::Null));
    // Two levels fit: 100 times 100 rows.
    let answer = world.ask(&nested(1)).await;
    assert_eq!(answer.get("errors"), None);
    let rows = answer
        .get("data")
        .and_then(|data| data.get("rows")?.as_array());
    let others = rows
        .unwrap()
        .iter()
        .map(|row| row.get("others").unwrap().as_array().unwrap().len());
    assert_eq!(others.sum::<usize>(), 100 * 100);
}

/// The root, the rows, and 10 times 100 rows below them: each list counts once, not once for each row that shares it.
#[test]
async fn rows_are_counted_once() {
    let world = World::start("rows = 1101").await;
    assert_eq!(world.ask(&nested(1)).await.get("errors"), None);
    let world = World::start("rows = 1100").await;
    let answer = world.ask("{ rows { others { id } } }").await;
    let errors = answer.get("errors").and_then(Value::as_array).unwrap();
    assert_eq!(
        errors[0].get("message").unwrap().as_str(),
        Some("The operation needs more objects than it may hold (1100)")
    );
    // The rows stay in the response, with the lists of nine of the ten kinds.
    assert_eq!(
        answer
            .get("data")
            .unwrap()
            .to_json()
            .matches("\"others\":null")
            .count(),
        10
    );
    assert_eq!(errors.len(), 10);
}

#[test]
async fn rows_take_memory() {
    // The document has 350,000 bytes, its rows about 900,000.
    let query = "{ rows(count: 10000) { id kind name } }";
    let world = World::start("operation_bytes = 600000").await;
    let (message, kind, path) = error(&world.ask(query).await);
    assert_eq!(
        message,
        "The operation needs more memory than it may hold (600000 bytes)"
    );
    assert_eq!(
        (kind.as_str(), path.as_deref()),
        ("LIMIT", Some("[\"rows\"]"))
    );
    let world = World::start("operation_bytes = 6000000").await;
    assert_eq!(world.ask(query).await.get("errors"), None);
}

#[test]
async fn pages_are_bounded_together() {
    let world = World::start("operation_bytes = 5500000").await;
    let (message, kind, path) = error(&world.ask("{ pages { id } }").await);
    assert_eq!(
        message,
        "The operation needs more memory than it may hold (5500000 bytes)"
    );
    assert_eq!(
        (kind.as_str(), path.as_deref()),
        ("LIMIT", Some("[\"pages\"]"))
    );
    assert_eq!(
        world.pages.load(Ordering::Relaxed),
        6,
        "no page was fetched after the limit"
    );
}

/// An operation that is refused because of the shared budget may succeed later.
#[test]
async fn all_operations_together() {
    let world = World::start("operations_bytes = 5500000").await;
    let (message, kind, path) = error(&world.ask("{ pages { id } }").await);
    assert_eq!(message, "The gateway has no memory left for this operation");
    assert_eq!(
        (kind.as_str(), path.as_deref()),
        ("BUSY", Some("[\"pages\"]"))
    );
    let (message, kind, _) = error(&world.ask("{ rows(count: 50000) { id kind name } }").await);
    assert_eq!(message, "The gateway has no memory left for this operation");
    assert_eq!(kind, "BUSY");
    assert_eq!(world.ask("{ rows { id } }").await.get("errors"), None);
}

/// Every row has an error beside its value.
#[test]
async fn many_errors_beside_values() {
    let world = World::start("errors = 3").await;
    let answer = world.ask("{ raised(count: 16000) { id name } }").await;
    let errors = answer.get("errors").and_then(Value::as_array).unwrap();
    assert_eq!(errors.len(), 3);
    let last = errors[2].get("path").unwrap();
    assert_eq!(last.to_json(), "[\"raised\",2,\"name\"]");
    let left_out = answer.get("extensions").unwrap().to_json();
    assert_eq!(left_out, "{\"sangam\":{\"errorsLeftOut\":15997}}");
    let rows = answer
        .get("data")
        .and_then(|data| data.get("raised")?.as_array());
    assert_eq!(
        rows.unwrap()[15_999].to_json(),
        "{\"id\":\"15999\",\"name\":\"row 15999\"}"
    );
}

/// The response is written in pieces. Between them the execution yields, and ends if the client has disconnected.
#[test]
async fn a_client_that_leaves_ends_the_writing() {
    let world = World::start(
        "answer_bytes = 900000000\noperation_bytes = 1000000000\noperations_bytes = 1000000000",
    )
    .await;
    let client = ClientContext::default();
    let mut answer = Box::pin(world.gateway.execute(request(&nested(5)), &client));
    // The documents and rows take only a small part of this.
    while world.gateway.budget().used() < 16_000_000 {
        assert!(poll_immediate(answer.as_mut()).await.is_none());
        tokio::task::yield_now().await;
    }
    let before = world.gateway.budget().used();
    assert!(poll_immediate(answer.as_mut()).await.is_none());
    assert!(
        world.gateway.budget().used() < 900_000_000,
        "it went on for a turn: {before}"
    );
    drop(answer);
    // The execution is a task of its own, which other requests could share.
    while world.gateway.budget().used() > 0 {
        tokio::task::yield_now().await;
    }
}

#[test]
async fn the_deadline_ends_the_writing() {
    let world = World::start(
        "operation_timeout = \"100ms\"\nanswer_bytes = 900000000\noperation_bytes = 1000000000\noperations_bytes = 1000000000",
    )
    .await;
    let answer = world.ask(&nested(5)).await;
    // On a busy machine, the upstream may not have responded yet.
    assert!(
        answer.to_json().contains("\"kind\":\"TIMEOUT\""),
        "{answer}"
    );
}

/// A plan with a fetch that can never start is a fault of the gateway: the operation fails, and does not wait.
#[test]
async fn a_fetch_that_waits_for_itself() {
    let (composed, graph) = graph(vec![subgraph("s", SUBGRAPH)]);
    let text = "{ rows { id } }";
    let compiler = compiler(&composed, &graph, &Settings::default());
    let mut plan = compiler.compile(text, None).unwrap().plan;
    plan.fetches[0].after = vec![0];
    let runtime = Runtime {
        graph,
        connectors: vec![ConnectorRuntime {
            name: Arc::from("s"),
            config: Value::Null,
            source_configs: Vec::new(),
            env: Value::Null,
            options: CallOptions {
                timeout: Duration::from_secs(1),
                max_bytes: 1_000,
                ..CallOptions::default()
            },
            endpoints: Vec::new(),
            gate: Arc::new(Gate::new(1, 0, Duration::ZERO)),
            files: Vec::new(),
            poll_every: None,
            subscriptions: None,
        }],
        documents: Arc::new(Documents::new(0)),
        limits: ExecutionLimits::from(&Limits::default()),
        files: Arc::new(sangam::files::Files::new(&sangam::config::Files::default())),
        budget: Budget::unbounded(),
    };
    let (context, account) = (RequestContext::default(), runtime.account(false));
    let mut execution = Execution::new(&runtime, &plan, &context, &account);
    let executed = execution.next().await.unwrap();
    assert!(executed.payload.is_last && execution.next().await.is_none());
    let answer = Value::parse_json(&executed.payload.body).unwrap();
    let message = "The operation cannot be executed to its end".to_owned();
    let path = Some("[\"rows\"]".to_owned());
    assert_eq!(error(&answer), (message, "INTERNAL".to_owned(), path));
}
