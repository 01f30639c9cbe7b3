//! Keys of interfaces: a subgraph that resolves an interface by a key must define every implementation, each with this
//! key.

use super::super::report::{Finding, Report, graph_names};
use super::super::view::View;
use super::super::{code, federation as fed};

pub(super) fn check(graph: usize, view: &View<'_>, report: &mut Report) {
    let implementers = view.schema.implementers_map();
    for (interface, keys) in &view.keys {
        if !view.schema.types[interface].is_interface() {
            continue;
        }
        let objects = implementers.get(interface).map(|under| &under.objects);
        for object in objects.into_iter().flatten() {
            let object_keys = view.keys.get(object);
            for key in keys {
                let has = object_keys.into_iter().flatten().any(|candidate| {
                    candidate.key.fields == key.key.fields
                        && candidate.key.resolvable >= key.key.resolvable
                });
                if !has {
                    report.push(
                        Finding::new(
                            &code::INTERFACE_KEY_NOT_ON_IMPLEMENTATION,
                            graph,
                            format!(
                                "type `{object}` lacks the key \"{}\" of its interface `{interface}`",
                                super::super::field_sets::print(&key.key.fields)
                            ),
                        )
                        .at_span(view.schema.types[object].location())
                        .related(graph, key.at, "the interface's key")
                        .help("write the same @key on every implementation"),
                    );
                }
            }
        }
    }
}

/// A looked-up interface may turn out to be any implementation of the whole graph.
pub(super) fn implementations_are_known(views: &[View<'_>], report: &mut Report) {
    let all: Vec<_> = views
        .iter()
        .map(|view| view.schema.implementers_map())
        .collect();
    for (graph, view) in views.iter().enumerate() {
        for (interface, keys) in &view.keys {
            if !view.schema.types[interface].is_interface() {
                continue;
            }
            for (other, elsewhere) in views.iter().enumerate() {
                let objects = all[other].get(interface).map(|under| &under.objects);
                for object in objects.into_iter().flatten() {
                    let is_defined = all[graph]
                        .get(interface)
                        .is_some_and(|under| under.objects.contains(object));
                    if is_defined {
                        continue;
                    }
                    report.push(
                        Finding::new(
                            &code::INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE,
                            graph,
                            format!(
                                "interface `{interface}` has a @key here, but its implementation `{object}` is only known to {}",
                                graph_names(views, [other])
                            ),
                        )
                        .at_span(keys.first().and_then(|key| key.at))
                        .related(
                            other,
                            elsewhere.schema.types[object].location(),
                            format!("implements `{interface}`"),
                        )
                        .help(format!(
                            "add `{object}` here, or let the other connector see the interface as an @{}",
                            fed::INTERFACE_OBJECT
                        )),
                    );
                }
            }
        }
    }
}
