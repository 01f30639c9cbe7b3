//! Merges the definitions of directives for operations: those that every subgraph defines, for the locations that they have
//! in common (Federation: composition by intersection).

use std::collections::BTreeMap;

use apollo_compiler::ast::DirectiveLocation;
use apollo_compiler::schema::DirectiveDefinition;
use apollo_compiler::{Name, Node};

use super::super::api::{is_executable, is_passed_on};
use super::super::code;
use super::super::report::{Finding, graph_names};
use super::Merge;
use crate::connector::SubgraphKind;

impl Merge<'_, '_> {
    /// Adds the directives for operations that the graph offers, and warns of the others.
    pub(super) fn executable_directives(&mut self) {
        let mut all: BTreeMap<&Name, Vec<(usize, &Node<DirectiveDefinition>)>> = BTreeMap::new();
        for (graph, view) in self.views.iter().enumerate() {
            for (name, definition) in &view.schema.directive_definitions {
                let for_operations = definition.locations.iter().any(is_executable);
                if for_operations && !definition.is_built_in() && !is_standard(name) {
                    all.entry(name).or_default().push((graph, definition));
                }
            }
        }
        for (name, definitions) in all {
            if let Some(definition) = self.executable_directive(name, &definitions) {
                let definitions = &mut self.schema.directive_definitions;
                definitions.insert(name.clone(), Node::new(definition));
            }
        }
    }

    /// A directive for operations, as all subgraphs define it: their common locations. A schema in this process has none,
    /// and none is sent to it.
    fn executable_directive(
        &mut self,
        name: &Name,
        definitions: &[(usize, &Node<DirectiveDefinition>)],
    ) -> Option<DirectiveDefinition> {
        let (reference, first) = *definitions.first()?;
        let views = self.views;
        let without: Vec<usize> = { views.iter().enumerate() }
            .filter(|(_, view)| !matches!(view.subgraph.kind, SubgraphKind::Native))
            .map(|(graph, _)| graph)
            .filter(|graph| definitions.iter().all(|(with, _)| with != graph))
            .collect();
        let other = definitions
            .iter()
            .find(|(_, other)| other.arguments != first.arguments);
        let locations: Vec<_> = first
            .locations
            .iter()
            .copied()
            .filter(is_executable)
            .filter(|location| {
                definitions
                    .iter()
                    .all(|(_, other)| other.locations.contains(location))
            })
            .collect();
        let why = if !without.is_empty() {
            format!("it is not defined in {}", graph_names(views, without))
        } else if let Some((other, _)) = other {
            let both = graph_names(views, [reference, *other]);
            format!("its arguments differ in {both}")
        } else if locations.is_empty() {
            "its definitions have no location in common".to_owned()
        } else {
            self.report_locations(name, &locations, definitions);
            return Some(DirectiveDefinition {
                description: first.description.clone(),
                name: name.clone(),
                arguments: first.arguments.clone(),
                repeatable: definitions.iter().all(|(_, other)| other.repeatable),
                locations,
            });
        };
        for (graph, definition) in definitions {
            self.report.push(
                Finding::warning(
                    &code::INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE,
                    *graph,
                    format!("the graph does not offer the directive `@{name}`: {why}"),
                )
                .at(*definition)
                .help("define a directive for operations alike in all connectors"),
            );
        }
        None
    }

    /// Warns of locations at which clients cannot use a directive.
    fn report_locations(
        &mut self,
        name: &Name,
        locations: &[DirectiveLocation],
        definitions: &[(usize, &Node<DirectiveDefinition>)],
    ) {
        let not_offered = locations.iter().filter(|one| !is_passed_on(one));
        let not_offered: Vec<&str> = not_offered.map(|one| one.name()).collect();
        let Some((graph, definition)) = definitions.first().filter(|_| !not_offered.is_empty())
        else {
            return;
        };
        let message = format!(
            "the graph does not offer the directive `@{name}` on {}",
            not_offered.join(", ")
        );
        self.report.push(
            Finding::warning(&code::UNSUPPORTED_DIRECTIVE_LOCATION, *graph, message)
                .at(*definition)
                .help("directives on fields, queries, mutations and variables are passed on to services"),
        );
    }
}

/// Directives of GraphQL itself, also where a subgraph defines them.
fn is_standard(name: &str) -> bool {
    matches!(name, "skip" | "include" | "defer" | "stream" | "live")
}
