//! `@defer` and `@stream`: what is delivered with which payload. The upstream answers when the test says so.

mod delivery;
mod failures;
mod fragments;
mod pages;
mod streams;

use std::sync::Arc;

use sangam::gateway::{
    AcceptedDeliveries, ClientContext, Delivery, Gateway, GraphqlRequest, IncrementalFormat,
    Payloads,
};
use serde_json::{Value, json};

use super::scripted::{self, Upstream, http};

/// A district, its works and its beds, each from a path of its own.
const SCHEMA: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key", "@shareable"])
  @link(url: "https://specs.apollo.dev/connect/v0.4", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@paginate"])
  @source(name: "own", http: { baseURL: "http://own.example" })

type Query {
  district: District
    @connect(source: "own", http: { GET: "/district" }, selection: "code name")
  districts: [District!]
    @connect(source: "own", http: { GET: "/districts" }, selection: "code name")
  places: [Place]
    @connect(source: "own", http: { GET: "/places" }, selection: "__typename: kind name people wards")
  notice: String @connect(source: "own", http: { GET: "/notice" }, selection: "$.text")
  wards: [Ward]
    @connect(source: "own", http: { GET: "/wards/{$page.offset}" }, selection: "code name")
    @paginate(by: OFFSET, size: 2, lastPage: SHORT)
  fewWards: [Ward]
    @connect(source: "own", http: { GET: "/wards/{$page.offset}" }, selection: "code name")
    @paginate(by: OFFSET, size: 2, maxPages: 2, cutOff: WARN)
  byCursor: [String]
    @connect(source: "own", http: { GET: "/cursor/at-{$page.cursor}" }, selection: "$.all")
    @paginate(by: CURSOR, next: "$.next?")
  byLink: [String]
    @connect(source: "own", http: { GET: "/first" }, selection: "$.all")
    @paginate(by: LINK, next: "$.next?")
}

type Mutation {
  rename: District
    @connect(source: "own", http: { POST: "/rename" }, selection: "code name")
  close: District
    @connect(source: "own", http: { POST: "/close" }, selection: "code name")
}

type District {
  code: ID!
  name: String
  works: Works
    @connect(source: "own", http: { GET: "/works/{$this.code}" }, selection: "count spent")
  roads: [String]
    @connect(source: "own", http: { GET: "/roads/{$this.code}/{$page.offset}" }, selection: "$")
    @paginate(by: OFFSET, size: 2, lastPage: SHORT)
  beds: Int! @connect(source: "own", http: { GET: "/beds/{$this.code}" }, selection: "$.n")
  head: Person
    @connect(source: "own", http: { GET: "/head/{$this.code}" }, selection: "id name")
}

type Ward {
  code: ID!
  name: String
  works: Works
    @connect(source: "own", http: { GET: "/works/{$this.code}" }, selection: "count spent")
}

type Works { count: Int! spent: Int }

type Person {
  id: ID!
  name: String
  phone: String @connect(source: "own", http: { GET: "/phone/{$this.id}" }, selection: "$.number")
}

interface Place { name: String }
type Village implements Place { name: String people: Int }
type Town implements Place { name: String wards: Int }
"#;

const BUDGAM: &str = r#"{"code": "B", "name": "Budgam"}"#;

/// A gateway and its upstream.
pub(super) struct Setup {
    upstream: Upstream,
    gateway: Arc<Gateway>,
}

impl Setup {
    async fn start() -> Setup {
        Setup::with("").await
    }

    /// With these settings.
    async fn with(general: &str) -> Setup {
        let upstream = Upstream::start().await;
        let gateway = scripted::gateway(&upstream, SCHEMA, general, "");
        upstream.answer("/district", fresh(BUDGAM));
        upstream.answer("/works/b", fresh(r#"{"count": 3, "spent": 70}"#));
        upstream.answer("/beds/b", fresh(r#"{"n": 120}"#));
        upstream.answer("/head/b", fresh(r#"{"id": "7", "name": "A. B."}"#));
        upstream.answer("/phone/7", fresh(r#"{"number": "22"}"#));
        Setup {
            upstream,
            gateway: Arc::new(gateway),
        }
    }

    /// Asks as a client of this format.
    async fn ask(&self, query: &str, format: Option<IncrementalFormat>) -> Parts {
        self.ask_with(query, "{}", format).await
    }

    async fn ask_with(
        &self,
        query: &str,
        variables: &str,
        format: Option<IncrementalFormat>,
    ) -> Parts {
        let variables = sangam::document::Value::parse_json(variables.as_bytes()).unwrap();
        let request = GraphqlRequest {
            query: Some(query.to_owned()),
            variables: Some(variables),
            ..GraphqlRequest::default()
        };
        let client = ClientContext {
            mutations_allowed: true,
            deliveries: AcceptedDeliveries {
                incremental: format,
                ..AcceptedDeliveries::default()
            },
            ..ClientContext::default()
        };
        let response = self.gateway.execute(request, &client).await;
        Parts {
            delivery: response.payloads.delivery(),
            payloads: response.payloads,
        }
    }

    /// Asks as a client of the current format, and expects several payloads.
    async fn defer(&self, query: &str) -> Parts {
        let mut parts = self.ask(query, Some(IncrementalFormat::V02)).await;
        if parts.delivery == Delivery::Whole {
            panic!("one payload: {}", parts.next().await);
        }
        parts
    }

    /// The answer to a client that reads no incremental format.
    async fn whole(&self, query: &str) -> Value {
        let mut parts = self.ask(query, None).await;
        assert_eq!(parts.delivery, Delivery::Whole);
        parts.next().await
    }
}

/// The payloads of a response.
pub(super) struct Parts {
    delivery: Delivery,
    payloads: Payloads,
}

impl Parts {
    async fn next(&mut self) -> Value {
        let payload = self.payloads.next().await.expect("another payload");
        let json: Value = serde_json::from_slice(&payload.body).unwrap();
        let has_next = json.get("hasNext").is_some_and(|next| next == &json!(true));
        assert_eq!(payload.is_last, !has_next, "{json}");
        json
    }

    /// How many payloads follow.
    async fn left(mut self) -> usize {
        let mut count = 0;
        while self.payloads.next().await.is_some() {
            count += 1;
        }
        count
    }

    /// All payloads that follow, merged into one answer as the specification says.
    async fn merged(mut self) -> Value {
        let mut merged = crate::support::incremental::Merged::default();
        while let Some(payload) = self.payloads.next().await {
            let payload = serde_json::from_slice(&payload.body).unwrap();
            merged.add(&payload).unwrap();
        }
        merged.into_answer().unwrap()
    }
}

/// A response that may not be kept.
pub(super) fn fresh(body: &str) -> Vec<u8> {
    let headers = "content-type: application/json\r\ncache-control: no-store\r\n";
    http("200 OK", headers, body.as_bytes())
}
