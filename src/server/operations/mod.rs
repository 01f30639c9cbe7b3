//! Named operations: `/operations` lists them, `/operations/openapi.json` describes them, and `/operations/<Name>` executes
//! one.
//!
//! The URL decides everything: the operation, its variables and the form of the result. `Accept` is not read, so that a
//! response is the same for a page, a spreadsheet and a person. A result with data has status 200, although fields may have
//! failed; without data, the status says why ([`status`]).

mod body;
mod convert;
mod execute;
mod format;
mod listing;
mod live;
mod page;
mod status;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use hyper::body::Body;

pub(super) use self::execute::PARTIAL;
use self::format::Format;
use super::observe_request::{ObservedResponse, RequestIdentity, observe};
use super::query_string;
use super::refusal::HttpRefusal;
use super::response::HttpResponse;
use super::state::ServerState;
use crate::named::{DESCRIPTION, Named, NamedOperation, NamedOperations};

/// Whether a path is one of named operations.
pub(super) fn is_path(path: &str) -> bool {
    let rest = path.strip_prefix("/operations");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The name of the operation that a path is for; `None` if it is not for one.
pub(super) fn name(path: &str) -> Option<&str> {
    match Target::of(path) {
        Target::Operation(name, _) | Target::Live(name) => Some(name),
        Target::List | Target::Description | Target::Nothing => None,
    }
}

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target<'p> {
    /// The list of all operations.
    List,
    /// Their description.
    Description,
    /// One operation, in a format.
    Operation(&'p str, Format),
    /// One operation, as a live query.
    Live(&'p str),
    /// Nothing.
    Nothing,
}

impl Target<'_> {
    fn of(path: &str) -> Target<'_> {
        let rest = path.strip_prefix("/operations").unwrap_or_default();
        let Some(file) = rest.strip_prefix('/').filter(|file| !file.is_empty()) else {
            return Target::List;
        };
        if let Some(name) = file.strip_suffix("/live") {
            return match name.contains(['/', '.']) {
                true => Target::Nothing,
                false => Target::Live(name),
            };
        }
        let (name, suffix) = match file.split_once('.') {
            Some((name, suffix)) => (name, Some(suffix)),
            None => (file, None),
        };
        if name == DESCRIPTION && suffix == Some("json") {
            return Target::Description;
        }
        match Format::of_suffix(suffix) {
            Some(format) if !name.contains('/') => Target::Operation(name, format),
            _ => Target::Nothing,
        }
    }
}

/// A request whose path is one of named operations.
pub(super) async fn respond<B>(state: &ServerState, http: Request<B>) -> HttpResponse
where
    B: Body<Data = Bytes> + Unpin,
{
    let respond = async |http: Request<B>, identity: &RequestIdentity| {
        let (mut parts, body) = http.into_parts();
        let headers = Arc::new(std::mem::take(&mut parts.headers));
        let operations = state.executor.operations();
        let query = parts.uri.query().unwrap_or_default();
        let observed = match Target::of(parts.uri.path()) {
            Target::List => read_only(&parts.method, || listing::list(&operations, &headers)),
            Target::Description => read_only(&parts.method, || listing::description(&operations)),
            Target::Nothing => Err(no_such_format()),
            Target::Live(name) => match find(&operations, name, query) {
                Err(refusal) => Err(refusal),
                Ok(operation) => {
                    let call = live::LiveCall {
                        state,
                        identity,
                        operation,
                        query,
                    };
                    match parts.method {
                        Method::GET => call.get(&headers).await,
                        _ => Err(HttpRefusal::method("GET", "Watch an operation by GET")),
                    }
                }
            },
            Target::Operation(name, format) => match find(&operations, name, query) {
                Err(refusal) => Err(refusal),
                Ok(operation) if operation.is_subscription() => Err(has_events(operation)),
                Ok(operation) => {
                    let call = execute::Call {
                        state,
                        identity,
                        operation,
                        format,
                        url: parts.uri.path_and_query().map_or("", |url| url.as_str()),
                        query,
                    };
                    match parts.method {
                        Method::GET | Method::HEAD => call.get(headers).await,
                        Method::POST => call.post(headers, body).await,
                        _ => Err(other_method(operation)),
                    }
                }
            },
        };
        observed
            .unwrap_or_else(|refusal| ObservedResponse::without_request(refusal.http_response()))
    };
    observe(&state.observer, http, respond).await
}

/// A response that only reading needs.
fn read_only(
    method: &Method,
    response: impl FnOnce() -> HttpResponse,
) -> Result<ObservedResponse, HttpRefusal> {
    match *method {
        Method::GET | Method::HEAD => Ok(ObservedResponse::without_request(response())),
        _ => Err(HttpRefusal::method("GET, HEAD", "Read this path by GET")),
    }
}

/// The operation of a name, for a request with this query string.
fn find<'o>(
    operations: &'o NamedOperations,
    name: &str,
    query: &str,
) -> Result<&'o NamedOperation, HttpRefusal> {
    match operations.get(name) {
        Some(Named::Ready(operation)) => query_string::check(query).map(|()| &**operation),
        Some(Named::Refused(reason)) => Err(HttpRefusal::not_served(format!(
            "The operation cannot be executed as it is: {reason}"
        ))),
        None => {
            let near: Vec<String> = operations
                .similar(name)
                .into_iter()
                .map(|name| format!("`{name}`"))
                .collect();
            let hint = match near.is_empty() {
                true => "/operations lists them".to_owned(),
                false => format!("did you mean {}?", near.join(" or ")),
            };
            Err(HttpRefusal::not_found(format!(
                "There is no operation with this name; {hint}"
            )))
        }
    }
}

fn no_such_format() -> HttpRefusal {
    HttpRefusal::not_found(format!(
        "There is nothing at this path; the path of an operation is /operations/<Name>, or /operations/<Name> with {}",
        Format::suffixes()
    ))
}

/// No method gives the result of a subscription.
fn has_events(operation: &NamedOperation) -> HttpRefusal {
    let place = match operation.by_post {
        true => "/graphql has its events".to_owned(),
        false => format!("its events are at /operations/{}/live", operation.name),
    };
    HttpRefusal::method("", &format!("The operation is a subscription: {place}"))
}

fn other_method(operation: &NamedOperation) -> HttpRefusal {
    match operation.by_post {
        true => HttpRefusal::method("POST", "Send the operation by POST"),
        false => HttpRefusal::method("GET, HEAD, POST", "Send the operation by GET or POST"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_an_operation_and_a_format() {
        let cases = [
            ("/operations", Target::List),
            ("/operations/", Target::List),
            ("/operations/openapi.json", Target::Description),
            ("/operations/A", Target::Operation("A", Format::Response)),
            ("/operations/A.json", Target::Operation("A", Format::Json)),
            ("/operations/A.csv", Target::Operation("A", Format::Csv)),
            ("/operations/A.pdf", Target::Nothing),
            ("/operations/A.b.json", Target::Nothing),
            ("/operations/A.", Target::Nothing),
            ("/operations/A/", Target::Nothing),
            ("/operations/a/B", Target::Nothing),
            ("/operations/A/live", Target::Live("A")),
            ("/operations/A.csv/live", Target::Nothing),
            ("/operations/a/B/live", Target::Nothing),
            ("/operations/A/live/", Target::Nothing),
            (
                "/operations/live",
                Target::Operation("live", Format::Response),
            ),
        ];
        for (path, expected) in cases {
            assert!(is_path(path), "{path}");
            assert_eq!(Target::of(path), expected, "{path}");
        }
        assert!(!is_path("/operationsX") && !is_path("/graphql"));
    }
}
