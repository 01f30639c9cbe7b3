//! Names: their case, what they repeat, and `status`.

use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;

use super::facts::Facts;
use super::folder::Folder;
use super::report::StyleReport;
use super::words::{camel, pascal, upper};
use crate::connector::diagnostic::style_code as code;

pub(super) fn check(facts: &Facts<'_>, folder: &Folder<'_>, report: &mut StyleReport) {
    let mut cases: Vec<(String, &str, Option<SourceSpan>, String, &str)> = Vec::new();
    for ty in &folder.types {
        let name = ty.name();
        if !name.starts_with(|first: char| first.is_ascii_uppercase()) || name.contains('_') {
            cases.push((
                name.to_string(),
                name,
                name.location(),
                pascal(name),
                "PascalCase",
            ));
        }
        if let ExtendedType::Enum(values) = ty {
            for value in values.values.keys() {
                let coordinate = format!("{name}.{value}");
                if value.contains(|letter: char| letter.is_ascii_lowercase()) {
                    cases.push((
                        coordinate,
                        value,
                        value.location(),
                        upper(value),
                        "UPPER_CASE",
                    ));
                } else if let Some(rest) = rest(value, &format!("{}_", upper(name))) {
                    repeated(
                        &coordinate,
                        value.location(),
                        name,
                        rest,
                        facts,
                        folder,
                        report,
                    );
                }
            }
        }
    }
    for field in &folder.fields {
        let (name, parent) = (&field.definition.name, field.parent.name());
        if !is_camel(name) {
            cases.push((
                field.coordinate.clone(),
                name,
                field.at(),
                camel(name),
                "camelCase",
            ));
        }
        let after = rest(name, &camel(parent))
            .filter(|rest| rest.starts_with(|next: char| next.is_ascii_uppercase()));
        if let Some(rest) = after.filter(|_| field.root.is_none()) {
            let rest = camel(rest);
            repeated(
                &field.coordinate,
                field.at(),
                parent,
                &rest,
                facts,
                folder,
                report,
            );
        }
    }
    for input in &folder.inputs {
        let name = &input.definition.name;
        if !is_camel(name) {
            cases.push((
                input.coordinate.clone(),
                name,
                input.at(),
                camel(name),
                "camelCase",
            ));
        }
    }
    for (coordinate, name, at, better, case) in cases {
        if facts.is_responsible(folder, &coordinate) {
            let message = format!("`{name}` is not written in {case}");
            report.add(
                &code::STYLE_CASE,
                &coordinate,
                at,
                message,
                format!("call it `{better}`"),
            );
        }
    }
    statuses(folder, report);
}

fn is_camel(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.contains('_')
}

fn rest<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    name.strip_prefix(prefix).filter(|rest| !rest.is_empty())
}

fn repeated(
    coordinate: &str,
    at: Option<SourceSpan>,
    ty: &str,
    better: &str,
    facts: &Facts<'_>,
    folder: &Folder<'_>,
    report: &mut StyleReport,
) {
    if facts.is_responsible(folder, coordinate) {
        let message = format!("`{coordinate}` repeats the name of its type, `{ty}`");
        let help = format!("call it `{better}`");
        report.add(&code::STYLE_REPEATED_NAME, coordinate, at, message, help);
    }
}

/// `state` is a state of India.
fn statuses(folder: &Folder<'_>, report: &mut StyleReport) {
    let fields = folder.fields.iter();
    let fields = fields.map(|one| {
        (
            &one.coordinate,
            &one.definition.name,
            &one.definition.ty,
            one.at(),
        )
    });
    let inputs = folder.inputs.iter();
    let inputs = inputs.map(|one| {
        (
            &one.coordinate,
            &one.definition.name,
            &*one.definition.ty,
            one.at(),
        )
    });
    for (coordinate, name, ty, at) in fields.chain(inputs) {
        let is_enum = folder.schema().get_enum(ty.inner_named_type()).is_some();
        if name == "state" && is_enum {
            let message = format!("`{coordinate}` is no state of India");
            let help = "where something stands is `status: <Noun>Status`; if it is a state, declare it as `ID` or as an object";
            report.add(&code::STYLE_STATUS, coordinate, at, message, help);
        }
    }
}
