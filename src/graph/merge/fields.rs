//! Merges the fields of objects and interfaces: the type, the arguments, and which subgraphs resolve the field.

use std::collections::{BTreeMap, HashMap};

use apollo_compiler::ast::Type;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, Directive, FieldDefinition};
use apollo_compiler::{Name, Node};

use super::super::context::contextual_arguments;
use super::super::field_sets::fields_of;
use super::super::join::{FieldIn, FieldJoin};
use super::super::report::{Finding, graph_names};
use super::super::{code, federation as fed};
use super::overrides::Overridden;
use super::{Merge, TypeKind};
use crate::connector::{FieldSet, FieldSetItem};

/// A field in one subgraph.
#[derive(Clone, Copy)]
pub(super) struct SubgraphField<'a> {
    pub(super) graph: usize,
    pub(super) definition: &'a Component<FieldDefinition>,
    /// It is external.
    pub(super) external: bool,
    /// It is overridden without a label, but a key, requirement or interface of its subgraph reads it.
    pub(super) used_overridden: bool,
}

impl SubgraphField<'_> {
    /// Whether its subgraph resolves it, so that it takes part in merging.
    pub(super) fn resolves(&self) -> bool {
        !self.external && !self.used_overridden
    }
}

impl<'a> Merge<'a, '_> {
    /// The merged fields of a type, in the order in which subgraphs (by name) declare them.
    pub(super) fn fields(
        &mut self,
        kind: TypeKind,
        parent: &Name,
        graphs: &[usize],
    ) -> IndexMap<Name, Component<FieldDefinition>> {
        let mut all: IndexMap<Name, Vec<SubgraphField<'a>>> = IndexMap::default();
        let mut taken_over: HashMap<&Name, Vec<SubgraphField<'a>>> = HashMap::new();
        for &graph in graphs {
            for (name, definition) in fields_of(&self.views[graph].schema.types[parent]) {
                match self.source(graph, parent, name, definition) {
                    (source, true) => all.entry(name.clone()).or_default().push(source),
                    (source, false) => taken_over.entry(name).or_default().push(source),
                }
            }
        }
        let mut fields = IndexMap::default();
        for (name, sources) in all {
            // Without a definition, an interface object may still provide it. Until then it is external.
            let lost = taken_over.remove(&name).unwrap_or_default();
            let definition = self.field(parent, &name, &sources, &lost);
            if kind == TypeKind::Object && definition.is_some() {
                self.sharing(parent, &name, &sources);
            }
            let join = self.field_join(parent, &name, &sources);
            if let Some(of) = self.joins.types.get_mut(parent) {
                of.fields.insert(name.clone(), join);
            }
            if let Some(definition) = definition {
                fields.insert(name, Component::new(definition));
            }
        }
        fields
    }

    /// A field as one subgraph defines it, and whether it takes part in merging: another subgraph may override it
    /// completely.
    fn source(
        &self,
        graph: usize,
        parent: &Name,
        name: &Name,
        definition: &'a Component<FieldDefinition>,
    ) -> (SubgraphField<'a>, bool) {
        let view = &self.views[graph];
        let overridden = matches!(
            self.overrides.overridden(parent, name, graph),
            Some(Overridden { label: None, .. })
        );
        let used = view.used.contains(&(parent.clone(), name.clone()));
        let source = SubgraphField {
            graph,
            definition,
            external: view.is_external(parent, name),
            used_overridden: overridden,
        };
        (source, !overridden || used)
    }

    fn field(
        &mut self,
        parent: &Name,
        name: &Name,
        sources: &[SubgraphField<'a>],
        lost: &[SubgraphField<'a>],
    ) -> Option<FieldDefinition> {
        let at = format!("{parent}.{name}");
        let resolving: Vec<SubgraphField<'a>> = sources
            .iter()
            .copied()
            .filter(SubgraphField::resolves)
            .collect();
        if resolving.is_empty() {
            self.not_resolved(&at, parent, name, sources);
            return None;
        }
        // The directives of overridden subgraphs count too. The field may still be read there as part of a key, and
        // what they hide or protect must not become visible because another subgraph resolves it now.
        let mut saying: Vec<SubgraphField<'a>> = sources.iter().chain(lost).copied().collect();
        saying.retain(|source| !source.external);
        saying.sort_by_key(|source| source.graph);
        let ty = self.field_type(&at, &saying)?;
        let arguments = self.arguments(&at, &saying);
        let definition = FieldDefinition {
            description: self.description(
                &format!("field `{at}`"),
                sources
                    .iter()
                    .map(|source| (source.graph, source.definition.description.as_ref())),
            ),
            name: name.clone(),
            arguments,
            ty,
            directives: self.field_directives(&at, &saying),
        };
        for source in sources.iter().filter(|source| source.external) {
            self.external_agrees(&at, source, &resolving[0], &definition);
        }
        Some(definition)
    }

    /// Reports a field that every subgraph declares external.
    fn not_resolved(
        &mut self,
        at: &str,
        parent: &Name,
        name: &Name,
        sources: &[SubgraphField<'a>],
    ) {
        let through_interface = self.joins.types[parent].implements.keys().any(|interface| {
            self.views.iter().any(|view| {
                view.is_interface_object(interface) && view.field(interface, name).is_some()
            })
        });
        if through_interface {
            return;
        }
        for source in sources {
            self.report.push(
                Finding::new(
                    &code::EXTERNAL_MISSING_ON_BASE,
                    source.graph,
                    format!("field `{at}` is marked @external, but no connector resolves it"),
                )
                .at(source.definition)
                .help("remove @external if this connector resolves the field, or add the connector that does"),
            );
        }
    }

    /// The widest type. Each subgraph whose type is incompatible with the majority is reported.
    fn field_type(&mut self, at: &str, sources: &[SubgraphField<'a>]) -> Option<Type> {
        let types: Vec<(usize, &Type)> = sources
            .iter()
            .map(|source| (source.graph, &source.definition.ty))
            .collect();
        let (common, odd) = self.common_type(&types, false);
        let views = self.views;
        for &odd in &odd {
            let reference = sources
                .iter()
                .find(|source| source.definition.ty == common)
                .unwrap_or(&sources[0]);
            self.report.push(
                Finding::new(
                    &code::FIELD_TYPE_MISMATCH,
                    sources[odd].graph,
                    format!(
                        "field `{at}` is `{}` here, but `{}` in {}",
                        sources[odd].definition.ty,
                        reference.definition.ty,
                        graph_names(views, [reference.graph])
                    ),
                )
                .at(sources[odd].definition)
                .related(
                    reference.graph,
                    reference.definition.location(),
                    format!("`{}` here", reference.definition.ty),
                )
                .help("give the field one type, or give this one another name"),
            );
        }
        if !odd.is_empty() {
            return None;
        }
        for source in sources
            .iter()
            .filter(|source| source.definition.ty != common)
        {
            self.report.push(
                Finding::warning(
                    &code::INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE,
                    source.graph,
                    format!(
                        "field `{at}` is `{}` here, but `{common}` in the graph",
                        source.definition.ty
                    ),
                )
                .at(source.definition)
                .help(format!(
                    "clients see `{common}`, which holds for all connectors that resolve it"
                )),
            );
        }
        Some(common)
    }

    fn field_directives(
        &mut self,
        at: &str,
        saying: &[SubgraphField<'a>],
    ) -> apollo_compiler::ast::DirectiveList {
        let given: Vec<(usize, Vec<&Node<Directive>>)> = saying
            .iter()
            .map(|source| (source.graph, source.definition.directives.iter().collect()))
            .collect();
        apollo_compiler::ast::DirectiveList(self.directives(&format!("field `{at}`"), &given))
    }

    fn field_join(&self, parent: &Name, name: &Name, sources: &[SubgraphField<'a>]) -> FieldJoin {
        let graphs: BTreeMap<usize, FieldIn> = sources
            .iter()
            .map(|source| {
                let definition = source.definition;
                let applied = |directive: &str| definition.directives.get(directive);
                let overriding = self.overrides.overriding(parent, name, source.graph);
                let overridden = self.overrides.overridden(parent, name, source.graph);
                let field = FieldIn {
                    ty: definition.ty.clone(),
                    external: source.external,
                    contextual: contextual_arguments(definition),
                    requires: applied(fed::REQUIRES).and_then(|one| FieldSet::of_directive(one)),
                    provides: applied(fed::PROVIDES).and_then(|one| FieldSet::of_directive(one)),
                    overrides: overriding.map(|one| one.from.clone()),
                    label: overriding
                        .and_then(|one| one.label.clone())
                        .or_else(|| overridden.and_then(|one| one.label.clone())),
                    used_overridden: source.used_overridden,
                };
                (source.graph, field)
            })
            .collect();
        FieldJoin {
            graphs,
            through_interface: None,
        }
    }

    /// Checks that a field that several subgraphs resolve is shareable in each of them. An external field that is
    /// provided on some path counts as resolved.
    fn sharing(&mut self, parent: &Name, name: &Name, sources: &[SubgraphField<'a>]) {
        if self.overrides.is_faulty(parent, name) {
            return;
        }
        let at = format!("{parent}.{name}");
        let views = self.views;
        let coordinate = (parent.clone(), name.clone());
        let resolving: Vec<&SubgraphField<'a>> = sources
            .iter()
            .filter(|source| {
                source.resolves()
                    || (source.external && views[source.graph].provided.contains(&coordinate))
            })
            .filter(|source| {
                self.overrides
                    .overridden(parent, name, source.graph)
                    .is_none()
            })
            .collect();
        let mut alone: Vec<&SubgraphField<'a>> = resolving
            .iter()
            .copied()
            .filter(|source| !source.external && !views[source.graph].is_shareable(parent, name))
            .collect();
        if resolving.len() > 1 {
            let answering = resolving.iter().copied().filter(|one| !one.external);
            self.runtime_types(&at, &answering.collect::<Vec<_>>());
        }
        if resolving.len() < 2 || alone.is_empty() {
            return;
        }
        let providing: Vec<&SubgraphField<'a>> = resolving
            .iter()
            .copied()
            .filter(|one| one.external)
            .collect();
        let reason = if alone.len() == 1 && alone.len() + providing.len() == resolving.len() {
            // The subgraph that owns the field need not know the one that provides it.
            alone = providing;
            "provided"
        } else if alone.len() == resolving.len() {
            // If no subgraph shares it, one keeps the field: a subgraph with a key of the type, then the first by name.
            let keeps = alone.iter().position(|source| {
                let keys = views[source.graph].keys.get(parent);
                keys.is_some_and(|keys| keys.iter().any(|key| key.key.resolvable))
            });
            alone.remove(keeps.unwrap_or(0));
            "resolved"
        } else {
            "resolved"
        };
        for source in alone {
            let others: Vec<&&SubgraphField<'a>> = resolving
                .iter()
                .filter(|other| other.graph != source.graph)
                .collect();
            let mut finding = Finding::new(
                &code::INVALID_FIELD_SHARING,
                source.graph,
                format!(
                    "field `{at}` is {reason} here and resolved in {}, but not shareable in both",
                    graph_names(views, others.iter().map(|other| other.graph))
                ),
            )
            .at(source.definition);
            for other in &others {
                finding = finding.related(
                    other.graph,
                    other.definition.location(),
                    format!("resolved in `{}`", views[other.graph].name),
                );
            }
            let help = if self.is_key_elsewhere(parent, name, source.graph) {
                format!(
                    "`{name}` is a key of `{parent}` there: to refer to the same object, say \
                     `type {parent} @key(fields: \"{name}\", resolvable: false)`"
                )
            } else {
                let rename = match parent.as_str() {
                    "Query" | "Mutation" | "Subscription" => "one of the fields",
                    _ => "one of the types",
                };
                format!(
                    "if all give the same value, mark the field @shareable in every connector that resolves it; \
                     if they are different things, rename {rename}; if not, leave the field to one connector"
                )
            };
            self.report.push(finding.help(help));
        }
    }

    /// Whether the field alone is a key in another subgraph, of a type that has no key in this one.
    fn is_key_elsewhere(&self, parent: &Name, name: &Name, here: usize) -> bool {
        !self.views[here].keys.contains_key(parent)
            && self.views.iter().any(|view| {
                let keys = view.keys.get(parent).into_iter().flatten();
                keys.map(|key| &key.key.fields.items).any(|items| {
                    matches!(&items[..], [FieldSetItem::Field { name: only, .. }] if only == name)
                })
            })
    }
}
