//! Two upstreams: rain gauges with the codes of their districts, and the directory with the names of districts.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::{HeaderMap, Response};

use crate::support::server::{Server, router};

const HEAD: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.2", import: ["@source", "@connect"])
"#;

const RAIN: &str = r#"  @source(name: "rain", http: {
    baseURL: "https://rain.example/v1"
    headers: [
      { name: "x-api-key", value: "{$config.api_key}" }
      { name: "x-pin", value: "{$config.nested.pin}" }
      { name: "x-unit", value: "{$env.RAIN_UNIT}" }
      { name: "authorization", from: "authorization" }
    ]
  })

type Query {
  gauges(near: String, first: Int): [Gauge!] @connect(
    source: "rain"
    http: {
      GET: "/gauges"
      queryParams: "near: $args.near key: $config.api_key"
      headers: [{ name: "x-near", value: "{$args.near}" }]
    }
    selection: "$.gauges { id mm district: { code: lgd } }"
  )
}

type Gauge { id: ID! mm: Float district: District }
type District @key(fields: "code", resolvable: false) { code: ID! }
"#;

/// The settings of the rain department. `RAIN_UNIT` must be in the environment.
pub(super) const OF_RAIN: &str =
    "config = { api_key = { sample = \"k\" }, nested = { pin = \"p\" } }\nenv = [\"RAIN_UNIT\"]";

const DIRECTORY: &str = r#"  @source(name: "directory", http: { baseURL: "https://directory.example" })

type Query {
  district(code: ID!): District @connect(
    source: "directory"
    http: { GET: "/districts/{$args.code}" }
    selection: "code name"
    entity: true
  )
}

type District @key(fields: "code") { code: ID! name: String }
"#;

/// Both connectors.
pub(super) fn connectors() -> [(&'static str, String); 2] {
    [
        ("rain", format!("{HEAD}{RAIN}")),
        ("directory", format!("{HEAD}{DIRECTORY}")),
    ]
}

/// A query with three calls to both.
pub(super) const QUERY: &str =
    "query Q($near: String) { gauges(near: $near) { id mm district { code name } } }";

/// A call to a department.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
}

/// A response: status, content type, body.
pub(super) type Answer = (u16, &'static str, String);

/// One server for both departments.
pub(super) struct Departments {
    server: Server,
    asked: Arc<Mutex<Vec<Asked>>>,
    rain: Arc<Mutex<Answer>>,
}

impl Departments {
    pub(super) async fn start() -> Departments {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let rain = Arc::new(Mutex::new(fine()));
        let (noted, answer) = (Arc::clone(&asked), Arc::clone(&rain));
        let handler = move |request: Request| {
            let path = request.uri().path().to_owned();
            noted.lock().unwrap().push(Asked {
                path: path.clone(),
                headers: request.headers().clone(),
            });
            let answer = match path.strip_prefix("/districts/") {
                Some(code) => {
                    let body = format!(r#"{{"code":"{code}","name":"district {code}"}}"#);
                    (200, "application/json", body)
                }
                None => answer.lock().unwrap().clone(),
            };
            std::future::ready(response(answer))
        };
        Departments {
            server: router(Router::new().fallback(handler)).await,
            asked,
            rain,
        }
    }

    /// Sets the response of the rain department.
    pub(super) fn answer(&self, answer: Answer) {
        *self.rain.lock().unwrap() = answer;
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// The settings with their addresses.
    pub(super) fn settings(&self, of_rain: &str) -> String {
        let url = self.server.url("");
        format!(
            "listen = \"127.0.0.1:0\"\n\
             [connector.rain]\nbase_url = \"{url}\"\n{of_rain}\n\
             [connector.directory]\nbase_url = \"{url}\"\n"
        )
    }

    /// The calls since the last call of this method.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// Two gauges, in two districts.
pub(super) fn fine() -> Answer {
    let body = r#"{"gauges":[{"id":"g1","mm":1.10,"lgd":"2"},{"id":"g2","mm":3,"lgd":"7"}]}"#;
    (200, "application/json", body.to_owned())
}

/// The rain department allows caching of one response, the directory of none.
fn response(answer: Answer) -> Response<Body> {
    let keep = match answer == fine() {
        true => "max-age=600",
        false => "no-store",
    };
    let (status, media_type, body) = answer;
    Response::builder()
        .status(status)
        .header("content-type", media_type)
        .header("cache-control", keep)
        .body(Body::from(body))
        .unwrap()
}
