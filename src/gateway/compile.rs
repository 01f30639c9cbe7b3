//! A compiled operation as it is cached, by its text: also when it is a refusal, so that an invalid operation is parsed only
//! once.

use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, OnceLock};

use super::generation::Fingerprints;
use super::refusal::Refusal;
use crate::cache::plans::Weighs;
use crate::cache::{Generation, OperationKey, ResponseKey};
use crate::observe::operations::{ObservedOperation, OperationMeters};
use crate::operation::{Compiler, Operation, signature};
use crate::priority::Heavy;
use crate::response::Sizes;

/// The result of compiling: an operation, or why it is refused.
#[derive(Debug)]
pub(super) enum Compiled {
    Ready(Heavy<CompiledOperation>),
    Refused(Refusal),
}

/// An operation that can be executed, and what is kept with it from request to request.
#[derive(Debug)]
pub(super) struct CompiledOperation {
    pub(super) operation: Operation,
    pub(super) key: OperationKey,
    /// What its responses depend on, besides the request.
    pub(super) generation: Generation,
    /// The key of its cached response, when the response depends on the operation alone (no variables, headers or labels).
    pub(super) bare_key: OnceLock<ResponseKey>,
    /// The number of requests for it, as an order for the next generation.
    pub(super) uses: AtomicU32,
    /// The buffer sizes of its last execution, as a hint for the next.
    pub(super) sizes: Mutex<Sizes>,
    /// What operators see of it.
    pub(super) observed: Arc<ObservedOperation>,
    /// The operation's text.
    pub(super) text: Arc<str>,
    /// It is no trusted document, and should be one. Set before it is stored.
    pub(super) is_untrusted: AtomicBool,
    /// Whether a line of the log has said that it is no trusted document.
    pub(super) is_logged: AtomicBool,
}

/// What operations are compiled with.
#[derive(Debug)]
pub(super) struct Compiling {
    pub(super) compiler: Compiler,
    pub(super) fingerprints: Fingerprints,
    /// The names of the connectors, by their number in the graph.
    pub(super) names: Vec<Arc<str>>,
    /// The hash of the public schema.
    pub(super) api: Generation,
    pub(super) meters: Arc<OperationMeters>,
}

impl Compiling {
    /// Compiles an operation.
    pub(super) fn compile(&self, text: &str, name: Option<&str>) -> Compiled {
        match self.compiler.compile(text, name) {
            Ok(operation) => self.ready(text, operation),
            Err(rejection) => Compiled::Refused(rejection.into()),
        }
    }

    /// An operation of a text, to be kept.
    pub(super) fn ready(&self, text: &str, operation: Operation) -> Compiled {
        Compiled::Ready(Heavy::new(CompiledOperation {
            observed: Arc::new(self.observed(&operation)),
            generation: self
                .fingerprints
                .of_plan(&operation.plan, &self.names, &self.api),
            key: OperationKey::new(text, operation.definition.name.as_deref()),
            operation,
            bare_key: OnceLock::new(),
            uses: AtomicU32::new(0),
            sizes: Mutex::default(),
            text: text.into(),
            is_untrusted: AtomicBool::new(false),
            is_logged: AtomicBool::new(false),
        }))
    }

    /// What operators see of an operation.
    fn observed(&self, operation: &Operation) -> ObservedOperation {
        let definition = &operation.definition;
        let name = definition.name.as_ref().map_or("", |name| name.as_str());
        let hash = signature(&operation.document, definition);
        self.meters
            .observe(name, &hash, definition.operation_type.name())
    }
}

impl Weighs for Compiled {
    fn weight(&self) -> usize {
        match self {
            Compiled::Refused(refusal) => refusal.len(),
            // Measured: the parsed document allocates about 45 bytes per byte of text.
            Compiled::Ready(ready) => {
                let Operation { plan, cost, .. } = &ready.operation;
                1_000 + ready.text.len() * 45 + plan.weight() + cost.weight()
            }
        }
    }
}

/// About how many bytes compiling a text of this length holds at most.
///
/// Measured: 450 bytes per byte of text, most of them in the parser's three trees. A short text with a large plan needs a
/// few megabytes, which the planner's limits bound.
pub(super) fn bytes_to_compile(length: usize) -> usize {
    2_000_000 + length * 450
}
