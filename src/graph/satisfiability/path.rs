//! The path of fields by which satisfiability reached a row, which messages show as a query.

use std::rc::Rc;

use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;

/// The path to a row: the shortest one, because rows are visited breadth first.
#[derive(Debug)]
pub(super) struct QueryPath {
    /// The last step.
    pub(super) step: QueryStep,
    before: Option<Rc<QueryPath>>,
}

/// One step of a path.
#[derive(Debug)]
pub(super) enum QueryStep {
    Root(OperationType),
    Field(Name),
    Fragment(Name),
}

impl QueryPath {
    pub(super) fn root(operation: OperationType) -> Rc<Self> {
        Rc::new(Self {
            step: QueryStep::Root(operation),
            before: None,
        })
    }

    pub(super) fn then(self: &Rc<Self>, step: QueryStep) -> Rc<Self> {
        Rc::new(Self {
            step,
            before: Some(Rc::clone(self)),
        })
    }

    /// The path as a query that ends with `last`.
    pub(super) fn query(&self, last: &str) -> String {
        let text = match &self.step {
            QueryStep::Root(OperationType::Query) => format!("{{ {last} }}"),
            QueryStep::Root(operation) => format!("{operation} {{ {last} }}"),
            QueryStep::Field(name) => format!("{name} {{ {last} }}"),
            QueryStep::Fragment(on) => format!("... on {on} {{ {last} }}"),
        };
        match &self.before {
            Some(before) => before.query(&text),
            None => text,
        }
    }
}
