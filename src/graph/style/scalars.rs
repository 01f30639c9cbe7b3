//! Scalars: each says where its form is specified, and times and addresses have one.

use apollo_compiler::ast::{Type, Value};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;

use super::folder::Folder;
use super::report::StyleReport;
use super::words::words;
use crate::connector::diagnostic::style_code as code;
use crate::graph::scalar_form::{SPECIFICATION, ScalarForm};

/// Participles that do not end with `ed`.
const PARTICIPLES: [&str; 8] = [
    "begun", "due", "given", "held", "made", "paid", "sent", "taken",
];

pub(super) fn check(folder: &Folder<'_>, report: &mut StyleReport) {
    specified_by(folder, report);
    for field in &folder.fields {
        let definition = field.definition;
        leaf(
            &field.coordinate,
            &definition.name,
            &definition.ty,
            field.at(),
            report,
        );
    }
    for input in &folder.inputs {
        let definition = input.definition;
        leaf(
            &input.coordinate,
            &definition.name,
            &definition.ty,
            input.at(),
            report,
        );
        let default = definition.default_value.as_ref();
        let Some((text, default)) = default.and_then(|value| Some((text(value)?, value))) else {
            continue;
        };
        if ["latest", "current", "today", "now"].contains(&text.to_lowercase().as_str()) {
            report.add(
                &code::STYLE_LATEST,
                &input.coordinate,
                default.location(),
                format!("the default of `{}` is the text `{text}`", input.coordinate),
                "make it optional without a default, and say in its description what it is if it is left out; the `selection` can \
                 give the text to the upstream: `$args.month ?? 'latest'`",
            );
        }
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Enum(name) => Some(name),
        _ => None,
    }
}

fn specified_by(folder: &Folder<'_>, report: &mut StyleReport) {
    for ty in &folder.types {
        let ExtendedType::Scalar(scalar) = ty else {
            continue;
        };
        let name = &scalar.name;
        let given = scalar.directives.get("specifiedBy");
        let url = given.and_then(|given| given.specified_argument_by_name("url")?.as_str());
        let mut shared = ScalarForm::NAMES.iter();
        let is_shared = shared.any(|(shared, _)| **shared == **name);
        let wanted = is_shared.then(|| format!("{SPECIFICATION}{name}"));
        let message = match url {
            None => format!("`{name}` does not say where its form is specified"),
            Some(url) if wanted.as_ref().is_some_and(|wanted| wanted != url) => {
                format!("`{name}` has another specification here than everywhere: `{url}`")
            }
            Some(_) => continue,
        };
        let url = wanted.unwrap_or_else(|| "https://…".to_owned());
        let help = format!("declare `scalar {name} @specifiedBy(url: \"{url}\")`");
        report.add(
            &code::STYLE_SPECIFIED_BY,
            name,
            name.location(),
            message,
            help,
        );
    }
}

/// Times are no numbers, and no plain texts.
fn leaf(coordinate: &str, name: &str, ty: &Type, at: Option<SourceSpan>, report: &mut StyleReport) {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match ty.inner_named_type().as_str() {
        "Int" | "Float" if is_time(&words) => {
            report.add(
                &code::STYLE_EPOCH,
                coordinate,
                at,
                format!("`{coordinate}` is a point in time as a number"),
                "make it `DateTime` or `Date`: the `selection` can convert it with `formatDate`",
            );
        }
        "String" => {
            if let Some(scalar) = form(&words) {
                report.add(
                    &code::STYLE_TEXT,
                    coordinate,
                    at,
                    format!("`{coordinate}` is a `String`, which does not say its form"),
                    format!("declare it as `{scalar}`"),
                );
            }
        }
        _ => {}
    }
}

/// Whether a number of this name is a point in time.
fn is_time(words: &[&str]) -> bool {
    match words {
        ["as", "of"] | ["timestamp" | "epoch"] => true,
        [.., _, "at" | "timestamp" | "epoch"] => true,
        [.., participle, "on"] => is_participle(participle),
        _ => false,
    }
}

/// The scalar for a text of this name.
fn form(words: &[&str]) -> Option<&'static str> {
    match words {
        ["as", "of"] | [.., "date"] => Some("Date"),
        [.., "month"] => Some("Month"),
        [.., "url"] => Some("URL"),
        [.., participle, "on"] if is_participle(participle) => Some("Date"),
        [.., participle, "at"] if is_participle(participle) => Some("DateTime"),
        _ => None,
    }
}

fn is_participle(word: &str) -> bool {
    word.ends_with("ed") || PARTICIPLES.contains(&word)
}
