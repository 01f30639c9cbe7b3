//! Merges directives: those of GraphQL, those of Federation for clients or authorization, those that a connector
//! composes.
//!
//! Directives that concern only their own subgraph (`@cacheControl`, `@connect`, …) are not merged: they are read from
//! the subgraph.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::ast::{Argument, DirectiveLocation, Value};
use apollo_compiler::schema::{Component, Directive, DirectiveDefinition};
use apollo_compiler::{Name, Node, name};

use super::super::report::{Finding, graph_names};
use super::super::{code, federation as fed};
use super::Merge;

/// The directives of one element, by subgraph.
type Given<'g, 'a> = &'g [(usize, Vec<&'a Node<Directive>>)];

impl Merge<'_, '_> {
    /// The directives that an element keeps, sorted by name.
    pub(super) fn directives(&mut self, what: &str, given: Given<'_, '_>) -> Vec<Node<Directive>> {
        let names: BTreeSet<&Name> = given
            .iter()
            .flat_map(|(_, directives)| directives.iter().map(|one| &one.name))
            .collect();
        let mut merged = Vec::new();
        for name in names {
            match name.as_str() {
                fed::DEPRECATED | fed::SPECIFIED_BY => {
                    merged.extend(self.same_for_all(what, name, given));
                }
                fed::INACCESSIBLE | fed::AUTHENTICATED | fed::ONE_OF => {
                    merged.push(Node::new(Directive::new(name.clone())));
                }
                fed::TAG => merged.extend(every(name, given)),
                fed::REQUIRES_SCOPES => merged.push(all_of(name, name!("scopes"), given)),
                fed::POLICY => merged.push(all_of(name, name!("policies"), given)),
                fed::COST => merged.push(greatest(name, given)),
                fed::LIST_SIZE => merged.push(list_size(name, given)),
                _ if self.composed.contains_key(name) => merged.extend(every(name, given)),
                _ => {}
            }
        }
        merged
    }

    /// Merges a directive that is not repeatable: the first subgraph's, with a warning to those that differ.
    fn same_for_all(
        &mut self,
        what: &str,
        name: &Name,
        given: Given<'_, '_>,
    ) -> Option<Node<Directive>> {
        let mut all = one_each(name, given);
        let (reference, first) = all.next()?;
        for (graph, other) in all {
            if other.arguments != first.arguments {
                self.report.push(
                    Finding::warning(
                        &code::INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
                        graph,
                        format!(
                            "{what} has @{name} with other arguments than in {}, which are used",
                            graph_names(self.views, [reference])
                        ),
                    )
                    .at(other)
                    .related(reference, first.location(), "used")
                    .help("give the directive the same arguments in all connectors"),
                );
            }
        }
        Some(Node::new(Directive {
            name: name.clone(),
            arguments: first.arguments.clone(),
        }))
    }

    /// Directives on the schema itself.
    pub(super) fn schema_directives(&mut self) {
        let views = self.views;
        let given: Vec<(usize, Vec<&Node<Directive>>)> = views
            .iter()
            .enumerate()
            .map(|(graph, view)| {
                let directives = &view.schema.schema_definition.directives;
                (graph, directives.iter().map(|one| &one.node).collect())
            })
            .collect();
        let merged = self.directives("the schema", &given);
        let definition = self.schema.schema_definition.make_mut();
        let merged = merged.into_iter().map(Component::from);
        definition.directives.extend(merged);
    }

    /// The definitions of composed directives, and of directives for operations that every subgraph defines.
    pub(super) fn directive_definitions(&mut self) {
        if self
            .schema
            .types
            .values()
            .any(|ty| ty.directives().has(fed::ONE_OF))
        {
            // Part of GraphQL since September 2025, but not yet built into every tool.
            let definition = DirectiveDefinition {
                description: None,
                name: name!("oneOf"),
                arguments: Vec::new(),
                repeatable: false,
                locations: vec![DirectiveLocation::InputObject],
            };
            let definitions = &mut self.schema.directive_definitions;
            definitions.insert(name!("oneOf"), Node::new(definition));
        }
        for (name, definition) in std::mem::take(&mut self.composed) {
            self.schema.directive_definitions.insert(name, definition);
        }
        self.executable_directives();
    }

