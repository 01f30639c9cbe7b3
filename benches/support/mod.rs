//! What the micro-benchmarks share: gateways in this process, with upstreams that cost next to nothing.

pub(crate) mod upstream;

use std::path::Path;

use bytes::Bytes;
use sangam::config::{Environment, RawSettings, Settings};
use sangam::connector::Folder;
use sangam::document::Value;
use sangam::gateway::{ClientContext, ConfiguredConnector, Gateway, GraphqlRequest};
use sangam_demo::{Options, Standin, departments};

use upstream::serve_posts;

/// A list whose elements refer to entities of a second endpoint.
pub(crate) const JOIN: &str = "{ posts { id userId title user { id name email } } }";

/// Settings under which whole answers are not kept.
pub(crate) const NO_ANSWERS: &str = "[cache]\nresponses = \"0MB\"\n";

/// A runtime like the gateway's own.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    // Without one, no client can be made; with one already, it is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// A text of the repository.
pub(crate) fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The gateway over posts, which may be kept for so many seconds; 0: not at all.
pub(crate) fn over_posts(seconds: u64, settings: &str) -> Gateway {
    let url = serve_posts(seconds);
    let settings = format!("{settings}\n[connector.posts]\nbase_url = \"{url}\"\n");
    gateway("benches/connectors/rest", &settings)
}

/// The gateway over the stand-ins of all departments.
pub(crate) async fn over_departments(settings: &str) -> (Gateway, Vec<Standin>) {
    let mut settings = settings.to_owned();
    let mut standins = Vec::new();
    for department in departments() {
        let options = Options {
            record: false,
            ..Options::default()
        };
        let standin = department.start(options).await.unwrap();
        settings.push_str(&department.settings(&standin.url()));
        settings.push('\n');
        standins.push(standin);
    }
    (gateway("connectors", &settings), standins)
}

/// The gateway over the connectors of a folder.
pub(crate) fn gateway(connectors: &str, settings: &str) -> Gateway {
    let settings_file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(settings_file.path(), settings).unwrap();
    let settings = Settings::load(
        Some(settings_file.path()),
        &Environment::default(),
        RawSettings::default(),
    );
    let settings = settings.unwrap_or_else(|error| panic!("{error}"));
    let mut members = Vec::new();
    for entry in std::fs::read_dir(root().join(connectors)).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let folder = Folder::read(&path);
        let subgraph = folder.subgraph.unwrap();
        members.push(ConfiguredConnector {
            settings: settings.connector(&subgraph.name, None).unwrap(),
            owner: None,
            description: None,
            subgraph,
        });
    }
    Gateway::new(members, &settings).unwrap_or_else(|problem| panic!("{problem:?}"))
}

/// The answer to an operation; it has no errors.
pub(crate) async fn ask(gateway: &Gateway, operation: &str) -> Bytes {
    ask_with(gateway, (operation.to_owned(), None)).await
}

/// The answer to an operation with these variables, as JSON.
pub(crate) async fn ask_with(
    gateway: &Gateway,
    (operation, variables): (String, Option<String>),
) -> Bytes {
    let variables = variables.map(|text| Value::parse_json(text.as_bytes()).unwrap());
    let request = GraphqlRequest {
        query: Some(operation),
        variables,
        ..GraphqlRequest::default()
    };
    gateway
        .execute(request, &ClientContext::default())
        .await
        .body()
        .await
}

/// The same for the first time: it is looked at.
pub(crate) async fn ask_first(gateway: &Gateway, operation: &str) -> Bytes {
    let answer = ask(gateway, operation).await;
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with(r#"{"data":{"#), "{text}");
    answer
}
