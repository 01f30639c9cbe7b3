//! The requests of the single connection mode: to reserve an event stream, to open it, to send an operation, to end one.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use hyper::body::Body;

use super::http::{Begun, begin, compact};
use super::single::{Refused, Reservation};
use super::sse;
use super::streams::Transport;
use crate::document::Value;
use crate::gateway::{AcceptedDeliveries, Delivery, GraphqlRequest, Payloads, RequestOutcome};
use crate::server::media::MediaType;
use crate::server::observe_request::{ExecutedRequest, ObservedResponse, RequestIdentity};
use crate::server::refusal::HttpRefusal;
use crate::server::request::{self, Posted};
use crate::server::response::HttpResponse;
use crate::server::state::ServerState;
use crate::server::{graphql, query_string};

/// Names the stream of a request.
const TOKEN: HeaderName = HeaderName::from_static("x-graphql-event-stream-token");

/// Whether a request is one of this mode, by its method or by its header.
pub(super) fn is_wanted(method: &Method, headers: &HeaderMap) -> bool {
    matches!(*method, Method::PUT | Method::DELETE) || headers.contains_key(TOKEN)
}

/// Whether the URL of a request names a stream: `EventSource` cannot set headers.
pub(super) fn has_token(parts: &Parts) -> bool {
    parts.method == Method::GET && matches!(parameter(&parts.uri, "token"), Ok(Some(_)))
}

/// A request of this mode.
pub(super) struct SingleRequest<'s> {
    pub(super) state: &'s Arc<ServerState>,
    pub(super) identity: &'s RequestIdentity,
}

impl SingleRequest<'_> {
    pub(super) async fn respond<B>(
        self,
        parts: Parts,
        body: B,
    ) -> Result<ObservedResponse, HttpRefusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let response = match parts.method {
            Method::PUT => self.reserve()?,
            Method::GET => self.open(&token(&parts)?)?,
            Method::DELETE => self.end(&parts)?,
            Method::POST => return self.execute(parts, body).await,
            _ => {
                let message = "Reserve an event stream by PUT, open it by GET, send operations by POST, end them by DELETE";
                return Err(HttpRefusal::method("GET, POST, PUT, DELETE", message));
            }
        };
        Ok(ObservedResponse::without_request(response))
    }

    fn reserve(&self) -> Result<HttpResponse, HttpRefusal> {
        let single = &self.state.single_connections;
        let token = single.reserve(&self.state.streams).map_err(refusal)?;
        let mut response = status(StatusCode::CREATED);
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, text);
        *response.body_mut() = Bytes::from(token.as_bytes().to_vec());
        Ok(response)
    }

    fn open(&self, token: &str) -> Result<HttpResponse, HttpRefusal> {
        let streams = &self.state.streams;
        let open = streams.open(Transport::SingleConnections, None)?;
        let single = Arc::clone(&self.state.single_connections);
        let stream = single.open(token).map_err(refusal)?;
        Ok(sse::single(stream, open))
    }

    fn end(&self, parts: &Parts) -> Result<HttpResponse, HttpRefusal> {
        let stream = self.state.single_connections.find(&token(parts)?);
        let stream = stream.map_err(refusal)?;
        let id = parameter(&parts.uri, "operationId")?
            .ok_or_else(|| HttpRefusal::malformed("The URL has no parameter `operationId`"))?;
        stream.cancel(&id);
        Ok(status(StatusCode::OK))
    }

    /// Executes an operation, whose payloads go into the stream. One that is refused is answered here.
    async fn execute<B>(self, parts: Parts, body: B) -> Result<ObservedResponse, HttpRefusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let stream = self.state.single_connections.find(&token(&parts)?);
        let stream: Arc<Reservation> = stream.map_err(refusal)?;
        if !request::is_json(&parts.headers) {
            return Err(HttpRefusal::unsupported_media_type());
        }
        let (body, permit) = graphql::read_body(self.state, &parts.headers, body).await?;
        let Posted::One(graphql) = request::from_json(&body, 0)? else {
            return Err(HttpRefusal::malformed("The body is not a JSON object"));
        };
        drop(body);
        let id = operation_id(&graphql)
            .ok_or_else(|| HttpRefusal::malformed("`extensions` has no text `operationId`"))?;
        let most = self.state.streams.settings.connection_streams;
        let beginning = stream.begin(&id, most).map_err(|why| match why {
            Refused::Full => HttpRefusal::too_much(format!(
                "The event stream has {most} operations already (streaming.connection_streams)"
            )),
            Refused::Conflict => {
                HttpRefusal::stream_conflict("The event stream has an operation with this id")
            }
            why => refusal(why),
        })?;
        let headers = Arc::new(compact(&parts.headers));
        let mut client = graphql::client(headers, self.identity, true);
        client.deliveries = AcceptedDeliveries {
            incremental: None,
            events: true,
            live: true,
        };
        let Begun { response, first } = begin(self.state, graphql, &client).await?;
        drop(permit);
        let executed = ExecutedRequest {
            outcome: response.outcome,
            bytes: first.as_ref().map_or(0, |first| first.body.len()),
            has_errors: response.has_errors,
            operation: response.operation.clone(),
        };
        let http = match (response.payloads.delivery(), first) {
            (Delivery::Whole, Some(first)) if response.outcome == RequestOutcome::Executed => {
                beginning.run(Payloads::from(first), None);
                status(StatusCode::ACCEPTED)
            }
            (Delivery::Whole, first) => {
                let mut http = status(StatusCode::BAD_REQUEST);
                if response.outcome == RequestOutcome::Busy {
                    *http.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                }
                http.headers_mut()
                    .insert(CONTENT_TYPE, MediaType::Json.header());
                *http.body_mut() = first.map(|first| first.body).unwrap_or_default();
                http
            }
            _ => {
                let streams = &self.state.streams;
                let open = streams.open(Transport::Sse, response.operation.clone())?;
                beginning.run(response.payloads, Some(open));
                status(StatusCode::ACCEPTED)
            }
        };
        Ok(ObservedResponse {
            response: http,
            executed: Some(executed),
            batch: Vec::new(),
        })
    }
}

/// The token that a request names.
fn token(parts: &Parts) -> Result<String, HttpRefusal> {
    let header = parts.headers.get(TOKEN);
    let header = header
        .and_then(|token| token.to_str().ok())
        .map(str::to_owned);
    let token = match header {
        Some(token) => Some(token),
        None => parameter(&parts.uri, "token")?,
    };
    token.ok_or_else(HttpRefusal::no_stream)
}

fn parameter(uri: &Uri, name: &str) -> Result<Option<String>, HttpRefusal> {
    let mut parameters = query_string::parameters(uri.query().unwrap_or_default())?;
    let found = parameters.find(|(key, _)| key == name);
    Ok(found.map(|(_, value)| value.into_owned()))
}

/// The id that the client has given an operation.
fn operation_id(graphql: &GraphqlRequest) -> Option<String> {
    let Some(Value::Object(extensions)) = &graphql.extensions else {
        return None;
    };
    match extensions.get("operationId") {
        Some(Value::String(id)) if !id.is_empty() => Some(id.to_string()),
        _ => None,
    }
}

fn refusal(why: Refused) -> HttpRefusal {
    match why {
        Refused::Unknown => HttpRefusal::no_stream(),
        Refused::Conflict => HttpRefusal::stream_conflict("The event stream is open already"),
        Refused::Full | Refused::Busy => HttpRefusal::busy(),
    }
}

/// A response without a body.
fn status(status: StatusCode) -> HttpResponse {
    let mut response = HttpResponse::default();
    *response.status_mut() = status;
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}
