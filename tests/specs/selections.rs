//! Coverage of selections: for every field that the selection of a `@connect` yields, the operation of some spec reads it
//! from this connect. The same field of another connect does not count, since it has another mapping.
//!
//! Fields that clients do not see (`@inaccessible`) are left out: specs ask as clients do. So are the edges and the `pageInfo` of
//! connections, which the gateway makes of `nodes`: tests/execution/connections.md has them.
//!
//! This plans the operations of the specs, and inspects the plans. It executes nothing: running the specs tests the
//! responses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sangam::config::Settings;
use sangam::connector::{Connect, ConnectKind, FieldSetItem, Site, Subgraph, SubgraphKind};
use sangam::graph::compose;
use sangam::graph::query::QueryGraph;
use sangam::mapping::Shape;
use sangam::operation::Compiler;
use sangam::plan::{FetchCall, Plan, ReadId};

/// The exceptions, with their reasons. The list may only shrink.
const NOT_ASKED: [(&str, &str, &str); 0] = [];

/// Paths of fields by the coordinate of their connect.
type Paths = BTreeMap<String, BTreeSet<String>>;

#[test]
fn every_selected_field_has_a_spec() {
    let folders = super::folders();
    let subgraphs = folders
        .iter()
        .filter_map(|(_, folder)| folder.subgraph.clone());
    let (composed, diagnostics) = compose(subgraphs.collect());
    let composed = composed.unwrap_or_else(|| panic!("{diagnostics:#?}"));
    let graph = Arc::new(QueryGraph::new(&composed));
    let compiler = crate::plans::compiler(&composed, &graph, &Settings::default());
    let mut covered = Paths::new();
    for (path, _) in &folders {
        for file in sangam::spec::files(path).unwrap() {
            let spec =
                sangam::spec::read(path, &file).unwrap_or_else(|problems| panic!("{problems:?}"));
            for case in spec.cases {
                cover(&compiler, &graph, &case.operation, &mut covered);
            }
        }
    }
    let hidden = hidden(&composed.subgraphs);
    let mut missing = BTreeSet::new();
    for subgraph in composed.subgraphs.iter() {
        let SubgraphKind::Connectors { connects, .. } = &subgraph.kind else {
            continue;
        };
        for connect in connects {
            if is_of_subscription(&connect.coordinate) {
                continue;
            }
            let read = covered.remove(&connect.coordinate).unwrap_or_default();
            let yielded = yielded(connect);
            let visible = yielded.difference(&read).filter(|path| {
                let name = path.rsplit('.').next().unwrap_or_default();
                !hidden.contains(name)
            });
            missing.extend(visible.map(|path| (connect.coordinate.clone(), path.clone())));
        }
    }
    for (coordinate, path, _) in NOT_ASKED {
        let waived = missing.remove(&(coordinate.to_owned(), path.to_owned()));
        assert!(
            waived,
            "{coordinate}: a spec asks for {path} now; strike it from the list"
        );
    }
    assert!(missing.is_empty(), "no spec asks for:\n{missing:#?}");
}

/// A spec has one response for an operation. Subscriptions have a test of their own: `gateway::subscriptions::sample`.
pub(super) fn is_of_subscription(coordinate: &str) -> bool {
    coordinate.contains("Subscription.")
}

/// The names of the fields that some folder hides from clients.
fn hidden(subgraphs: &[Subgraph]) -> BTreeSet<String> {
    let types = subgraphs
        .iter()
        .flat_map(|subgraph| subgraph.schema.types.values());
    let objects = types.filter_map(|ty| ty.as_object());
    let fields = objects.flat_map(|object| &object.fields);
    let hidden = fields.filter(|(_, field)| field.directives.has("inaccessible"));
    hidden.map(|(name, _)| name.to_string()).collect()
}

/// Notes what the plan of a spec's operation reads of which connect.
fn cover(compiler: &Compiler, graph: &QueryGraph, operation: &str, covered: &mut Paths) {
    // A spec may show how an invalid operation is refused; it covers nothing.
    let Ok(document) = compiler.document(operation) else {
        return;
    };
    for operation in document.operations.iter() {
        let operation = compiler.operation(document.clone(), operation.name.as_deref());
        let plan = operation.unwrap().plan;
        for fetch in &plan.fetches {
            let FetchCall::Connect { connect, .. } = &fetch.call else {
                continue;
            };
            let connect = graph.connect(fetch.subgraph, *connect).unwrap();
            let paths = covered.entry(connect.coordinate.clone()).or_default();
            match &connect.site {
                Site::Type { .. } => read(&plan, fetch.read, "", paths),
                // The field itself does not belong to the fields of its selection.
                Site::Field { .. } => {
                    for below in plan
                        .read(fetch.read)
                        .fields
                        .iter()
                        .filter_map(|field| field.read)
                    {
                        read(&plan, below, "", paths);
                    }
                }
            }
        }
    }
}

fn read(plan: &Plan, id: ReadId, above: &str, paths: &mut BTreeSet<String>) {
    for field in &plan.read(id).fields {
        let path = format!("{above}.{}", field.name);
        if let Some(below) = field.read {
            read(plan, below, &path, paths);
        }
        paths.insert(path);
    }
}

/// The fields of a connect's selection, without the keys by which a batch is matched, which no client selects.
fn yielded(connect: &Connect) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    fields(connect.selection.shape(), "", &mut paths);
    if paths.contains(".edges.cursor") && paths.contains(".nodes") {
        let is_made = |path: &String| path.starts_with(".edges") || path.starts_with(".pageInfo");
        paths.retain(|path| !is_made(path));
    }
    if let ConnectKind::Batch { key, .. } | ConnectKind::Single { key } = &connect.kind {
        for item in &key.items {
            if let FieldSetItem::Field { name, .. } = item {
                paths.remove(&format!(".{name}"));
            }
        }
    }
    paths
}

fn fields(shape: &Shape, above: &str, paths: &mut BTreeSet<String>) {
    match shape {
        Shape::Object { fields: inner, .. } => {
            for (name, shape) in inner {
                let path = format!("{above}.{name}");
                fields(shape, &path, paths);
                paths.insert(path);
            }
        }
        Shape::OneOf(shapes) | Shape::Array(shapes) => {
            shapes.iter().for_each(|shape| fields(shape, above, paths))
        }
        Shape::Any | Shape::Scalar(_) | Shape::Literal(_) => {}
    }
}
