//! The bounds of planning: counted steps, so that the result is the same on every machine.

/// How much work one operation may cause before it is refused as `PLAN_TOO_COMPLEX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanLimits {
    /// Selections and positions of the operation, with fragments expanded.
    pub selections: usize,
    /// Steps of the search and of batching, for each of the at most four plans that are compared.
    pub steps: usize,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The budget of [`PlanLimits`] is spent.
    #[error("The operation is too complex to plan")]
    TooComplex,
    /// No subgraph provides a field on its path. Composition should have refused such a graph.
    #[error("No connector can provide {0} here")]
    Unsatisfiable(String),
}

/// Steps that are left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps(usize);

impl Steps {
    pub(super) fn new(steps: usize) -> Self {
        Steps(steps)
    }

    /// Spends steps; an error if fewer are left.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), PlanError> {
        self.0 = self.0.checked_sub(steps).ok_or(PlanError::TooComplex)?;
        Ok(())
    }
}
