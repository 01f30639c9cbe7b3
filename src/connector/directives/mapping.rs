//! `@mapping`: a mapping with a name, which other mappings spread.
//!
//! [`connects`](crate::connector::connects) parses all mappings of a folder before its sources and connects.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

use super::definition::{Role, SupportedDirective, unchecked};
use super::types;
use crate::connector::declared::DeclaredMapping;
use crate::connector::diagnostic::code;
use crate::connector::findings::Findings;

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: "mapping",
    since: (0, 1),
    sdl: SDL,
    types: &[&types::JSON_SELECTION],
    additions: &[],
    role: Role::Mapping(read),
    check: unchecked,
};

const SDL: &str = r#"
"""
Names a mapping, which other mappings of the folder spread by `...&name`.

    extend schema
      @mapping(name: "person", selection: "id: person_id name: $([first, last])->joinNotNull(' ')")
      @mapping(name: "page", selection: "$.result { total rows { ...&person } }")

    type Query {
      people: PersonPage @connect(source: "hr", http: { GET: "/people" }, selection: "...&page")
      person(id: ID!): Person
        @connect(source: "hr", http: { GET: "/people/{$args.id}" }, selection: "$.result { ...&person manager { ...&person } }")
    }

The mapping takes the place of its spread, as if it had been written there: `$`, `@`, `$args`, `$this` and all other variables mean
what they mean at that place, and it is checked against the type at that place. A `selection`, a `body`, `queryParams`, `errors`, and
every other argument with a mapping can spread it, also between the braces of a nested object. docs/mapping.md has the details.
"""
directive @mapping(
  "The name: a small letter, then letters, digits and `_`. Unique in the folder."
  name: String!

  "The mapping."
  selection: JSONSelection!
) repeatable on SCHEMA
"#;

fn read(directive: &Node<Directive>, findings: &mut Findings) -> Option<DeclaredMapping> {
    let mapping = DeclaredMapping {
        name: directive.specified_argument_by_name("name")?.clone(),
        selection: directive.specified_argument_by_name("selection")?.clone(),
    };
    if !mapping.has_valid_name() {
        name_refused(&mapping.name, findings);
    }
    if mapping.selection.as_str().is_none() {
        let error = findings.error(&code::INVALID_MAPPING, "`selection` is a string");
        findings.push(error.at(findings.span(mapping.selection.location())));
    }
    Some(mapping)
}

fn name_refused(name: &Node<Value>, findings: &mut Findings) {
    let message = match name.as_str().unwrap_or_default() {
        "" => "this mapping has no name".to_owned(),
        name => format!("`{name}` is not a mapping's name"),
    };
    findings.push(
        findings
            .error(&code::INVALID_NAME, message)
            .at(findings.span(name.location()))
            .help("a small letter first, then letters, digits and `_`"),
    );
}
