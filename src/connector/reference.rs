//! Generates the reference of the directives from their table: `docs/directives.md`, `schema/wire.graphql` (the definition
//! of the wire specification) and `schema/directives.graphql` (all directives, for editors).

use std::fmt::Write;

use apollo_compiler::ast::{
    Definition, DirectiveDefinition, DirectiveLocation, InputValueDefinition,
};
use apollo_compiler::{Node, ast};

use super::directives;
use super::directives::definition::{
    DirectivePart, LinkVersion, SupportedDirective, SupportedType,
};
use super::link::spec;
use super::link::spec::Specification;

const PAGE_HEAD: &str = "\
# Directives

The directives that say how the fields of a connector are fetched and cached. The directives of Federation are in
[federation.md](federation.md), those of the cost limit in [cost.md](cost.md).

<!-- Generated from src/connector/directives/ by `make docs`; do not edit. -->

## Linking

A directive is used after its specification is linked. The version says what the folder may use: `sangam check` reports
what needs a later one.

    extend schema
      @link(url: \"https://specs.apollo.dev/federation/v2.12\", import: [\"@key\"])
      @link(url: \"https://specs.apollo.dev/connect/v0.3\", import: [\"@source\", \"@connect\"])
      @link(url: \"https://specs.sangam.dev/wire/v0.1\", import: [\"@graphql\", \"@paginate\"])

An import can be renamed: `{ name: \"@paginate\", as: \"@pages\" }`. What is not imported is used with the name of its
specification as prefix: `@wire__paginate`. Mappings are written in the [mapping language](mapping.md) of the connect
version that the folder links.

Editors complete and check directives if they know `schema/directives.graphql`: add it to the schema files of the folder
in the settings of the GraphQL extension.
";

const WIRE_HEAD: &str = "\
\"\"\"
The directives that this gateway adds to the Connectors language: what REST systems need and that language lacks.

Generated from `src/connector/directives/`; do not edit (`make docs` writes it). docs/directives.md describes how a folder
links them.
\"\"\"
";

const EDITOR_HEAD: &str = "\
# All directives of a connector's schema, for editors: every specification in its latest version, under the names that its
# directives have without renaming. Generated from `src/connector/`; do not edit (`make docs` writes it).

";

/// `docs/directives.md`.
pub fn markdown() -> String {
    let mut page = PAGE_HEAD.to_owned();
    page += "\n| directive | specification | applies to | purpose |\n|---|---|---|---|\n";
    let described = Described::all();
    let shared = shared_types();
    let names: Vec<&str> = shared.iter().map(|ty| ty.name).collect();
    for directive in &described {
        directive.row(&mut page);
    }
    for directive in &described {
        directive.section(&names, &mut page);
    }
    page += "\n## Types that several directives have\n";
    for ty in shared {
        section_of_type(ty.sdl, &|_| None, &mut page);
    }
    page
}

/// `schema/wire.graphql`.
pub fn wire_sdl() -> String {
    let url = spec::WIRE.url(spec::WIRE.latest);
    let definitions = directives::sdl(directives::WIRE);
    format!("{WIRE_HEAD}schema @link(url: \"{url}\") {{\n  query: Query\n}}\n{definitions}")
}

/// `schema/directives.graphql`.
pub fn editor_sdl() -> String {
    format!("{EDITOR_HEAD}{}", *spec::DEFINITIONS)
}

/// A directive of the table with its parsed definition.
struct Described {
    specification: Option<&'static Specification>,
    directive: &'static SupportedDirective,
    definition: Node<DirectiveDefinition>,
}

impl Described {
    /// All directives; a test checks that each can be parsed.
    fn all() -> Vec<Self> {
        let linked = [&spec::CONNECT, &spec::WIRE]
            .into_iter()
            .flat_map(|specification| {
                let directives = specification.directives_read_here().iter();
                directives.map(move |directive| (Some(specification), *directive))
            });
        let unlinked = directives::UNLINKED
            .iter()
            .map(|directive| (None, *directive));
        let described = linked
            .chain(unlinked)
            .filter_map(|(specification, directive)| {
                let document = ast::Document::parse(directive.sdl, "directive.graphql").ok()?;
                let mut definitions = document.definitions.into_iter();
                definitions.find_map(|definition| match definition {
                    Definition::DirectiveDefinition(definition) => Some(Self {
                        specification,
                        directive,
                        definition,
                    }),
                    _ => None,
                })
            });
        described.collect()
    }

    /// Its row in the table of all directives.
    fn row(&self, page: &mut String) {
        let name = self.directive.name;
        let anchor = name.to_lowercase();
        let linked_by = self.linked_by();
        let elements = self.elements();
        let description = self.definition.description.as_deref();
        let summary = cell(description.unwrap_or_default().split("\n\n").next());
        add(
            page,
            format_args!("| [`@{name}`](#{anchor}) | {linked_by} | {elements} | {summary} |\n"),
        );
    }

    /// Its section: its description, its arguments, and those of their types that no other directive has.
    fn section(&self, shared: &[&str], page: &mut String) {
        let name = self.directive.name;
        let description = self.definition.description.as_deref().unwrap_or_default();
        add(page, format_args!("\n## `@{name}`\n\n{description}\n"));
        page.push_str("\n| argument | type | meaning |\n|---|---|---|\n");
        for argument in &self.definition.arguments {
            let since = self.since(|part| match part {
                DirectivePart::Argument(name) => argument.name == *name,
                _ => false,
            });
            input(argument, since, page);
        }
        for ty in self.directive.types {
            if !shared.contains(&ty.name) {
                let since_field = |field: &str| {
                    self.since(|part| matches!(part, DirectivePart::Key(_, key) if *key == field))
                };
                section_of_type(ty.sdl, &since_field, page);
            }
        }
    }

    /// The version that introduces a part, if it is later than that of the directive.
    fn since(&self, is_part: impl Fn(&DirectivePart) -> bool) -> Option<LinkVersion> {
        let mut additions = self.directive.additions.iter();
        let addition = additions.find(|addition| is_part(&addition.part))?;
        Some(addition.since)
    }

    /// The specification that a folder links to use it.
    fn linked_by(&self) -> String {
        let (major, minor) = self.directive.since;
        match self.specification {
            Some(specification) => format!("{} v{major}.{minor}", specification.name),
            None => "none".to_owned(),
        }
    }

    /// The elements of a schema that can have it.
    fn elements(&self) -> String {
        let locations = self.definition.locations.iter();
        let elements = locations.map(|location| {
            let element = match location {
                DirectiveLocation::Schema => "the schema",
                DirectiveLocation::FieldDefinition => "fields",
                DirectiveLocation::Object => "types",
                DirectiveLocation::Interface => "interfaces",
                DirectiveLocation::Union => "unions",
                other => other.name(),
            };
            let since = self.since(|part| match part {
                DirectivePart::Location(added) => added == location,
                _ => false,
            });
            match since {
                Some((major, minor)) => format!("{element} (since v{major}.{minor})"),
                None => element.to_owned(),
            }
        });
        let elements = elements.collect::<Vec<_>>().join(", ");
        match self.definition.repeatable {
            true => format!("{elements}; repeatable"),
            false => elements,
        }
    }
}

/// The types that several directives have, each once.
fn shared_types() -> Vec<&'static SupportedType> {
    let uses = || {
        let linked = [directives::CONNECT, directives::WIRE]
            .into_iter()
            .flatten();
        linked.flat_map(|directive| directive.types)
    };
    let mut shared: Vec<&SupportedType> = Vec::new();
    for ty in uses() {
        let is_shared = uses().filter(|other| other.name == ty.name).count() > 1;
        if is_shared && shared.iter().all(|listed| listed.name != ty.name) {
            shared.push(ty);
        }
    }
    shared
}

/// The section of a type: its fields or values.
fn section_of_type(
    sdl: &str,
    since_field: &dyn Fn(&str) -> Option<LinkVersion>,
    page: &mut String,
) {
    let Ok(document) = ast::Document::parse(sdl, "type.graphql") else {
        return;
    };
    for definition in &document.definitions {
        let name = definition.name().map_or("", |name| name.as_str());
        match definition {
            Definition::ScalarTypeDefinition(scalar) => {
                let description = cell(scalar.description.as_deref());
                add(page, format_args!("\n`{name}`: {description}\n"));
            }
            Definition::EnumTypeDefinition(values) => {
                let description = cell(values.description.as_deref());
                add(
                    page,
                    format_args!("\n`{name}`: {description}\n\n| value | meaning |\n|---|---|\n"),
                );
                for value in &values.values {
                    let meaning = cell(value.description.as_deref());
                    add(page, format_args!("| `{}` | {meaning} |\n", value.value));
                }
            }
            Definition::InputObjectTypeDefinition(object) => {
                let description = cell(object.description.as_deref());
                add(
                    page,
                    format_args!(
                        "\n`{name}`: {description}\n\n| field | type | meaning |\n|---|---|---|\n"
                    ),
                );
                for field in &object.fields {
                    input(field, since_field(&field.name), page);
                }
            }
            _ => {}
        }
    }
}

/// The row of an argument or of a field of an input type.
fn input(value: &InputValueDefinition, since: Option<LinkVersion>, page: &mut String) {
    let mut meaning = cell(value.description.as_deref());
    if let Some(default) = &value.default_value {
        add(&mut meaning, format_args!(" Default: `{default}`."));
    }
    if let Some((major, minor)) = since {
        add(&mut meaning, format_args!(" Since v{major}.{minor}."));
    }
    add(
        page,
        format_args!("| `{}` | `{}` | {meaning} |\n", value.name, value.ty),
    );
}

/// A text in a cell of a table.
fn cell(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    text.replace('\n', " ").replace('|', "\\|")
}

fn add(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = page.write_fmt(text);
}
