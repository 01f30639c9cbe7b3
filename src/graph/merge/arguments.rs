//! Merges the arguments of fields: those that every resolving subgraph defines, with the narrowest type.

use apollo_compiler::ast::{FieldDefinition, InputValueDefinition};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::{Name, Node};

use super::super::code;
use super::super::context::is_contextual;
use super::super::report::{Finding, graph_names};
use super::Merge;
use super::fields::SubgraphField;
use super::values::{InputCodes, InputSource};

impl<'a> Merge<'a, '_> {
    /// The merged arguments of a field.
    pub(super) fn arguments(
        &mut self,
        at: &str,
        sources: &[SubgraphField<'a>],
    ) -> Vec<Node<InputValueDefinition>> {
        let mut all: IndexMap<Name, Vec<InputSource<'a>>> = IndexMap::default();
        for source in sources {
            for argument in &source.definition.arguments {
                let name = argument.name.clone();
                all.entry(name).or_default().push((source.graph, argument));
            }
        }
        let mut merged = Vec::with_capacity(all.len());
        for (name, declaring) in all {
            let what = format!("argument `{at}({name}:)`");
            if declaring.iter().any(|(_, one)| is_contextual(one)) {
                self.contextual_argument(&what, &declaring);
                continue;
            }
            let unknown: Vec<&SubgraphField<'a>> = sources
                .iter()
                .filter(|source| !declaring.iter().any(|(graph, _)| *graph == source.graph))
                .collect();
            if unknown.is_empty() {
                let codes = InputCodes {
                    ty: &code::FIELD_ARGUMENT_TYPE_MISMATCH,
                    default: &code::FIELD_ARGUMENT_DEFAULT_MISMATCH,
                };
                merged.extend(self.input_value(&what, &name, &declaring, &codes));
            } else {
                self.missing_argument(&what, &declaring, &unknown);
            }
        }
        merged
    }

    /// Checks an argument that some subgraph takes from a context. It is not in the merged field, so no other subgraph may
    /// require it.
    fn contextual_argument(&mut self, what: &str, declaring: &[InputSource<'a>]) {
        let mut contextual = declaring.iter().filter(|(_, one)| is_contextual(one));
        let Some((reference, argument)) = contextual.next() else {
            return;
        };
        for (graph, here) in declaring {
            if is_contextual(here) || !here.is_required() {
                continue;
            }
            let owner = graph_names(self.views, [*reference]);
            let message = format!(
                "{what} is required here, but {owner} takes it from a context, so that the graph does not offer it"
            );
            let code = &code::CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS;
            self.report.push(
                Finding::new(code, *graph, message)
                    .at(*here)
                    .related(*reference, argument.location(), "contextual here")
                    .help("take it from a context here too, or make it optional"),
            );
        }
    }

    /// Reports an argument that only some subgraphs define. It is left out of the merged field, so it must not be
    /// required.
    fn missing_argument(
        &mut self,
        what: &str,
        declaring: &[InputSource<'a>],
        unknown: &[&SubgraphField<'a>],
    ) {
        let views = self.views;
        let lacking = graph_names(views, unknown.iter().map(|source| source.graph));
        let mut required = declaring
            .iter()
            .filter(|(_, here)| here.is_required())
            .peekable();
        if required.peek().is_none() {
            for (graph, here) in declaring {
                self.report.push(
                    Finding::warning(
                        &code::INCONSISTENT_ARGUMENT_PRESENCE,
                        *graph,
                        format!(
                            "{what} is not known to {lacking}, so that the graph does not offer it"
                        ),
                    )
                    .at(*here)
                    .help("add the argument to every connector that resolves the field"),
                );
            }
            return;
        }
        for (graph, here) in required {
            let mut finding = Finding::new(
                &code::REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH,
                *graph,
                format!("{what} is required here, but not known to {lacking}"),
            )
            .at(*here);
            for source in unknown {
                finding = finding.related(
                    source.graph,
                    source.definition.location(),
                    format!("no such argument in `{}`", views[source.graph].name),
                );
            }
            self.report.push(finding.help(
                "make it optional or give it a default value, or add it to every connector that resolves the field",
            ));
        }
    }

    /// Reports differences between an external field and the field of another subgraph that it repeats.
    pub(super) fn external_agrees(
        &mut self,
        at: &str,
        external: &SubgraphField<'a>,
        base: &SubgraphField<'a>,
        merged: &FieldDefinition,
    ) {
        let views = self.views;
        let owner = graph_names(views, [base.graph]);
        let here = external.definition;
        let finding = |code, message: String| {
            Finding::new(code, external.graph, message)
                .at(here)
                .related(base.graph, base.definition.location(), "resolved here")
                .help("declare an external field exactly as the connector that resolves it does")
        };
        if !self.hierarchy.is_subtype(&merged.ty, &here.ty) {
            self.report.push(finding(
                &code::EXTERNAL_TYPE_MISMATCH,
                format!(
                    "external field `{at}` is `{}` here, but `{}` in {owner}",
                    here.ty, merged.ty
                ),
            ));
        }
        for argument in &merged.arguments {
            let name = &argument.name;
            let what = format!("argument `{at}({name}:)` of an external field");
            let Some(same) = here.argument_by_name(name) else {
                self.report.push(finding(
                    &code::EXTERNAL_ARGUMENT_MISSING,
                    format!("{what} is missing here, but declared in {owner}"),
                ));
                continue;
            };
            if !self.hierarchy.is_subtype(&argument.ty, &same.ty) {
                self.report.push(finding(
                    &code::EXTERNAL_ARGUMENT_TYPE_MISMATCH,
                    format!(
                        "{what} is `{}` here, but `{}` in {owner}",
                        same.ty, argument.ty
                    ),
                ));
            } else if same.default_value != argument.default_value {
                self.report.push(finding(
                    &code::EXTERNAL_ARGUMENT_DEFAULT_MISMATCH,
                    format!("{what} has another default here than in {owner}"),
                ));
            }
        }
    }
}
