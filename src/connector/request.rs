//! Rendered requests, and their templates.
//!
//! Only the wire protocol knows the contents of a request: the template that renders it and the driver that sends it.
//! The code between them has a [`Request`], which can be compared, used in a cache key, and shown.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;

use super::fingerprint::Fingerprint;
use crate::mapping::Variables;

/// One request to an upstream, rendered and complete except for authentication.
#[derive(Clone)]
pub struct Request(Arc<dyn WireRequest>);

/// The request of a wire protocol.
pub trait WireRequest: Any + fmt::Debug + Send + Sync {
    /// Writes everything that decides the response. Two requests with the same fingerprint get the same document;
    /// nothing that differs with every request, such as the identifier of a trace, is in it.
    fn fingerprint(&self, out: &mut Fingerprint<'_>);

    /// The request as readable text, with its secrets: code that shows it must mask them.
    fn shown(&self) -> ShownRequest;

    /// The same request to an address that a response gave, absolute or relative to this request's. It must lead to the same
    /// upstream.
    ///
    /// # Errors
    /// The address is not valid or belongs to another upstream, or the wire protocol has no addresses.
    fn to_address(&self, address: &str) -> Result<Request, RenderError> {
        let _ = address;
        Err(RenderError::new("requests of this kind have no address"))
    }
}

/// A request as readable text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShownRequest {
    /// The first line, as named parts in order: for HTTP `method` and `url`.
    pub line: Vec<(&'static str, String)>,
    /// Headers, or the equivalent of the wire protocol.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: String,
}

impl Request {
    /// A request of a wire protocol.
    pub fn new(request: impl WireRequest) -> Request {
        Request(Arc::new(request))
    }

    /// The request of the wire protocol `T`; `None` if it belongs to another one.
    pub fn of<T: WireRequest>(&self) -> Option<&T> {
        let request: &dyn Any = &*self.0;
        request.downcast_ref()
    }

    /// The same, owned; it is copied only if it is shared.
    ///
    /// # Errors
    /// The request, if it belongs to another wire protocol.
    pub fn into_own<T: WireRequest + Clone>(self) -> Result<T, Request> {
        let request: Arc<dyn Any + Send + Sync> = self.0.clone();
        match request.downcast::<T>() {
            Ok(own) => {
                drop(self);
                Ok(Arc::unwrap_or_clone(own))
            }
            Err(_) => Err(self),
        }
    }

    /// Writes its fingerprint as the last part of a key.
    pub fn write_fingerprint(&self, out: &mut Vec<u8>) {
        self.0.fingerprint(&mut Fingerprint::new(out));
    }

    /// Its fingerprint.
    pub fn fingerprint(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        self.write_fingerprint(&mut out);
        out
    }

    /// The request as readable text.
    pub fn shown(&self) -> ShownRequest {
        self.0.shown()
    }

    /// The same request to an address that a response gave; see [`WireRequest::to_address`].
    ///
    /// # Errors
    /// The address cannot be used.
    pub fn to_address(&self, address: &str) -> Result<Request, RenderError> {
        self.0.to_address(address)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a request could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RenderError {
    /// What is wrong, safe to show to a client: it names parts of the request, never values.
    pub message: String,
    /// Where it is wrong.
    pub place: RenderErrorPlace,
}

/// Where the cause is that a request could not be rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenderErrorPlace {
    /// In what the request is made from.
    Request,
    /// In an argument whose values the gateway knows, such as a cursor.
    Argument,
    /// In the deployment, which lacks something: the client is not to blame.
    Deployment,
}

impl RenderError {
    /// An error with this message, about what the request is made from.
    pub fn new(message: impl Into<String>) -> Self {
        RenderError::at(RenderErrorPlace::Request, message)
    }

    /// An error with this message.
    pub fn at(place: RenderErrorPlace, message: impl Into<String>) -> Self {
        let message = message.into();
        RenderError { message, place }
    }
}

/// Renders requests from variables. Parsed when the folder is read, and used for every call.
pub trait RequestTemplate: fmt::Debug + Send + Sync {
    /// The request for these variables. `client` are the client's headers, for `from:`.
    fn render(&self, variables: &Variables, client: &HeaderMap) -> Result<Request, RenderError>;

    /// The scheme of the address, without `://`, which decides the wire protocol.
    fn scheme(&self) -> &str;

    /// The same template for an upstream at another address: for the setting `base_url` of a deployment.
    ///
    /// # Errors
    /// The template has no base URL that could be replaced.
    fn with_base_url(&self, base: &str) -> Result<Arc<dyn RequestTemplate>, RenderError>;

    /// The request for an address that a response gave: one that is appended to the base URL, or an absolute one of the same
    /// upstream.
    ///
    /// # Errors
    /// The address is not valid, or leads elsewhere, or the wire protocol has no addresses.
    fn render_at(
        &self,
        address: &str,
        variables: &Variables,
        client: &HeaderMap,
    ) -> Result<Request, RenderError> {
        let _ = (address, variables, client);
        Err(RenderError::new("requests of this kind have no address"))
    }

    /// The request for the next page of a list: what was sent, to an address that the response gave.
    ///
    /// # Errors
    /// The address is not valid, or is of another origin.
    fn next_page(&self, sent: &Request, address: &str) -> Result<Request, RenderError> {
        sent.to_address(address)
    }
}
