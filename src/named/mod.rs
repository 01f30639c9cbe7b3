//! Named operations: the files of a folder as operations that clients call by name.
//!
//! [`NamedOperations::load`] compiles the texts of the files. A file that the gateway would refuse gives a diagnostic, and
//! its name stays with the reason ([`Named::Refused`]), so that a client learns it; the others are not affected. [`query`]
//! coerces the parameters of a URL to variables, by their types. [`openapi`] describes all of them for programs. Pure.

mod catalogue;
mod comment;
mod load;
mod openapi;
mod operation;
mod origins;
mod parameter;
mod problems;
mod query;
mod similar;

pub use self::catalogue::{DESCRIPTION, Named, NamedOperations};
pub use self::load::OperationFile;
pub use self::openapi::{DescribedFormat, Formats};
pub use self::operation::NamedOperation;
pub use self::parameter::{LIVE_PARAMETERS, Parameter, RESERVED_PARAMETERS};
pub use self::query::{Given, UnfitParameters};
