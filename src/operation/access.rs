//! Refuses operations that read restricted fields: `@authenticated`, `@requiresScopes`, `@policy`.
//!
//! The gateway has no authentication yet, so no request may read such a field. This covers fields that the operation
//! selects, and fields that the plan reads for it: keys, `@requires`, `$this`, and fields reached through an interface. All
//! of these are slots of the plan, so the check walks the slots.

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;

use crate::graph::query::QueryGraph;
use crate::plan::Plan;

const ACCESS_DIRECTIVES: [&str; 3] = ["authenticated", "requiresScopes", "policy"];

/// The coordinate of a restricted field that the plan reads: of several the first by name, so that it depends neither on
/// the order of the types in the schema nor on the plan.
pub(super) fn restricted_field(plan: &Plan, graph: &QueryGraph) -> Option<String> {
    let slots = plan.positions.iter().flat_map(|position| &position.slots);
    let fields = slots.flat_map(|slot| {
        let types = slot.types.iter().map(|ty| graph.types.name(*ty));
        types.map(|ty| (ty, &*slot.key.field))
    });
    fields
        .filter(|(ty, field)| is_restricted(&graph.merged, ty, field))
        .min()
        .map(|(ty, field)| format!("{ty}.{field}"))
}

/// Whether a field is restricted: by a directive on the field, on its parent type, on an interface of the parent, or on the
/// type that it returns.
fn is_restricted(schema: &Schema, parent: &str, field: &str) -> bool {
    let Some(definition) = schema.types.get(parent) else {
        return false;
    };
    let interfaces = match definition {
        ExtendedType::Object(object) => object
            .implements_interfaces
            .iter()
            .map(|i| i.name.as_str())
            .collect(),
        ExtendedType::Interface(interface) => interface
            .implements_interfaces
            .iter()
            .map(|i| i.name.as_str())
            .collect(),
        _ => Vec::new(),
    };
    let types = std::iter::once(parent).chain(interfaces);
    types.into_iter().any(|ty| {
        let Ok(field) = schema.type_field(ty, field) else {
            return is_restricted_type(schema, ty);
        };
        ACCESS_DIRECTIVES
            .iter()
            .any(|name| field.directives.has(name))
            || is_restricted_type(schema, ty)
            || is_restricted_type(schema, field.ty.inner_named_type())
    })
}

fn is_restricted_type(schema: &Schema, name: &str) -> bool {
    schema.types.get(name).is_some_and(|ty| {
        ACCESS_DIRECTIVES
            .iter()
            .any(|directive| ty.directives().has(directive))
    })
}
