//! `onError: HALT`: when a field has failed, the response is known, and the calls that run are ended.

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get};
use http::StatusCode;
use sangam::config::Settings;
use sangam::gateway::{ClientContext, ConfiguredConnector, ErrorBehavior, Gateway, GraphqlRequest};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::plans::subgraph;
use crate::support::server::{Server, router};

/// An upstream that never responds. It says when it is called, and when a connection of a call is closed.
struct Slow {
    url: String,
    called: Arc<Notify>,
    closed: Arc<Notify>,
}

impl Slow {
    async fn start() -> Slow {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let slow = Slow {
            url: format!("http://{}", listener.local_addr().unwrap()),
            called: Arc::default(),
            closed: Arc::default(),
        };
        let (called, closed) = (Arc::clone(&slow.called), Arc::clone(&slow.closed));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (called, closed) = (Arc::clone(&called), Arc::clone(&closed));
                tokio::spawn(async move {
                    let mut bytes = [0; 1024];
                    while let Ok(length) = stream.read(&mut bytes).await
                        && length > 0
                    {
                        called.notify_one();
                    }
                    let _ = stream.shutdown().await;
                    closed.notify_one();
                });
            }
        });
        slow
    }

    /// An upstream that fails when this one is called, and has two changes: one that succeeds, and one that fails.
    async fn failing(&self) -> Server {
        let called = Arc::clone(&self.called);
        let fail = move || {
            let called = Arc::clone(&called);
            async move {
                called.notified().await;
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let change = any(async || axum::Json(json!({ "id": "1" })));
        let routes = Router::new()
            .route("/fail", get(fail))
            .route("/change", change);
        router(routes).await
    }
}

fn schema(slow: &str, failing: &str) -> String {
    format!(
        r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.2", import: ["@source", "@connect"])
  @source(name: "slow", http: {{ baseURL: "{slow}" }})
  @source(name: "failing", http: {{ baseURL: "{failing}" }})
type Query {{
  slow: Int @connect(source: "slow", http: {{ GET: "/" }}, selection: "$")
  fail: Int @connect(source: "failing", http: {{ GET: "/fail" }}, selection: "$")
}}
type Mutation {{
  change: Thing @connect(source: "failing", http: {{ POST: "/change" }}, selection: "id")
}}
type Thing {{
  id: ID!
  slow: Int @connect(source: "slow", http: {{ GET: "/{{$this.id}}" }}, selection: "$")
  fail: Int @connect(source: "failing", http: {{ GET: "/fail?id={{$this.id}}" }}, selection: "$")
}}
"#
    )
}

fn gateway(schema: &str) -> Gateway {
    let settings = Settings::default();
    let member = ConfiguredConnector {
        subgraph: subgraph("own", schema),
        owner: None,
        description: None,
        settings: settings.connector("own", None).unwrap(),
    };
    Gateway::new(vec![member], &settings).unwrap_or_else(|problem| panic!("{problem:#?}"))
}

#[test(threads)]
async fn the_first_error_ends_the_calls_that_run() {
    let cases = [
        ("{ slow fail }", json!(["fail"])),
        ("{ a: slow b: slow fail }", json!(["fail"])),
        (
            "mutation { change { slow fail } }",
            json!(["change", "fail"]),
        ),
    ];
    for (query, path) in cases {
        let slow = Slow::start().await;
        let failing = slow.failing().await;
        let gateway = gateway(&schema(&slow.url, &failing.url("")));
        let request = GraphqlRequest {
            query: Some(query.to_owned()),
            on_error: ErrorBehavior::Halt,
            ..GraphqlRequest::default()
        };
        let client = ClientContext {
            mutations_allowed: true,
            ..ClientContext::default()
        };
        let mut answer = gateway.execute(request, &client).await;
        let answer: Value = serde_json::from_slice(&answer.body().await).unwrap();
        assert_eq!(answer["data"], Value::Null, "{answer}");
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{answer}");
        assert_eq!(errors[0]["path"], path, "{answer}");
        slow.closed.notified().await;
    }
}
