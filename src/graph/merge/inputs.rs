//! Merges input types: the fields that all subgraphs with the type accept.

use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, ExtendedType, InputObjectType, InputValueDefinition};
use apollo_compiler::{Name, Node};

use super::super::code;
use super::super::join::{FieldIn, FieldJoin};
use super::super::report::{Finding, graph_names};
use super::Merge;
use super::values::{InputCodes, InputSource};

impl<'a> Merge<'a, '_> {
    pub(super) fn input(&mut self, name: &Name, graphs: &[usize]) -> ExtendedType {
        let mut all: IndexMap<Name, Vec<InputSource<'a>>> = IndexMap::default();
        for &graph in graphs {
            if let Some(input) = self.views[graph].schema.get_input_object(name) {
                for (field, definition) in &input.fields {
                    let sources = all.entry(field.clone()).or_default();
                    sources.push((graph, &definition.node));
                }
            }
        }
        let mut fields: IndexMap<Name, Component<InputValueDefinition>> = IndexMap::default();
        let common = all.values().any(|sources| sources.len() == graphs.len());
        for (field, sources) in all {
            let Some(merged) = self.input_field(name, &field, &sources, graphs) else {
                continue;
            };
            if let Some(join) = self.joins.types.get_mut(name) {
                join.fields.insert(field.clone(), join_of(&sources));
            }
            fields.insert(field, merged.into());
        }
        if !common && graphs.len() > 1 {
            self.no_common_field(name, graphs);
        }
        ExtendedType::InputObject(Node::new(InputObjectType {
            description: self.type_description(name, graphs),
            name: name.clone(),
            directives: self.type_directives(name, graphs),
            fields,
        }))
    }

    fn input_field(
        &mut self,
        parent: &Name,
        name: &Name,
        sources: &[InputSource<'a>],
        graphs: &[usize],
    ) -> Option<Node<InputValueDefinition>> {
        let what = format!("input field `{parent}.{name}`");
        let unknown: Vec<usize> = graphs
            .iter()
            .copied()
            .filter(|graph| !sources.iter().any(|(source, _)| source == graph))
            .collect();
        if unknown.is_empty() {
            let codes = InputCodes {
                ty: &code::FIELD_TYPE_MISMATCH,
                default: &code::INPUT_FIELD_DEFAULT_MISMATCH,
            };
            return self.input_value(&what, name, sources, &codes);
        }
        let lacking = graph_names(self.views, unknown.iter().copied());
        let required = sources.iter().any(|(_, here)| here.is_required());
        for (graph, here) in sources
            .iter()
            .filter(|(_, here)| here.is_required() == required)
        {
            let mut finding = if required {
                Finding::new(
                    &code::REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH,
                    *graph,
                    format!("{what} is required here, but not known to {lacking}"),
                )
                .help("make it optional or give it a default value, or add it to every connector with this input type")
            } else {
                Finding::warning(
                    &code::INCONSISTENT_INPUT_OBJECT_FIELD,
                    *graph,
                    format!("{what} is not known to {lacking}, so that the graph does not offer it"),
                )
                .help("add the field to every connector with this input type")
            }
            .at(*here);
            for &graph in &unknown {
                finding = finding.related(
                    graph,
                    self.views[graph].schema.types[parent].location(),
                    "without the field here",
                );
            }
            self.report.push(finding);
        }
        None
    }

    fn no_common_field(&mut self, name: &Name, graphs: &[usize]) {
        let Some((&last, others)) = graphs.split_last() else {
            return;
        };
        let finding = Finding::new(
            &code::EMPTY_MERGED_INPUT_TYPE,
            last,
            format!(
                "input type `{name}` has no field in common with {}",
                graph_names(self.views, others.iter().copied())
            ),
        )
        .at_span(self.views[last].schema.types[name].location())
        .related(
            others[0],
            self.views[others[0]].schema.types[name].location(),
            "the same name here",
        )
        .help("an input type holds the fields that all its connectors accept: give it another name here");
        self.report.push(finding);
    }
}

fn join_of(sources: &[InputSource<'_>]) -> FieldJoin {
    let graphs = sources.iter().map(|(graph, definition)| {
        let field = FieldIn {
            ty: (*definition.ty).clone(),
            external: false,
            requires: None,
            contextual: Vec::new(),
            provides: None,
            overrides: None,
            label: None,
            used_overridden: false,
        };
        (*graph, field)
    });
    FieldJoin {
        graphs: graphs.collect(),
        through_interface: None,
    }
}
