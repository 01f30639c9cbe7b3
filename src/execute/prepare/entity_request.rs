//! The representations of an `_entities` call, and the body of its request.

use bytes::Bytes;

use crate::cache::{EntitySelection, Representation};
use crate::document::write_json_string;
use crate::plan::{Batch, Fetch, FetchCall, Plan};
use crate::source::graphql;

/// The representations of an `_entities` call. The cache decides later which of them are sent.
#[derive(Debug, Default)]
pub(crate) struct EntityRequest {
    /// The distinct selections of its fetches.
    pub(crate) selections: Vec<EntitySelection>,
    /// One for each position of `Targets::ByPosition`.
    pub(crate) representations: Vec<Representation>,
    /// The operation's other variables, as the JSON text of an object.
    pub(crate) variables: Vec<u8>,
    /// The fetches with at least one representation.
    pub(super) consuming_fetches: Vec<usize>,
    /// The call leaves out fields whose required inputs have failed.
    pub(crate) partial: bool,
}

impl EntityRequest {
    /// The batch of the plan with the operation to send.
    pub(crate) fn batch<'p>(&self, plan: &'p Plan, fetch: &'p Fetch) -> Option<&'p Batch> {
        match &fetch.call {
            FetchCall::Entities { partial, .. } if self.partial => {
                partial.as_ref().map(|partial| &partial.batch)
            }
            FetchCall::Entities { batch, .. } => plan.batches.get(*batch),
            _ => None,
        }
    }

    /// The request's body for the representations with these indexes, which ascend.
    pub(crate) fn body(&self, batch: &Batch, indexes: &[usize]) -> Bytes {
        let representation = |index: &usize| &self.representations[*index];
        let length: usize = indexes
            .iter()
            .map(|index| representation(index).text.len() + 1)
            .sum();
        let mut variables = Vec::with_capacity(self.variables.len() + length + 32);
        // The object of the other variables, still open.
        let others = self.variables.strip_suffix(b"}").unwrap_or(b"{");
        variables.extend_from_slice(others);
        let mut rest = indexes;
        for (number, list) in batch.lists.iter().enumerate() {
            if variables.len() > 1 {
                variables.push(b',');
            }
            write_json_string(&list.variable, &mut variables);
            variables.extend_from_slice(b":[");
            let count = rest
                .iter()
                .take_while(|index| usize::from(representation(index).list) == number);
            let (of_list, others) = rest.split_at(count.count());
            for (number, index) in of_list.iter().enumerate() {
                if number > 0 {
                    variables.push(b',');
                }
                variables.extend_from_slice(&representation(index).text);
            }
            variables.push(b']');
            rest = others;
        }
        variables.push(b'}');
        graphql::EncodedOperation::new(&batch.operation.text).body(Some(&variables))
    }

    /// The index of a selection, which is added if it is new.
    pub(super) fn selection(&mut self, selection: EntitySelection) -> u16 {
        let existing = self.selections.iter().position(|other| *other == selection);
        let index = existing.unwrap_or_else(|| {
            self.selections.push(selection);
            self.selections.len() - 1
        });
        index as u16
    }
}
