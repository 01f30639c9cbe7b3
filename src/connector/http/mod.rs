//! HTTP requests: the template made from the argument `http:` of a connect and that of its source.
//!
//! A template is parsed when the folder is read. [`HttpTemplate::render`] is on the path of every call, so everything that
//! does not depend on variables is prepared before. Rendering does not guess: a value that cannot be part of a URL or a
//! header is an error that names the part of the request, never its content.

mod address;
mod evaluate;
mod form;
mod headers;
mod next_page;
mod url;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, Method};

use evaluate::evaluate;
pub(crate) use form::encode as encode_form;
pub(crate) use headers::{HeaderTemplate, HeaderValueTemplate, NEVER_SET, VALUE_ONLY};
pub(crate) use url::{RequestText, UrlStart};

use super::http_request::HttpRequest;
use super::request::{RenderError, Request, RequestTemplate};
use super::schemes::scheme;
use crate::document::{Object, Value};
use crate::mapping::{Selection, Variables};

/// The longest URL that is sent, in bytes: common servers refuse longer ones without giving a reason.
const MAX_URL_BYTES: usize = 32 * 1024;

/// Room for what most requests add to the base of a URL, in bytes.
const ROOM: usize = 64;

/// A request over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct HttpTemplate {
    /// The method.
    pub(crate) method: Method,
    /// `baseURL` of the source; `None` for a connect whose URL is absolute.
    pub(crate) base: Option<RequestText>,
    /// `baseURL` as the folder says it, if a deployment has replaced it.
    pub(crate) declared_base: Option<String>,
    /// `path` and `queryParams` of the source.
    pub(crate) source: UrlParts,
    /// The URL of the connect: absolute without a source, else relative.
    pub(crate) url: RequestText,
    /// `path` and `queryParams` of the connect.
    pub(crate) connect: UrlParts,
    /// Headers; those of the connect replace those of its source.
    pub(crate) headers: Vec<HeaderTemplate>,
    /// `body`.
    pub(crate) body: Option<Arc<Selection>>,
    /// The address as traces show it, once it is needed.
    pub(crate) address: OnceLock<Arc<str>>,
    /// The URL's beginning, if the base is fixed, once it is needed.
    pub(crate) fixed_start: OnceLock<UrlStart>,
}

/// The mappings that add to a URL.
#[derive(Debug, Clone, Default)]
pub(crate) struct UrlParts {
    /// Yields path segments.
    pub(crate) path: Option<Arc<Selection>>,
    /// Yields an object of query parameters.
    pub(crate) query: Option<Arc<Selection>>,
}

impl RequestTemplate for HttpTemplate {
    fn render(&self, variables: &Variables, client: &HeaderMap) -> Result<Request, RenderError> {
        let url = self.url(variables)?;
        let mut headers = headers::render(&self.headers, variables, client)?;
        let body = match &self.body {
            Some(body) => self.body(body, variables, &mut headers)?,
            None => Bytes::new(),
        };
        Ok(Request::new(HttpRequest {
            method: self.method.clone(),
            url,
            headers,
            body,
            is_graphql: false,
            upload: None,
            address: Arc::clone(self.address.get_or_init(|| self.redacted().into())),
        }))
    }

    fn scheme(&self) -> &str {
        scheme(self.base.as_ref().unwrap_or(&self.url).first_literal())
    }

    fn with_base_url(&self, base: &str) -> Result<Arc<dyn RequestTemplate>, RenderError> {
        if self.base.is_none() {
            return Err(RenderError::new(
                "a connect without a source has an address of its own",
            ));
        }
        let declared_base = match (&self.declared_base, &self.base) {
            (None, Some(RequestText::Fixed(declared))) => Some(declared.clone()),
            (declared, _) => declared.clone(),
        };
        Ok(Arc::new(Self {
            base: Some(RequestText::Fixed(base.to_owned())),
            declared_base,
            address: OnceLock::new(),
            fixed_start: OnceLock::new(),
            ..self.clone()
        }))
    }

    fn render_at(
        &self,
        address: &str,
        variables: &Variables,
        client: &HeaderMap,
    ) -> Result<Request, RenderError> {
        if address.contains("://") {
            let request = self.render(variables, client)?;
            return self.next_page(&request, address);
        }
        url::check_steps(address, "the address")?;
        let relative = HttpTemplate {
            url: RequestText::Fixed(address.to_owned()),
            ..self.clone()
        };
        relative.render(variables, client)
    }

    fn next_page(&self, sent: &Request, address: &str) -> Result<Request, RenderError> {
        match self.below_base(address) {
            Some(address) => sent.to_address(&address),
            None => sent.to_address(address),
        }
    }
}

impl HttpTemplate {
    /// The URL: all paths in order, then all query parameters in the same order.
    fn url(&self, variables: &Variables) -> Result<String, RenderError> {
        let mut url;
        if let Some(base) = &self.base {
            url = self.start(base, variables)?;
            url.segments(self.source.path.as_deref(), variables)?;
            url.query(self.source.query.as_deref(), variables)?;
            url.append(&self.url.render_url(variables, "the URL")?);
        } else {
            let start = self.url.render_url(variables, "the URL")?;
            url = UrlStart::of(&start)?.build(ROOM);
        }
        url.segments(self.connect.path.as_deref(), variables)?;
        url.query(self.connect.query.as_deref(), variables)?;
        let url = url.finish();
        if url.len() > MAX_URL_BYTES {
            let message = format!("the URL is longer than {MAX_URL_BYTES} bytes");
            return Err(RenderError::new(message));
        }
        Ok(url)
    }

    /// The URL, begun with the base.
    fn start(
        &self,
        base: &RequestText,
        variables: &Variables,
    ) -> Result<url::Builder, RenderError> {
        if let Some(start) = self.fixed_start.get() {
            return Ok(start.build(ROOM));
        }
        let start = UrlStart::of(&base.render_url(variables, "baseURL")?)?;
        let url = start.build(ROOM);
        if let RequestText::Fixed(_) = base {
            // Another request may have set it in the meantime, to the same.
            let _ = self.fixed_start.set(start);
        }
        Ok(url)
    }

    fn body(
        &self,
        body: &Selection,
        variables: &Variables,
        headers: &mut Vec<(http::HeaderName, http::HeaderValue)>,
    ) -> Result<Bytes, RenderError> {
        let input = Value::Object(Arc::new(Object::new()));
        let Some(value) = evaluate(body, Some(&input), variables, "body")? else {
            return Ok(Bytes::new());
        };
        let content_type = headers
            .iter()
            .find(|(name, _)| *name == http::header::CONTENT_TYPE)
            .and_then(|(_, value)| value.to_str().ok());
        match content_type {
            Some(kind) if is_form(kind) => Ok(form::encode(&value)?.into()),
            Some(kind) => match value.as_str() {
                // A text in another format, which a mapping has made.
                Some(text) if !is_json(kind) => Ok(Bytes::copy_from_slice(text.as_bytes())),
                _ => Ok(json(&value)),
            },
            None => {
                let json_type = http::HeaderValue::from_static("application/json");
                headers.push((http::header::CONTENT_TYPE, json_type));
                Ok(json(&value))
            }
        }
    }
}

fn json(value: &Value) -> Bytes {
    let mut out = Vec::new();
    value.write_json(&mut out);
    out.into()
}

fn is_form(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn is_json(content_type: &str) -> bool {
    essence(content_type).to_ascii_lowercase().ends_with("json")
}

/// A media type without its parameters.
fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}
