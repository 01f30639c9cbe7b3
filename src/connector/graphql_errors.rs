//! Turns the errors that apollo-compiler reports for a schema into diagnostics, with the names that authors use and
//! "did you mean".

use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{Name, Schema};

use super::diagnostic::code;
use super::findings::{Findings, did_you_mean, list};
use super::link::spec;

/// The number of errors that are reported: one mistake may cause thousands, and each is shown with its line.
const MOST: usize = 50;

/// Adds the first errors. `schema` is what they are about, with the definitions of what it links, unless it did not
/// parse.
pub(crate) fn push(errors: &DiagnosticList, schema: Option<&Schema>, findings: &mut Findings) {
    for (index, error) in errors.iter().take(MOST).enumerate() {
        let message = error.error.to_string();
        let span = findings.span(ToCliReport::location(error.error));
        let written = span
            .as_ref()
            .and_then(|span| span.source.text.get(span.range.clone()));
        let kind = error.error.unstable_error_name();
        let help = match (kind, schema) {
            (Some("UndefinedDefinition"), Some(schema)) => {
                let types = schema.types.keys().map(Name::as_str);
                let of_folder =
                    types.filter(|name| !name.starts_with("__") && !spec::is_our_type(name));
                did_you_mean(written.unwrap_or_default(), of_folder)
            }
            (Some("UndefinedInputValue"), Some(schema)) => input_field(&message, schema),
            (Some("UndefinedArgument"), Some(schema)) => argument(&message, schema),
            _ => None,
        };
        let mut diagnostic = findings.error(&code::INVALID_GRAPHQL, readable(&message));
        if index + 1 == MOST && errors.len() > MOST {
            let more = errors.len() - MOST;
            diagnostic = diagnostic.note(format!("{more} more errors are not shown"));
        }
        findings.push(diagnostic.at(span).help_opt(help));
    }
}

/// The names between backticks in a message.
fn quoted(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).collect()
}

/// For "field `x` does not exist on `T`".
fn input_field(message: &str, schema: &Schema) -> Option<String> {
    let quoted = quoted(message);
    let [written, ty] = quoted.as_slice() else {
        return None;
    };
    let Some(ExtendedType::InputObject(input)) = schema.types.get(*ty) else {
        return None;
    };
    let names = input.fields.keys().map(Name::as_str);
    Some(did_you_mean(written, names.clone()).unwrap_or_else(|| format!("it has {}", list(names))))
}

/// For "the argument `x` is not supported by `@d`".
fn argument(message: &str, schema: &Schema) -> Option<String> {
    let quoted = quoted(message);
    let [written, directive] = quoted.as_slice() else {
        return None;
    };
    let definition = schema
        .directive_definitions
        .get(directive.trim_start_matches('@'))?;
    let names = definition
        .arguments
        .iter()
        .map(|argument| argument.name.as_str());
    Some(did_you_mean(written, names.clone()).unwrap_or_else(|| format!("it has {}", list(names))))
}

/// The message without the names of tokens, and without prefixes that the author has not written.
fn readable(message: &str) -> String {
    const TOKENS: [(&str, &str); 14] = [
        ("R_BRACK", "`]`"),
        ("L_BRACK", "`[`"),
        ("R_CURLY", "`}`"),
        ("L_CURLY", "`{`"),
        ("R_PAREN", "`)`"),
        ("L_PAREN", "`(`"),
        ("COLON", "`:`"),
        ("BANG", "`!`"),
        ("DOLLAR", "`$`"),
        ("PIPE", "`|`"),
        ("EQ", "`=`"),
        ("federation__", ""),
        ("connect__", ""),
        ("wire__", ""),
    ];
    let message = message.strip_prefix("syntax error: ").unwrap_or(message);
    TOKENS
        .iter()
        .fold(message.to_owned(), |text, (name, shown)| {
            text.replace(name, shown)
        })
}
