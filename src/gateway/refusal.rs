//! Refusals of GraphQL requests before execution: responses with `errors` and without `data`.

use std::sync::Arc;

use bytes::Bytes;

use super::{GraphqlRequest, GraphqlResponse, Payload, RequestOutcome, ResponseCachePolicy};
use crate::document::write_json_string;
use crate::errors::{ErrorCode, ErrorKind, code};
use crate::files::uploads::UploadFault;
use crate::observe::metrics::ERRORS;
use crate::observe::operations::ObservedOperation;
use crate::operation::Rejection;

/// A response with errors and no data.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    body: Bytes,
    outcome: RequestOutcome,
    kind: ErrorKind,
}

impl Refusal {
    /// One error.
    pub(super) fn new(code: ErrorCode, kind: ErrorKind, message: &str) -> Self {
        let mut out = Vec::from(&b"{\"errors\":["[..]);
        write_error(message, &[], code, kind, &mut out);
        out.extend_from_slice(b"]}");
        Refusal {
            body: Bytes::from(out),
            outcome: RequestOutcome::Refused,
            kind,
        }
    }

    pub(super) fn mutation_not_allowed() -> Self {
        let message = "Mutations are not allowed over GET: send a POST request";
        Refusal {
            outcome: RequestOutcome::MethodNotAllowed,
            ..Refusal::new(code::METHOD_NOT_ALLOWED, ErrorKind::Invalid, message)
        }
    }

    /// An operation over GET has an argument with `@confidential`.
    pub(super) fn confidential(argument: &str) -> Self {
        let message = format!("{argument} must not be in a URL: send a POST request");
        Refusal {
            outcome: RequestOutcome::MethodNotAllowed,
            ..Refusal::new(code::METHOD_NOT_ALLOWED, ErrorKind::Invalid, &message)
        }
    }

    /// A file of the request cannot be passed on as the operation uses it.
    pub(super) fn upload(fault: UploadFault) -> Self {
        Refusal::new(fault.code(), fault.kind(), fault.message())
    }

    /// The gateway does not have the operation text that the request refers to.
    pub(super) fn not_persisted(code: ErrorCode, message: &str) -> Self {
        Refusal {
            outcome: RequestOutcome::NotPersisted,
            ..Refusal::new(code, ErrorKind::NotFound, message)
        }
    }

    /// The request's reference to an operation text cannot be read, or contradicts its text.
    pub(super) fn malformed(code: ErrorCode, message: &str) -> Self {
        Refusal {
            outcome: RequestOutcome::Malformed,
            ..Refusal::new(code, ErrorKind::Invalid, message)
        }
    }

    /// The gateway is overloaded: the client may retry.
    pub(super) fn busy() -> Self {
        Refusal::overloaded("The gateway is busy; try again in a moment")
    }

    /// There is no room for the request: the client may retry.
    pub(super) fn overloaded(message: &str) -> Self {
        Refusal {
            outcome: RequestOutcome::Busy,
            ..Refusal::new(code::OVERLOADED, ErrorKind::Busy, message)
        }
    }

    /// An internal error.
    pub(super) fn internal(message: &str) -> Self {
        Refusal::new(code::INTERNAL_SERVER_ERROR, ErrorKind::Internal, message)
    }

    /// Its size in bytes.
    pub(super) fn len(&self) -> usize {
        self.body.len()
    }

    /// What comes of the request.
    pub(super) fn outcome(&self) -> RequestOutcome {
        self.outcome
    }

    /// The response map.
    pub(super) fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// The response to a request for this operation.
    pub(super) fn response(&self, operation: &Arc<ObservedOperation>) -> GraphqlResponse {
        metrics::counter!(ERRORS, "connector" => "", "kind" => self.kind.as_str()).increment(1);
        GraphqlResponse {
            operation: Some(Arc::clone(operation)),
            has_errors: true,
            payloads: Payload::only(self.body()).into(),
            outcome: self.outcome,
            cache: ResponseCachePolicy::default(),
            vary: Arc::default(),
        }
    }
}

impl Refusal {
    /// The response to a request whose operation could not be compiled.
    pub(super) fn not_compiled(&self, request: &GraphqlRequest) -> GraphqlResponse {
        let name = request.operation_name.as_deref();
        self.response(&Arc::new(ObservedOperation::not_compiled(name)))
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Refusal {
        let Rejection {
            code,
            kind,
            violations,
        } = rejection;
        let mut out = Vec::from(&b"{\"errors\":["[..]);
        for (index, (message, locations)) in violations.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_error(message, locations, code, kind, &mut out);
        }
        out.extend_from_slice(b"]}");
        Refusal {
            body: Bytes::from(out),
            outcome: RequestOutcome::Refused,
            kind,
        }
    }
}

fn write_error(
    message: &str,
    locations: &[(usize, usize)],
    code: ErrorCode,
    kind: ErrorKind,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"{\"message\":");
    write_json_string(message, out);
    if !locations.is_empty() {
        let locations: Vec<String> = locations
            .iter()
            .map(|(line, column)| format!("{{\"line\":{line},\"column\":{column}}}"))
            .collect();
        out.extend_from_slice(format!(",\"locations\":[{}]", locations.join(",")).as_bytes());
    }
    out.extend_from_slice(b",\"extensions\":{\"code\":");
    write_json_string(code.as_str(), out);
    out.extend_from_slice(b",\"sangam\":{\"kind\":");
    write_json_string(kind.as_str(), out);
    out.extend_from_slice(b"}}}");
}
