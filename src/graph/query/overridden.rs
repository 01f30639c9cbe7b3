//! `@override`: which subgraph resolves a field that another one takes over.

use std::collections::HashMap;

use apollo_compiler::Name;
use apollo_compiler::ast::FieldDefinition;

use crate::connector::Subgraph;
use crate::graph::field_sets::fields_of;

/// Whether a subgraph resolves a field, with `@override` applied: always, for one outcome of a label, or never.
pub(super) enum Resolution {
    Resolves,
    When(String, bool),
    Overridden,
}

/// The fields that others override, with the label.
#[derive(Default)]
pub(super) struct OverriddenFields {
    /// The label, by overridden subgraph, type and field.
    by_overridden: HashMap<String, HashMap<Name, HashMap<Name, Option<String>>>>,
}

impl OverriddenFields {
    pub(super) fn collect(subgraphs: &[Subgraph]) -> Self {
        let mut overrides = OverriddenFields::default();
        for subgraph in subgraphs {
            let types = subgraph.schema.types.iter();
            for (type_name, definition) in types.filter(|(_, ty)| !ty.is_built_in()) {
                for (field_name, field) in fields_of(definition) {
                    let Some(directive) = field.directives.get("override") else {
                        continue;
                    };
                    let text = |name| {
                        directive
                            .specified_argument_by_name(name)
                            .and_then(|value| value.as_str())
                    };
                    let Some(from) = text("from") else { continue };
                    let of_subgraph = overrides.by_overridden.entry(from.to_owned()).or_default();
                    let of_type = of_subgraph.entry(type_name.clone()).or_default();
                    of_type.insert(field_name.clone(), text("label").map(str::to_owned));
                }
            }
        }
        overrides
    }

    pub(super) fn resolution(
        &self,
        subgraph: &str,
        ty: &str,
        field: &FieldDefinition,
    ) -> Resolution {
        let of_type = self.by_overridden.get(subgraph).and_then(|of| of.get(ty));
        let overridden = of_type.and_then(|of| of.get(&field.name));
        match overridden {
            Some(Some(label)) => return Resolution::When(label.clone(), false),
            Some(None) => return Resolution::Overridden,
            None => {}
        }
        let label = field.directives.get("override").and_then(|directive| {
            directive
                .specified_argument_by_name("label")
                .and_then(|value| value.as_str())
        });
        label.map_or(Resolution::Resolves, |label| {
            Resolution::When(label.to_owned(), true)
        })
    }
}
