//! From an operation's text to what can be executed: the one way that serving, `sangam check`, `sangam explain`, specs and
//! golden plans all take, with the same limits.
//!
//! [`Compiler::document`] checks the limits of the text (`limits`), parses it (`syntax` refuses what the parser lets pass),
//! and validates it (apollo-compiler; `validate` and `introspection` check what that leaves out). [`Compiler::operation`]
//! chooses one operation of the document, plans it, refuses restricted fields (`access`), and builds the program that
//! computes its cost. `constraints` checks arguments against `@constraint`, and `confidential` finds those with `@confidential`. [`Compiler::coerce`] coerces the variables of a request (`variables`, `inputs`), and
//! [`Compiler::within_cost`] compares its cost with the maximum.
//!
//! [`Parts`] divides a text that is not valid into its operations.
//!
//! [`CanonicalForm`] tells whether two texts say the same.
//!
//! Whatever is refused is refused here, by a [`Rejection`]: a code, a kind, and messages with locations. Only a [`Document`]
//! can be planned, and only [`Compiler::document`] makes one, so nothing is planned that has not passed the limits and the
//! rules. Pure.

mod access;
mod canonical;
mod compile;
mod compiled;
mod confidential;
mod constraints;
mod incremental;
mod inputs;
mod introspection;
mod limits;
mod live;
mod measure;
mod parts;
mod rejection;
mod service;
mod signature;
mod syntax;
mod tokens;
mod validate;
mod validation_errors;
mod variable_uses;
mod variables;

pub use self::canonical::CanonicalForm;
pub use self::compile::{Compiler, too_costly};
pub use self::compiled::{Document, Operation};
pub use self::live::{LiveDirective, with_directives};
pub use self::parts::{Part, Parts};
pub use self::rejection::{Rejection, Violation};
pub use self::signature::signature;
pub use self::variables::CoercedVariables;
