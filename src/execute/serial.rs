//! The order of a mutation's root fields: one after the other, as the response has them (GraphQL specification, 6.2.2).
//!
//! A response field stands where its first selection does that is included, so the order depends on conditions and is known
//! only with the request. The plan numbers the root fields; here is when each of them has its turn.

use crate::plan::Plan;
use crate::plan::output::FieldSource;

/// For each of a mutation's fetches when its turn is; all of one turn end before those of the next begin. Of a root field
/// that is left out, the turn is the first. Fetches of a query have no turns.
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
        let place = sequences.iter().position(|own| *own == fetch.sequence);
        *rank = place.map_or(0, |place| place as u32);
    }
    ranks
}
