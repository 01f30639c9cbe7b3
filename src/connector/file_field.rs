//! A field that yields a file: how the file is fetched and presented, as `@file` says.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;

use super::request::{RenderError, Request, RequestTemplate};
use crate::document::{Object, Value};
use crate::mapping::{Template, Variables};

/// `@file`: how the file of a field is fetched and presented.
#[derive(Debug, Clone)]
pub struct FileField {
    /// `Type.field`
    pub coordinate: String,
    /// Its `@source`, as an index into the sources of the subgraph.
    pub source: Option<usize>,
    /// Renders the request, or without `http` the request for the base URL.
    pub template: Arc<dyn RequestTemplate>,
    /// The value is the address.
    pub is_address: bool,
    /// `name`
    pub name: Option<Template>,
    /// `types`; empty for those of the settings.
    pub types: Vec<String>,
    /// `expires`
    pub lifetime: Option<Duration>,
    /// `inline`
    pub inline: bool,
}

impl FileField {
    /// The request for the file of this value. `variables` are those of the source, and `client` the headers of the download.
    ///
    /// # Errors
    /// The value does not fit the request, or leads to another host.
    pub fn request(
        &self,
        value: &Value,
        variables: &Variables,
        client: &HeaderMap,
    ) -> Result<Request, RenderError> {
        let variables = self.with_value(value, variables);
        if !self.is_address {
            return self.template.render(&variables, client);
        }
        let address = value.as_str().filter(|address| !address.is_empty());
        let address = address.ok_or_else(|| RenderError::new("the value is not an address"))?;
        self.template.render_at(address, &variables, client)
    }

    /// The file's name by `name`.
    pub fn name_of(&self, value: &Value, variables: &Variables) -> Option<String> {
        let template = self.name.as_ref()?;
        let rendered = template.render(&self.with_value(value, variables)).ok()?;
        Some(rendered.text)
    }

    fn with_value(&self, value: &Value, variables: &Variables) -> Variables {
        let field = self
            .coordinate
            .split_once('.')
            .map_or("", |(_, field)| field);
        let mut this = Object::with_capacity(1);
        this.insert(field.into(), value.clone());
        let this = Value::Object(Arc::new(this));
        variables.clone().with("$this", this)
    }
}
