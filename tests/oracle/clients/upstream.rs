//! The gateway of these tests, and its upstream: two districts, a clock that is polled, and a webhook.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use axum::Router;
use axum::extract::Path as Segment;
use axum::routing::{get, put};
use tokio::sync::watch;

use crate::process::running::Folder;
use crate::support::server::{self, Server};

const CONNECTOR: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.4", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@node", "@poll", "@webhook"])
  @source(name: "lgd", http: { baseURL: "https://lgd.example" })
type Query {
  districts: [District!] @connect(source: "lgd", http: { GET: "/districts" }, selection: "code name")
  district(code: ID!): District
    @connect(source: "lgd", http: { GET: "/districts/{$args.code}" }, selection: "code name seat", entity: true)
}
type Subscription {
  "Counts the requests for it."
  clock: Clock @connect(source: "lgd", http: { GET: "/clock" }, selection: "ticks") @poll(every: 3600)
  "What is posted, joined with the district of its code."
  visited: Visit @connect(selection: "number district: { code: district }") @webhook
}
type Clock { ticks: Int }
type Visit { number: Int district: District }
type District @key(fields: "code") @node { code: ID! name: String seat: String }
"#;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// An upstream with two districts. After `PUT /hold`, it does not say what a single one is until `PUT /release`.
pub(crate) async fn districts() -> Server {
    let list = r#"[{ "code": 2, "name": "Budgam" }, { "code": 3, "name": "Kupwara" }]"#;
    let one = |code: &str| {
        let name = if code == "3" { "Kupwara" } else { "Budgam" };
        format!(r#"{{ "code": {code}, "name": "{name}", "seat": "{name} town" }}"#)
    };
    let ticks = Arc::new(AtomicU32::new(1));
    let clock = move || {
        let ticks = ticks.fetch_add(1, Relaxed);
        async move { (JSON, format!(r#"{{ "ticks": {ticks} }}"#)) }
    };
    let held = watch::Sender::new(false);
    let seen = held.subscribe();
    let district = move |Segment(code): Segment<String>| {
        let mut seen = seen.clone();
        async move {
            let _ = seen.wait_for(|is_held| !is_held).await;
            (JSON, one(&code))
        }
    };
    let set = |is_held: bool| {
        let held = held.clone();
        put(move || async move {
            held.send_replace(is_held);
        })
    };
    let router = Router::new()
        .route("/clock", get(clock))
        .route("/districts", get(move || async move { (JSON, list) }))
        .route("/districts/{code}", get(district))
        .route("/hold", set(true))
        .route("/release", set(false));
    server::router(router).await
}

/// A folder with the connector of these districts; `section` is a part of its settings. The token of its webhook is
/// `sample-token`.
pub(crate) fn deployment(upstream: &Server, section: &str) -> Folder {
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n{section}\n[connector.lgd]\nbase_url = \"{}\"\npoll_every = \"100ms\"\n\
         webhook_secret = {{ sample = \"sample-token\" }}\nwebhook_proof = \"token\"\n",
        upstream.url("")
    );
    Folder::new(&settings, &[("lgd", CONNECTOR)])
}
