//! The upstreams of a case, all on one loopback port, each under its name as a path.
//!
//! A GraphQL service responds from its data. An `http upstream NAME` block is a fixed response:
//! - The first line has the method, the path with its query, and optionally the JSON body of the request. `POST /` alone
//!   matches every request to a GraphQL service.
//! - The second line has the status, then `max-age=60` if the response may be cached, `retry-after=60`, `link=…` for
//!   a `Link` header, or a content type other than JSON (`-` for none). Or it is `dead` (no server listens) or `slow` (no response).
//! - The rest is the body.
//!
//! Of the headers of a call, those whose names begin with `x-` are listed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LINK, RETRY_AFTER};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use sangam::document::Value;

use super::service::Service;
use crate::support::cases::Case;

pub(crate) struct Upstreams {
    address: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    services: BTreeMap<String, (String, Value)>,
    fixed: Vec<Fixed>,
    calls: Mutex<Vec<String>>,
}

const JSON: &str = "application/json";

struct Fixed {
    name: String,
    target: String,
    body: Option<Value>,
    status: String,
    content_type: Option<String>,
    lifetime: String,
    retry_after: Option<String>,
    link: Option<String>,
    answer: String,
}

impl Upstreams {
    pub(crate) async fn start(case: &Case) -> Upstreams {
        let mut shared = Shared::default();
        let path = case.path.display();
        let sdl_of = |name: &str| {
            let subgraph = case
                .named("graphql subgraph")
                .find(|(subgraph_name, _)| *subgraph_name == name);
            let (_, sdl) = subgraph.unwrap_or_else(|| panic!("{path}: no subgraph {name}"));
            sdl.to_owned()
        };
        for (name, data) in case.named("json data") {
            let data = Value::parse_json(data.as_bytes());
            let data = data.unwrap_or_else(|error| panic!("{path}: {error}"));
            let service = (sdl_of(name), data);
            shared.services.insert(name.to_owned(), service);
        }
        for (name, block) in case.named("http upstream") {
            assert!(!sdl_of(name).is_empty());
            let fixed = Fixed::read(name, block);
            shared
                .fixed
                .push(fixed.unwrap_or_else(|wrong| panic!("{path}: {name}: {wrong}")));
        }
        let shared = Arc::new(shared);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Upstreams { address, shared }
    }

    /// The base URL of a subgraph's upstream.
    pub(crate) fn url(&self, name: &str) -> String {
        let dead = |fixed: &Fixed| fixed.name == name && fixed.status == "dead";
        if self.shared.fixed.iter().any(dead) {
            return "http://127.0.0.1:1".to_owned();
        }
        format!("http://{}/{name}", self.address)
    }

    /// The timeout for a subgraph's upstream. It can be short for a slow one, which never responds, and is so long for the
    /// others that a busy machine does not matter.
    pub(crate) fn timeout(&self, name: &str) -> &'static str {
        let slow = |fixed: &Fixed| fixed.name == name && fixed.status == "slow";
        match self.shared.fixed.iter().any(slow) {
            true => "20ms",
            false => "60s",
        }
    }

    /// The calls since the last call of this method, sorted, a line each.
    pub(crate) fn take_calls(&self) -> String {
        let mut calls = self.take_calls_in_order();
        calls.sort_unstable();
        calls.concat()
    }

    /// A line for each call, in the order of their arrival.
    pub(crate) fn take_calls_in_order(&self) -> Vec<String> {
        let calls = std::mem::take(&mut *self.shared.calls.lock().unwrap());
        calls.iter().map(|call| format!("{call}\n")).collect()
    }
}

