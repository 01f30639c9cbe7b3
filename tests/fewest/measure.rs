//! The cost of a plan.

use std::collections::BTreeMap;
use std::fmt;

use sangam::plan::{FetchCall, Plan};

/// What is least of all, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cost {
    /// The calls of the longest chain, each of which waits for the one before.
    pub(super) steps: usize,
    pub(super) calls: usize,
    pub(super) hops: usize,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost { steps, calls, hops } = self;
        write!(f, "{steps} steps, {calls} calls, {hops} hops")
    }
}

/// The cost of a plan whose fetches call GraphQL services.
pub(super) fn cost(plan: &Plan) -> Cost {
    let mut numbers = BTreeMap::new();
    let mut of_fetch = Vec::new();
    for (number, fetch) in plan.fetches.iter().enumerate() {
        let call = match &fetch.call {
            FetchCall::Entities { batch, .. } => (Some(*batch), 0),
            _ => (None, number),
        };
        let next = numbers.len();
        of_fetch.push(*numbers.entry(call).or_insert(next));
    }
    let mut steps = vec![1; numbers.len()];
    loop {
        let before = steps.clone();
        for (number, fetch) in plan.fetches.iter().enumerate() {
            let own = of_fetch[number];
            let waits = fetch.after.iter().map(|other| steps[of_fetch[*other]] + 1);
            steps[own] = waits.chain([steps[own]]).max().unwrap_or(1);
        }
        if steps == before {
            break;
        }
        assert!(
            steps.iter().all(|step| *step <= steps.len()),
            "calls wait for each other"
        );
    }
    let entities = |call: &FetchCall| matches!(call, FetchCall::Entities { .. });
    Cost {
        steps: steps.into_iter().max().unwrap_or(0),
        calls: numbers.len(),
        hops: plan
            .fetches
            .iter()
            .filter(|fetch| entities(&fetch.call))
            .count(),
    }
}
