//! `/graphql` for clients that accept a stream: by POST, and by GET for operations that change nothing.
//!
//! A response with one payload is sent as JSON if the client accepts that, and else in the format of the stream, as
//! `EventSource` needs it: a page can read no other body, and no status.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Uri};
use hyper::body::Body;

use super::formats::Formats;
use super::sse;
use crate::gateway::{
    ClientContext, Delivery, GraphqlRequest, GraphqlResponse, Payload, RequestOutcome,
};
use crate::server::coded_body::with_body;
use crate::server::media::MediaType;
use crate::server::observe_request::{ExecutedRequest, ObservedResponse, RequestIdentity};
use crate::server::refusal::HttpRefusal;
use crate::server::request::{self, Posted};
use crate::server::response::http_response;
use crate::server::state::ServerState;
use crate::server::{batch, compression, graphql};

/// A request whose client accepts a stream.
pub(super) struct StreamRequest<'s> {
    pub(super) state: &'s ServerState,
    pub(super) identity: &'s RequestIdentity,
    pub(super) headers: HeaderMap,
    pub(super) formats: Formats,
}

/// A response with its first payload, if there is one already.
pub(super) struct Begun {
    pub(super) response: GraphqlResponse,
    pub(super) first: Option<Payload>,
}

impl StreamRequest<'_> {
    /// `POST`.
    pub(super) async fn post<B>(self, body: B) -> Result<ObservedResponse, HttpRefusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        if !request::is_json(&self.headers) {
            return Err(HttpRefusal::unsupported_media_type());
        }
        let (body, permit) = graphql::read_body(self.state, &self.headers, body).await?;
        let posted = request::from_json(&body, self.state.limits.batch)?;
        drop(body);
        match posted {
            Posted::One(graphql) => self.respond(graphql, permit, true).await,
            Posted::Batch(requests) => {
                let media = MediaType::accepted(&self.headers);
                let media = media.ok_or_else(HttpRefusal::not_acceptable)?;
                let client = graphql::client(Arc::new(self.headers), self.identity, true);
                batch::respond(self.state, requests, &client, media).await
            }
        }
    }

    /// `GET`: no mutations, as without a stream.
    pub(super) async fn get(self, uri: &Uri) -> Result<ObservedResponse, HttpRefusal> {
        let permit = self.state.admit()?;
        let graphql = request::from_query_string(uri.query().unwrap_or_default())?;
        self.respond(graphql, permit, false).await
    }

    /// Executes the request. It holds its permit until the first payload, or until the stream is there to wait for.
    async fn respond<P>(
        self,
        graphql: GraphqlRequest,
        permit: P,
        is_post: bool,
    ) -> Result<ObservedResponse, HttpRefusal> {
        let media = MediaType::accepted(&self.headers);
        let headers = Arc::new(compact(&self.headers));
        let mut client = graphql::client(headers, self.identity, is_post);
        client.deliveries = self.formats.deliveries();
        let begun = begin(self.state, graphql, &client).await?;
        drop(permit);
        let delivery = begun.response.payloads.delivery();
        if delivery == Delivery::Whole {
            let method = if is_post { Method::POST } else { Method::GET };
            return self.whole(begun, &client, media, method).await;
        }
        let streams = &self.state.streams;
        let format = self.formats.for_delivery(delivery);
        let operation = begun.response.operation.clone();
        let open = streams.open(format.transport(), operation.clone())?;
        let executed = ExecutedRequest {
            outcome: begun.response.outcome,
            bytes: begun.first.as_ref().map_or(0, |first| first.body.len()),
            has_errors: begun.response.has_errors,
            operation,
        };
        let payloads = begun.response.payloads;
        Ok(ObservedResponse {
            response: sse::streamed(format, begun.first, payloads, open),
            executed: Some(executed),
            batch: Vec::new(),
        })
    }

    /// A response with one payload.
    async fn whole(
        &self,
        begun: Begun,
        client: &ClientContext,
        media: Option<MediaType>,
        method: Method,
    ) -> Result<ObservedResponse, HttpRefusal> {
        let Begun { response, first } = begun;
        let Some(payload) = first.filter(|first| first.is_last) else {
            tracing::error!("a whole response has several payloads, or none");
            return Err(HttpRefusal::internal());
        };
        let bytes = payload.body.len();
        let http = match media.or_else(|| as_json(response.outcome)) {
            Some(media) => {
                let negotiated =
                    compression::negotiate(self.state.compression, &client.headers, &payload.body);
                let http = http_response(&response, media, negotiated);
                match method == Method::GET {
                    true => {
                        graphql::conditional(&client.headers, http, &payload, negotiated.coding)
                            .await
                    }
                    false => with_body(http, &payload, negotiated.coding).await,
                }
            }
            None => sse::whole(self.formats.for_delivery(Delivery::Whole), payload.body),
        };
        Ok(graphql::observed(http, response, bytes))
    }
}

/// A response whose status says more than its body is JSON, even if the client does not say that it accepts that.
fn as_json(outcome: RequestOutcome) -> Option<MediaType> {
    match outcome {
        RequestOutcome::Executed | RequestOutcome::Refused | RequestOutcome::NotPersisted => None,
        RequestOutcome::MethodNotAllowed | RequestOutcome::Busy | RequestOutcome::Malformed => {
            Some(MediaType::Json)
        }
    }
}

/// Executes a request up to its first payload, or up to its payloads if these come later. A panic fails this request only.
pub(super) async fn begin(
    state: &ServerState,
    graphql: GraphqlRequest,
    client: &ClientContext,
) -> Result<Begun, HttpRefusal> {
    let begun = async {
        let mut response = state.executor.execute(graphql, client).await;
        let first = match response.payloads.delivery() {
            Delivery::Whole | Delivery::Incremental(_) => response.payloads.next().await,
            Delivery::Events | Delivery::Live => None,
        };
        Begun { response, first }
    };
    let begun = AssertUnwindSafe(begun).catch_unwind().await;
    begun.map_err(|_| {
        tracing::error!(outcome = "panic", "executing a request ended abnormally");
        HttpRefusal::internal()
    })
}

/// A copy of headers that does not share the buffer of the connection: a stream may hold it for hours.
pub(in crate::server) fn compact(headers: &HeaderMap) -> HeaderMap {
    let mut copy = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        // The bytes of a valid value are one.
        let copied = HeaderValue::from_bytes(value.as_bytes());
        copy.append(name.clone(), copied.unwrap_or_else(|_| value.clone()));
    }
    copy
}
