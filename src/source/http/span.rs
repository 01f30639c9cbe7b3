//! The span of one request to an upstream, by the semantic conventions of OpenTelemetry for HTTP clients.
//!
//! The span of a call, of which this is a child, says for which connect it is and where the document comes from. A call that
//! the cache answers has no request, and one that is repeated has two.

use tracing::Span;
use tracing::field::Empty;
use url::Url;

use crate::connector::HttpRequest;
use crate::observe::{self, TraceContext};
use crate::source::{CallOptions, SourceErrorKind};

/// A request that has been sent, or is about to be.
pub(super) struct RequestSpan {
    /// Disabled unless spans are exported.
    span: Span,
    /// What is sent as `traceparent`.
    pub(super) traceparent: Option<TraceContext>,
}

impl RequestSpan {
    /// Begins a request, which has been sent `resends` times before.
    pub(super) fn begin(
        request: &HttpRequest,
        url: &Url,
        options: &CallOptions,
        resends: u32,
    ) -> RequestSpan {
        let span = tracing::info_span!(
            parent: None,
            "request to an upstream",
            otel.name = format!("{} {}", request.method, path(&request.address)),
            otel.kind = "client",
            otel.status_code = Empty,
            http.request.method = observe::method_name(&request.method),
            http.request.resend_count = (resends > 0).then_some(i64::from(resends)),
            http.response.status_code = Empty,
            server.address = url.host_str(),
            server.port = url.port_or_known_default().map(i64::from),
            url.full = &*request.address,
            "error.type" = Empty,
        );
        let traceparent = options.traceparent;
        let traceparent = traceparent.map(|call| observe::child_trace_context(&span, call));
        RequestSpan { span, traceparent }
    }

    /// The head of a response has arrived.
    pub(super) fn responded(&self, status: u16) {
        if self.span.is_disabled() {
            return;
        }
        self.span
            .record("http.response.status_code", i64::from(status));
        if status >= 400 {
            self.span.record("error.type", &*status.to_string());
            self.span.record("otel.status_code", "ERROR");
        }
    }

    /// There is no response, or it cannot be read.
    pub(super) fn failed(&self, kind: SourceErrorKind) {
        self.span.record("error.type", kind.as_str());
        self.span.record("otel.status_code", "ERROR");
    }
}

/// The path of an address, which is the same for all requests of a connect.
fn path(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    path.split('?').next().unwrap_or(path)
}
