//! Request headers: templates, and client headers that are passed on.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::super::request::RenderError;
use super::url::RequestText;
use crate::mapping::Variables;

/// Headers that belong to the connection or follow from the body; a name that ends in `-` is a prefix.
pub(crate) const NEVER_SET: &[&str] = &[
    "connection",
    "proxy-",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "keep-alive",
];

/// Headers that a client must not choose: only `value` may set them.
pub(crate) const VALUE_ONLY: &[&str] = &["content-type", "accept", "host"];

/// One header.
#[derive(Debug, Clone)]
pub(crate) struct HeaderTemplate {
    /// Its name.
    pub(crate) name: HeaderName,
    /// Its value.
    pub(crate) value: HeaderValueTemplate,
}

/// The source of a header's value.
#[derive(Debug, Clone)]
pub(crate) enum HeaderValueTemplate {
    /// All values of this client header.
    From(HeaderName),
    /// A fixed text.
    Fixed(HeaderValue),
    /// A template.
    Template(RequestText),
}

/// Renders headers in their order.
pub(super) fn render(
    templates: &[HeaderTemplate],
    variables: &Variables,
    client: &HeaderMap,
) -> Result<Vec<(HeaderName, HeaderValue)>, RenderError> {
    let mut headers = Vec::with_capacity(templates.len() + 1);
    for header in templates {
        let name = &header.name;
        match &header.value {
            HeaderValueTemplate::From(source) => {
                let values = client.get_all(source).iter();
                headers.extend(values.map(|value| (name.clone(), value.clone())));
            }
            HeaderValueTemplate::Fixed(value) => headers.push((name.clone(), value.clone())),
            HeaderValueTemplate::Template(text) => {
                let text = text.render(variables, name.as_str())?;
                let value = HeaderValue::from_str(&text).map_err(|_| {
                    RenderError::new(format!(
                        "{name}: the value has characters that no header can carry"
                    ))
                })?;
                headers.push((name.clone(), value));
            }
        }
    }
    Ok(headers)
}
