//! The errors of validation, for a client: one error for one cause, and with the name that was probably meant.
//!
//! The library leaves out what it does not know, such as a field that does not exist and all below it, or a fragment on a
//! type that does not exist, and then reports what it misses. These consequences are dropped:
//! - a field without a selection set, if the document has one, of which no field exists;
//! - a variable that is not used, if only such fields use it;
//! - a fragment that is not found, if the document defines it, on a type that does not exist;
//! - a fragment that is not used, if the document uses it;
//! - a required argument or input field that is not given, if it is given under a similar name.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{
    Definition, DirectiveList, Document, FragmentDefinition, OperationDefinition, Selection, Value,
};
use apollo_compiler::diagnostic::{Diagnostic, ToCliReport};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticData, DiagnosticList};
use apollo_compiler::{Name, Node, Schema};

use super::rejection::{MOST_VIOLATIONS, Violation};
use crate::connector::{closest, did_you_mean, list};
use crate::plan::location;

type Error<'e> = Diagnostic<'e, DiagnosticData>;

/// The errors that are no consequences, at most twenty. `suggest` says whether messages may name elements of the schema that
/// the client has not named.
pub(super) fn violations(
    errors: &DiagnosticList,
    document: &Document,
    schema: &Schema,
    suggest: bool,
) -> Vec<Violation> {
    let uses = Uses::of(document);
    let misspelt = misspelt(errors, schema);
    let mut causes: Vec<Error<'_>> = errors
        .iter()
        .filter(|error| !is_consequence(error, &uses) && !is_given(error, &misspelt))
        .take(MOST_VIOLATIONS)
        .collect();
    if causes.is_empty() {
        causes = errors.iter().take(MOST_VIOLATIONS).collect();
    }
    let violation = |error: &Error<'_>| {
        let at = location(error.error.location(), error.sources);
        let hint = suggest.then(|| hint(error, schema)).flatten();
        let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        (
            format!("{}{hint}", message(error)),
            at.into_iter().collect(),
        )
    };
    causes.iter().map(violation).collect()
}

fn is_consequence(error: &Error<'_>, uses: &Uses<'_>) -> bool {
    let message = error.error.to_string();
    let name = || quoted(&message).first().copied().unwrap_or_default();
    match error.error.unstable_error_name() {
        Some("MissingSubselection") => written(error).is_some_and(|field| field.ends_with('}')),
        Some("UnusedVariable") => {
            let variable = name().trim_start_matches('$');
            uses.has_variable(error.error.location(), variable)
        }
        Some("UndefinedFragment") => uses.fragments.contains_key(name()),
        Some("UnusedFragment") => uses.spread.contains(name()),
        _ => false,
    }
}

/// An argument or an input field under a name that it almost has: `Query.dog(name:)`, `Filter.name`.
struct Misspelt {
    coordinate: String,
    at: SourceSpan,
}

/// The misspelt arguments and input fields, at most as many as errors are listed.
fn misspelt(errors: &DiagnosticList, schema: &Schema) -> Vec<Misspelt> {
    let found = errors.iter().filter_map(|error| {
        let message = error.error.to_string();
        let [written, of]: [&str; 2] = quoted(&message).try_into().ok()?;
        let coordinate = match error.error.unstable_error_name()? {
            "UndefinedArgument" => {
                let meant = closest(written, arguments(of, schema)?)?;
                format!("{of}({meant}:)")
            }
            "UndefinedInputValue" => {
                format!("{of}.{}", closest(written, input_fields(of, schema)?)?)
            }
            _ => return None,
        };
        let at = error.error.location()?;
        Some(Misspelt { coordinate, at })
    });
    found.take(MOST_VIOLATIONS).collect()
}

/// Whether an error is that something is not given which is given under a similar name.
fn is_given(error: &Error<'_>, misspelt: &[Misspelt]) -> bool {
    let kind = error.error.unstable_error_name();
    if misspelt.is_empty() || !matches!(kind, Some("RequiredArgument" | "RequiredField")) {
        return false;
    }
    let message = error.error.to_string();
    let Some(span) = error.error.location() else {
        return false;
    };
    let within = span.offset()..=span.end_offset();
    let quoted = quoted(&message);
    misspelt.iter().any(|one| {
        quoted.first() == Some(&one.coordinate.as_str()) && within.contains(&one.at.offset())
    })
}

/// The message in the words of this gateway.
fn message(error: &Error<'_>) -> String {
    let message = error.error.to_string();
    let field = written(error).map(field_name).unwrap_or_default();
    match (
        error.error.unstable_error_name(),
        quoted(&message).as_slice(),
    ) {
        (Some("MissingSubselection"), _) if !field.is_empty() => {
            format!("the field `{field}` must have a selection set, as `{field} {{ … }}`")
        }
        (Some("SubselectionOnScalarType" | "SubselectionOnEnumType"), [ty])
            if !field.is_empty() =>
        {
            format!("the field `{field}` of type `{ty}` must not have a selection set")
        }
        _ => message,
    }
}

