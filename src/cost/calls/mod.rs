//! How many calls an operation makes at most, computed from its plan before anything is called.
//!
//! A fetch makes a call for all its objects (`_entities`, a root field, a list), for each of them, or for each batch. The
//! number of objects is the product of the sizes of the lists on the way to them, by `@listSize` (`sizes.rs`); where
//! `@entityList` names the list of all objects of a type, there are no more than that list has. A connect with `@paginate`
//! makes a request per page (`pages.rs`), and each is a call here, as the upstream counts.
//!
//! For example, `{ districts { works(first: 50) { nodes { id } } } }` makes one call for the districts, of which
//! `@listSize` says that they are 20, and for each of them as many as pages of 20 works have 50: 1 + 20 × 3 = 61.
//!
//! A variable without a value counts as what makes the most calls: the largest `first` that the schema allows, a fetch that
//! `@include` may leave out. A call that only follows a failure is not in the bound, and one for an object that a list with
//! `@entityList(absent: LOOKUP)` lacks is counted apart: usually it lacks none. Where calls are made for the elements of a
//! list without `@listSize`, there is no bound.

mod pages;
mod sizes;

use std::collections::{BTreeMap, HashMap};

use self::sizes::Sizes;
use crate::connector::{Connect, ConnectKind};
use crate::document::{Str, Value};
use crate::graph::Constraints;
use crate::graph::query::{ConnectMode, QueryGraph};
use crate::plan::guard::Condition;
use crate::plan::{Fetch, FetchCall, Plan};

/// The most calls of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallBound {
    /// The fetches that make calls, in the order of the plan.
    pub fetches: Vec<FetchBound>,
    /// The lists without `@listSize` for whose elements calls are made, as `Type.field`.
    pub unsized_lists: Vec<String>,
}

/// The most calls of one fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchBound {
    /// The number of the fetch in explanations of the plan.
    pub number: usize,
    /// The connector that is called.
    pub connector: String,
    /// The number of objects for which it calls: at most this many, or not bounded.
    pub objects: Option<u64>,
    /// How many of them one call is for; `None` if it is for all.
    pub per_call: Option<u64>,
    /// The most pages that each call reads.
    pub pages: u64,
    /// It calls for objects that are not in a list which may lack some (`absent: LOOKUP` of `@entityList`).
    pub absent: bool,
}

impl FetchBound {
    /// The most calls; `None` if they are not bounded.
    pub fn calls(&self) -> Option<u64> {
        let calls = match self.per_call {
            Some(per_call) => self.objects?.div_ceil(per_call.max(1)),
            None => 1,
        };
        Some(calls.saturating_mul(self.pages))
    }
}

impl CallBound {
    /// The most calls of a plan, with these values of variables. A variable without a value may have any.
    pub fn new(
        plan: &Plan,
        graph: &QueryGraph,
        constraints: &Constraints,
        variables: &HashMap<Str, Value>,
    ) -> CallBound {
        let sizes = Sizes {
            plan,
            graph,
            constraints,
            variables,
        };
        let mut bound = CallBound {
            fetches: Vec::new(),
            unsized_lists: Vec::new(),
        };
        for (index, number) in plan.call_numbers().into_iter().enumerate() {
            bound.add(&sizes, &plan.fetches[index], number);
        }
        bound
    }

    /// The most calls of the whole operation if lists lack no objects; `None` if they are not bounded.
    pub fn total(&self) -> Option<u64> {
        let calls = self.expected().map(FetchBound::calls);
        calls.fold(Some(0), sum)
    }

    /// The most calls for objects that lists lack, besides [`CallBound::total`].
    pub fn absent(&self) -> Option<u64> {
        let absent = self.fetches.iter().filter(|fetch| fetch.absent);
        absent.map(FetchBound::calls).fold(Some(0), sum)
    }

    fn expected(&self) -> impl Iterator<Item = &FetchBound> {
        self.fetches.iter().filter(|fetch| !fetch.absent)
    }

    /// The most calls of each connector that is called if lists lack no objects, by its name.
    pub fn connectors(&self) -> BTreeMap<&str, Option<u64>> {
        let mut all: BTreeMap<&str, Option<u64>> = BTreeMap::new();
        for fetch in self.expected() {
            let calls = all.entry(&fetch.connector).or_insert(Some(0));
            *calls = sum(*calls, fetch.calls());
        }
        all
    }

    fn add(&mut self, sizes: &Sizes<'_>, fetch: &Fetch, number: usize) {
        let (plan, graph) = (sizes.plan, sizes.graph);
        let same_call = self
            .fetches
            .last()
            .is_some_and(|last| last.number == number);
        let runs = plan.guards[fetch.guard as usize].can_hold(|condition| known(sizes, condition));
        if same_call || !runs {
            return;
        }
        let connect = match &fetch.call {
            FetchCall::Connect { connect, mode } => {
                // A mapping without a request, and a connector in this process, call nothing.
                let connect = graph.connect(fetch.subgraph, *connect);
                match connect.filter(|connect| connect.template.is_some()) {
                    Some(connect) => Some((&**connect, *mode)),
                    None => return,
                }
            }
            FetchCall::Operation(_) | FetchCall::Entities { .. } => None,
        };
        let per_call = connect.and_then(|(connect, mode)| per_call(connect, mode));
        let objects = match per_call {
            Some(_) => sizes.objects_of(fetch),
            None => sizes.contexts_of(fetch),
        };
        // A call has one value of a context, so a batch may have to be one of a single object.
        let per_call = match fetch.contexts.is_empty() {
            true => per_call,
            false => Some(1),
        };
        if let Err(list) = &objects
            && !self.unsized_lists.contains(list)
        {
            self.unsized_lists.push(list.clone());
        }
        self.fetches.push(FetchBound {
            number,
            connector: graph.subgraph(fetch.subgraph).name.clone(),
            objects: objects.ok(),
            per_call,
            pages: connect.map_or(1, |(connect, mode)| sizes.pages(fetch, connect, mode)),
            absent: fetch.absent_from.is_some(),
        });
    }
}

/// The number of objects that one call of a connect is for; `None` for all objects of the fetch.
fn per_call(connect: &Connect, mode: ConnectMode) -> Option<u64> {
    match (mode, &connect.kind) {
        (ConnectMode::Root | ConnectMode::List, _) => None,
        (ConnectMode::Batch, ConnectKind::Batch { max_size, .. }) => Some(*max_size as u64),
        (ConnectMode::Batch, _) => None,
        // The same request for all objects is sent once.
        (ConnectMode::Implicit | ConnectMode::Single, _) if !connect.reads.request_reads_this => {
            None
        }
        (ConnectMode::Explicit | ConnectMode::Implicit | ConnectMode::Single, _) => Some(1),
    }
}

/// The value of a condition, as far as the variables decide it.
fn known(sizes: &Sizes<'_>, condition: &Condition) -> Option<bool> {
    match condition {
        Condition::Variable(name) => {
            let value = sizes.variables.get(name.as_str())?;
            Some(*value == Value::Bool(true))
        }
        Condition::Null(name) => Some(*sizes.variables.get(name.as_str())? == Value::Null),
        Condition::Label(_) => None,
    }
}

fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    Some(one?.saturating_add(other?))
}
