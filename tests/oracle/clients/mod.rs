//! Clients that normalise responses (Apollo Client, urql with Graphcache) against a gateway whose types have `@node`.
//!
//! `CLIENTS_ORACLE` names the folder where `npm ci` was run.

use std::path::PathBuf;
use std::process::Command;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;

use crate::process::running::{Folder, Running};
use crate::support::server;

const CONNECTOR: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@node"])
  @source(name: "lgd", http: { baseURL: "https://lgd.example" })
type Query {
  districts: [District!] @connect(source: "lgd", http: { GET: "/districts" }, selection: "code name")
  district(code: ID!): District
    @connect(source: "lgd", http: { GET: "/districts/{$args.code}" }, selection: "code name seat", entity: true)
}
type District @key(fields: "code") @node { code: ID! name: String seat: String }
"#;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

#[test(threads)]
#[ignore = "needs clients from the npm registry: scripts/oracle-clients runs it"]
async fn clients_store_each_object_once() {
    let list = r#"[{ "code": 2, "name": "Budgam" }, { "code": 3, "name": "Kupwara" }]"#;
    let one =
        |code: String| format!(r#"{{ "code": {code}, "name": "Budgam", "seat": "Budgam town" }}"#);
    let router = Router::new()
        .route("/districts", get(move || async move { (JSON, list) }))
        .route(
            "/districts/{code}",
            get(move |Path(code): Path<String>| async move { (JSON, one(code)) }),
        );
    let upstream = server::router(router).await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n[connector.lgd]\nbase_url = \"{}\"\n",
        upstream.url("")
    );
    let folder = Folder::new(&settings, &[("lgd", CONNECTOR)]);
    let running = Running::start(folder.command(&["serve"]));
    let packages = std::env::var_os("CLIENTS_ORACLE").expect("CLIENTS_ORACLE, by the script");
    let mut clients = Command::new("node");
    clients
        .arg(PathBuf::from(packages).join("clients.mjs"))
        .arg(format!("{}/graphql", running.url));
    let output = clients.output().expect("node");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
