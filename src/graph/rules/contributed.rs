//! A field that a connector folder adds to an entity of another connector must be nullable, so that the failure of one
//! upstream does not null the data of others.
//!
//! Federation does not say who owns an entity. Here it is the subgraph with a root field that returns the entity: only
//! there an object can come into a response without another subgraph. The rule is Sangam's own. It is an error for
//! folders with `@connect`, and a warning for GraphQL services, which are made elsewhere.

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use super::super::code;
use super::super::field_sets::fields_of;
use super::super::identification::names::is_own;
use super::super::join::Joins;
use super::super::report::{Finding, Report, graph_names};
use super::super::view::View;
use crate::connector::SubgraphKind;

/// Checks every field of an entity that exactly one connector, not the owner, resolves.
pub(crate) fn contributed_fields_are_nullable(
    merged: &Schema,
    joins: &Joins,
    views: &[View<'_>],
    report: &mut Report,
) {
    for (name, ty) in merged.types.iter().filter(|(_, ty)| ty.is_object()) {
        let Some(join) = joins.types.get(name) else {
            continue;
        };
        let owners: Vec<usize> = join
            .graphs
            .keys()
            .copied()
            .filter(|&graph| !is_own(views[graph].subgraph) && offers(&views[graph], name))
            .collect();
        if owners.is_empty() || join.graphs.values().all(|here| here.keys.is_empty()) {
            continue;
        }
        for (field, definition) in fields_of(ty).filter(|(_, field)| field.ty.is_non_null()) {
            let graphs = &join.fields[field].graphs;
            let mut resolving = graphs.iter().filter(|(_, here)| here.resolves());
            let (Some((&graph, _)), None) = (resolving.next(), resolving.next()) else {
                continue;
            };
            // `id` is null only where the key is.
            if is_own(views[graph].subgraph) {
                continue;
            }
            if owners.contains(&graph) || is_key(&views[graph], name, field) {
                continue;
            }
            let message = format!(
                "field `{name}.{field}` is `{}`, but `{name}` belongs to {}",
                definition.ty,
                graph_names(views, owners.iter().copied())
            );
            let code = &code::CONTRIBUTED_FIELD_NOT_NULLABLE;
            let finding = match views[graph].subgraph.kind {
                SubgraphKind::Connectors { .. } => Finding::new(code, graph, message),
                _ => Finding::warning(code, graph, message),
            };
            let at = views[graph].field(name, field);
            report.push(
                finding
                    .at_span(at.and_then(|field| field.location()))
                    .help("drop the outer `!`: when this connector is down, only this field may be lost, not the whole object"),
            );
        }
    }
}

/// Whether a root field of the connector returns the type.
fn offers(view: &View<'_>, name: &Name) -> bool {
    let query = view.schema.schema_definition.query.as_ref();
    let fields = query
        .and_then(|root| view.schema.types.get(&root.name))
        .into_iter()
        .flat_map(fields_of);
    fields.into_iter().any(|(_, field)| {
        let given = field.ty.inner_named_type();
        given == name
            || match view.schema.types.get(given) {
                Some(ExtendedType::Union(union)) => union.members.contains(name.as_str()),
                Some(ExtendedType::Interface(_)) => view.schema.is_subtype(given, name),
                _ => false,
            }
    })
}

fn is_key(view: &View<'_>, name: &Name, field: &Name) -> bool {
    let keys = view.keys.get(name).into_iter().flatten();
    keys.into_iter().any(|key| {
        key.key.fields.items.iter().any(|item| match item {
            crate::connector::FieldSetItem::Field { name, .. } => name == field,
            crate::connector::FieldSetItem::Fragment { .. } => false,
        })
    })
}
