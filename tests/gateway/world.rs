//! The stand-ins of all departments, and a gateway for them.

use std::path::Path;

use sangam::config::{Environment, RawSettings, Settings};
use sangam::connector::Folder;
use sangam::document::Value;
use sangam::gateway::{ClientContext, ConfiguredConnector, Gateway, GraphqlRequest};
use sangam_demo::departments;
use sangam_demo::standin::{Options, Standin};

use crate::support::operations::NamedOperation;

/// The departments and the gateway.
pub(crate) struct World {
    pub(crate) standins: Vec<Standin>,
    pub(crate) gateway: Gateway,
}

impl World {
    /// Starts the stand-ins and a gateway; `more` is additional text of `sangam.toml`.
    pub(crate) async fn start(more: &str) -> World {
        World::start_with(more, |_| "").await
    }

    /// The same, with additional settings for each department.
    pub(crate) async fn start_with(more: &str, settings: impl Fn(&str) -> &'static str) -> World {
        // Long timeouts, because the machine may be busy, unless the test sets its own.
        let mut text = match more.contains("[limits]") {
            true => more.replace("[limits]", "[limits]\noperation_timeout = \"300s\""),
            false => format!("{more}\n[limits]\noperation_timeout = \"300s\"\n"),
        };
        let mut standins = Vec::new();
        for department in departments() {
            let standin = department.start(Options::default()).await.unwrap();
            text.push('\n');
            let connector_settings = department.settings(&standin.url());
            let (head, rest) = connector_settings.split_once('\n').unwrap();
            let mut further = settings(standin.name());
            if further.is_empty() {
                further = "timeout = \"120s\"";
            }
            text.push_str(&format!("{head}\n{further}\n{rest}"));
            standins.push(standin);
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sangam.toml");
        std::fs::write(&file, text).unwrap();
        let environment = Environment::default();
        let settings = Settings::load(Some(&file), &environment, RawSettings::default());
        let settings = settings.unwrap_or_else(|error| panic!("{error}"));
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
        let mut members = Vec::new();
        for standin in &standins {
            let folder = Folder::read(&root.join(standin.name()));
            let subgraph = folder.subgraph.unwrap_or_else(|| {
                panic!(
                    "{}",
                    folder
                        .diagnostics
                        .iter()
                        .map(|d| d.to_text())
                        .collect::<Vec<_>>()
                        .join("\n")
                )
            });
            members.push(ConfiguredConnector {
                settings: settings
                    .connector(standin.name(), None)
                    .unwrap_or_else(|error| panic!("{error}")),
                owner: folder.settings.owner,
                description: folder.settings.description,
                subgraph,
            });
        }
        let gateway =
            Gateway::new(members, &settings).unwrap_or_else(|problem| panic!("{problem:#?}"));
        // Their URLs would be others in each response.
        gateway.files().show_values();
        World { standins, gateway }
    }

    /// The stand-in of a department.
    pub(crate) fn standin(&self, name: &str) -> &Standin {
        self.standins
            .iter()
            .find(|standin| standin.name() == name)
            .unwrap()
    }

    /// The response to an operation, as JSON.
    pub(crate) async fn ask(&self, query: &str) -> serde_json::Value {
        self.ask_with(query, &serde_json::json!({})).await
    }

    /// The response to an operation with variables, as JSON.
    pub(crate) async fn ask_with(
        &self,
        query: &str,
        variables: &serde_json::Value,
    ) -> serde_json::Value {
        serde_json::from_slice(&self.send(query, variables).await).unwrap()
    }

    /// The data of the response to an operation, which has no errors.
    pub(crate) async fn data(
        &self,
        query: &str,
        variables: &serde_json::Value,
    ) -> serde_json::Value {
        let mut answer = self.ask_with(query, variables).await;
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        answer["data"].take()
    }

    /// The data of a named operation with its example variables, of which `more` replaces some.
    pub(crate) async fn named(&self, name: &str, more: serde_json::Value) -> serde_json::Value {
        let mut operation = NamedOperation::read(name);
        let variables = operation.variables.as_object_mut().unwrap();
        variables.extend(more.as_object().unwrap().clone());
        self.data(&operation.text, &operation.variables).await
    }

    /// The bytes of the response to an operation.
    pub(crate) async fn ask_raw(&self, query: &str) -> bytes::Bytes {
        self.send(query, &serde_json::json!({})).await
    }

    /// The bytes of the response to an operation with variables.
    pub(crate) async fn send(&self, query: &str, variables: &serde_json::Value) -> bytes::Bytes {
        let request = GraphqlRequest {
            query: Some(query.to_owned()),
            variables: Some(Value::parse_json(variables.to_string().as_bytes()).unwrap()),
            ..GraphqlRequest::default()
        };
        let client = ClientContext {
            mutations_allowed: true,
            ..ClientContext::default()
        };
        self.gateway.execute(request, &client).await.body().await
    }
}
