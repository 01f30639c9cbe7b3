//! Reads values of a document as trees, within the memory of the execution.

use super::bounds::Reached;
use crate::budget::{Account, Exceeded};
use crate::document::{Fault, ReadError, Reader, Value};

/// Why reading a document stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is not valid in its format.
    Unreadable(ReadError),
    /// The execution has reached a bound. Boxed, to keep results small.
    Reached(Box<Reached>),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Stop::Unreadable(error)
    }
}

impl From<Reached> for Stop {
    fn from(reached: Reached) -> Self {
        Stop::Reached(Box::new(reached))
    }
}

/// Reads the next value as a tree, which takes at most the memory that the account has left.
pub(crate) fn read_value<'d, R: Reader<'d>>(
    reader: &mut R,
    account: &Account,
) -> Result<Value, Stop> {
    Value::read_within(reader, &mut account.left()).map_err(|error| match error.fault {
        Fault::TooLarge => Reached::from(Exceeded::Account(account.limit())).into(),
        _ => Stop::Unreadable(error),
    })
}
