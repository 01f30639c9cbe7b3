//! Calls that wait to be made. Those of one operation that would send the same thing are one call with several takers.
//!
//! What is compared is the rendered request, not whom it is for: parents that lead to one URL, and aliases whose
//! arguments come to the same. Each taker maps the answer with variables of its own. This is within one request, so what
//! may not be cached may be shared; calls that change something are never shared, and the caller that queues them says so.

use std::collections::VecDeque;

use ahash::AHashMap;
use bytes::Bytes;

use super::prepare::PreparedCall;
use crate::plan::Fetch;
use crate::plan::FetchCall;
use crate::plan::Plan;

/// A call with those that take its answer.
#[derive(Debug)]
pub(crate) struct QueuedCall {
    /// The fetch, by its place in the plan.
    pub(crate) fetch: usize,
    pub(crate) call: PreparedCall,
    /// Other calls, with their fetches, that would have sent the same.
    pub(crate) other_consumers: Vec<(usize, PreparedCall)>,
}

/// A connect, by its service and its place there, and the parts of a request that tell most of them apart.
type Key = (u32, usize, String, Bytes);

/// The calls, in the order in which they are made.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Boxed: they are large, and are moved from here into the call and out of it again.
    calls: VecDeque<Box<QueuedCall>>,
    /// How many have been taken out at the front.
    popped: usize,
    /// How many there may be altogether.
    limit: usize,
    /// Where calls that may be shared were put in, counted from the first that ever was.
    numbers: Option<AHashMap<Key, usize>>,
}

impl Queue {
    pub(crate) fn new(limit: usize) -> Self {
        Queue {
            calls: VecDeque::new(),
            popped: 0,
            limit,
            numbers: None,
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Box<QueuedCall>> {
        let next = self.calls.pop_front()?;
        self.popped += 1;
        Some(next)
    }

    /// Adds a call, or where that may be, lets it take the answer to one that waits and would send the same. Gives it
    /// back where there are as many as may be.
    pub(crate) fn add(
        &mut self,
        plan: &Plan,
        fetch: usize,
        call: PreparedCall,
        may_share: bool,
    ) -> Option<PreparedCall> {
        let key = may_share
            .then(|| key(&plan.fetches[fetch], &call))
            .flatten();
        let lifetime = plan.fetches[fetch].lifetime;
        let known = key.as_ref().and_then(|key| self.numbers.as_ref()?.get(key));
        let other = known
            .and_then(|number| number.checked_sub(self.popped))
            .and_then(|number| self.calls.get_mut(number))
            // An answer is kept as long as the fields say that it was fetched for.
            .filter(|other| plan.fetches[other.fetch].lifetime == lifetime)
            .filter(|other| other.call.request == call.request);
        if let Some(other) = other {
            other.other_consumers.push((fetch, call));
            return None;
        }
        let number = self.popped + self.calls.len();
        if number >= self.limit {
            return Some(call);
        }
        if let Some(key) = key {
            let numbers = self.numbers.get_or_insert_default();
            numbers.insert(key, number);
        }
        self.calls.push_back(Box::new(QueuedCall {
            fetch,
            call,
            other_consumers: Vec::new(),
        }));
        None
    }
}

fn key(fetch: &Fetch, call: &PreparedCall) -> Option<Key> {
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
