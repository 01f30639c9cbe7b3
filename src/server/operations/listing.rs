//! `/operations` and `/operations/openapi.json`: what operations there are, for people and for programs.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use super::super::landing_page::is_browser;
use super::super::response::HttpResponse;
use super::format::described;
use super::page;
use crate::named::{Named, NamedOperation, NamedOperations};
use crate::observe::process;

/// The list: a page for a browser, JSON for programs.
pub(super) fn list(operations: &NamedOperations, headers: &HeaderMap) -> HttpResponse {
    let mut response = match is_browser(headers) {
        true => page::page(operations),
        false => json_response(json_list(operations).to_string()),
    };
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept"));
    response
}

/// The description by OpenAPI.
pub(super) fn description(operations: &NamedOperations) -> HttpResponse {
    json_response(
        operations
            .openapi(&described(), process::VERSION)
            .to_owned(),
    )
}

fn json_response(text: String) -> HttpResponse {
    let mut response = HttpResponse::new(Bytes::from(text));
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    headers.insert(CONTENT_TYPE, json);
    // A reload may change it.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn json_list(operations: &NamedOperations) -> Value {
    let list = operations.iter().map(|(name, named)| match named {
        Named::Ready(operation) => listed(operation),
        Named::Refused(reason) => json!({ "name": name, "problem": reason }),
    });
    json!({
        "operations": list.collect::<Vec<_>>(),
        "openapi": "/operations/openapi.json",
    })
}

fn listed(operation: &NamedOperation) -> Value {
    let variables = operation.parameters.iter().map(|parameter| {
        let mut variable = Map::new();
        variable.insert("name".to_owned(), json!(parameter.name));
        variable.insert("type".to_owned(), json!(parameter.ty));
        variable.insert("required".to_owned(), json!(parameter.is_required));
        if let Some(default) = &parameter.default {
            variable.insert("default".to_owned(), json!(default));
        }
        Value::Object(variable)
    });
    let variables: Vec<Value> = variables.collect();
    let url = format!("/operations/{}", operation.name);
    let mut listed = json!({
        "name": operation.name,
        "description": operation.description,
        "kind": operation.kind.name(),
        "methods": methods(operation),
        "url": url,
        "variables": variables,
    });
    if operation.has_formats() {
        let formats = described().into_iter().map(|format| {
            let url = format!("{url}.{}", format.suffix);
            (format.suffix.to_owned(), json!(url))
        });
        listed["formats"] = Value::Object(formats.collect());
    }
    if !operation.by_post {
        let live = format!("{url}/live");
        let example = operation.example_query();
        if !example.is_empty() {
            let url = match operation.is_subscription() {
                true => &live,
                false => &url,
            };
            listed["example"] = json!(format!("{url}?{example}"));
        }
        listed["live"] = json!(live);
    }
    listed
}

/// The methods of its URL.
fn methods(operation: &NamedOperation) -> &'static [&'static str] {
    match (operation.is_subscription(), operation.by_post) {
        (true, _) => &[],
        (false, true) => &["POST"],
        (false, false) => &["GET", "HEAD", "POST"],
    }
}
