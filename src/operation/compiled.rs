//! What compiling yields: a valid document, and an operation of it that can be executed.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Node, executable};

use super::constraints::ConstrainedArgument;
use super::live::{LiveDirective, live_directive};
use crate::cost::Program;
use crate::document::{Str, Value};
use crate::plan::Plan;

/// A document that has passed the limits and all rules of validation.
#[derive(Debug, Clone)]
pub struct Document(pub(super) Valid<ExecutableDocument>);

impl Deref for Document {
    type Target = Valid<ExecutableDocument>;

    fn deref(&self) -> &Valid<ExecutableDocument> {
        &self.0
    }
}

/// An operation that can be executed.
#[derive(Debug)]
pub struct Operation {
    /// The document that contains the operation.
    pub document: Document,
    /// The operation itself.
    pub definition: Node<executable::Operation>,
    /// Its plan.
    pub plan: Plan,
    /// Computes its cost.
    pub cost: Arc<Program>,
    /// The client headers that its calls can read; lower case, sorted.
    pub headers: Arc<[String]>,
    /// One of its calls can read all client headers.
    pub all_headers: bool,
    /// One of its calls can read `$request.instant`.
    pub reads_instant: bool,
    /// The arguments with constraints that depend on variables.
    pub(super) constrained: Vec<ConstrainedArgument>,
    /// The variables that give the `initialCount` of a `@stream`.
    pub(super) initial_counts: Vec<Name>,
    /// It selects `__schema`, `__type` or `__service`.
    pub introspects: bool,
    /// An argument that it gives and whose value must not be in a URL (`@confidential`), as `Type.field(argument:)`.
    pub confidential: Option<Box<str>>,
    /// It calls an upstream, or asks the gateway for its state.
    pub(super) makes_calls: bool,
}

impl Operation {
    /// What its `@live` says with these variables; `None` if it is not live.
    pub fn live(&self, variables: &HashMap<Str, Value>) -> Option<LiveDirective> {
        live_directive(&self.definition, variables)
    }

    /// Whether its response depends on nothing but the connectors, the operation, its variables and the client's headers:
    /// it makes no calls. Its fields are introspection, or mappings without a request.
    pub fn is_constant(&self) -> bool {
        !self.makes_calls
    }
}
