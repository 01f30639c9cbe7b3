//! The named operations of a generation.

use std::sync::Arc;

use super::run::Gateway;
use crate::named::{NamedOperations, OperationFile};

impl Gateway {
    /// Compiles the named operations of these files, for the first request of each. What is wrong with a file is in the result's
    /// `problems`, and the others are served.
    pub fn load_operations(&mut self, files: &[OperationFile]) -> &NamedOperations {
        let (compiling, plans) = (&self.compiling, &self.plans);
        let named = NamedOperations::load(&compiling.compiler, files, |text, name, operation| {
            plans.put(text, name, compiling.ready(text, operation));
            Ok(())
        });
        self.operations = Arc::new(named);
        &self.operations
    }

    /// The named operations.
    pub fn operations(&self) -> &Arc<NamedOperations> {
        &self.operations
    }
}
