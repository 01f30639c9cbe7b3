//! What has been begun of the fetches of an incremental response, and the two rounds of those that fill the elements of streamed
//! lists: one for the elements that come first, and one for the others.
//!
//! A fetch that starts from elements of such a list, or from objects below them, is *divided*: it starts from the rows of the
//! first elements, and when it has ended for these and the first payload is about to be written ([`Rounds::release`]), from the
//! others. Both rounds obey the order of the plan. Which rows have been begun, and which of them wait for a call, says which
//! elements are complete while others are not.
//!
//! A list that is read page by page *grows* ([`Rounds::grow`]) after its fetch has ended for the first pages. The fetches that
//! are divided for it begin once more whenever it has grown.

use ahash::{AHashMap, AHashSet};

use crate::plan::{Fetch, Plan};
use crate::response::inputs::{rows_at, rows_below, rows_of_first};
use crate::response::store::{Cell, RowId, Store};
use crate::response::targets::Targets;

/// A streamed list in one request.
#[derive(Debug)]
pub(super) struct DividedList {
    /// The index of the step to its elements, in the paths of the fetches.
    pub(super) step: usize,
    /// How many elements come first.
    pub(super) first: u32,
    /// The fetches that are divided for it.
    pub(super) fetches: Vec<usize>,
    /// The fetch that reads it page by page.
    pub(super) pages: Option<usize>,
}

/// What has been begun of one fetch.
#[derive(Debug, Default)]
struct Begun {
    /// The list for which it is divided.
    list: Option<usize>,
    /// It has started from the rows of all elements that the list has.
    from_all: bool,
    /// It has started from other elements than the first ones.
    is_second: bool,
    /// How many of the lists that it reads have pages that follow.
    growing: usize,
    rows: AHashSet<RowId>,
}

/// The rounds of the fetches of one execution.
#[derive(Debug)]
pub(super) struct Rounds {
    lists: Vec<DividedList>,
    /// By fetch.
    begun: Vec<Begun>,
    /// The rows of each fetch that wait for a call, and for how many.
    open: AHashMap<(usize, RowId), u32>,
    /// The second round may begin.
    is_released: bool,
    /// The lists of which pages follow, by their place in the store.
    growing: AHashMap<u32, Growing>,
}

/// A list of which pages follow.
#[derive(Debug, Clone)]
pub(super) struct Growing {
    /// The rows that have it.
    pub(super) rows: Vec<RowId>,
    /// The slot that has it there.
    pub(super) slot: u16,
    /// The fetch that reads it.
    pub(super) fetch: usize,
}

impl Rounds {
    pub(super) fn new(plan: &Plan, lists: Vec<DividedList>) -> Rounds {
        let mut begun = Vec::new();
        begun.resize_with(plan.fetches.len(), Begun::default);
        for (index, list) in lists.iter().enumerate() {
            for fetch in &list.fetches {
                begun[*fetch].list = Some(index);
            }
        }
        Rounds {
            lists,
            begun,
            open: AHashMap::new(),
            is_released: false,
            growing: AHashMap::new(),
        }
    }

    /// How many elements come first of the lists that a fetch reads page by page.
    pub(super) fn first_of_pages(&self, fetch: usize) -> Option<usize> {
        let mut lists = self.lists.iter();
        let list = lists.find(|list| list.pages == Some(fetch))?;
        Some(list.first as usize)
    }

    /// Pages follow for the list in a slot of a row, which is at this place in the store.
    pub(super) fn begin_growing(&mut self, at: u32, fetch: usize, (row, slot): (RowId, u16)) {
        let growing = self.growing.entry(at).or_insert_with(|| {
            self.begun[fetch].growing += 1;
            Growing {
                rows: Vec::new(),
                slot,
                fetch,
            }
        });
        growing.rows.push(row);
    }

    /// The list at a place in the store is longer now, and at this place if pages still follow. Returns what it was.
    pub(super) fn grow(&mut self, before: u32, now: Option<u32>) -> Option<Growing> {
        let growing = self.growing.remove(&before)?;
        let lists = self.lists.iter();
        let lists = lists.filter(|list| list.pages == Some(growing.fetch));
        for divided in lists.flat_map(|list| &list.fetches) {
            self.begun[*divided].from_all = false;
        }
        match now {
            Some(now) => _ = self.growing.insert(now, growing.clone()),
            None => self.begun[growing.fetch].growing -= 1,
        }
        Some(growing)
    }

    /// The lists of which pages follow, by their place in the store.
    pub(super) fn growing(&self) -> &AHashMap<u32, Growing> {
        &self.growing
    }

    /// Whether pages follow of a list that a fetch reads.
    pub(super) fn is_growing(&self, fetch: usize) -> bool {
        self.begun[fetch].growing > 0
    }

    /// Lets the second round begin. `false` if there is none, or if it already may.
    pub(super) fn release(&mut self) -> bool {
        !self.lists.is_empty() && !std::mem::replace(&mut self.is_released, true)
    }

    /// Whether a fetch has not begun its second round though all may. Once no call runs, there is none.
    pub(super) fn is_stuck(&self) -> bool {
        self.is_released && (0..self.begun.len()).any(|fetch| self.is_partial(fetch))
    }

    /// Whether a fetch that has ended its first round may begin the second one, when those that it waits for have ended theirs.
    pub(super) fn may_go_on(&self, fetch: usize) -> bool {
        self.is_released && self.is_partial(fetch)
    }

