//! Cases: the combinations of outcomes of `@override` labels for which an operation is planned.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use apollo_compiler::Name;

/// A set of cases, as a bit per index into `Planner::cases`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct CaseSet(u64);

impl CaseSet {
    pub(super) fn single(case_index: usize) -> Self {
        CaseSet(1 << case_index)
    }

    /// Adds the cases of another set.
    pub(super) fn add(&mut self, other: CaseSet) {
        self.0 |= other.0;
    }

    /// Whether a case is in the set.
    pub(super) fn has(self, case_index: usize) -> bool {
        self.0 & (1 << case_index) != 0
    }
}

/// The outcomes of labels.
pub(super) type Decided = BTreeMap<Arc<str>, bool>;

/// The outcomes of labels in the case that is being planned.
#[derive(Debug, Default)]
pub(super) struct LabelOutcomes {
    decided: Decided,
    /// The fields whose labels make a difference to the operation.
    relevant_fields: Arc<HashSet<Name>>,
    /// Labels that the search met and no earlier case decided, in this order. They count as off in this case.
    encountered: RefCell<Vec<Arc<str>>>,
}

impl LabelOutcomes {
    /// Labels that are not among the decided ones count as off.
    pub(super) fn new(decided: Decided, relevant_fields: Arc<HashSet<Name>>) -> Self {
        LabelOutcomes {
            decided,
            relevant_fields,
            encountered: RefCell::default(),
        }
    }

    /// The labels that the search met and no case has decided yet.
    pub(super) fn take_encountered(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.encountered).into_inner()
    }

    /// The outcome of the label of a field.
    pub(super) fn of(&self, label: &str, field: &str) -> bool {
        if let Some(constant) = constant(label) {
            return constant;
        }
        if let Some(&decided) = self.decided.get(label) {
            return decided;
        }
        let mut encountered = self.encountered.borrow_mut();
        if self.relevant_fields.contains(field)
            && !encountered.iter().any(|other| **other == *label)
        {
            encountered.push(Arc::from(label));
        }
        false
    }
}

/// `percent(0)` is always off and `percent(100)` always on.
fn constant(label: &str) -> Option<bool> {
    let percent = label.strip_prefix("percent(")?.strip_suffix(')')?;
    match percent.parse::<f64>().ok()? {
        nothing if nothing <= 0.0 => Some(false),
        all if all >= 100.0 => Some(true),
        _ => None,
    }
}
