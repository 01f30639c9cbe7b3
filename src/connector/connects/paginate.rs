//! `@paginate`: how the pages of an upstream are read to their end. `schema/wire.graphql` describes it.

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use apollo_compiler::ast::Value;

use crate::connector::diagnostic::code;
use crate::connector::expression::Expressions;
use crate::connector::expression::Form;
use crate::connector::expression::Place;
use crate::connector::findings::Findings;
use crate::connector::model::CutOff;
use crate::connector::model::PageStyle;
use crate::connector::model::Pagination;
use crate::mapping::Selection;

const DEFAULT_MAX_PAGES: usize = 100;
const DEFAULT_MAX_ITEMS: usize = 10_000;

/// Reads the directive; its mappings are added to the expressions of the connect beside it.
pub(crate) fn read(
    directive: &Node<Directive>,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> Option<Pagination> {
    let argument = |name: &str| directive.specified_argument_by_name(name);
    let style = match argument("by")?.as_enum()?.as_str() {
        "OFFSET" => PageStyle::Offset,
        "PAGE" => PageStyle::Page,
        "CURSOR" => PageStyle::Cursor,
        _ => return None,
    };
    check_arguments(directive, style, findings);
    let mut mapping = |place: Place, name: &'static str| -> Option<Arc<Selection>> {
        let literal = argument(name)?;
        expressions
            .at(place)
            .mapping(name, literal, Form::Value, findings)
    };
    let limit = mapping(Place::Limit, "limit");
    let items = mapping(Place::Page, "items");
    let total = mapping(Place::Page, "total");
    let more = mapping(Place::Page, "more");
    let next = mapping(Place::Page, "next");
    expressions.at(Place::Request);
    let mut number = |name: &'static str, least: i32| count(directive, name, least, findings);
    let size = number("size", 1);
    let first = number("first", 0);
    let max_pages = number("maxPages", 1);
    let max_items = number("maxItems", 1);
    Some(Pagination {
        style,
        size,
        first: first.unwrap_or(usize::from(style == PageStyle::Page)),
        items,
        total,
        more,
        next,
        limit,
        max_pages: max_pages.unwrap_or(DEFAULT_MAX_PAGES),
        max_items: max_items.unwrap_or(DEFAULT_MAX_ITEMS),
        cut_off: match argument("cutOff").and_then(|value| value.as_enum()) {
            Some(name) if name == "WARN" => CutOff::Warn,
            _ => CutOff::Error,
        },
    })
}

/// A number argument that is at least so much.
fn count(
    directive: &Node<Directive>,
    name: &'static str,
    least: i32,
    findings: &mut Findings,
) -> Option<usize> {
    let value = directive.specified_argument_by_name(name)?;
    let number = value.to_i32()?;
    if number < least {
        push(value, format!("`{name}` is at least {least}"), "", findings);
    }
    usize::try_from(number).ok()
}

/// Which arguments a style needs, and which mean nothing to it.
fn check_arguments(directive: &Node<Directive>, style: PageStyle, findings: &mut Findings) {
    let has = |name: &str| directive.specified_argument_by_name(name);
    let (name, needed, why, senseless): (_, _, _, &[&str]) = match style {
        PageStyle::Offset => ("OFFSET", "size", "how many items a page has", &["next"]),
        PageStyle::Page => ("PAGE", "size", "how many items a page has", &["next"]),
        PageStyle::Cursor => (
            "CURSOR",
            "next",
            "where the next cursor is",
            &["first", "total"],
        ),
    };
    if has(needed).is_none() {
        findings.push(
            findings
                .error(
                    &code::INVALID_PAGINATION,
                    format!("`@paginate(by: {name})` needs `{needed}`"),
                )
                .at(findings.span(directive.location()))
                .help(format!("add `{needed}:` to say {why}")),
        );
    }
    for senseless in senseless {
        if let Some(value) = has(senseless) {
            let message = format!("`{senseless}` means nothing with `by: {name}`");
            push(value, message, "leave it out", findings);
        }
    }
}

fn push(value: &Node<Value>, message: String, help: &str, findings: &mut Findings) {
    let help = (!help.is_empty()).then(|| help.to_owned());
    findings.push(
        findings
            .error(&code::INVALID_PAGINATION, message)
            .at(findings.span(value.location()))
            .help_opt(help),
    );
}
