//! Turns the errors that apollo-compiler reports for a schema into diagnostics, with the names that authors use and
//! "did you mean".

use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{Name, Schema};

use super::diagnostic::{Diagnostic, SourceFiles, Span, code};
use super::findings::{Findings, closest, did_you_mean, list};
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
    let opened = span.as_ref().and_then(unclosed);
    let diagnostic = findings.error(&code::INVALID_GRAPHQL, readable(&message));
    let diagnostic = diagnostic.at(span).label(opened, "not closed");
    findings.push(diagnostic.help_opt(help));
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

/// Where another bracket, or the end of the file, is found instead of the end of a bracket: the bracket that is not closed.
fn unclosed(found: &Span) -> Option<Span> {
    let text = &found.source.text;
    let written = text.get(found.range.clone())?;
    if !written.is_empty() && !written.starts_with(['}', ')', ']']) {
        return None;
    }
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(rest) = text
        .get(at..found.range.start)
        .filter(|rest| !rest.is_empty())
    {
        let length = |end: &str, from: usize| {
            rest[from..]
                .find(end)
                .map_or(rest.len(), |length| from + length + end.len())
        };
        at += match rest.as_bytes()[0] {
            b'#' => length("\n", 0),
            b'"' if rest.starts_with("\"\"\"") => length("\"\"\"", 3),
            b'"' => {
                let mut escaped = false;
                let ends = |byte: u8| {
                    let ends = byte == b'"' && !escaped || byte == b'\n';
                    escaped = byte == b'\\' && !escaped;
                    ends
                };
                rest.bytes()
                    .skip(1)
                    .position(ends)
                    .map_or(rest.len(), |length| length + 2)
            }
            byte => {
                match byte {
                    b'(' | b'{' | b'[' => open.push(at),
                    b')' | b'}' | b']' => drop(open.pop()),
                    _ => {}
                }
                rest.chars().next().map_or(1, char::len_utf8)
            }
        };
    }
    let range = open.pop().map(|start| start..start + 1)?;
    Some(Span {
        source: found.source.clone(),
        range,
    })
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
    } else if written.starts_with('/') && text[span.range.start..].starts_with("//") {
        "a comment begins with `#`"
    } else if written.starts_with(|first: char| first.is_alphabetic()) && begins_sentence(span) {
        "a description is in double quotes: `\"…\"`"
    } else {
        return None;
    };
    Some(help.to_owned())
}

/// Whether a line holds only words, as a description without quotes.
fn begins_sentence(span: &Span) -> bool {
    let text = &span.source.text;
    let line_start = text[..span.range.start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[line_start..].lines().next().unwrap_or_default().trim();
    let is_long = line.ends_with('.') || line.split(' ').count() > 3;
    is_long && !line.contains(['{', '}', '(', ')', '@', ':', '=', '|', '"'])
}

/// Adds the first errors of a schema, which has the definitions of what it links.
pub(crate) fn push(errors: &DiagnosticList, schema: &Schema, findings: &mut Findings) {
    let misspelt = misspelt_input_fields(errors, schema);
    for (index, error) in errors.iter().take(MOST).enumerate() {
        let message = error.error.to_string();
        let mut span = findings.span(ToCliReport::location(error.error));
        let written = span
            .as_ref()
            .and_then(|span| span.source.text.get(span.range.clone()));
        let kind = error.error.unstable_error_name();
        let help = match kind {
            Some("UndefinedDefinition") => undefined(written.unwrap_or_default(), schema),
            Some("UndefinedInputValue") => {
                span = span.map(|span| name_before(&span, &message));
                input_field(&message, schema)
            }
            Some("UndefinedArgument") => argument(&message, schema),
            Some("RequiredArgument") if message.contains("@connect(selection:)") => {
                Some(SELECTION.to_owned())
            }
            Some("RequiredField")
                if misspelt
                    .iter()
                    .any(|field| message.contains(&format!("`{field}`"))) =>
            {
                continue;
            }
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

/// What to write for a connect without a selection.
const SELECTION: &str = "add what to read of the response: `selection: \"id name\"`, or \
                         `selection: \"$\"` for all of a single value";

/// The required fields that are written under a similar name, as `SourceHTTP.baseURL`: that they are missing is a
/// consequence.
fn misspelt_input_fields(errors: &DiagnosticList, schema: &Schema) -> Vec<String> {
    let unknown = errors
        .iter()
        .filter(|error| error.error.unstable_error_name() == Some("UndefinedInputValue"));
    let meant = unknown.filter_map(|error| {
        let message = error.error.to_string();
        let (written, ty, names) = input_fields(&message, schema)?;
        let meant = closest(written, names)?;
        Some(format!("{ty}.{meant}"))
    });
    meant.collect()
}

/// The key before a value, for "field `x` does not exist on `T`".
fn name_before(value: &Span, message: &str) -> Span {
    let text = &value.source.text;
    let before = text[..value.range.start].trim_end();
    let before = before.strip_suffix(':').map(str::trim_end);
    let name = quoted(message).first().copied().unwrap_or_default();
    match before.filter(|before| before.ends_with(name)) {
        Some(before) => Span {
            source: value.source.clone(),
            range: before.len() - name.len()..before.len(),
        },
        None => value.clone(),
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
    let (written, _, names) = input_fields(message, schema)?;
    let close = did_you_mean(written, names.iter().copied());
    Some(close.unwrap_or_else(|| format!("it has {}", list(names))))
}

/// The written field, its type, and the fields of that type.
fn input_fields<'a>(
    message: &'a str,
    schema: &'a Schema,
) -> Option<(&'a str, &'a str, Vec<&'a str>)> {
    let [written, ty]: [&str; 2] = quoted(message).try_into().ok()?;
    let ExtendedType::InputObject(input) = schema.types.get(ty)? else {
        return None;
    };
    Some((written, ty, input.fields.keys().map(Name::as_str).collect()))
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
    let arguments = definition.arguments.iter();
    let names = arguments.clone().map(|argument| argument.name.as_str());
    // `GET: "/a"` for `http: { GET: "/a" }`.
    let around = arguments.clone().find(|argument| {
        let ty = schema.types.get(argument.ty.inner_named_type());
        matches!(ty, Some(ExtendedType::InputObject(input)) if input.fields.contains_key(*written))
    });
    if let Some(around) = around {
        return Some(format!("write `{}: {{ {written}: … }}`", around.name));
    }
    Some(did_you_mean(written, names.clone()).unwrap_or_else(|| format!("it has {}", list(names))))
}

/// The message without the names of tokens, and without prefixes that the author has not written.
pub(crate) fn readable(message: &str) -> String {
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
    let message = TOKENS
        .iter()
        .fold(message.to_owned(), |text, (name, shown)| {
            text.replace(name, shown)
        });
    match message.split_once(", got ") {
        Some((expected, "EOF")) => format!("{expected}, found the end"),
        Some((expected, found)) => format!("{expected}, found `{found}`"),
        None => message,
    }
}
