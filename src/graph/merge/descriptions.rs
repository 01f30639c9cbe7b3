//! Merges descriptions: the one that most subgraphs have; of several, the longest, then the first in alphabetical
//! order.

use std::collections::BTreeMap;

use apollo_compiler::Node;

use super::super::code;
use super::super::report::{Finding, graph_names};
use super::Merge;

impl Merge<'_, '_> {
    /// The merged description of an element.
    pub(super) fn description<'d>(
        &mut self,
        what: &str,
        given: impl Iterator<Item = (usize, Option<&'d Node<str>>)>,
    ) -> Option<Node<str>> {
        let mut texts: BTreeMap<&str, Vec<(usize, &'d Node<str>)>> = BTreeMap::new();
        for (graph, text) in given {
            if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
                texts.entry(text.trim()).or_default().push((graph, text));
            }
        }
        let (&chosen, by) = texts.iter().max_by_key(|(text, by)| {
            (by.len(), text.chars().count(), std::cmp::Reverse(by[0].0))
        })?;
        for (_, others) in texts.iter().filter(|(text, _)| **text != chosen) {
            for (graph, text) in others {
                let finding = Finding::warning(
                    &code::INCONSISTENT_DESCRIPTION,
                    *graph,
                    format!(
                        "{what} is described differently in {}, whose words are used",
                        graph_names(self.views, by.iter().map(|(graph, _)| *graph))
                    ),
                )
                .at(text)
                .related(by[0].0, by[0].1.location(), "the description in use")
                .help("agree on one text, or leave it to one connector");
                self.report.push(finding);
            }
        }
        Some(Node::new_str(chosen))
    }
}
