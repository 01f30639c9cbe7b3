//! The operations that are sent to GraphQL services, as a plan holds them.

use apollo_compiler::{Name, executable};

/// An operation for a GraphQL service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceOperation {
    /// Query or mutation. Below a mutation's fields, the query root is fetched by queries.
    pub kind: executable::OperationType,
    /// Its text.
    pub text: String,
    /// The client's variables that it uses.
    pub variables: Vec<Name>,
    /// The gateway's variables for guards: name and index into the plan's guards.
    pub guards: Vec<(String, u32)>,
    /// The gateway's variables that leave out fields with a missing required value, in the order of the fetch's
    /// requirements.
    pub skips: Vec<String>,
    /// The gateway's variables for values of contexts: name and type.
    pub contexts: Vec<(String, String)>,
}

/// The selection on entities of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The selection set.
    pub text: String,
    /// The selection set with its fields sorted by response key, so that equal selections are equal texts.
    pub canonical: String,
    /// The client's variables that it uses, sorted.
    pub variables: Vec<Name>,
    /// The variables for guards: name and index into the plan's guards.
    pub guards: Vec<(String, u32)>,
    /// The variables that leave out fields with a missing required value, in the order of the fetch's requirements.
    pub skips: Vec<String>,
    /// The variables for values of contexts: name and type.
    pub contexts: Vec<(String, String)>,
}
