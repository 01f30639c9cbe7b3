//! How often lists of types may be nested in introspection: the rule `MaxIntrospectionDepthRule` of graphql-js.
//!
//! Each of these fields multiplies what is written by the number of fields or types that there are, and from each of what
//! it lists, all types can be reached again. Two levels are what the usual introspection queries ask for; three are
//! refused. Pure.

use std::collections::HashMap;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::Name;
use apollo_compiler::executable::Selection;
use apollo_compiler::executable::SelectionSet;

use super::super::refusal::MOST_ERRORS;
use super::super::validate::Violation;
use crate::plan::location;

/// So many lists, one in the other, are too many.
const TOO_MANY: usize = 3;

/// Each `__schema` and `__type` of a valid document beneath which lists are nested too deeply.
pub(in crate::gateway) fn check(document: &ExecutableDocument) -> Vec<Violation> {
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
    /// How many lists are nested at the most in each fragment that was looked at. A fragment counts the same wherever it
    /// is spread, so that it is looked at once.
    fragments: HashMap<&'d Name, usize>,
}

impl<'d> ListDepth<'d> {
    /// Looks for `__schema` and `__type`, which only stand at the root.
    fn check_roots(&mut self, set: &'d SelectionSet, findings: &mut Vec<Violation>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) if matches!(&*field.name, "__schema" | "__type") => {
                    if findings.len() < MOST_ERRORS && self.nested(&field.selection_set) >= TOO_MANY
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

    /// How many lists are nested at the most in a selection set.
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
