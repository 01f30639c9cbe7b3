//! `@interfaceObject`: an object type that represents an interface of another connector.

use apollo_compiler::Name;

use super::super::report::{Finding, Report};
use super::super::view::View;
use super::super::{code, federation as fed};

pub(super) fn check(views: &[View<'_>], report: &mut Report) {
    for (graph, view) in views.iter().enumerate() {
        for (name, ty) in view.types() {
            let Some(directive) = ty.directives().get(fed::INTERFACE_OBJECT) else {
                continue;
            };
            let mut wrong = |message: String, help: &str| {
                report.push(
                    Finding::new(&code::INTERFACE_OBJECT_USAGE_ERROR, graph, message)
                        .at(&directive.node)
                        .help(help),
                );
            };
            if !view.keys.contains_key(name) {
                wrong(
                    format!("interface object `{name}` has no @key"),
                    "give it the key by which the connector that owns the interface resolves it",
                );
            }
            let owners: Vec<&View<'_>> = views
                .iter()
                .filter(|other| {
                    other
                        .schema
                        .types
                        .get(name)
                        .is_some_and(|ty| ty.is_interface())
                })
                .collect();
            if owners.is_empty() {
                wrong(
                    format!("no connector defines the interface that `{name}` stands for"),
                    "add the connector that owns the interface, or remove @interfaceObject",
                );
            } else if !owners.iter().any(|owner| owner.keys.contains_key(name)) {
                wrong(
                    format!(
                        "the interface that `{name}` stands for has no @key where it is defined"
                    ),
                    "the connector that owns the interface must resolve it by @key",
                );
            }
            if let Some(implementation) = implementation_here(views, view, name) {
                wrong(
                    format!(
                        "`{implementation}` implements the interface that `{name}` stands for, and is defined here too"
                    ),
                    "a connector with an interface object knows none of the implementations: remove the one or the other",
                );
            }
        }
    }
}

fn implementation_here<'a>(
    views: &'a [View<'_>],
    view: &View<'_>,
    interface: &Name,
) -> Option<&'a Name> {
    views
        .iter()
        .flat_map(|other| other.types())
        .filter_map(|(name, ty)| ty.as_object().map(|object| (name, object)))
        .find(|(name, object)| {
            object.implements_interfaces.contains(interface.as_str())
                && view.schema.types.contains_key(*name)
        })
        .map(|(name, _)| name)
}
