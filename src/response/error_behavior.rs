//! What becomes of a response when a field fails: the request parameter `onError`.

/// The error behavior of a request, as the specification's proposal for `onError` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorBehavior {
    /// The position of the field is null, also if its type is not nullable. Nothing propagates.
    Null,
    /// A null in a non-null position propagates to the nearest nullable parent.
    #[default]
    Propagate,
    /// The data is null, and the first error is the only one. Mutations behind the one that failed are not executed.
    Halt,
}

impl ErrorBehavior {
    /// The behavior with this name in a request.
    pub fn of_name(name: &str) -> Option<ErrorBehavior> {
        match name {
            "NULL" => Some(ErrorBehavior::Null),
            "PROPAGATE" => Some(ErrorBehavior::Propagate),
            "HALT" => Some(ErrorBehavior::Halt),
            _ => None,
        }
    }
}
