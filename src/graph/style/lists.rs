//! Lists: connections, filters, the order; and the day of summaries.

use apollo_compiler::schema::ExtendedType;

use super::facts::Facts;
use super::folder::{Field, Folder, Input, fields};
use super::report::StyleReport;
use super::words::words;
use crate::connector::diagnostic::style_code as code;
use crate::connector::{SubgraphKind, list};

/// Arguments of other ways to read a list in parts.
const OTHER_PAGING: [&str; 9] = [
    "offset",
    "page",
    "skip",
    "limit",
    "pageNumber",
    "pageNo",
    "pageSize",
    "perPage",
    "size",
];

/// Other names for `orderBy`.
const OTHER_ORDER: [&str; 5] = ["order", "orderby", "sort", "sortBy", "sorting"];

/// The arguments of a list that are no criteria, as they do not choose its elements.
const OTHER: [&str; 7] = [
    "first", "after", "last", "before", "filter", "orderBy", "language",
];

pub(super) fn check(facts: &Facts<'_>, folder: &Folder<'_>, report: &mut StyleReport) {
    for field in &folder.fields {
        paging(field, folder, report);
        filter(field, folder, report);
        size(field, facts, folder, report);
    }
    for ty in &folder.types {
        if let ExtendedType::Object(_) = ty {
            page_type(ty, folder, report);
            as_of(ty, facts, folder, report);
        }
    }
}

/// A list is read in parts by `first` and `after`.
fn paging(field: &Field<'_>, folder: &Folder<'_>, report: &mut StyleReport) {
    let arguments: Vec<&Input<'_>> = folder.arguments(field).collect();
    let has = |name: &str| {
        field
            .definition
            .arguments
            .iter()
            .any(|one| one.name == name)
    };
    let other = |one: &&&Input<'_>| OTHER_PAGING.contains(&one.definition.name.as_str());
    let (at, message) = if let Some(argument) = arguments.iter().find(other) {
        let message = format!(
            "`{}` pages by `{}`",
            field.coordinate, argument.definition.name
        );
        (argument, message)
    } else if let Some(first) = arguments.iter().find(|one| one.definition.name == "first")
        && !has("after")
    {
        (
            first,
            format!("`{}` has `first` without `after`", field.coordinate),
        )
    } else {
        return;
    };
    report.add(
        &code::STYLE_PAGING,
        &at.coordinate,
        at.at(),
        message,
        connection_help(folder),
    );
}

fn connection_help(folder: &Folder<'_>) -> &'static str {
    match folder.subgraph.kind {
        SubgraphKind::Connectors { .. } => {
            "make it a connection with `@paginate` and `@connection`: clients read it by `first` and `after`"
        }
        _ => {
            "let the service give a connection: `first`, `after`, `nodes`, `edges { cursor node }`, `pageInfo`"
        }
    }
}

/// A list that clients reach from a root or from an entity says its size.
fn size(field: &Field<'_>, facts: &Facts<'_>, folder: &Folder<'_>, report: &mut StyleReport) {
    let definition = field.definition;
    let of = folder.schema().types.get(definition.ty.inner_named_type());
    let is_of_objects = of.is_some_and(|of| of.is_object() || of.is_interface() || of.is_union());
    let is_entity = facts.entities.contains_key(field.parent.name().as_str());
    if definition.ty.is_list()
        && is_of_objects
        && (field.root.is_some() || is_entity)
        && !definition.directives.has("listSize")
    {
        report.add(
            &code::STYLE_LIST_SIZE,
            &field.coordinate,
            field.at(),
            format!("`{}` does not say its size", field.coordinate),
            "write `@listSize(assumedSize: …)` on a closed list, and make one that grows a connection",
        );
    }
}

/// A type that is a page.
fn page_type(ty: &ExtendedType, folder: &Folder<'_>, report: &mut StyleReport) {
    const LISTS: [&str; 6] = ["items", "total", "totalCount", "results", "records", "data"];
    let name = ty.name();
    if name.ends_with("Page") && fields(ty).any(|field| LISTS.contains(&field.name.as_str())) {
        let message = format!("`{name}` is a page of a list");
        report.add(
            &code::STYLE_PAGING,
            name,
            name.location(),
            message,
            connection_help(folder),
        );
    }
}

/// Criteria are in one input type, and the order has one name.
fn filter(field: &Field<'_>, folder: &Folder<'_>, report: &mut StyleReport) {
    let of = field.definition.ty.inner_named_type();
    let is_list = field.definition.ty.is_list() || of.ends_with("Connection");
    let mut criteria = Vec::new();
    for argument in folder.arguments(field) {
        let name = argument.definition.name.as_str();
        let ty = argument.definition.ty.inner_named_type();
        let wrong = match name {
            "filter" if !ty.ends_with("Filter") => {
                Some("its type is `<Type>Filter`, an input type with optional fields")
            }
            "orderBy" if !ty.ends_with("Order") => Some("its type is `<Type>Order`, an enum"),
            "orderBy" if !argument.definition.ty.is_non_null() => Some(
                "make it `<Type>Order! = …`: null would be one more order, which no description explains",
            ),
            name if OTHER_ORDER.contains(&name) => {
                Some("call it `orderBy`, with an enum `<Type>Order`")
            }
            _ => None,
        };
        if let Some(help) = wrong {
            let message = format!(
                "`{}` is not named as it is everywhere: `{name}: {ty}`",
                argument.coordinate
            );
            report.add(
                &code::STYLE_FILTER,
                &argument.coordinate,
                argument.at(),
                message,
                help,
            );
        } else if is_list && is_criterion(argument) {
            criteria.push(name);
        }
    }
    if criteria.len() > 1 {
        let message = format!(
            "`{}` has criteria of its own: {}",
            field.coordinate,
            list(&criteria)
        );
        let help = "put them into one argument: `filter: <Type>Filter`, whose fields are optional";
        report.add(
            &code::STYLE_FILTER,
            &field.coordinate,
            field.at(),
            message,
            help,
        );
    }
}

/// Whether an argument chooses elements of a list. One that must be given says which list it is; a history has its last element.
fn is_criterion(argument: &Input<'_>) -> bool {
    let name = argument.definition.name.as_str();
    !argument.definition.is_required()
        && !OTHER.contains(&name)
        && !OTHER_PAGING.contains(&name)
        && !name.starts_with("upTo")
}

/// A summary says the day of its figures.
fn as_of(ty: &ExtendedType, facts: &Facts<'_>, folder: &Folder<'_>, report: &mut StyleReport) {
    let name = ty.name();
    let is_summary = words(name).last().is_some_and(|word| word == "summary");
    if is_summary && facts.is_responsible(folder, name) && !facts.has_field(name, "asOf") {
        report.add(
            &code::STYLE_AS_OF,
            name,
            name.location(),
            format!("`{name}` does not say the day of its figures"),
            "add `asOf: Date`, the day that they are as of",
        );
    }
}
