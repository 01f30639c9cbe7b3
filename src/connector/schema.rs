//! Turns the SDL of a folder into a schema in normalised form.
//!
//! The stages, in order: parse; read the links; give every directive its canonical name; drop what a printed schema
//! repeats of linked machinery; bring Federation 1 into the version 2 form; add the definitions of linked
//! specifications and let apollo-compiler validate; remove them again.

use std::collections::HashSet;

use apollo_compiler::ast::{Definition, Directive, OperationType, Value};
use apollo_compiler::schema::{Component, SchemaBuilder};
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{Name, Node, Schema, ast};

use super::diagnostic::code;
use super::findings::Findings;
use super::link::{Links, features, rename, spec};
use super::unknown_directives::{STANDARD, UnknownDirectives};
use super::{connections, directives, federation1, graphql_errors};

/// A schema that has been read.
#[derive(Debug)]
pub(crate) struct ReadSchema {
    /// In normalised form. Valid unless there are diagnostics.
    pub(crate) schema: Schema,
    /// Its links.
    pub(crate) links: Links,
}

/// Reads SDL. Diagnostics show `path`.
pub(crate) fn read(connector: &str, path: &str, text: &str) -> (ReadSchema, Findings) {
    let (mut document, broken) = match ast::Document::parse(text, path) {
        Ok(document) => (document, None),
        Err(broken) => (broken.partial, Some(broken.errors)),
    };
    let mut findings = Findings::new(connector, document.sources.clone());
    let has_syntax_error = broken.is_some();
    if let Some(errors) = broken {
        graphql_errors::push_syntax(&errors, &mut findings);
    }
    let links = Links::read(&document, &mut findings);
    drop_machinery(&mut document, &links, &mut findings);
    canonical_names(&mut document, &links, &mut findings);
    connections::expand(&mut document, &mut findings);

    let (mut schema, errors) = build(&document);
    // After a syntax error, definitions are not what their author wrote.
    if let Some(errors) = errors.filter(|_| !has_syntax_error) {
        graphql_errors::push(&errors, &schema, &mut findings);
    }
    if links.federation() < (2, 0) {
        federation1::upgrade(&mut schema);
    }
    if !findings.has_errors() {
        validate(&schema, &mut findings);
    }
    take_definitions_away(&mut schema, &links);
    (ReadSchema { schema, links }, findings)
}

/// Removes definitions that a printed schema repeats: linked directives and types, and Federation's query fields.
fn drop_machinery(document: &mut ast::Document, links: &Links, findings: &mut Findings) {
    let definitions = &mut document.definitions;
    definitions.retain_mut(|definition| match definition {
        Definition::DirectiveDefinition(directive) => {
            !is_machinery_directive(&directive.name, links) && !shadows(directive, links, findings)
        }
        Definition::ObjectTypeDefinition(object) => {
            let had = object.fields.len();
            if object.fields.iter().any(is_service_field) {
                object
                    .make_mut()
                    .fields
                    .retain(|field| !is_service_field(field));
            }
            let emptied = had > 0 && object.fields.is_empty();
            !emptied && !links.is_machinery_type(&object.name)
        }
        Definition::ObjectTypeExtension(object) => {
            if object.fields.iter().any(is_service_field) {
                object
                    .make_mut()
                    .fields
                    .retain(|field| !is_service_field(field));
            }
            true
        }
        other if other.name().is_some_and(|name| is_unlinked_type(name)) => false,
        other => !other
            .name()
            .is_some_and(|name| links.is_machinery_type(name)),
    });
}

/// `_entities` and `_service`, which a Federation service adds to `Query`.
fn is_service_field(field: &Node<ast::FieldDefinition>) -> bool {
    field.name == "_entities" || field.name == "_service"
}

/// Whether the gateway has a definition of this directive.
fn is_machinery_directive(name: &str, links: &Links) -> bool {
    name == "oneOf"
        || is_unlinked(name)
        || links.canonical(name).is_some()
        || federation_1(name, links).is_some()
}

/// Whether a directive needs no link.
fn is_unlinked(name: &str) -> bool {
    let mut directives = directives::UNLINKED.iter();
    directives.any(|directive| directive.name == name)
}

