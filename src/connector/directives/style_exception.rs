//! `@styleException`: a finding about the style of a schema is accepted, so `check` does not report it.

use super::definition::{Role, SupportedDirective, SupportedType, unchecked};

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: NAME,
    since: (0, 1),
    sdl: SDL,
    types: &[&STYLE_RULE],
    additions: &[],
    role: Role::Hint,
    check: unchecked,
};

/// The name of the directive in normalised schemas.
pub(crate) const NAME: &str = "styleException";

const SDL: &str = r#"
"""
A rule of the style does not hold here: `sangam check` does not report it.

It changes nothing else. On a type it is about the type and everything in it, on a field also about its arguments, and on the schema
about the whole folder. [schema-style.md](schema-style.md) has the rules.

    type Query {
      "The services that are used most, the most popular first."
      popularServices(
        "How many: at most 20."
        first: Int = 5
          @styleException(rule: STYLE_PAGING, reason: "the service has no more than the first twenty")
      ): [Service!]
    }

For the SDL of a GraphQL service, an extension can have it: `extend type Grievance @styleException(rule: …, reason: "…")`. One that
accepts nothing is reported (`STYLE_EXCEPTION`).
"""
directive @styleException(
  "The rule, by the code of the finding."
  rule: StyleRule!

  "Why it does not hold: for those who read the schema."
  reason: String!
) repeatable on SCHEMA | SCALAR | OBJECT | FIELD_DEFINITION | ARGUMENT_DEFINITION | INTERFACE | UNION | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
"#;

static STYLE_RULE: SupportedType = SupportedType {
    name: "StyleRule",
    since: (0, 1),
    sdl: r#"
"A rule of the style, by the code of its findings."
enum StyleRule {
  "An entity has an id, by `@node`."
  STYLE_NO_ID
  "No folder declares the field `id` itself."
  STYLE_OWN_ID
  "A natural key is `ID!`, or an enum."
  STYLE_KEY_TYPE
  "An argument with a key is named after the entity and the key."
  STYLE_KEY_ARGUMENT
  "Everything that clients see is described."
  STYLE_DESCRIPTION
  "A list that is read in parts is a connection."
  STYLE_PAGING
  "A list that is no connection says its size."
  STYLE_LIST_SIZE
  "Filters are `filter: <Type>Filter`, the order is `orderBy: <Type>Order`."
  STYLE_FILTER
  "Names are written in the usual case."
  STYLE_CASE
  "Names do not repeat the name of their type."
  STYLE_REPEATED_NAME
  "Where something stands is its `status`."
  STYLE_STATUS
  "Money is exact, and its name says the currency."
  STYLE_MONEY
  "Points in time are no numbers."
  STYLE_EPOCH
  "Days, times, months and addresses have a scalar that says their form."
  STYLE_TEXT
  "Scalars say where their form is specified."
  STYLE_SPECIFIED_BY
  "What is the latest is said by leaving an argument out."
  STYLE_LATEST
  "What can fail by itself can be null."
  STYLE_NON_NULL
  "A mutation has one argument: `input`."
  STYLE_MUTATION_INPUT
  "A mutation returns a payload with `userErrors`."
  STYLE_MUTATION_PAYLOAD
  "A summary says the day that its figures are as of."
  STYLE_AS_OF
}
"#,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use apollo_compiler::ast::{Definition, Document};

    use super::STYLE_RULE;
    use crate::connector::diagnostic::style_code;

    /// A code that is missing here could not be accepted.
    #[test]
    fn the_rules_are_the_codes() {
        let document = Document::parse(STYLE_RULE.sdl, "rule.graphql").unwrap();
        let values = document.definitions.iter().flat_map(|one| match one {
            Definition::EnumTypeDefinition(ty) => ty.values.as_slice(),
            _ => &[],
        });
        let values: Vec<&str> = values.map(|value| value.value.as_str()).collect();
        let codes = style_code::ALL.iter().map(|code| code.name);
        let codes = codes.filter(|name| *name != style_code::STYLE_EXCEPTION.name);
        assert_eq!(values, codes.collect::<Vec<_>>());
    }
}
