//! A deployment's mappings of the errors that a GraphQL service reports, which replace those of `@graphql`. The graphs of a
//! supergraph have no folder of their own, and an operator may show more or less than a folder does.

use std::sync::Arc;

use super::expression::{Form, of_settings};
use super::findings::list;
use super::model::{Subgraph, SubgraphKind};
use crate::mapping::Selection;

/// The variables that they may read: all else is known to the deployment.
const READABLE: [&str; 1] = ["$status"];

impl Subgraph {
    /// Replaces the mapping of the message.
    ///
    /// # Errors
    /// The mapping is wrong, or the subgraph is no GraphQL service.
    pub fn set_error_message(&mut self, text: &str) -> Result<(), String> {
        let message = mapping(text, Form::Value)?;
        self.service_errors()?.message = Some(message);
        Ok(())
    }

    /// Replaces the mapping of the extensions.
    ///
    /// # Errors
    /// The mapping is wrong, or the subgraph is no GraphQL service.
    pub fn set_error_extensions(&mut self, text: &str) -> Result<(), String> {
        let extensions = mapping(text, Form::Object)?;
        self.service_errors()?.extensions = vec![extensions];
        Ok(())
    }

    fn service_errors(&mut self) -> Result<&mut super::model::ErrorMappings, String> {
        match &mut self.kind {
            SubgraphKind::Service(service) => Ok(&mut service.errors),
            SubgraphKind::Connectors { .. } | SubgraphKind::Native => Err(format!(
                "`{}` is no GraphQL service: its `@source` and `@connect` have `errors`",
                self.name
            )),
        }
    }
}

fn mapping(text: &str, form: Form) -> Result<Arc<Selection>, String> {
    let mapping = of_settings(text, form)?;
    let bound = mapping.bound_names();
    let mut uses = mapping.variables().iter();
    let unreadable = uses.find(|used| {
        let name = &*used.name;
        !READABLE.contains(&name) && bound.iter().all(|bound| **bound != *name)
    });
    match unreadable {
        Some(used) => Err(format!(
            "`{}` is not available here; available: `$` and {}",
            used.name,
            list(READABLE)
        )),
        None => Ok(mapping),
    }
}
