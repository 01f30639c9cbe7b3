//! A compiled operation as it is cached, by its text: also when it is a refusal, so that an invalid operation is parsed only
//! once.

use std::sync::{Mutex, OnceLock};

use super::refusal::Refusal;
use crate::cache::plans::Weighs;
use crate::cache::{OperationKey, ResponseKey};
use crate::operation::{Compiler, Operation};
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
    /// The key of its cached response, when the response depends on the operation alone (no variables, headers or labels).
    pub(super) bare_key: OnceLock<ResponseKey>,
    /// The buffer sizes of its last execution, as a hint for the next.
    pub(super) sizes: Mutex<Sizes>,
    /// The length of the operation's text in bytes.
    length: usize,
}

impl Compiled {
    pub(super) fn new(compiler: &Compiler, text: &str, name: Option<&str>) -> Compiled {
        match compiler.compile(text, name) {
            Ok(operation) => Compiled::Ready(Heavy::new(CompiledOperation {
                key: OperationKey::new(text, operation.definition.name.as_deref()),
                operation,
                bare_key: OnceLock::new(),
                sizes: Mutex::default(),
                length: text.len(),
            })),
            Err(rejection) => Compiled::Refused(rejection.into()),
        }
    }
}

impl Weighs for Compiled {
    fn weight(&self) -> usize {
        match self {
            Compiled::Refused(refusal) => refusal.len(),
            // Measured: the parsed document allocates about 45 bytes per byte of text.
            Compiled::Ready(ready) => {
                let Operation { plan, cost, .. } = &ready.operation;
                1_000 + ready.length * 45 + plan.weight() + cost.weight()
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
