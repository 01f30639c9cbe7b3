//! Turns the errors that apollo-compiler reports for a schema into diagnostics, with the names that authors use and
//! "did you mean".

use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{Name, Schema};

use super::diagnostic::{Diagnostic, SourceFiles, Span, code};
use super::findings::{Findings, did_you_mean, list};
use super::link::spec;

/// The number of errors that are reported: one mistake may cause thousands, and each is shown with its line.
const MOST: usize = 50;

/// Adds the first syntax error. What the parser reports after it are mostly consequences, because it reads on in the middle
/// of something.
pub(crate) fn push_syntax(errors: &DiagnosticList, findings: &mut Findings) {
    let located = errors
        .iter()
        .map(|error| (ToCliReport::location(error.error), error.error.to_string()));
    let first = located.min_by_key(|(location, _)| location.map(|location| location.offset()));
    let Some((location, message)) = first else {
        return;
    };
    let span = findings.span(location);
    let help = span.as_ref().and_then(syntax_help);
    let diagnostic = findings.error(&code::INVALID_GRAPHQL, readable(&message));
    findings.push(diagnostic.at(span).help_opt(help));
}

/// The first errors of a schema that is not a connector's: the file of a public schema.
pub fn invalid_schema(errors: &DiagnosticList) -> Vec<Diagnostic> {
    let errors = errors.iter().take(MOST);
    let diagnostics = errors.map(|error| {
        let sources = SourceFiles::new(error.sources.clone());
        let at = sources.span(ToCliReport::location(error.error));
        Diagnostic::error(
            &code::INVALID_GRAPHQL,
            "",
            readable(&error.error.to_string()),
        )
        .at(at)
    });
    diagnostics.collect()
}

/// What to write where people often write something else.
fn syntax_help(span: &Span) -> Option<String> {
    let text = &span.source.text;
    let written = text.get(span.range.clone())?;
    let before = text.get(..span.range.start)?.trim_end();
    let help = if written.starts_with('\'') {
        "a text is in double quotes: `\"…\"`"
    } else if written.starts_with("\"\"\"") {
        "end the text with `\"\"\"`"
    } else if written.starts_with('"') && (before.ends_with('{') || before.ends_with(',')) {
        "a key is a name without quotes: `{ name: \"x\" }`. Headers are a list: `headers: [{ name: \"x\", value: \"…\" }]`"
    } else {
        return None;
    };
    Some(help.to_owned())
}

/// Adds the first errors of a schema, which has the definitions of what it links.
pub(crate) fn push(errors: &DiagnosticList, schema: &Schema, findings: &mut Findings) {
    for (index, error) in errors.iter().take(MOST).enumerate() {
        let message = error.error.to_string();
        let span = findings.span(ToCliReport::location(error.error));
        let written = span
            .as_ref()
            .and_then(|span| span.source.text.get(span.range.clone()));
        let kind = error.error.unstable_error_name();
        let help = match kind {
            Some("UndefinedDefinition") => undefined(written.unwrap_or_default(), schema),
            Some("UndefinedInputValue") => input_field(&message, schema),
            Some("UndefinedArgument") => argument(&message, schema),
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

/// For a type that does not exist: a similar name, or how it is defined.
fn undefined(written: &str, schema: &Schema) -> Option<String> {
    let types = schema.types.keys().map(Name::as_str);
    let of_folder = types.filter(|name| !name.starts_with("__") && !spec::is_our_type(name));
    did_you_mean(written, of_folder).or_else(|| {
        let is_name = written
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (is_name && !written.is_empty())
            .then(|| format!("define it, as `scalar {written}` or `type {written} {{ … }}`"))
    })
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
