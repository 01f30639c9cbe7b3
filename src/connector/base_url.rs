//! A deployment's addresses, which replace those that a folder names.

use std::sync::Arc;

use super::model::{Subgraph, SubgraphKind};
use super::request::RenderError;
use super::schemes::Schemes;
use crate::mapping::Variables;

impl Subgraph {
    /// Replaces the base URL of the named source; without a name, that of the only source or of the GraphQL service. `url` is
    /// an absolute URL without expressions, whose path also replaces that of the base URL.
    ///
    /// # Errors
    /// No source has this name; or no name is given and the folder does not have exactly one source.
    pub fn set_base_url(&mut self, source: Option<&str>, url: &str) -> Result<(), RenderError> {
        if let SubgraphKind::Service(service) = &mut self.kind
            && source.is_none()
        {
            service.template = service.template.with_base_url(url)?;
            return Ok(());
        }
        let index = self.source_index(source)?;
        match &mut self.kind {
            SubgraphKind::Connectors {
                sources,
                connects,
                files,
            } => {
                let declaration = Arc::make_mut(&mut sources[index]);
                declaration.base_url = url.to_owned();
                declaration.address = None;
                for connect in connects {
                    if connect.source == Some(index)
                        && let Some(template) = &connect.template
                    {
                        let template = template.with_base_url(url)?;
                        Arc::make_mut(connect).template = Some(template);
                    }
                }
                for file in files {
                    if file.source == Some(index) {
                        let template = file.template.with_base_url(url)?;
                        Arc::make_mut(file).template = template;
                    }
                }
                Ok(())
            }
            SubgraphKind::Service(_) | SubgraphKind::Native => {
                Err(RenderError::new(no_address(&self.name)))
            }
        }
    }

    /// The index of the named source; without a name, of the only one.
    ///
    /// # Errors
    /// There is no such source, or there are several.
    pub fn source_index(&self, source: Option<&str>) -> Result<usize, RenderError> {
        let connector = &self.name;
        let SubgraphKind::Connectors { sources, .. } = &self.kind else {
            return Err(RenderError::new(no_address(connector)));
        };
        let index = match source {
            // The name in a variable of the environment is in lower case, with underscores.
            Some(name) => sources
                .iter()
                .position(|source| source.name == name)
                .or_else(|| {
                    let in_variables = |source: &str| source.to_lowercase().replace('-', "_");
                    let mut names = sources.iter().map(|source| in_variables(&source.name));
                    names.position(|source| source == name)
                }),
            None if sources.len() == 1 => Some(0),
            None => None,
        };
        index.ok_or_else(|| {
            let names: Vec<_> = sources.iter().map(|source| &source.name).collect();
            let has = super::findings::list(&names);
            RenderError::new(match source {
                Some(name) if names.is_empty() => {
                    format!("`{connector}` has no source `{name}`, nor another one")
                }
                None if names.is_empty() => no_address(connector),
                Some(name) => format!("`{connector}` has no source `{name}`, but {has}"),
                None => format!("`{connector}` has several sources, {has}: name one"),
            })
        })
    }
}

impl Subgraph {
    /// Computes the base URLs that only `$config` and `$env` say; `variables` are those of a source.
    ///
    /// # Errors
    /// One of them is not an address.
    pub fn resolve_base_urls(
        &mut self,
        variables: impl Fn(&str) -> Variables,
        schemes: &Schemes,
    ) -> Result<(), RenderError> {
        let SubgraphKind::Connectors { sources, .. } = &self.kind else {
            return Ok(());
        };
        for source in sources.clone() {
            let Some(address) = &source.address else {
                continue;
            };
            let rendered = address.render(&variables(&source.name)).ok();
            let url: Option<String> = rendered.map(|rendered| rendered.text);
            let url = url.filter(|url| is_address(url, schemes));
            // The value may hold a secret: the message says the template.
            let Some(url) = url else {
                return Err(RenderError::new(format!(
                    "the base URL of source `{}`, `{}`, gives no address: set what it reads, or `base_url`",
                    source.name, source.base_url
                )));
            };
            self.set_base_url(Some(&source.name), &url)?;
        }
        Ok(())
    }
}

fn is_address(url: &str, schemes: &Schemes) -> bool {
    schemes.strip(url).is_some()
        && url::Url::parse(url)
            .is_ok_and(|url| url.username().is_empty() && url.password().is_none())
}

fn no_address(connector: &str) -> String {
    format!("`{connector}` has no source that could have another address")
}
