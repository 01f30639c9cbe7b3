//! The bounds of one evaluation.

use crate::document::Value;

/// Bounds on one evaluation. An evaluation that exceeds one ends with an error
/// ([`MappingErrorKind::Limit`](super::MappingErrorKind::Limit)) and a missing value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationBudget {
    /// Values visited or made. Time and memory grow with it: a million steps take some tens of
    /// milliseconds and at most some tens of megabytes.
    pub steps: usize,
    /// Bytes of text made by joining, cutting and writing.
    pub text: usize,
    /// Values in the result; shared ones count as often as they occur.
    pub nodes: usize,
    /// The approximate length of the result as JSON.
    pub bytes: usize,
    /// Warnings with a text; further ones are only counted.
    pub warnings: usize,
}

impl Default for EvaluationBudget {
    fn default() -> Self {
        EvaluationBudget {
            steps: 4_000_000,
            text: 64 << 20,
            nodes: 2_000_000,
            bytes: 64 << 20,
            warnings: 100,
        }
    }
}

/// What one evaluation may still spend.
pub(super) struct Meter {
    steps_left: usize,
    text_left: usize,
    /// The limit that was exceeded first.
    exceeded: Option<&'static str>,
}

impl Meter {
    pub(super) fn new(budget: &EvaluationBudget) -> Self {
        Meter {
            steps_left: budget.steps,
            text_left: budget.text,
            exceeded: None,
        }
    }

    /// The limit that was exceeded, if one was.
    pub(super) fn exceeded(&self) -> Option<&'static str> {
        self.exceeded
    }

    /// Charges for `steps` values visited or made. `None` once the budget is used up.
    #[inline]
    pub(super) fn charge(&mut self, steps: usize) -> Option<()> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Some(())
            }
            None => self.exceed("steps"),
        }
    }

    /// Charges for `bytes` of text about to be made.
    pub(super) fn charge_text(&mut self, bytes: usize) -> Option<()> {
        match self.text_left.checked_sub(bytes) {
            Some(left) => {
                self.text_left = left;
                self.charge(bytes / 32)
            }
            None => self.exceed("text"),
        }
    }

    fn exceed(&mut self, what: &'static str) -> Option<()> {
        self.exceeded.get_or_insert(what);
        // A caller that ignores the result fails at its next charge.
        self.steps_left = 0;
        None
    }

    /// Charges for visiting all parts of a value; returns its approximate length as JSON.
    pub(super) fn measure(&mut self, value: &Value) -> Option<usize> {
        let mut measure = Measure {
            nodes: self.steps_left,
            bytes: self.text_left,
            exceeded: None,
        };
        measure.add(value);
        if let Some(what) = measure.exceeded {
            self.exceed(if what == "values" { "steps" } else { "text" })?;
        }
        let bytes = self.text_left - measure.bytes;
        self.charge(self.steps_left - measure.nodes)?;
        Some(bytes)
    }

    /// Checks the size of the result of an evaluation.
    pub(super) fn check_result(&mut self, value: &Value, budget: &EvaluationBudget) {
        let mut measure = Measure {
            nodes: budget.nodes,
            bytes: budget.bytes,
            exceeded: None,
        };
        measure.add(value);
        self.exceeded = self.exceeded.or(measure.exceeded);
    }
}

/// Counts the parts of a value as if nothing were shared, and stops at a limit.
struct Measure {
    nodes: usize,
    bytes: usize,
    exceeded: Option<&'static str>,
}

impl Measure {
    fn add(&mut self, value: &Value) {
        if self.exceeded.is_some() {
            return;
        }
        let bytes = match value {
            Value::String(text) => text.len() + 2,
            Value::Object(object) => object.keys().map(|key| key.len() + 4).sum::<usize>() + 2,
            Value::Array(elements) => elements.len() + 2,
            Value::Number(number) => number.length(),
            Value::Null | Value::Bool(_) => 5,
        };
        match (self.nodes.checked_sub(1), self.bytes.checked_sub(bytes)) {
            (Some(nodes), Some(bytes)) => (self.nodes, self.bytes) = (nodes, bytes),
            (None, _) => self.exceeded = Some("values"),
            (_, None) => self.exceeded = Some("bytes"),
        }
        match value {
            Value::Array(elements) => elements.iter().for_each(|element| self.add(element)),
            Value::Object(object) => object.values().for_each(|member| self.add(member)),
            _ => {}
        }
    }
}