impl Fixed {
    /// Reads a block; the error names the part that is not valid.
    fn read(name: &str, block: &str) -> Result<Fixed, String> {
        let mut lines = block.splitn(3, '\n');
        let (request, status) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
        let mut parts = request.splitn(3, ' ');
        let (method, path) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        if Method::from_bytes(method.as_bytes()).is_err() || !path.starts_with('/') {
            return Err(format!("no request: {request}"));
        }
        let body = parts.next().map(|body| Value::parse_json(body.as_bytes()));
        let (status, key) = status.split_once(' ').unwrap_or((status, JSON));
        let is_status = StatusCode::from_bytes(status.as_bytes()).is_ok();
        if !is_status && !["dead", "slow"].contains(&status) {
            return Err(format!("no status: {status}"));
        }
        let mut fixed = Fixed {
            name: name.to_owned(),
            target: format!("{method} {path}"),
            body: body.transpose().map_err(|error| error.to_string())?,
            status: status.to_owned(),
            lifetime: "no-store".to_owned(),
            retry_after: None,
            link: None,
            content_type: Some(JSON.to_owned()),
            answer: lines.next().unwrap_or_default().trim_end().to_owned(),
        };
        match key.split_once('=') {
            Some(("retry-after", after)) => fixed.retry_after = Some(after.to_owned()),
            Some(("max-age", _)) => fixed.lifetime = key.to_owned(),
            Some(("link", link)) => fixed.link = Some(link.to_owned()),
            _ if key == "-" => fixed.content_type = None,
            _ if key.contains('/') => fixed.content_type = Some(key.to_owned()),
            _ => return Err(format!("an unknown key: {key}")),
        }
        Ok(fixed)
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    text: Bytes,
) -> Response {
    let target = uri.path_and_query().unwrap().as_str();
    let (name, path) = target[1..].split_once('/').unwrap_or((&target[1..], ""));
    let target = format!("{method} /{path}");
    let body = Value::parse_json(&text).ok();
    let service = shared.services.get(name);
    let call = match &body {
        Some(body) if body.get("query").is_some() => {
            let query = body.get("query").and_then(Value::as_str).unwrap();
            let variables = body.get("variables").map(super::pretty::pretty);
            let variables = variables.unwrap_or_default();
            format!("{name}: {query} {}", variables.replace('\n', " "))
        }
        Some(body) => {
            let body = super::pretty::pretty(body);
            format!("{name}: {target} {}", body.replace('\n', " "))
        }
        None => format!("{name}: {target} {}", String::from_utf8_lossy(&text)),
    };
    let extra_headers = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-"));
    let mut extra_headers: Vec<String> = extra_headers
        .map(|name| {
            let values: Vec<&str> = headers
                .get_all(name)
                .iter()
                .map(|value| value.to_str().unwrap())
                .collect();
            format!(" [{name}: {}]", values.join(" | "))
        })
        .collect();
    extra_headers.sort();
    let call = format!("{}{}", call.trim_end(), extra_headers.concat());
    shared.calls.lock().unwrap().push(call);
    let fixed = shared.fixed.iter().find(|fixed| {
        fixed.name == name && fixed.target == target && (fixed.body.is_none() || fixed.body == body)
    });
    if let Some(fixed) = fixed {
        if fixed.status == "slow" {
            std::future::pending::<()>().await;
        }
        let status = StatusCode::from_bytes(fixed.status.as_bytes()).unwrap();
        let mut response = (status, fixed.answer.clone()).into_response();
        response.headers_mut().remove(CONTENT_TYPE);
        if let Some(content_type) = &fixed.content_type {
            let content_type = content_type.parse().unwrap();
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        if let Some(retry_after) = &fixed.retry_after {
            let retry_after = retry_after.parse().unwrap();
            response.headers_mut().insert(RETRY_AFTER, retry_after);
        }
        if let Some(link) = &fixed.link {
            response.headers_mut().insert(LINK, link.parse().unwrap());
        }
        let lifetime = fixed.lifetime.parse().unwrap();
        response.headers_mut().insert(CACHE_CONTROL, lifetime);
        return response;
    }
    match (service, body) {
        (Some((sdl, data)), Some(body)) => {
            let mut text = Vec::new();
            Service { sdl, data }.answer(&body).write_json(&mut text);
            ([(CONTENT_TYPE, JSON)], text).into_response()
        }
        _ => (StatusCode::NOT_FOUND, "no such answer in this case").into_response(),
    }
}
