//! `@constraint`: which values a client may give for an argument.

use std::fmt::Write;

use apollo_compiler::ast::{Directive, InputValueDefinition, Value as Literal};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Node, Schema};
use regex::{Regex, RegexBuilder};

use super::definition::{Role, SupportedDirective};
use crate::connector::declared::Declarations;
use crate::connector::diagnostic::code;
use crate::connector::findings::Findings;
use crate::document::{Number, Value};

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: NAME,
    since: (0, 1),
    sdl: SDL,
    types: &[],
    additions: &[],
    role: Role::Hint,
    check,
};

/// The name of the directive in normalised schemas.
const NAME: &str = "constraint";

const SDL: &str = r#"
"""
Which values a client may give for an argument or a field of an input object.

The gateway checks it before it calls anyone, and refuses an operation with other values with the code `INVALID_ARGUMENT`, kind
INVALID. The message names the argument: `Query.works(first:) must be at least 1 and at most 100`. The description of the
argument in the public schema says the same. Of a list, each element is checked; null is not.

    type Query {
      works(
        first: Int = 20 @constraint(min: 1, max: 100)
        district: ID @constraint(pattern: "[0-9]+")
        order: String = "date" @constraint(oneOf: ["date", "name"])
        text: String @constraint(minLength: 2, maxLength: 100)
      ): [Work!]
        @connect(
          source: "portal"
          http: {
            GET: "/works"
            queryParams: "size: $args.first district: $args.district order: $args.order q: $args.text"
          }
          selection: "id title"
        )
    }

If several connectors have the argument, a value must satisfy all of them. Values that selections, keys or defaults of the schema
give are not checked. Supergraph SDL has the description, but not the constraint: it is enforced where connectors are composed.
"""
directive @constraint(
  "The least value. Only for `Int` and `Float`."
  min: Float

  "The greatest value. Only for `Int` and `Float`."
  max: Float

  """
  A regular expression (without backreferences and look-around) that the whole text matches. Only for `String`, `ID` and custom
  scalars.
  """
  pattern: String

  "The allowed texts. Only for `String`, `ID` and custom scalars."
  oneOf: [String!]

  "The least number of characters (Unicode code points). Only for `String`, `ID` and custom scalars."
  minLength: Int

  "The greatest number of characters (Unicode code points). Only for `String`, `ID` and custom scalars."
  maxLength: Int
) on ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
"#;

/// The longest pattern, in bytes when it is compiled.
const PATTERN_SIZE: usize = 1 << 18;

/// `@constraint`: which values are allowed.
#[derive(Debug, Clone)]
pub struct Constraint {
    min: Option<Number>,
    max: Option<Number>,
    pattern: Option<Regex>,
    /// The pattern as it is written.
    written: Option<String>,
    one_of: Vec<String>,
    /// In characters.
    min_length: Option<usize>,
    max_length: Option<usize>,
}

impl Constraint {
    /// The constraint of an argument or of an input field, if it has one that can be read.
    pub fn of(definition: &InputValueDefinition) -> Option<Constraint> {
        let directive = definition.directives.get(NAME)?;
        Constraint::read(directive).ok()
    }

    /// The greatest whole number that it allows, if it limits a number.
    pub fn max(&self) -> Option<u64> {
        u64::try_from(self.max.as_ref()?.as_whole()?).ok()
    }