    /// Whether a fetch has not started from the rows of all elements.
    pub(super) fn is_partial(&self, fetch: usize) -> bool {
        let begun = &self.begun[fetch];
        begun.list.is_some() && !begun.from_all
    }

    /// Whether a fetch is in its second round, or has ended it.
    pub(super) fn is_second(&self, fetch: usize) -> bool {
        self.begun[fetch].is_second
    }

    /// Begins the second round of a fetch, if it is divided.
    pub(super) fn go_on(&mut self, fetch: usize) {
        let begun = &mut self.begun[fetch];
        begun.from_all = begun.list.is_some();
        begun.is_second = begun.from_all;
    }

    /// Ends everything: what has not been fetched has failed.
    pub(super) fn end(&mut self) {
        self.open.clear();
        self.growing.clear();
        self.begun.iter_mut().for_each(|begun| begun.growing = 0);
        (0..self.begun.len()).for_each(|fetch| self.go_on(fetch));
    }

    /// The rows that a fetch has to read in its round or before it.
    pub(super) fn rows(
        &self,
        store: &Store,
        root: RowId,
        plan: &Plan,
        fetch: &Fetch,
    ) -> Vec<RowId> {
        let begun = index_of(plan, fetch).map(|index| &self.begun[index]);
        let partial = begun.filter(|begun| !begun.from_all);
        match partial.and_then(|begun| self.lists.get(begun.list?)) {
            Some(list) => rows_of_first(store, root, &fetch.path, (list.step, list.first)),
            None => rows_at(store, root, &fetch.path),
        }
    }

    /// Leaves the rows from which a fetch has not started. A call that several fetches share is made again for those of them
    /// that are divided, and the others have no more rows then.
    pub(super) fn retain_others(&self, plan: &Plan, fetch: &Fetch, rows: &mut Vec<RowId>) {
        if let Some(index) = index_of(plan, fetch) {
            rows.retain(|row| !self.begun[index].rows.contains(row));
        }
    }

    /// A fetch has started from these rows.
    pub(super) fn begin(&mut self, fetch: usize, rows: &[RowId]) {
        self.begun[fetch].rows.extend(rows);
    }

    /// A call has been queued for a fetch.
    pub(super) fn open(&mut self, fetch: usize, targets: &Targets) {
        each_target(fetch, targets, |fetch, row| {
            *self.open.entry((fetch, row)).or_default() += 1;
        });
    }

    /// A call for a fetch has ended.
    pub(super) fn close(&mut self, fetch: usize, targets: &Targets) {
        each_target(fetch, targets, |fetch, row| {
            if let Some(open) = self.open.get_mut(&(fetch, row)) {
                *open -= 1;
                if *open == 0 {
                    self.open.remove(&(fetch, row));
                }
            }
        });
    }

    /// Whether everything that needed fetches read of an element of a list has been read.
    pub(super) fn is_complete(
        &self,
        (store, plan): (&Store, &Plan),
        list: usize,
        element: Cell,
        is_needed: impl Fn(usize) -> bool,
    ) -> bool {
        let DividedList { step, fetches, .. } = &self.lists[list];
        let mut needed = fetches.iter().filter(|fetch| is_needed(**fetch));
        needed.all(|&index| {
            let fetch = (index, &plan.fetches[index]);
            self.is_read(store, fetch, element, step + 1)
        })
    }

    /// Whether everything that a fetch reads below a value has been read. So many steps of its path lead to the value.
    pub(super) fn is_read(
        &self,
        store: &Store,
        (index, fetch): (usize, &Fetch),
        value: Cell,
        depth: usize,
    ) -> bool {
        let rows = rows_below(store, value, fetch.path.get(depth..).unwrap_or_default());
        let mut rows = rows.into_iter().filter(|row| is_for(fetch, store, *row));
        let begun = &self.begun[index].rows;
        rows.all(|row| begun.contains(&row) && !self.open.contains_key(&(index, row)))
    }

    /// The fetches that must have ended before a list is complete: those that are divided for it, and the one that reads its
    /// pages.
    pub(super) fn fetches(&self, list: usize) -> impl Iterator<Item = usize> {
        let list = &self.lists[list];
        list.fetches.iter().copied().chain(list.pages)
    }
}

fn index_of(plan: &Plan, fetch: &Fetch) -> Option<usize> {
    let mut fetches = plan.fetches.iter();
    fetches.position(|one| std::ptr::eq(one, fetch))
}

/// Whether a fetch starts from a row at the end of its path.
fn is_for(fetch: &Fetch, store: &Store, row: RowId) -> bool {
    fetch.only.is_none_or(|only| store.ty(row) == Some(only))
}

/// The rows for which a call is made, each with its fetch.
fn each_target(fetch: usize, targets: &Targets, mut each: impl FnMut(usize, RowId)) {
    match targets {
        Targets::Rows(rows) => rows.iter().for_each(|row| each(fetch, *row)),
        Targets::ByKey(rows) => rows.values().flatten().for_each(|row| each(fetch, *row)),
        Targets::ByPosition(positions) => {
            for consumer in positions.iter().flat_map(|position| &position.consumers) {
                let rows = consumer.rows.iter();
                rows.for_each(|row| each(consumer.fetch, *row));
            }
        }
    }
}
