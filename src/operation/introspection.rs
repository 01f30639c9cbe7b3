//! Limits the nesting of lists in introspection: the rule `MaxIntrospectionDepthRule` of graphql-js.
//!
//! The fields `fields`, `interfaces`, `possibleTypes` and `inputFields` are lists, and the type graph has cycles: each
//! nested list multiplies the size of the response by the number of fields or types. The usual introspection queries nest
//! two lists; three are refused. Each fragment is checked once, so the check is linear in the document. It does no IO.

use std::collections::HashMap;

use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name};

use super::rejection::{MOST_VIOLATIONS, Violation};
use crate::plan::location;

/// This many nested lists are refused.
const TOO_MANY: usize = 3;

/// The `__schema` and `__type` fields of a valid document below which lists are nested too deeply.
pub(super) fn check(document: &ExecutableDocument) -> Vec<Violation> {
    let mut lists = ListDepth {
        document,
        fragments: HashMap::new(),
    };
    let mut findings = Vec::new();
    let operations = document
        .operations
        .iter()
        .map(|definition| &definition.selection_set);
    let fragments = document
        .fragments
        .values()
        .map(|definition| &definition.selection_set);
    for set in operations.chain(fragments) {
        lists.check_roots(set, &mut findings);
    }
    findings
}

struct ListDepth<'d> {
    document: &'d ExecutableDocument,
    /// The list depth of each fragment that was checked. It does not depend on where the fragment is spread.
    fragments: HashMap<&'d Name, usize>,
}

impl<'d> ListDepth<'d> {
    /// Checks `__schema` and `__type`, which are only allowed at the root.
    fn check_roots(&mut self, set: &'d SelectionSet, findings: &mut Vec<Violation>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) if matches!(&*field.name, "__schema" | "__type") => {
                    if findings.len() < MOST_VIOLATIONS
                        && self.nested(&field.selection_set) >= TOO_MANY
                    {
                        let message = "Maximum introspection depth exceeded".to_owned();
                        let location = location(field.location(), &self.document.sources);
                        findings.push((message, location.into_iter().collect()));
                    }
                }
                Selection::InlineFragment(inline) => {
                    self.check_roots(&inline.selection_set, findings);
                }
                Selection::Field(_) | Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// The deepest nesting of lists in a selection set.
    fn nested(&mut self, set: &'d SelectionSet) -> usize {
        let each = set.selections.iter().map(|selection| match selection {
            Selection::Field(field) => {
                let is_list = matches!(
                    &*field.name,
                    "fields" | "interfaces" | "possibleTypes" | "inputFields"
                );
                self.nested(&field.selection_set) + usize::from(is_list)
            }
            Selection::InlineFragment(inline) => self.nested(&inline.selection_set),
            Selection::FragmentSpread(spread) => self.nested_in_fragment(&spread.fragment_name),
        });
        each.max().unwrap_or(0)
    }

    fn nested_in_fragment(&mut self, name: &'d Name) -> usize {
        if let Some(nested) = self.fragments.get(name) {
            return *nested;
        }
        let document = self.document;
        let fragment = document.fragments.get(name);
        let nested = fragment.map_or(0, |fragment| self.nested(&fragment.selection_set));
        self.fragments.insert(name, nested);
        nested
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use apollo_compiler::Schema;
    use apollo_compiler::validation::Valid;

    use super::*;

    fn schema() -> Valid<Schema> {
        let sdl = "type Query { thing: Thing } type Thing { id: ID }";
        Schema::parse_and_validate(sdl, "schema.graphql").unwrap()
    }

    #[test]
    fn lists_of_types_are_nested_twice_at_the_most() {
        let schema = schema();
        let found = |text: &str| {
            let document =
                ExecutableDocument::parse_and_validate(&schema, text, "o.graphql").unwrap();
            check(&document)
        };
        let allowed = [
            "{ __schema { types { fields { type { possibleTypes { name } } } } } }",
            "{ __type(name: \"A\") { interfaces { inputFields { name } } } }",
            // Any number of lists beside each other, and nesting through fields that list no types.
            "{ __schema { types { fields { name } interfaces { fields { args { type { ofType { name } } } } } } } }",
            "{ __schema { ...A } } fragment A on __Schema { types { ...B ...B } } fragment B on __Type { fields { type { ...C } } } fragment C on __Type { fields { name } }",
        ];
        for text in allowed {
            assert_eq!(found(text), [], "{text}");
        }
        let refused = [
            (
                "{ thing { id } __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
                (1, 16),
            ),
            (
                "{ a: __type(name: \"A\") { interfaces { possibleTypes { inputFields { name } } } } }",
                (1, 3),
            ),
            (
                "{ ... { __schema { ...A } } } fragment A on __Schema { types { ...B } } fragment B on __Type { fields { type { ...C } } } fragment C on __Type { ofType { ... { fields { type { interfaces { name } } } } } }",
                (1, 9),
            ),
            // A fragment that is harmless in one position is not in another.
            (
                "{ __type(name: \"A\") { ...C fields { type { interfaces { ...C } } } } } fragment C on __Type { fields { name } }",
                (1, 3),
            ),
        ];
        for (text, location) in refused {
            let message = "Maximum introspection depth exceeded".to_owned();
            assert_eq!(found(text), [(message, vec![location])], "{text}");
        }
    }

    #[test]
    fn looking_at_nested_fragments_takes_no_longer_than_their_text() {
        let schema = schema();
        let mut text = "{ __schema { types { ...F0 } } }".to_owned();
        for index in 0..60 {
            let next = index + 1;
            text += &format!(
                " fragment F{index} on __Type {{ ofType {{ ...F{next} }} x: ofType {{ ...F{next} }} }}"
            );
        }
        text += " fragment F60 on __Type { fields { name } }";
        // Not validated here, which would take too long: `limits.fields` refuses such an operation first.
        let document = ExecutableDocument::parse(&schema, text, "o.graphql").unwrap();
        assert_eq!(check(&document), []);
    }
}
