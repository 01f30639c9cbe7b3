//! `@cacheTag(format:)`: a tag may use only what is known when it is made: arguments of a root field, or key fields of
//! an entity.

use apollo_compiler::schema::{Component, Directive, FieldDefinition};

use super::super::field_sets::fields_of;
use super::super::report::{Finding, Report};
use super::super::view::View;
use super::super::{code, federation as fed};
use crate::connector::{FieldSet, FieldSetItem};

pub(super) fn check(graph: usize, view: &View<'_>, report: &mut Report) {
    for (parent, ty) in view.types() {
        for directive in ty.directives().get_all(fed::CACHE_TAG) {
            for finding in on_type(graph, view, parent, directive) {
                report.push(finding.at(&directive.node));
            }
        }
        for (name, definition) in fields_of(ty) {
            for directive in definition.directives.get_all(fed::CACHE_TAG) {
                let at = format!("{parent}.{name}");
                let root = view.is_root(parent);
                for finding in on_field(graph, &at, root, definition, directive) {
                    report.push(finding.at(directive));
                }
            }
        }
    }
}

fn wrong(graph: usize, message: String, help: &str) -> Finding {
    Finding::new(&code::CACHE_TAG_INVALID_FORMAT, graph, message).help(help)
}

fn on_field(
    graph: usize,
    at: &str,
    root: bool,
    definition: &Component<FieldDefinition>,
    directive: &Directive,
) -> Vec<Finding> {
    if !root {
        let message = format!("@cacheTag stands on `{at}`, which is no field of a root type");
        return vec![wrong(
            graph,
            message,
            "write it on a root field or on an entity type",
        )];
    }
    let format = fed::string(directive, "format").unwrap_or_default();
    let unknown = placeholders(format).into_iter().filter(|inner| {
        let path = inner.strip_prefix("$args.");
        let first = path.and_then(|path| path.split('.').next());
        first.is_none_or(|first| definition.argument_by_name(first.trim()).is_none())
    });
    unknown
        .map(|inner| {
            let message = format!(
                "the cache tag of `{at}` reads `{{{inner}}}`, which is no argument of the field"
            );
            wrong(
                graph,
                message,
                "a root field's tag reads its arguments: {$args.name}",
            )
        })
        .collect()
}

fn on_type(
    graph: usize,
    view: &View<'_>,
    name: &apollo_compiler::Name,
    directive: &Directive,
) -> Vec<Finding> {
    let Some(keys) = view.keys.get(name) else {
        let message = format!("@cacheTag stands on `{name}`, which is no entity");
        return vec![wrong(
            graph,
            message,
            "write it on a root field or on a type with a @key",
        )];
    };
    let format = fed::string(directive, "format").unwrap_or_default();
    let unknown = placeholders(format).into_iter().filter(|inner| {
        let path = inner.strip_prefix("$key.");
        let first = path.and_then(|path| path.split('.').next());
        first.is_none_or(|first| !keys.iter().all(|key| has(&key.key.fields, first.trim())))
    });
    unknown
        .map(|inner| {
            let message = format!("the cache tag of `{name}` reads `{{{inner}}}`, which is not in every key of the type");
            wrong(graph, message, "an entity's tag reads its key: {$key.id}")
        })
        .collect()
}

fn has(set: &FieldSet, wanted: &str) -> bool {
    set.items.iter().any(|item| match item {
        FieldSetItem::Field { name, .. } => name == wanted,
        FieldSetItem::Fragment { .. } => false,
    })
}

/// The expressions in braces.
fn placeholders(format: &str) -> Vec<&str> {
    let pieces = format.split('{').skip(1);
    pieces
        .filter_map(|piece| piece.split_once('}').map(|(inner, _)| inner.trim()))
        .collect()
}
