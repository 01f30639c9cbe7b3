//! A deployment's addresses, which replace those that a folder names.

use std::sync::Arc;

use super::model::{Subgraph, SubgraphKind};
use super::request::RenderError;

impl Subgraph {
    /// Replaces the base URL of the named source; without a name, that of the only source or of the GraphQL service. `url` is
    /// an absolute URL without expressions, whose path also replaces that of the base URL.
    ///
    /// # Errors
    /// No source has this name; or no name is given and the folder does not have exactly one source.
    pub fn set_base_url(&mut self, source: Option<&str>, url: &str) -> Result<(), RenderError> {
        let connector = &self.name;
        match &mut self.kind {
            SubgraphKind::Service(service) if source.is_none() => {
                service.template = service.template.with_base_url(url)?;
                Ok(())
            }
            SubgraphKind::Connectors { sources, connects } => {
                let index = match source {
                    Some(name) => sources.iter().position(|source| source.name == name),
                    None if sources.len() == 1 => Some(0),
                    None => None,
                };
                let Some(index) = index else {
                    let names: Vec<_> = sources.iter().map(|source| &source.name).collect();
                    let has = super::findings::list(&names);
                    return Err(RenderError::new(match source {
                        Some(name) => format!("`{connector}` has no source `{name}`, but {has}"),
                        None if names.is_empty() => no_address(connector),
                        None => format!("`{connector}` has several sources, {has}: name one"),
                    }));
                };
                Arc::make_mut(&mut sources[index]).base_url = url.to_owned();
                for connect in connects {
                    if connect.source == Some(index)
                        && let Some(template) = &connect.template
                    {
                        let template = template.with_base_url(url)?;
                        Arc::make_mut(connect).template = Some(template);
                    }
                }
                Ok(())
            }
            SubgraphKind::Service(_) | SubgraphKind::Native => {
                Err(RenderError::new(no_address(connector)))
            }
        }
    }
}

fn no_address(connector: &str) -> String {
    format!("`{connector}` has no source that could have another address")
}
