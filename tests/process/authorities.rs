//! The trusted authorities for certificates of upstreams: those of the system, or those of the setting `ca` instead.

use axum::Router;
use axum::routing::get;

use super::running::{Folder, Running, post, text};
use crate::support::server::tls;

fn connector(name: &str) -> String {
    format!(
        r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.2", import: ["@source", "@connect"])
  @source(name: "s", http: {{ baseURL: "https://s.example" }})

type Query {{
  {name}: Int @connect(source: "s", http: {{ GET: "/" }}, selection: "$")
}}
"#
    )
}

/// The system trusts the upstream's authority. A connector without `ca` trusts it too; a connector with another `ca` does
/// not.
#[test]
async fn a_private_authority_replaces_those_of_the_system() {
    let router = || Router::new().route("/", get(async || axum::Json(7)));
    let (server, authority) = tls(router()).await;
    let (_other, other_authority) = tls(router()).await;
    let port = server.address.port();
    let connectors = ["plain", "same", "other"].map(|name| (name, connector(name)));
    let mut settings = "listen = \"127.0.0.1:0\"\n".to_owned();
    for (name, ca) in [
        ("plain", ""),
        ("same", "ca = \"own.pem\"\n"),
        ("other", "ca = \"other.pem\"\n"),
    ] {
        settings.push_str(&format!(
            "[connector.{name}]\ntimeout = \"60s\"\nconnect_timeout = \"60s\"\nbase_url = \"https://localhost:{port}\"\n{ca}"
        ));
    }
    let folder = Folder::new(
        &settings,
        &connectors
            .each_ref()
            .map(|(name, text)| (*name, text.as_str())),
    );
    std::fs::write(folder.path("own.pem"), &authority).unwrap();
    std::fs::write(folder.path("other.pem"), &other_authority).unwrap();
    let mut command = folder.command(&["serve"]);
    command.env("SSL_CERT_FILE", folder.path("own.pem"));
    let running = Running::start(command);
    let query = "{ plain same other }";
    let answer = text(post(&running.url, query, &serde_json::json!({}))).await;
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let expected = serde_json::json!({ "plain": 7, "same": 7, "other": null });
    assert_eq!(answer["data"], expected, "{answer:#}");
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer:#}");
    assert_eq!(errors[0]["path"], serde_json::json!(["other"]));
    assert_eq!(errors[0]["extensions"]["sangam"]["kind"], "UNREACHABLE");
    running.stop();
}
