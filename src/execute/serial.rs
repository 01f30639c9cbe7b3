//! The order of a mutation's root fields: one after the other, in the order of the response (GraphQL specification,
//! 6.2.2).
//!
//! A response field has the position of its first included selection. That depends on `@skip` and `@include`, so the
//! order is known only with the request. The plan numbers the root fields; this module ranks their fetches.

use crate::plan::Plan;
use crate::plan::output::FieldSource;

/// By fetch of a mutation: its rank. All fetches of one rank end before a fetch of the next rank starts. Fetches of a
/// root field that is left out have the first rank. Empty for a query.
pub(crate) fn ranks(plan: &Plan, serial: bool, guards: &[bool]) -> Vec<u32> {
    if !serial {
        return Vec::new();
    }
    let mut ranks = vec![0; plan.fetches.len()];
    let Some(root) = plan.output.objects.first() else {
        return ranks;
    };
    let included = root
        .fields_of(0)
        .filter(|field| guards[field.guard as usize]);
    let sequences: Vec<u32> = included
        .filter_map(|field| match field.source {
            FieldSource::Slot(slot) => Some(u32::from(slot)),
            _ => None,
        })
        .collect();
    for (rank, fetch) in ranks.iter_mut().zip(&plan.fetches) {
        let position = sequences
            .iter()
            .position(|sequence| *sequence == fetch.sequence);
        *rank = position.map_or(0, |position| position as u32);
    }
    ranks
}
