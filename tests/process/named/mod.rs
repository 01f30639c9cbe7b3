//! Named operations: operations of a folder with URLs of their own, through a running gateway.

mod files;
mod large;
mod listeners;
mod listing;
mod refusals;
mod reload;
mod results;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::{Value, json};

use super::running::{Folder, Running, client};
use crate::support::server::{self, Server};

const CONNECTOR: &str = r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: { baseURL: "https://s.example" })

"A day of the calendar, as `yyyy-mm-dd`."
scalar Date @specifiedBy(url: "https://specs.sangam.dev/scalars/v0.1#Date")

type Query {
  "What was sent."
  echo(
    id: ID!, count: Int = 7, share: Float, open: Boolean, sort: Sort, day: Date, names: [String!], numbers: [Int],
    filter: Filter, q: String
  ): Echo @connect(
    source: "s", http: { GET: "/echo", queryParams: "all: $args->jsonStringify" }, selection: "text"
  )
  parks: [Park!] @connect(source: "s", http: { GET: "/parks" }, selection: "$.parks { id name trees: trees { id height } }")
  sure(status: Int!): Echo! @connect(source: "s", http: { GET: "/status/{$args.status}" }, selection: "text")
  maybe(status: Int!): Echo @connect(source: "s", http: { GET: "/status/{$args.status}" }, selection: "text")
}
type Mutation {
  plant(id: ID!): Echo @connect(source: "s", http: { POST: "/plant/{$args.id}" }, selection: "text")
}
type Echo { text: String }
type Park { id: ID! name: String trees: [Tree!] }
type Tree { id: ID! height: Float }
enum Sort { NAME AGE }
input Filter { name: String ages: [Int!] day: Date }
"#;

/// The operations of the folder, by file.
const OPERATIONS: [(&str, &str); 6] = [
    (
        "Echo.graphql",
        "# What a client sent: for tests.\n#\n# At most 1 call.\n\
         query Echo($id: ID!, $count: Int = 5, $share: Float, $open: Boolean, $sort: Sort, $day: Date, $names: [String!],\n\
           $numbers: [Int], $filter: Filter, $q: String = \"all\") {\n\
           echo(id: $id, count: $count, share: $share, open: $open, sort: $sort, day: $day, names: $names, numbers: $numbers,\n\
             filter: $filter, q: $q) { text }\n}\n",
    ),
    (
        "Parks.graphql",
        "# The parks & their trees.\nquery Parks { parks { id name trees { id height } } }\n",
    ),
    (
        "Status.graphql",
        "query Sure($status: Int!) { sure(status: $status) { text } }\n\
         query Maybe($status: Int!) { maybe(status: $status) { text } parks { id } }\n",
    ),
    (
        "plant.graphql",
        "mutation Plant($id: ID!) { plant(id: $id) { text } }\n",
    ),
    (
        "Secret.graphql",
        "# One's own echo.\n#\n# POST only: the id says who asks.\nquery Secret($id: ID!) { echo(id: $id) { text } }\n",
    ),
    ("Unnamed.graphql", "{ parks { id } }\n"),
];

/// Example variables of `Echo`.
const EXAMPLE: &str = r#"{ "id": "a b", "names": ["x", "y"], "filter": { "name": "n" } }"#;

/// A gateway with named operations, and its upstream.
struct Named {
    folder: Folder,
    running: Running,
    calls: Arc<AtomicUsize>,
    upstream: Server,
}

async fn echo(Query(query): Query<Vec<(String, String)>>) -> impl axum::response::IntoResponse {
    let all = query.into_iter().find(|(name, _)| name == "all");
    // The response is as of 100 seconds ago.
    let headers = [("cache-control", "max-age=3600"), ("age", "100")];
    (
        headers,
        axum::Json(json!({ "text": all.map(|(_, all)| all) })),
    )
}

async fn status(Path(status): Path<u16>) -> (StatusCode, axum::Json<Value>) {
    let status = StatusCode::from_u16(status).unwrap();
    (status, axum::Json(json!({ "text": "t" })))
}

async fn parks(State(calls): State<Arc<AtomicUsize>>) -> impl axum::response::IntoResponse {
    calls.fetch_add(1, Ordering::SeqCst);
    let park =
        |id: &str, trees: Value| json!({ "id": id, "name": format!("<{id}>"), "trees": trees });
    let tree = |id: &str| json!({ "id": id, "height": 1.50 });
    let parks = json!([
        park("a", json!([tree("a1"), tree("a2")])),
        park("b", json!([tree("b1")]))
    ]);
    let headers = [("cache-control", "max-age=3600")];
    (headers, axum::Json(json!({ "parks": parks })))
}

impl Named {
    /// Starts a gateway with these settings, besides the usual ones.
    async fn start(settings: &str) -> Named {
        Named::start_with(settings, &[]).await
    }

    /// Starts a gateway that has further operations.
    async fn start_with(settings: &str, further: &[(&str, &str)]) -> Named {
        let calls = Arc::new(AtomicUsize::new(0));
        let plant = async |Path(id): Path<String>| axum::Json(json!({ "text": id }));
        let router = Router::new()
            .route("/echo", get(echo))
            .route("/parks", get(parks))
            .route("/status/{status}", get(status))
            .route("/plant/{id}", post(plant))
            .with_state(Arc::clone(&calls));
        let upstream = server::router(router).await;
        let settings = format!(
            "listen = \"127.0.0.1:0\"\nwatch = \"0s\"\n{settings}\n[connector.parks]\nbase_url = \"{}\"\n",
            upstream.url("")
        );
        let folder = Folder::new(&settings, &[("parks", CONNECTOR)]);
        let operations = folder.path("schema/operations");
        std::fs::create_dir_all(&operations).unwrap();
        for (name, text) in OPERATIONS.iter().chain(further) {
            std::fs::write(operations.join(name), text).unwrap();
        }
        std::fs::write(operations.join("Echo.variables.json"), EXAMPLE).unwrap();
        let running = Running::start(folder.command(&["serve"]));
        Named {
            folder,
            running,
            calls,
            upstream,
        }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path("schema/operations").join(name), text).unwrap();
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        client().get(format!("{}{path}", self.running.url))
    }

    fn post(&self, path: &str, body: &str) -> reqwest::RequestBuilder {
        client()
            .post(format!("{}{path}", self.running.url))
            .header("content-type", "application/json")
            .body(body.to_owned())
    }
}

/// Status, headers and body of the response.
async fn send(request: reqwest::RequestBuilder) -> (u16, http::HeaderMap, String) {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.text().await.unwrap())
}

/// The JSON of the response.
async fn json(request: reqwest::RequestBuilder) -> Value {
    let (_, _, body) = send(request).await;
    serde_json::from_str(&body).unwrap_or_else(|_| panic!("no JSON: {body}"))
}

fn header<'a>(headers: &'a http::HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name);
    value.map_or("", |value| value.to_str().unwrap())
}