/// Whether a type belongs to the arguments of a directive that needs no link.
fn is_unlinked_type(name: &str) -> bool {
    let types = directives::types(directives::UNLINKED);
    types.iter().any(|ty| ty.name == name)
}

/// The canonical name of a directive that a Federation 1 schema uses without a link.
fn federation_1(name: &str, links: &Links) -> Option<&'static str> {
    let canonical = spec::FEDERATION_1.iter().find(|known| **known == name);
    canonical.copied().filter(|_| links.federation() < (2, 0))
}

/// A directive that the folder defines cannot have the name of a canonical one, because later stages read canonical
/// names. The gateway gives no meaning to such a directive anyway.
fn shadows(
    directive: &Node<ast::DirectiveDefinition>,
    links: &Links,
    findings: &mut Findings,
) -> bool {
    let of_linked = links
        .links
        .iter()
        .find(|link| link.spec.has_directive(&directive.name));
    let Some(link) = of_linked else {
        return false;
    };
    findings.push(
        findings
            .warning(
                &code::SHADOWED_DIRECTIVE,
                format!(
                    "`@{}` of this folder is left out: {} has a directive of that name",
                    directive.name, link.spec.name
                ),
            )
            .at(findings.span(directive.name.location()))
            .help("give it another name"),
    );
    true
}

/// Renames the uses of linked directives to their canonical names; reports and removes unknown ones.
fn canonical_names(document: &mut ast::Document, links: &Links, findings: &mut Findings) {
    let defined: HashSet<Name> = document
        .definitions
        .iter()
        .filter_map(|definition| definition.as_directive_definition())
        .map(|definition| definition.name.clone())
        .collect();
    let mut unknown = UnknownDirectives::default();
    for definition in &mut document.definitions {
        rename::for_each_directive_list(definition, &mut |list, at| {
            list.0.retain_mut(|directive| {
                let name = directive.name.as_str();
                if let Some(canonical) = links.canonical(name) {
                    make_canonical(directive, &canonical);
                    features::check(directive, at, links, findings);
                    return true;
                }
                if let Some(canonical) = federation_1(name, links) {
                    make_canonical(directive, canonical);
                    return true;
                }
                if defined.contains(name) || STANDARD.contains(&name) || is_unlinked(name) {
                    return true;
                }
                unknown.add(directive, at);
                false
            });
        });
    }
    unknown.report(links, &defined, findings);
}

fn make_canonical(directive: &mut Node<Directive>, canonical: &str) {
    if directive.name != canonical {
        let name = rename::renamed(&directive.name, canonical);
        directive.make_mut().name = name;
    }
    if matches!(canonical, "key" | "requires" | "provides") {
        fields_as_string(directive);
    }
}

/// Converts `fields: ["id", "sku"]` and `fields: id`, which old printers wrote, to a string.
fn fields_as_string(directive: &mut Node<Directive>) {
    let text = match directive.specified_argument_by_name("fields") {
        Some(value) => match &**value {
            Value::List(items) => {
                let names = items.iter().map(|item| match &**item {
                    Value::Enum(name) => Some(name.as_str()),
                    other => other.as_str(),
                });
                names
                    .collect::<Option<Vec<_>>>()
                    .map(|names| names.join(" "))
            }
            Value::Enum(name) => Some(name.to_string()),
            _ => None,
        },
        None => None,
    };
    let directive = text.is_some().then(|| directive.make_mut());
    let value = directive.and_then(|directive| directive.specified_argument_by_name_mut("fields"));
    if let (Some(value), Some(text)) = (value, text) {
        *value = value.same_location(Value::String(text));
    }
}

