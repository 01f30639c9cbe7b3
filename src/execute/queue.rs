//! Calls that wait to be made. Those of one operation that would send the same thing are one call with several takers.
//!
//! What is compared is the rendered request, not whom it is for: parents that lead to one URL, and aliases whose
//! arguments come to the same. Each taker maps the answer with variables of its own. This is within one request, so what
//! may not be cached may be shared; calls that change something are never shared, and the caller that queues them says so.

use std::collections::VecDeque;

use ahash::AHashMap;
use bytes::Bytes;

use super::prepare::Prepared;
use crate::plan::FetchCall;
use crate::plan::Fetch;
use crate::plan::Plan;

/// A call with those that take its answer.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The fetch, by its place in the plan.
    pub(crate) fetch: usize,
    pub(crate) call: Prepared,
    /// Other calls, with their fetches, that would have sent the same.
    pub(crate) also: Vec<(usize, Prepared)>,
}

/// A connect, by its service and its place there, and the parts of a request that tell most of them apart.
type Key = (u32, usize, String, Bytes);

/// The calls, in the order in which they are made.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Boxed: they are large, and are moved from here into the call and out of it again.
    waiting: VecDeque<Box<Waiting>>,
    /// How many have been taken out at the front.
    taken: usize,
    /// How many there may be altogether.
    limit: usize,
    /// Where calls that may be shared were put in, counted from the first that ever was.
    places: Option<AHashMap<Key, usize>>,
}

impl Queue {
    pub(crate) fn new(limit: usize) -> Self {
        Queue {
            waiting: VecDeque::new(),
            taken: 0,
            limit,
            places: None,
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Box<Waiting>> {
        let next = self.waiting.pop_front()?;
        self.taken += 1;
        Some(next)
    }

    /// Adds a call, or where that may be, lets it take the answer to one that waits and would send the same. Gives it
    /// back where there are as many as may be.
    pub(crate) fn add(
        &mut self,
        plan: &Plan,
        fetch: usize,
        call: Prepared,
        may_share: bool,
    ) -> Option<Prepared> {
        let key = may_share
            .then(|| key(&plan.fetches[fetch], &call))
            .flatten();
        let lifetime = plan.fetches[fetch].lifetime;
        let known = key.as_ref().and_then(|key| self.places.as_ref()?.get(key));
        let other = known
            .and_then(|place| place.checked_sub(self.taken))
            .and_then(|place| self.waiting.get_mut(place))
            // An answer is kept as long as the fields say that it was fetched for.
            .filter(|other| plan.fetches[other.fetch].lifetime == lifetime)
            .filter(|other| other.call.request == call.request);
        if let Some(other) = other {
            other.also.push((fetch, call));
            return None;
        }
        let place = self.taken + self.waiting.len();
        if place >= self.limit {
            return Some(call);
        }
        if let Some(key) = key {
            let places = self.places.get_or_insert_default();
            places.insert(key, place);
        }
        self.waiting.push_back(Box::new(Waiting {
            fetch,
            call,
            also: Vec::new(),
        }));
        None
    }
}

fn key(fetch: &Fetch, call: &Prepared) -> Option<Key> {
    let FetchCall::Connect { connect, .. } = &fetch.call else {
        return None;
    };
    let request = call.request.as_ref()?;
    Some((
        fetch.subgraph.0,
        *connect,
        request.target.clone(),
        request.body.clone(),
    ))
}

/// For each fetch, whether another one calls by the same connect; for none where there is one fetch only.
pub(crate) fn with_siblings(plan: &Plan) -> Vec<bool> {
    if plan.fetches.len() < 2 {
        return Vec::new();
    }
    let connect = |fetch: &Fetch| match &fetch.call {
        FetchCall::Connect { connect, .. } => Some((fetch.subgraph, *connect)),
        _ => None,
    };
    let all: Vec<_> = plan.fetches.iter().map(connect).collect();
    let twice = |own: &Option<_>| all.iter().filter(|other| *other == own).count() > 1;
    all.iter().map(|own| own.is_some() && twice(own)).collect()
}