    /// Reads the directive; the error is what is wrong.
    fn read(directive: &Directive) -> Result<Constraint, String> {
        let argument = |name: &str| {
            let value = directive.specified_argument_by_name(name);
            value.filter(|value| !value.is_null())
        };
        let written = argument("pattern").and_then(|value| value.as_str());
        let compiled = |pattern: &str| RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).build();
        // The pattern alone, too: `a)(b` is none, and would become one in parentheses.
        let pattern = written
            .map(|written| compiled(written).and_then(|_| compiled(&format!("^(?:{written})$"))));
        let pattern = pattern
            .transpose()
            .map_err(|_| "`pattern` is no regular expression of a bounded size".to_owned())?;
        let length = |name: &str| {
            let written = argument(name).and_then(|value| value.to_i32());
            let length = written.map(usize::try_from).transpose();
            length.map_err(|_| format!("`{name}` is negative"))
        };
        let texts = argument("oneOf").and_then(|value| value.as_list());
        let texts = texts.unwrap_or_default().iter();
        let constraint = Constraint {
            min: argument("min").and_then(|value| number(value)),
            max: argument("max").and_then(|value| number(value)),
            pattern,
            written: written.map(str::to_owned),
            one_of: texts
                .filter_map(|text| text.as_str().map(str::to_owned))
                .collect(),
            min_length: length("minLength")?,
            max_length: length("maxLength")?,
        };
        constraint.problem().map_or(Ok(constraint), Err)
    }

    /// What is wrong with its arguments, beside each of them.
    fn problem(&self) -> Option<String> {
        if let (Some(min), Some(max)) = (&self.min, &self.max)
            && min > max
        {
            return Some("`min` is greater than `max`".to_owned());
        }
        if let (Some(min), Some(max)) = (self.min_length, self.max_length)
            && min > max
        {
            return Some("`minLength` is greater than `maxLength`".to_owned());
        }
        self.rule().is_empty().then(|| {
            "it needs `min`, `max`, `pattern`, `oneOf`, `minLength` or `maxLength`".to_owned()
        })
    }

    /// Whether a value is allowed. Null is.
    pub fn allows(&self, value: &Value) -> bool {
        let text = match value {
            Value::Null => return true,
            Value::Number(number) => {
                let above = self.min.as_ref().is_none_or(|min| number >= min);
                let below = self.max.as_ref().is_none_or(|max| number <= max);
                if !above || !below {
                    return false;
                }
                number.to_string()
            }
            Value::String(text) => text.to_string(),
            // Validation has compared the value with its type, and `check` the type with the constraint.
            _ => return true,
        };
        let matches = |pattern: &Regex| pattern.is_match(&text);
        self.has_length(&text)
            && self.pattern.as_ref().is_none_or(matches)
            && (self.one_of.is_empty() || self.one_of.contains(&text))
    }

    fn has_length(&self, text: &str) -> bool {
        if self.min_length.is_none() && self.max_length.is_none() {
            return true;
        }
        let length = text.chars().count();
        self.min_length.is_none_or(|min| length >= min)
            && self.max_length.is_none_or(|max| length <= max)
    }

    /// What a value must be: `at least 1 and at most 100`.
    pub fn rule(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.min.as_ref().map(|min| format!("at least {min}")));
        parts.extend(self.max.as_ref().map(|max| format!("at most {max}")));
        parts.extend(self.length_rule());
        let pattern = self.written.as_ref();
        parts.extend(pattern.map(|pattern| format!("a text that matches `{pattern}`")));
        if !self.one_of.is_empty() {
            let mut list = "one of ".to_owned();
            for (index, text) in self.one_of.iter().enumerate() {
                let comma = if index > 0 { ", " } else { "" };
                let _ = write!(list, "{comma}`{text}`");
            }
            parts.push(list);
        }
        parts.join(" and ")
    }

    /// `2 to 100 characters long`.
    fn length_rule(&self) -> Option<String> {
        let characters = |count: usize| {
            if count == 1 {
                "character"
            } else {
                "characters"
            }
        };
        match (self.min_length, self.max_length) {
            (Some(min), Some(max)) => Some(format!("{min} to {max} {} long", characters(max))),
            (Some(min), None) => Some(format!("at least {min} {} long", characters(min))),
            (None, Some(max)) => Some(format!("at most {max} {} long", characters(max))),
            (None, None) => None,
        }
    }

    fn is_of_numbers(&self) -> bool {
        self.min.is_some() || self.max.is_some()
    }

    fn is_of_texts(&self) -> bool {
        self.pattern.is_some()
            || !self.one_of.is_empty()
            || self.min_length.is_some()
            || self.max_length.is_some()
    }
}

fn number(literal: &Literal) -> Option<Number> {
    match literal {
        Literal::Int(digits) => Number::from_json(digits.as_str()),
        Literal::Float(digits) => Number::from_json(digits.as_str()),
        _ => None,
    }
}

/// Checks that each constraint can be read, fits the type, and allows the default.
fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    for_each_input(declarations.schema, &mut |input| {
        let Some(directive) = input.directives.get(NAME) else {
            return;
        };
        if let Some(message) = problem(directive, input, declarations.schema) {
            findings.push(
                findings
                    .error(&code::INVALID_CONSTRAINT, message)
                    .at(findings.span(directive.location())),
            );
        }
    });
}

/// Visits the arguments of all fields, and the fields of all input objects.
fn for_each_input(schema: &Schema, visit: &mut impl FnMut(&Node<InputValueDefinition>)) {
    for ty in schema.types.values() {
        match ty {
            ExtendedType::Object(object) => {
                let fields = object.fields.values();
                fields.for_each(|field| field.arguments.iter().for_each(&mut *visit));
            }
            ExtendedType::Interface(interface) => {
                let fields = interface.fields.values();
                fields.for_each(|field| field.arguments.iter().for_each(&mut *visit));
            }
            ExtendedType::InputObject(input) => {
                input.fields.values().for_each(|field| visit(&field.node));
            }
            _ => {}
        }
    }
}

fn problem(directive: &Directive, input: &InputValueDefinition, schema: &Schema) -> Option<String> {
    let constraint = match Constraint::read(directive) {
        Ok(constraint) => constraint,
        Err(message) => return Some(format!("`@constraint`: {message}")),
    };
    let ty = input.ty.inner_named_type();
    let is_number = matches!(ty.as_str(), "Int" | "Float");
    let is_text = ty != "Boolean"
        && !is_number
        && matches!(schema.types.get(ty), Some(ExtendedType::Scalar(_)));
    if constraint.is_of_numbers() && !is_number {
        return Some(format!(
            "`min` and `max` are for numbers, and `{}` has the type `{ty}`",
            input.name
        ));
    }
    if constraint.is_of_texts() && !is_text {
        return Some(format!(
            "`pattern`, `oneOf`, `minLength` and `maxLength` are for texts, and `{}` has the type `{ty}`",
            input.name
        ));
    }
    let default = match input.default_value.as_deref()? {
        Literal::String(text) => Value::from(text.as_str()),
        literal => Value::Number(number(literal)?),
    };
    let allowed = constraint.allows(&default);
    (!allowed).then(|| {
        format!(
            "the default of `{}` must be {}",
            input.name,
            constraint.rule()
        )
    })
}
