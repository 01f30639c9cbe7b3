//! Global object identification: types with `@node` get `id: ID!`, and `Query.node` and `Query.nodes` find their objects.
//!
//! The gateway adds one more subgraph, [`NODE_CONNECTOR`]. It defines `Node`, the two fields of `Query`, and each type with
//! its key and its `id`, so all rules of composition apply to them, and a supergraph has them. Nothing is called for it:
//!
//! - The planner looks `id` up by the key, as it does for any field of an entity. Lowering takes these lookups out of the plan
//!   again, and the writer makes the id from the fields of the key ([`node_id`](super::node_id)).
//! - `Query.node` is a call of a schema in this process, which gives what the id has: the type and the key. All other fields
//!   are looked up. A lookup of the folder with the directive tells whether the object exists.

pub(crate) mod names;
mod sdl;
mod types;

use apollo_compiler::parser::SourceSpan;

use self::names::{ID, NODE, NODE_CONNECTOR, NODE_FIELD, NODES_FIELD, is_own};
use self::types::{Identified, IdentifiedTypes};
use super::query::QueryGraph;
use super::report::{Finding, Report};
use super::{Composed, code};
use crate::connector::diagnostic::SourceFiles;
use crate::connector::{Diagnostic, NodeType, Subgraph, normalise};

/// Adds the subgraph, if some type has the directive.
///
/// # Errors
/// The directive conflicts with names that connectors use.
pub(crate) fn add(mut subgraphs: Vec<Subgraph>) -> Result<Vec<Subgraph>, Vec<Diagnostic>> {
    // A supergraph that was written before has it already.
    subgraphs.retain(|subgraph| !is_own(subgraph));
    let (types, mut diagnostics) = identified(&subgraphs);
    if types.is_empty() && diagnostics.is_empty() {
        return Ok(subgraphs);
    }
    diagnostics.extend(names_taken(&subgraphs, &types));
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    let text = sdl::write(&subgraphs, &types);
    let (own, diagnostics) = normalise(NODE_CONNECTOR, NODE_CONNECTOR, &text);
    subgraphs.push(own.ok_or(diagnostics)?);
    subgraphs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(subgraphs)
}

/// The types with the directive. In several subgraphs, it is an error in all but the first.
fn identified(subgraphs: &[Subgraph]) -> (IdentifiedTypes, Vec<Diagnostic>) {
    let (mut types, mut diagnostics) = (IdentifiedTypes::new(), Vec::new());
    for (index, subgraph) in subgraphs.iter().enumerate() {
        for name in subgraph.schema.types.keys() {
            let Some(node) = NodeType::of(&subgraph.schema, name) else {
                continue;
            };
            let at = node.directive.location();
            if let Some(first) = types.get(name) {
                let first: &Identified = first;
                let message = format!("`{name}` has `@node` in two connectors");
                let help = "leave it in the one that says which objects exist";
                let error = conflict(subgraph, message, at).help(help);
                diagnostics.push(related(error, subgraphs, first, "the other one"));
                continue;
            }
            let identified = Identified {
                owner: index,
                key: node.key,
                at,
            };
            types.insert(name.clone(), identified);
        }
    }
    (types, diagnostics)
}

/// An error for each name that is needed and that a connector uses.
fn names_taken(subgraphs: &[Subgraph], types: &IdentifiedTypes) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let Some((first, use_of)) = types.first_key_value() else {
        return diagnostics;
    };
    for subgraph in subgraphs {
        let schema = &subgraph.schema;
        let ty = schema.types.get(NODE);
        let mut taken: Vec<_> = ty
            .map(|ty| (NODE.to_owned(), ty.name().location()))
            .into_iter()
            .collect();
        for name in [NODE_FIELD, NODES_FIELD] {
            if let Ok(field) = schema.type_field("Query", name) {
                taken.push((format!("Query.{name}"), field.location()));
            }
        }
        for (name, at) in taken {
            let message = format!("`{name}` is the gateway's, because `{first}` has `@node`");
            let help = "rename it, or take `@node` off all types: without it, a connector may have the name";
            let error = conflict(subgraph, message, at).help(help);
            diagnostics.push(related(error, subgraphs, use_of, "the directive"));
        }
        for (name, use_of) in types {
            if let Ok(field) = schema.type_field(name, ID) {
                let message =
                    format!("`{name}.{ID}` is the gateway's, because `{name}` has `@node`");
                let help = "rename the field: an id that an upstream gives is another field, such as `code`";
                let error = conflict(subgraph, message, field.location()).help(help);
                diagnostics.push(related(error, subgraphs, use_of, "the directive"));
            }
        }
    }
    diagnostics
}

fn conflict(subgraph: &Subgraph, message: String, at: Option<SourceSpan>) -> Diagnostic {
    let sources = SourceFiles::new(subgraph.schema.sources.clone());
    Diagnostic::error(&code::NODE_CONFLICT, &subgraph.name, message).at(sources.span(at))
}

/// With the place of a directive.
fn related(error: Diagnostic, subgraphs: &[Subgraph], of: &Identified, note: &str) -> Diagnostic {
    let sources = SourceFiles::new(subgraphs[of.owner].schema.sources.clone());
    error.label(sources.span(of.at), note.to_owned())
}

/// Checks that the folder of each type can tell whether an object exists.
pub(crate) fn check(composed: &Composed, graph: &QueryGraph, report: &mut Report) {
    let Some(identification) = &graph.identification else {
        return;
    };
    for (index, subgraph) in composed.subgraphs.iter().enumerate() {
        for name in subgraph.schema.types.keys() {
            let node = NodeType::of(&subgraph.schema, name);
            let Some((node, ty)) = node.zip(graph.types.id(name)) else {
                continue;
            };
            let lookups = identification.lookups.get(&ty);
            if lookups.is_some_and(|lookups| !lookups.is_empty()) {
                continue;
            }
            let message = format!("`{name}` cannot be looked up here by `{}`", node.key);
            let finding = Finding::new(&code::NODE_NOT_LOOKED_UP, index, message);
            report.push(finding.at(node.directive).help(
                "`Query.node` must know whether the object exists: add a field of `Query` with `entity: true`, a `@connect` on \
                 the type, or `@entityList`; of a GraphQL service, a resolvable `@key`",
            ));
        }
    }
}
