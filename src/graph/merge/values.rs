//! The common type of a field, argument or input field. Merges arguments and input fields: the narrowest type, and one
//! default value or none.

use apollo_compiler::ast::{Directive, DirectiveList, InputValueDefinition, Type, Value};
use apollo_compiler::{Name, Node};

use super::super::code;
use super::super::report::{Finding, graph_names};
use super::Merge;
use crate::connector::diagnostic::Code;

/// An argument or input field in one subgraph.
pub(super) type InputSource<'a> = (usize, &'a Node<InputValueDefinition>);

/// The codes for arguments, or for input fields.
pub(super) struct InputCodes {
    pub(super) ty: &'static Code,
    pub(super) default: &'static Code,
}

impl Merge<'_, '_> {
    /// The merged type, and the indices of the types that are incompatible with the majority.
    pub(super) fn common_type(
        &self,
        types: &[(usize, &Type)],
        is_input: bool,
    ) -> (Type, Vec<usize>) {
        let all = types
            .iter()
            .skip(1)
            .try_fold(types[0].1, |common, (_, ty)| {
                self.hierarchy.common(common, ty, is_input)
            });
        if let Some(common) = all {
            return (common.clone(), Vec::new());
        }
        // The reference is the type that is compatible with most others; of several, the first subgraph's by name.
        let fits = |index: usize| {
            let fit = |(_, ty): &&(usize, &Type)| {
                self.hierarchy
                    .common(types[index].1, ty, is_input)
                    .is_some()
            };
            types.iter().filter(fit).count()
        };
        let reference = (0..types.len())
            .max_by_key(|&index| (fits(index), std::cmp::Reverse(index)))
            .unwrap_or(0);
        let odd = (0..types.len())
            .filter(|&index| {
                self.hierarchy
                    .common(types[reference].1, types[index].1, is_input)
                    .is_none()
            })
            .collect();
        (types[reference].1.clone(), odd)
    }

    /// The merged definition of an argument or input field that all subgraphs define.
    pub(super) fn input_value(
        &mut self,
        what: &str,
        name: &Name,
        sources: &[InputSource<'_>],
        codes: &InputCodes,
    ) -> Option<Node<InputValueDefinition>> {
        let ty = self.input_type(what, sources, codes.ty)?;
        let default_value = self.default_value(what, sources, codes.default);
        let description = self.description(
            what,
            sources
                .iter()
                .map(|(graph, definition)| (*graph, definition.description.as_ref())),
        );
        let given: Vec<(usize, Vec<&Node<Directive>>)> = sources
            .iter()
            .map(|(graph, definition)| (*graph, definition.directives.iter().collect()))
            .collect();
        Some(Node::new(InputValueDefinition {
            description,
            name: name.clone(),
            ty: Node::new(ty),
            default_value,
            directives: DirectiveList(self.directives(what, &given)),
        }))
    }

    fn input_type(
        &mut self,
        what: &str,
        sources: &[InputSource<'_>],
        mismatch: &'static Code,
    ) -> Option<Type> {
        let types: Vec<(usize, &Type)> = sources
            .iter()
            .map(|(graph, definition)| (*graph, &*definition.ty))
            .collect();
        let (common, odd) = self.common_type(&types, true);
        for &odd in &odd {
            let (reference, there) = sources
                .iter()
                .find(|(_, definition)| *definition.ty == common)
                .copied()
                .unwrap_or(sources[0]);
            let (graph, here) = sources[odd];
            self.report.push(
                Finding::new(
                    mismatch,
                    graph,
                    format!(
                        "{what} is `{}` here, but `{}` in {}",
                        here.ty,
                        there.ty,
                        graph_names(self.views, [reference])
                    ),
                )
                .at(here)
                .related(reference, there.location(), format!("`{}` here", there.ty))
                .help("give it one type in all connectors"),
            );
        }
        if !odd.is_empty() {
            return None;
        }
        for (graph, here) in sources.iter().filter(|(_, here)| *here.ty != common) {
            self.report.push(
                Finding::warning(
                    &code::INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE,
                    *graph,
                    format!("{what} is `{}` here, but `{common}` in the graph", here.ty),
                )
                .at(*here)
                .help(format!(
                    "clients see `{common}`, which all connectors accept"
                )),
            );
        }
        Some(common)
    }

    fn default_value(
        &mut self,
        what: &str,
        sources: &[InputSource<'_>],
        mismatch: &'static Code,
    ) -> Option<Node<Value>> {
        let first = sources
            .iter()
            .find_map(|(graph, here)| Some((*graph, here.default_value.as_ref()?)));
        let (reference, value) = first?;
        let mut agreed = true;
        for (graph, here) in sources {
            match &here.default_value {
                Some(other) if canonical(other) != canonical(value) => {
                    agreed = false;
                    self.report.push(
                        Finding::new(
                            mismatch,
                            *graph,
                            format!(
                                "{what} is `{}` by default here, but `{}` in {}",
                                other.serialize().no_indent(),
                                value.serialize().no_indent(),
                                graph_names(self.views, [reference])
                            ),
                        )
                        .at(*here)
                        .related(reference, value.location(), "the other default")
                        .help("give it one default value in all connectors"),
                    );
                }
                Some(_) => {}
                None => {
                    agreed = false;
                    self.report.push(
                        Finding::warning(
                            &code::INCONSISTENT_DEFAULT_VALUE_PRESENCE,
                            *graph,
                            format!(
                                "{what} has no default here, but `{}` in {}; the graph uses none",
                                value.serialize().no_indent(),
                                graph_names(self.views, [reference])
                            ),
                        )
                        .at(*here)
                        .related(reference, value.location(), "the default")
                        .help("give it the same default in all connectors"),
                    );
                }
            }
        }
        agreed.then(|| Node::new((**value).clone()))
    }
}

/// A value with sorted object fields, for comparisons.
fn canonical(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::List(
            items
                .iter()
                .map(|item| Node::new(canonical(item)))
                .collect(),
        ),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| (name.clone(), Node::new(canonical(value))))
                .collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields)
        }
        other => other.clone(),
    }
}