/// The name that was probably meant, or the values of an enum.
fn hint(error: &Error<'_>, schema: &Schema) -> Option<String> {
    let message = error.error.to_string();
    let quoted = quoted(&message);
    match (error.error.unstable_error_name()?, quoted.as_slice()) {
        ("UndefinedField", [ty, field]) => {
            let fields = match schema.types.get(*ty)? {
                ExtendedType::Object(object) => &object.fields,
                ExtendedType::Interface(interface) => &interface.fields,
                _ => return None,
            };
            did_you_mean(field, fields.keys().map(Name::as_str))
        }
        ("UndefinedArgument", [argument, of]) => did_you_mean(argument, arguments(of, schema)?),
        ("UndefinedInputValue", [field, ty]) => did_you_mean(field, input_fields(ty, schema)?),
        ("UndefinedEnumValue", [value, ty]) => match schema.types.get(*ty)? {
            ExtendedType::Enum(values) => {
                let values = values.values.keys().map(Name::as_str);
                let near = did_you_mean(value, values.clone());
                Some(near.unwrap_or_else(|| format!("its values are {}", list(values))))
            }
            _ => None,
        },
        ("UndefinedDirective", [directive]) => {
            let names = schema.directive_definitions.keys().map(Name::as_str);
            did_you_mean(directive.trim_start_matches('@'), names)
        }
        (
            "UndefinedDefinition"
            | "UndefinedTypeInNamedFragmentTypeCondition"
            | "UndefinedTypeInInlineFragmentTypeCondition",
            [ty, ..],
        ) => did_you_mean(ty, schema.types.keys().map(Name::as_str)),
        _ => None,
    }
}

/// The arguments of `Type.field` or `@directive`.
fn arguments<'s>(of: &str, schema: &'s Schema) -> Option<Vec<&'s str>> {
    let definitions = match (of.strip_prefix('@'), of.split_once('.')) {
        (Some(directive), _) => &schema.directive_definitions.get(directive)?.arguments,
        (None, Some((ty, field))) => &schema.type_field(ty, field).ok()?.arguments,
        (None, None) => return None,
    };
    let names = definitions
        .iter()
        .map(|definition| definition.name.as_str());
    Some(names.collect())
}

fn input_fields<'s>(ty: &str, schema: &'s Schema) -> Option<Vec<&'s str>> {
    match schema.types.get(ty)? {
        ExtendedType::InputObject(input) => Some(input.fields.keys().map(Name::as_str).collect()),
        _ => None,
    }
}

/// The names between backticks in a message.
fn quoted(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).collect()
}

/// The text that an error is about.
fn written<'e>(error: &Error<'e>) -> Option<&'e str> {
    let span = error.error.location()?;
    let text = error.sources.get(&span.file_id())?.source_text();
    text.get(span.offset()..span.end_offset())
}

/// The name of a field as it is written, without its alias.
fn field_name(field: &str) -> &str {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let name = |text: &str| {
        text.find(|character| !is_name(character))
            .unwrap_or(text.len())
    };
    let (first, rest) = field.split_at(name(field));
    match rest.trim_start().strip_prefix(':') {
        Some(after) => {
            let after = after.trim_start();
            &after[..name(after)]
        }
        None => first,
    }
}

/// What a document uses, whether the schema has it or not.
struct Uses<'d> {
    operations: Vec<&'d Node<OperationDefinition>>,
    fragments: HashMap<&'d str, &'d Node<FragmentDefinition>>,
    /// The fragments that are spread anywhere.
    spread: HashSet<&'d str>,
}

impl<'d> Uses<'d> {
    fn of(document: &'d Document) -> Self {
        let mut uses = Uses {
            operations: Vec::new(),
            fragments: HashMap::new(),
            spread: HashSet::new(),
        };
        let mut all = Used::default();
        for definition in &document.definitions {
            match definition {
                Definition::OperationDefinition(operation) => {
                    uses.operations.push(operation);
                    all.selections(&operation.selection_set);
                }
                Definition::FragmentDefinition(fragment) => {
                    uses.fragments.insert(fragment.name.as_str(), fragment);
                    all.selections(&fragment.selection_set);
                }
                _ => {}
            }
        }
        uses.spread = all.fragments;
        uses
    }

    /// Whether the operation that defines a variable at this location uses it, itself or in its fragments.
    fn has_variable(&self, at: Option<SourceSpan>, variable: &str) -> bool {
        let Some(at) = at else { return false };
        let holds = |operation: &&&Node<OperationDefinition>| {
            let span = operation.location();
            span.is_some_and(|span| (span.offset()..span.end_offset()).contains(&at.offset()))
        };
        let Some(operation) = self.operations.iter().find(holds) else {
            return false;
        };
        let mut used = Used::default();
        used.directives(&operation.directives);
        used.selections(&operation.selection_set);
        let mut visited = HashSet::new();
        while let Some(name) = used.fragments.iter().find(|name| !visited.contains(*name)) {
            let name = *name;
            visited.insert(name);
            if let Some(fragment) = self.fragments.get(name) {
                used.directives(&fragment.directives);
                used.selections(&fragment.selection_set);
            }
        }
        used.variables.contains(variable)
    }
}

/// The variables and fragments of selections.
#[derive(Default)]
struct Used<'d> {
    variables: HashSet<&'d str>,
    fragments: HashSet<&'d str>,
}

impl<'d> Used<'d> {
    fn selections(&mut self, selections: &'d [Selection]) {
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    for argument in &field.arguments {
                        self.value(&argument.value);
                    }
                    self.directives(&field.directives);
                    self.selections(&field.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    self.fragments.insert(spread.fragment_name.as_str());
                    self.directives(&spread.directives);
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.directives);
                    self.selections(&inline.selection_set);
                }
            }
        }
    }

    fn directives(&mut self, directives: &'d DirectiveList) {
        for directive in directives.iter() {
            for argument in &directive.arguments {
                self.value(&argument.value);
            }
        }
    }

    fn value(&mut self, value: &'d Value) {
        match value {
            Value::Variable(name) => {
                self.variables.insert(name.as_str());
            }
            Value::List(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(members) => members.iter().for_each(|(_, value)| self.value(value)),
            _ => {}
        }
    }
}
