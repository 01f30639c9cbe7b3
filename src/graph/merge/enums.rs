//! Merges enums: the union of values for output, the intersection for input, and equal values for both.
//!
//! A value that is `@inaccessible` in a subgraph counts as if every subgraph had it: no client can send it. So a new value
//! is introduced in one subgraph after the other, and published last.

use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, Directive, EnumType, EnumValueDefinition, ExtendedType};
use apollo_compiler::{Name, Node};

use super::super::report::{Finding, graph_names, names};
use super::super::{code, federation as fed};
use super::{Graphs, Merge};

type ValueSource<'a> = (usize, &'a Component<EnumValueDefinition>);

impl<'a> Merge<'a, '_> {
    pub(super) fn enumeration(&mut self, name: &Name, graphs: &[usize]) -> ExtendedType {
        let mut all: IndexMap<Name, Vec<ValueSource<'a>>> = IndexMap::default();
        for &graph in graphs {
            if let Some(here) = self.views[graph].schema.get_enum(name) {
                for (value, definition) in &here.values {
                    let sources = all.entry(value.clone()).or_default();
                    sources.push((graph, definition));
                }
            }
        }
        let is_input = self.enum_usage.input.contains(name);
        let is_output = self.enum_usage.output.contains(name);
        let mut values = IndexMap::default();
        for (value, sources) in &all {
            let everywhere = sources.len() == graphs.len();
            let hidden = sources
                .iter()
                .any(|(_, definition)| definition.directives.has(fed::INACCESSIBLE));
            if !everywhere && is_input && !hidden {
                self.missing_value(name, value, sources, graphs, is_output);
                if !is_output {
                    continue;
                }
            }
            let merged = self.enum_value(name, value, sources);
            let by: Graphs = sources.iter().map(|(graph, _)| *graph).collect();
            if let Some(join) = self.joins.types.get_mut(name) {
                join.values.insert(value.clone(), by);
            }
            values.insert(value.clone(), Component::new(merged));
        }
        if values.is_empty() {
            self.no_common_value(name, graphs);
        }
        if is_output && !is_input {
            self.different_values(name, &all, graphs);
        }
        ExtendedType::Enum(Node::new(EnumType {
            description: self.type_description(name, graphs),
            name: name.clone(),
            directives: self.type_directives(name, graphs),
            values,
        }))
    }

    fn enum_value(
        &mut self,
        parent: &Name,
        value: &Name,
        sources: &[ValueSource<'a>],
    ) -> EnumValueDefinition {
        let what = format!("enum value `{parent}.{value}`");
        let given: Vec<(usize, Vec<&Node<Directive>>)> = sources
            .iter()
            .map(|(graph, definition)| (*graph, definition.directives.iter().collect()))
            .collect();
        EnumValueDefinition {
            description: self.description(
                &what,
                sources
                    .iter()
                    .map(|(graph, definition)| (*graph, definition.description.as_ref())),
            ),
            value: value.clone(),
            directives: apollo_compiler::ast::DirectiveList(self.directives(&what, &given)),
        }
    }

    /// Reports a value of an input enum that only some subgraphs define, to the smaller side: those that define it, or
    /// those that do not.
    fn missing_value(
        &mut self,
        parent: &Name,
        value: &Name,
        sources: &[ValueSource<'a>],
        graphs: &[usize],
        is_output: bool,
    ) {
        let views = self.views;
        let having: Vec<usize> = sources.iter().map(|(graph, _)| *graph).collect();
        let lacking: Vec<usize> = graphs
            .iter()
            .copied()
            .filter(|graph| !having.contains(graph))
            .collect();
        if !is_output {
            for (graph, definition) in sources {
                self.report.push(
                    Finding::warning(
                        &code::INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM,
                        *graph,
                        format!(
                            "enum value `{parent}.{value}` is not known to {}, so that the graph does not offer it",
                            graph_names(views, lacking.iter().copied())
                        ),
                    )
                    .at(definition)
                    .help("add the value to every connector with this enum"),
                );
            }
            return;
        }
        let have_are_fewer = having.len() < lacking.len()
            || (having.len() == lacking.len() && having[0] > lacking[0]);
        let guilty = if have_are_fewer { &having } else { &lacking };
        for &graph in guilty {
            let definition = sources.iter().find(|(have, _)| *have == graph);
            let at = definition.map_or(views[graph].schema.types[parent].location(), |(_, one)| {
                one.location()
            });
            let message = if have_are_fewer {
                format!(
                    "enum value `{parent}.{value}` is not known to {}, although the enum both goes in and comes out",
                    graph_names(views, lacking.iter().copied())
                )
            } else {
                format!(
                    "enum `{parent}` lacks the value `{value}` of {}, although the enum both goes in and comes out",
                    graph_names(views, having.iter().copied())
                )
            };
            let mut finding = Finding::new(&code::ENUM_VALUE_MISMATCH, graph, message).at_span(at);
            if !have_are_fewer {
                let (other, definition) = &sources[0];
                finding = finding.related(*other, definition.location(), "the value");
            }
            self.report.push(finding.help(
                "give the enum the same values in every connector, or use one enum for input and another for output",
            ));
        }
    }

    /// Warns of an output enum whose values are not the same in all connectors: often two enums that have the same name
    /// by chance. Values that are hidden from clients do not count.
    fn different_values(
        &mut self,
        name: &Name,
        all: &IndexMap<Name, Vec<ValueSource<'a>>>,
        graphs: &[usize],
    ) {
        let views = self.views;
        let definitions = graphs
            .iter()
            .filter_map(|&graph| Some((graph, views[graph].schema.get_enum(name)?)));
        let definitions: Vec<_> = definitions.collect();
        if definitions
            .iter()
            .any(|(_, here)| here.directives.has(fed::INACCESSIBLE))
        {
            return;
        }
        let visible = all.iter().filter(|(_, sources)| {
            let hidden = sources
                .iter()
                .any(|(_, value)| value.directives.has(fed::INACCESSIBLE));
            !hidden && sources.len() < graphs.len()
        });
        let visible: Vec<_> = visible.collect();
        let lacks = |graph: usize| {
            let missing = visible
                .iter()
                .filter(|(_, sources)| !sources.iter().any(|(have, _)| *have == graph));
            names(missing.map(|(value, _)| value))
        };
        let mut labels: Vec<_> = definitions
            .iter()
            .map(|(graph, here)| (*graph, here.name.location(), lacks(*graph)))
            .collect();
        // The first connector that lacks a value has the warning.
        labels.sort_by_key(|(_, _, missing)| missing.is_empty());
        let mut labels = labels.into_iter();
        let Some((graph, at, missing)) =
            labels.next().filter(|(_, _, missing)| !missing.is_empty())
        else {
            return;
        };
        let mut finding = Finding::warning(
            &code::INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM,
            graph,
            format!(
                "enum `{name}` lacks {missing} here; clients see the values of {} together",
                graph_names(views, graphs.iter().copied())
            ),
        )
        .at_span(at);
        for (graph, at, missing) in labels {
            let text = match missing.is_empty() {
                true => "all values".to_owned(),
                false => format!("without {missing}"),
            };
            finding = finding.related(graph, at, text);
        }
        self.report.push(finding.help(
            "if it is one enum, define the same values in every connector, also those that one never returns; if the \
             values mean something else here, give it another name",
        ));
    }

    fn no_common_value(&mut self, name: &Name, graphs: &[usize]) {
        let Some((&last, others)) = graphs.split_last() else {
            return;
        };
        let finding = Finding::new(
            &code::EMPTY_MERGED_ENUM_TYPE,
            last,
            format!(
                "enum `{name}` has no value in common with {}",
                graph_names(self.views, others.iter().copied())
            ),
        )
        .at_span(self.views[last].schema.types[name].location())
        .help("an enum that goes in holds the values that all its connectors know: give it another name here");
        self.report.push(finding);
    }
}