    /// Reads `@composeDirective`: the custom directives that are merged, with their definitions.
    pub(super) fn compose_directives(&mut self) {
        let mut origin: BTreeMap<Name, (usize, &Node<DirectiveDefinition>)> = BTreeMap::new();
        for (graph, view) in self.views.iter().enumerate() {
            let on_schema = &view.schema.schema_definition.directives;
            for directive in on_schema.get_all(fed::COMPOSE_DIRECTIVE) {
                let wrong = |message: String, help: &str| {
                    Finding::new(&code::DIRECTIVE_COMPOSITION_ERROR, graph, message)
                        .at(&directive.node)
                        .help(help)
                };
                let named = fed::string(directive, "name").unwrap_or_default();
                let Some(bare) = named.strip_prefix('@') else {
                    self.report.push(wrong(
                        format!("@composeDirective names \"{named}\", which does not begin with @"),
                        "write the directive's name as it is applied: name: \"@mine\"",
                    ));
                    continue;
                };
                if is_merged_anyway(bare) {
                    self.report.push(wrong(
                        format!("`@{bare}` is composed by its own rules and cannot be named by @composeDirective"),
                        "remove this @composeDirective",
                    ));
                    continue;
                }
                let Some(definition) = view.schema.directive_definitions.get(bare) else {
                    let all = view.schema.directive_definitions.keys();
                    let help = match nearest_directive(bare, all) {
                        Some(near) => format!("did you mean \"@{near}\"?"),
                        None => "define the directive in this schema".to_owned(),
                    };
                    self.report.push(wrong(
                        format!(
                            "@composeDirective names `@{bare}`, which this schema does not define"
                        ),
                        &help,
                    ));
                    continue;
                };
                let name = definition.name.clone();
                match origin.get(&name) {
                    Some((_, same)) if same == &definition => {}
                    Some((other, _)) => {
                        let finding = wrong(
                            format!(
                                "directive `@{bare}` is defined otherwise than in {}",
                                graph_names(self.views, [*other])
                            ),
                            "give the directive one definition in all connectors that compose it",
                        );
                        self.report.push(finding);
                    }
                    None => {
                        origin.insert(name, (graph, definition));
                    }
                }
            }
        }
        self.composed = origin
            .into_iter()
            .map(|(name, (_, definition))| (name, Node::new((**definition).clone())))
            .collect();
    }
}

fn nearest_directive<'a>(wanted: &str, all: impl Iterator<Item = &'a Name>) -> Option<&'a str> {
    super::super::report::nearest(wanted, all.map(|name| name.as_str()))
}

/// The directives with a fixed way of merging.
fn is_merged_anyway(name: &str) -> bool {
    matches!(
        name,
        "skip"
            | "include"
            | fed::DEPRECATED
            | fed::SPECIFIED_BY
            | fed::ONE_OF
            | fed::TAG
            | fed::INACCESSIBLE
            | fed::AUTHENTICATED
            | fed::REQUIRES_SCOPES
            | fed::POLICY
            | fed::COST
            | fed::LIST_SIZE
            | fed::KEY
            | fed::SHAREABLE
            | fed::EXTERNAL
            | fed::REQUIRES
            | fed::PROVIDES
            | fed::OVERRIDE
            | fed::INTERFACE_OBJECT
            | fed::CONTEXT
            | fed::FROM_CONTEXT
            | fed::COMPOSE_DIRECTIVE
            | fed::LINK
    )
}

/// The first of each subgraph.
fn one_each<'i>(
    name: &'i Name,
    given: &'i [(usize, Vec<&'i Node<Directive>>)],
) -> impl Iterator<Item = (usize, &'i Node<Directive>)> {
    given.iter().filter_map(move |(graph, directives)| {
        let first = directives.iter().find(|one| one.name == *name)?;
        Some((*graph, *first))
    })
}