/// The document with the definitions of linked specifications, as one schema.
fn build(document: &ast::Document) -> (Schema, Option<DiagnosticList>) {
    let defined: HashSet<&Name> = document
        .definitions
        .iter()
        .filter_map(|definition| definition.as_directive_definition())
        .map(|definition| &definition.name)
        .collect();
    let mut injected = spec::DEFINITIONS.clone();
    // The folder may define a directive with the name of one of a specification that it does not link.
    injected.definitions.retain(|definition| {
        let directive = definition.as_directive_definition();
        !directive.is_some_and(|directive| defined.contains(&directive.name))
    });
    let builder = SchemaBuilder::new()
        .adopt_orphan_extensions()
        .ignore_builtin_redefinitions()
        .add_ast(&injected)
        .add_ast(document);
    let (mut schema, errors) = match builder.build() {
        Ok(schema) => (schema, None),
        Err(broken) => (broken.partial, Some(broken.errors)),
    };
    let mut definitions = document.definitions.iter();
    if !definitions.any(|definition| matches!(definition, Definition::SchemaDefinition(_))) {
        add_default_roots(&mut schema);
    }
    (schema, errors)
}

/// Without a `schema` definition, the types with the default names are the roots that no `extend schema` names.
/// <https://spec.graphql.org/October2021/#sec-Root-Operation-Types.Default-Root-Operation-Type-Names>
fn add_default_roots(schema: &mut Schema) {
    let definition = schema.schema_definition.make_mut();
    for (operation, root) in [
        (OperationType::Query, &mut definition.query),
        (OperationType::Mutation, &mut definition.mutation),
        (OperationType::Subscription, &mut definition.subscription),
    ] {
        let name = operation.default_type_name();
        if root.is_none() && schema.types.get(&name).is_some_and(|ty| ty.is_object()) {
            *root = Some(name.into());
        }
    }
}

/// Validates a copy by apollo-compiler. A subgraph need not have a `Query`, so the copy gets one.
fn validate(schema: &Schema, findings: &mut Findings) {
    let mut copy = schema.clone();
    if copy.schema_definition.query.is_none()
        && let Ok(builder) = Schema::parse("type Query { _service: String }", "query.graphql")
        && let Some(query) = builder.types.get("Query")
    {
        let name = apollo_compiler::name!("Query");
        copy.types.insert(name.clone(), query.clone());
        copy.schema_definition.make_mut().query = Some(name.into());
    }
    if let Err(invalid) = copy.validate() {
        graphql_errors::push(&invalid.errors, schema, findings);
    }
}

/// Removes the injected definitions and the links that every folder has; other links are kept under canonical names, so
/// that a supergraph can carry them.
fn take_definitions_away(schema: &mut Schema, links: &Links) {
    let injected: HashSet<_> = spec::DEFINITIONS.sources.keys().copied().collect();
    let is_injected = |location: Option<apollo_compiler::parser::SourceSpan>| {
        location.is_some_and(|location| injected.contains(&location.file_id()))
    };
    schema
        .directive_definitions
        .retain(|_, definition| !is_injected(definition.location()));
    schema
        .types
        .retain(|name, ty| !(spec::is_our_type(name) && is_injected(ty.location())));
    let sources = std::sync::Arc::make_mut(&mut schema.sources);
    sources.retain(|id, _| !injected.contains(id));
    let definition = schema.schema_definition.make_mut();
    definition.directives.0.retain_mut(|directive| {
        if directive.name != "link" {
            return true;
        }
        let link = links
            .links
            .iter()
            .find(|link| link.directive.location() == directive.location());
        match link {
            None => true,
            Some(link) if matches!(link.spec.name, "link" | "federation") => false,
            Some(link) => {
                *directive = Component {
                    origin: directive.origin.clone(),
                    node: directive.same_location(canonical_link(link)),
                };
                true
            }
        }
    });
}

/// A `@link` to a supported specification that imports all its directives under their canonical names.
fn canonical_link(link: &super::link::Link) -> Directive {
    let imports = link.spec.directives();
    let imports = imports
        .filter(|name| link.spec.since(&format!("@{name}")) <= Some(link.version))
        .map(|name| Node::new(Value::String(format!("@{name}"))));
    let argument = |name: Name, value: Value| {
        Node::new(ast::Argument {
            name,
            value: Node::new(value),
        })
    };
    Directive {
        name: apollo_compiler::name!("link"),
        arguments: vec![
            argument(
                apollo_compiler::name!("url"),
                Value::String(link.spec.url(link.version)),
            ),
            argument(
                apollo_compiler::name!("import"),
                Value::List(imports.collect()),
            ),
        ],
    }
}
