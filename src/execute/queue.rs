//! The queue of calls. Calls of one operation that would send the same request become one call with several consumers.
//!
//! The rendered requests are compared, not what they are for: several parents may lead to one URL, and two aliases may
//! have arguments that mean the same. Each consumer maps the document with its own variables. Sharing stays within one
//! operation, so documents that must not be cached may be shared. Calls of mutations are never shared (`may_share`).

use std::collections::VecDeque;

use ahash::AHashMap;

use super::prepare::PreparedCall;
use crate::plan::{Fetch, FetchCall, Plan};

/// A call with its consumers.
#[derive(Debug)]
pub(crate) struct QueuedCall {
    /// The index of its fetch in the plan.
    pub(crate) fetch: usize,
    pub(crate) call: PreparedCall,
    /// Calls that would have sent the same request, each with the index of its fetch.
    pub(crate) other_consumers: Vec<(usize, PreparedCall)>,
    /// It continues a list of which the first pages have been read.
    pub(crate) continues: bool,
}

/// A service, the index of a connect in it, and the request's fingerprint.
type RequestKey = (u32, usize, Vec<u8>);

/// Calls, in the order in which they are made.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Boxed: they are large, and are moved into the future of the call and out of it.
    calls: VecDeque<Box<QueuedCall>>,
    /// How many calls have left the queue.
    popped: usize,
    /// How many calls the operation may make.
    limit: usize,
    /// The number of the last queued call with each key, counted from the first call of the operation. Exists once a
    /// call that may be shared has been added.
    numbers: Option<AHashMap<RequestKey, usize>>,
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

    /// Adds a call. If it may be shared and a queued call would send the same request, it becomes a consumer of that
    /// call. Returns the call if the operation has made as many calls as it may.
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
        let last_number = key.as_ref().and_then(|key| self.numbers.as_ref()?.get(key));
        let other = last_number
            .and_then(|number| number.checked_sub(self.popped))
            .and_then(|number| self.calls.get_mut(number))
            // The lifetime of the fetch decides how long the document is cached.
            .filter(|other| plan.fetches[other.fetch].lifetime == lifetime);
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
            continues: false,
        }));
        None
    }
}

fn key(fetch: &Fetch, call: &PreparedCall) -> Option<RequestKey> {
    let FetchCall::Connect { connect, .. } = &fetch.call else {
        return None;
    };
    let request = call.request.as_ref()?;
    Some((fetch.subgraph.0, *connect, request.fingerprint()))
}

/// By fetch: whether another fetch uses the same connect. Empty for a plan of one fetch.
pub(crate) fn with_siblings(plan: &Plan) -> Vec<bool> {
    if plan.fetches.len() < 2 {
        return Vec::new();
    }
    let connect = |fetch: &Fetch| match &fetch.call {
        FetchCall::Connect { connect, .. } => Some((fetch.subgraph, *connect)),
        _ => None,
    };
    let all: Vec<_> = plan.fetches.iter().map(connect).collect();
    let twice = |connect: &Option<_>| all.iter().filter(|other| *other == connect).count() > 1;
    all.iter()
        .map(|connect| connect.is_some() && twice(connect))
        .collect()
}
