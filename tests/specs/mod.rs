//! The specs of all connectors, and their coverage.

mod selections;
mod single;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use sangam::config::Settings;
use sangam::connector::{Folder, Subgraph, SubgraphKind};
use sangam::gateway::{ClientContext, ConfiguredConnector, Gateway, GraphqlRequest};
use sangam::source::Wires;
use sangam::spec;
use sangam::spec::Suite;

fn folders() -> Vec<(PathBuf, Folder)> {
    folders_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors"))
}

/// The folders in a folder, by their names.
fn folders_in(root: &Path) -> Vec<(PathBuf, Folder)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    paths.sort();
    let folders = paths.into_iter();
    folders
        .map(|path| {
            let folder = Folder::read(&path);
            (path, folder)
        })
        .collect()
}

#[test(threads)]
async fn every_spec_is_answered_as_it_says() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let suite = Suite::new(folders(), Wires::default());
    let mut failures = Vec::new();
    let mut cases = 0;
    for (connector, folder) in suite.connectors() {
        for path in spec::files(folder).unwrap() {
            let report = suite.run(connector, &path).await;
            cases += report.cases;
            failures.extend(report.failures.iter().map(ToString::to_string));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
    assert!(cases > 0, "no spec was found");
}

/// The specs call every `@connect`, and select every field of every connector.
#[test]
async fn specs_cover_every_connect_and_every_field() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folders = folders();
    let members: Vec<ConfiguredConnector> = folders
        .iter()
        .filter_map(|(_, folder)| {
            Some(ConfiguredConnector {
                subgraph: folder.subgraph.clone()?,
                owner: None,
                description: None,
                settings: Default::default(),
            })
        })
        .collect();
    let gateway = Gateway::new(members, &Settings::default()).unwrap();
    // The specs of other connectors may use a lookup, so all specs count for all connectors.
    let mut covered = BTreeSet::new();
    for (path, _) in &folders {
        for file in spec::files(path).unwrap() {
            for case in spec::read(path, &file).unwrap().cases {
                cover(&gateway, &case.operation, &mut covered).await;
            }
        }
    }
    let subgraphs = folders
        .iter()
        .filter_map(|(_, folder)| folder.subgraph.as_ref());
    // A field that one folder hides is hidden, whatever the others say.
    let hidden: BTreeSet<String> = subgraphs.clone().flat_map(hidden).collect();
    let missing: Vec<String> = subgraphs
        .flat_map(offered)
        .filter(|name| !covered.contains(name) && !hidden.contains(name))
        .filter(|name| !selections::is_of_subscription(name))
        .collect();
    assert!(
        missing.is_empty(),
        "no spec covers:\n{}",
        missing.join("\n")
    );
}

/// Adds the coordinates of the connects that an operation calls and of the fields that it selects. A refused operation covers
/// nothing: its spec tests the refusal.
async fn cover(gateway: &Gateway, operation: &str, covered: &mut BTreeSet<String>) {
    let request = GraphqlRequest {
        query: Some(operation.to_owned()),
        ..GraphqlRequest::default()
    };
    let Ok(explained) = gateway
        .explain(&request, &ClientContext::default(), false)
        .await
    else {
        return;
    };
    let fetches = explained.plan_json["fetches"].as_array().unwrap();
    let coordinates = fetches
        .iter()
        .filter_map(|fetch| fetch["coordinate"].as_str());
    covered.extend(coordinates.map(str::to_owned));
    let api = &gateway.composed().api;
    let document = ExecutableDocument::parse_and_validate(api, operation, "spec").unwrap();
    for operation in document.operations.iter() {
        fields(&document, &operation.selection_set, covered);
    }
}

fn fields(document: &ExecutableDocument, set: &SelectionSet, covered: &mut BTreeSet<String>) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                covered.insert(format!("{}.{}", set.ty, field.name));
                fields(document, &field.selection_set, covered);
            }
            Selection::InlineFragment(fragment) => {
                fields(document, &fragment.selection_set, covered)
            }
            Selection::FragmentSpread(spread) => {
                let fragment = &document.fragments[&spread.fragment_name];
                fields(document, &fragment.selection_set, covered);
            }
        }
    }
}

/// The coordinates of the fields that a connector hides from clients.
fn hidden(subgraph: &Subgraph) -> Vec<String> {
    let types = subgraph.schema.types.values();
    let objects = types.filter_map(|ty| ty.as_object());
    let fields = objects.flat_map(|object| object.fields.iter().map(move |field| (object, field)));
    fields
        .filter(|(_, (_, field))| field.directives.has("inaccessible"))
        .map(|(object, (name, _))| format!("{}.{name}", object.name))
        .collect()
}

/// The coordinates of a connector's connects and fields, without the types that it only refers to (`resolvable: false`).
fn offered(subgraph: &Subgraph) -> Vec<String> {
    let mut offered = Vec::new();
    if let SubgraphKind::Connectors { connects, .. } = &subgraph.kind {
        offered.extend(connects.iter().map(|connect| connect.coordinate.clone()));
    }
    for (name, ty) in &subgraph.schema.types {
        let ExtendedType::Object(object) = ty else {
            continue;
        };
        let referred = object.directives.get_all("key").any(|key| {
            let resolvable = key.specified_argument_by_name("resolvable");
            resolvable.is_some_and(|value| value.to_bool() == Some(false))
        });
        if name.starts_with("__") {
            continue;
        }
        for (field, definition) in &object.fields {
            let is_external = definition.directives.has("external");
            let is_key = referred && object.fields.len() == 1;
            if !is_external && !is_key {
                offered.push(format!("{name}.{field}"));
            }
        }
    }
    offered
}
