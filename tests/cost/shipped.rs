//! The operations of this repository on the schema of the demonstration: all of them cost much less than the default
//! maximum, and operations that multiply pages cost more.

use std::path::{Path, PathBuf};

use sangam::config::{ConnectorSettings, Settings};
use sangam::connector::Folder;
use sangam::document::Value;
use sangam::gateway::{ClientContext, ConfiguredConnector, Gateway, GraphqlRequest};
use serde_json::json;

use crate::support::operations::NamedOperation;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn gateway() -> Gateway {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folders = std::fs::read_dir(root().join("connectors")).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path());
    let folders = folders.filter(|path| path.join("connector.graphql").is_file());
    let members = folders.map(|path| ConfiguredConnector {
        subgraph: Folder::read(&path).subgraph.unwrap(),
        owner: None,
        description: None,
        settings: ConnectorSettings::default(),
    });
    Gateway::new(members.collect(), &Settings::default()).unwrap()
}

/// `{"query": "…"}` and `sangam explain '…'` of a page.
fn operations_of(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let mut operations = Vec::new();
    for rest in text.split("{\"query\": \"").skip(1) {
        let end = rest.find("\"}").unwrap();
        operations.push(rest[..end].replace("\\\"", "\""));
    }
    for rest in text.split("sangam explain '").skip(1) {
        operations.push(rest[..rest.find('\'').unwrap()].to_owned());
    }
    operations
}

async fn cost_of(gateway: &Gateway, operation: &str) -> u64 {
    cost_with(gateway, operation, &json!({})).await
}

async fn cost_with(gateway: &Gateway, operation: &str, variables: &serde_json::Value) -> u64 {
    let request = GraphqlRequest {
        query: Some(operation.to_owned()),
        variables: Some(Value::parse_json(variables.to_string().as_bytes()).unwrap()),
        ..GraphqlRequest::default()
    };
    let client = ClientContext::default();
    let explained = gateway.explain(&request, &client, false).await;
    let explained = explained
        .unwrap_or_else(|refusal| panic!("{operation}: {}", String::from_utf8_lossy(&refusal)));
    explained.cost.estimated
}

/// Prints the costs: shows the effect of a change of weights.
#[test]
#[allow(clippy::print_stdout)]
async fn what_is_shipped_costs_less_than_a_fifth_of_the_maximum() {
    let gateway = gateway();
    let max = Settings::default().cost.max as u64;
    let mut operations = Vec::new();
    for named in NamedOperation::all() {
        operations.push((named.text, named.variables));
    }
    for page in ["README.md", "docs/cost.md"] {
        let of_page = operations_of(&root().join(page)).into_iter();
        operations.extend(of_page.map(|operation| (operation, json!({}))));
    }
    assert!(operations.len() >= 4, "{operations:#?}");
    for (operation, variables) in &operations {
        let cost = cost_with(&gateway, operation, variables).await;
        println!("{cost:>6}  {}", operation.replace('\n', " "));
        assert!(cost > 0 && cost <= max / 5, "{cost}: {operation}");
    }
}

/// The specs are examples of what clients send, each for one connector.
#[test]
async fn what_the_specs_ask_costs_less_than_a_fifth_of_the_maximum() {
    let gateway = gateway();
    let max = Settings::default().cost.max as u64;
    let mut count = 0;
    for connector in std::fs::read_dir(root().join("connectors")).unwrap() {
        let folder = connector.unwrap().path();
        let specs = folder.join("specs");
        for spec in std::fs::read_dir(specs).into_iter().flatten() {
            let path = spec.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            for case in sangam::spec::read(&folder, &path).unwrap().cases {
                let cost = cost_of(&gateway, &case.operation).await;
                assert!(
                    cost <= max / 5,
                    "{}: {cost}: {}",
                    path.display(),
                    case.operation
                );
                count += 1;
            }
        }
    }
    assert!(count >= 20, "only {count} operations");
}

#[test]
async fn pages_that_multiply_cost_more_than_the_maximum() {
    let gateway = gateway();
    let max = Settings::default().cost.max as u64;
    let nested = |field: &str, levels: usize| {
        let (open, close) = field.split_once('…').unwrap();
        format!(
            "{{ districts {{ {}id: lgdCode {}}} }}",
            open.repeat(levels),
            close.repeat(levels)
        )
    };
    for (field, levels) in [
        ("grievances(first: 100) { nodes { district { … } } } ", 2),
        ("works(first: 100) { nodes { district { … } } } ", 2),
    ] {
        let operation = nested(field, levels);
        let cost = cost_of(&gateway, &operation).await;
        assert!(cost > max, "{cost}: {operation}");
    }
    // 114 bytes.
    let shortest = "{grievances(first:100){nodes{district{grievances(first:100){nodes{district{\
                    grievances(first:100){nodes{id}}}}}}}}}";
    assert!(shortest.len() <= 114, "{}", shortest.len());
    assert!(cost_of(&gateway, shortest).await > max);
}