/// Every different application, in the order of subgraphs.
fn every(name: &Name, given: Given<'_, '_>) -> Vec<Node<Directive>> {
    let mut all: Vec<Node<Directive>> = Vec::new();
    for (_, directives) in given {
        for one in directives.iter().filter(|one| one.name == *name) {
            if !all.iter().any(|have| have.arguments == one.arguments) {
                all.push(Node::new(Directive {
                    name: name.clone(),
                    arguments: one.arguments.clone(),
                }));
            }
        }
    }
    all.sort_by_key(|one| one.to_string());
    all
}

/// `@requiresScopes` and `@policy` mean "any of these sets". The merged value must imply each subgraph's value, so its
/// sets are all unions of one set per subgraph. Sets that contain another one are dropped.
fn all_of(name: &Name, argument: Name, given: Given<'_, '_>) -> Node<Directive> {
    let mut merged: BTreeSet<BTreeSet<String>> = BTreeSet::from([BTreeSet::new()]);
    for (_, one) in one_each(name, given) {
        let Some(value) = one.specified_argument_by_name(&argument) else {
            continue;
        };
        let sets = fed::lists_of_strings(value);
        merged = merged
            .iter()
            .flat_map(|have| {
                sets.iter()
                    .map(|set| have.iter().chain(set).cloned().collect())
            })
            .collect();
    }
    let minimal = merged.iter().filter(|set| {
        !merged
            .iter()
            .any(|smaller| smaller != *set && smaller.is_subset(set))
    });
    let lists = minimal.map(|set| {
        let strings = set.iter().cloned().map(|one| Node::new(Value::String(one)));
        Node::new(Value::List(strings.collect()))
    });
    let value = Node::new(Value::List(lists.collect()));
    applied(name, [(argument, value)])
}

/// `@cost(weight:)`: the greatest weight.
fn greatest(name: &Name, given: Given<'_, '_>) -> Node<Directive> {
    let weights = one_each(name, given).filter_map(|(_, one)| {
        let value = one.specified_argument_by_name("weight")?;
        Some((value.to_f64().unwrap_or_default(), value))
    });
    let greatest = weights.max_by(|a, b| a.0.total_cmp(&b.0));
    applied(
        name,
        greatest.map(|(_, value)| (name!("weight"), Node::new((**value).clone()))),
    )
}

/// `@listSize`: the greatest assumed size, every slicing argument and sized field; one slicing argument is required
/// only where every subgraph requires it.
fn list_size(name: &Name, given: Given<'_, '_>) -> Node<Directive> {
    let all: Vec<_> = one_each(name, given).map(|(_, one)| one).collect();
    let values = |argument: &'static str| {
        all.iter()
            .filter_map(move |one| one.specified_argument_by_name(argument))
    };
    let mut arguments = Vec::new();
    if let Some(size) = values("assumedSize").max_by_key(|value| value.to_i32()) {
        arguments.push((name!("assumedSize"), Node::new((**size).clone())));
    }
    for (argument, key) in [
        ("slicingArguments", name!("slicingArguments")),
        ("sizedFields", name!("sizedFields")),
    ] {
        let mut union: Vec<Node<Value>> = Vec::new();
        for item in values(argument).flat_map(fed::items) {
            if !union.contains(item) {
                union.push(Node::new((**item).clone()));
            }
        }
        if !union.is_empty() {
            arguments.push((key, Node::new(Value::List(union))));
        }
    }
    let required: Vec<bool> = values("requireOneSlicingArgument")
        .filter_map(|value| value.to_bool())
        .collect();
    if !required.is_empty() {
        let required = required.iter().all(|required| *required);
        arguments.push((
            name!("requireOneSlicingArgument"),
            Node::new(Value::Boolean(required)),
        ));
    }
    applied(name, arguments)
}

fn applied(
    name: &Name,
    arguments: impl IntoIterator<Item = (Name, Node<Value>)>,
) -> Node<Directive> {
    let arguments = arguments
        .into_iter()
        .map(|(name, value)| Node::new(Argument { name, value }));
    Node::new(Directive {
        name: name.clone(),
        arguments: arguments.collect(),
    })
}
