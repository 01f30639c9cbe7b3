//! The options of a connect: one value for each directive beside it, looked up by its type.
//!
//! A map by type, and not a struct with a field for each, so that a new directive is a new file and needs no change here.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// The value of a directive beside a connect, for example `@paginate`.
pub trait ConnectOption: Any + fmt::Debug + Send + Sync {}

/// The values of all directives beside a connect.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions(Vec<Arc<dyn ConnectOption>>);

impl ConnectOptions {
    /// The value of this type, if the connect has the directive.
    pub fn get<T: ConnectOption>(&self) -> Option<&T> {
        // There are few directives: searching them is faster than hashing.
        self.0.iter().find_map(|option| {
            let option: &dyn Any = &**option;
            option.downcast_ref()
        })
    }

    /// Adds a value.
    pub(crate) fn add<T: ConnectOption>(&mut self, option: T) {
        self.0.push(Arc::new(option));
    }

    /// Adds the values of the folder's own options.
    pub(crate) fn add_all(&mut self, others: &ConnectOptions) {
        self.0.extend(others.0.iter().map(Arc::clone));
    }
}
