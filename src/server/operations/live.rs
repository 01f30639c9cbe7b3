//! `GET /operations/<Name>/live`: a named operation as a live query, as server-sent events for `EventSource`; or the events of
//! a subscription.
//!
//! An event of a live query is an answer: its data is the response map, and its id a hash of it. A browser that connects again sends the id of
//! the last event (`Last-Event-ID`), and gets the answer as it is now, unless it has that. Answers in between are not sent.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::ready;
use futures_util::{FutureExt, StreamExt};
use http::HeaderMap;

use super::super::coded_body::with_body;
use super::super::media::MediaType;
use super::super::observe_request::{ExecutedRequest, ObservedResponse, RequestIdentity};
use super::super::refusal::HttpRefusal;
use super::super::response::http_response;
use super::super::state::ServerState;
use super::super::streaming::{Transport, compact, one_line, sse};
use super::super::{compression, etag, graphql};
use super::execute::{unfit, without_accept};
use super::format::is_set;
use super::status::Summary;
use crate::gateway::{
    AcceptedDeliveries, ContentCoding, Delivery, GraphqlRequest, GraphqlResponse, LiveRequest,
    Payload, Payloads,
};
use crate::named::{LIVE_PARAMETERS, NamedOperation};

/// The id of the last event that a client has got.
const LAST_EVENT_ID: &str = "last-event-id";

/// The greatest `throttle`, in milliseconds: a day.
const LONGEST_THROTTLE: u64 = 24 * 60 * 60 * 1000;

/// A request for a named operation as a live query.
pub(super) struct LiveCall<'c> {
    pub(super) state: &'c ServerState,
    pub(super) identity: &'c RequestIdentity,
    pub(super) operation: &'c NamedOperation,
    /// The query string.
    pub(super) query: &'c str,
}

impl LiveCall<'_> {
    /// `GET`: the query string has the variables.
    pub(super) async fn get(self, headers: &HeaderMap) -> Result<ObservedResponse, HttpRefusal> {
        let operation = self.operation;
        if operation.by_post {
            return Err(HttpRefusal::not_found(
                "An operation that is sent by POST alone has no such path; /graphql has live queries and subscriptions, too",
            ));
        }
        let given = operation.from_query(self.query).map_err(unfit)?;
        let live = match operation.is_subscription() {
            false => Some(live_request(given.reserved)?),
            true => no_parameters(&given.reserved)?,
        };
        let graphql = GraphqlRequest {
            query: Some(String::from(&*operation.text)),
            operation_name: operation.operation_name.as_deref().map(str::to_owned),
            variables: given.variables,
            live: live.map(Box::new),
            ..GraphqlRequest::default()
        };
        // The stream may hold them for hours.
        let headers = Arc::new(compact(headers));
        let mut client = graphql::client(headers, self.identity, false);
        client.deliveries = AcceptedDeliveries {
            live: live.is_some(),
            events: live.is_none(),
            ..AcceptedDeliveries::default()
        };
        let permit = self.state.admit()?;
        let executed = self.state.executor.execute(graphql, &client);
        let executed = AssertUnwindSafe(executed);
        let executed = executed.catch_unwind().await;
        let response = executed.map_err(|_| {
            tracing::error!(outcome = "panic", "executing a request ended abnormally");
            HttpRefusal::internal()
        })?;
        // To wait for a change is no work.
        drop(permit);
        match response.payloads.delivery() {
            Delivery::Live | Delivery::Events => self.stream(response, &client.headers, live),
            _ => self.refused(response, &client.headers).await,
        }
    }

    /// The answers as events.
    fn stream(
        &self,
        response: GraphqlResponse,
        headers: &HeaderMap,
        live: Option<LiveRequest>,
    ) -> Result<ObservedResponse, HttpRefusal> {
        let operation = response.operation.clone();
        let open = self.state.streams.open(Transport::Sse, operation.clone())?;
        let executed = ExecutedRequest {
            outcome: response.outcome,
            bytes: 0,
            has_errors: response.has_errors,
            operation,
        };
        // A patch has no id: it is nothing without the answers before. Nor has an event, which is not sent again.
        let has_ids = live.is_some_and(|live| live.patch != Some(true));
        let known = headers.get(LAST_EVENT_ID).filter(|_| has_ids);
        let known = known.map(|id| Bytes::copy_from_slice(id.as_bytes()));
        let events = events(response.payloads, has_ids, known);
        Ok(ObservedResponse {
            response: sse::answers(events, open),
            executed: Some(executed),
            batch: Vec::new(),
        })
    }

    /// A response without an answer: JSON, whose status ends an `EventSource`.
    async fn refused(
        &self,
        mut response: GraphqlResponse,
        headers: &HeaderMap,
    ) -> Result<ObservedResponse, HttpRefusal> {
        let payload = response.payloads.next().await;
        let payload = payload.ok_or_else(HttpRefusal::internal)?;
        let status = Summary::read(&payload.body).status(response.outcome);
        let negotiated = compression::negotiate(self.state.compression, headers, &payload.body);
        let mut http = http_response(&response, MediaType::Json, negotiated);
        *http.status_mut() = status;
        without_accept(http.headers_mut());
        let http = with_body(http, &payload, negotiated.coding).await;
        let bytes = payload.body.len();
        Ok(graphql::observed(http, response, bytes))
    }
}

/// A subscription has none of the reserved parameters.
fn no_parameters(reserved: &[(&'static str, String)]) -> Result<Option<LiveRequest>, HttpRefusal> {
    match reserved.first() {
        None => Ok(None),
        Some((name, _)) => Err(HttpRefusal::malformed(format!(
            "`{name}` is no parameter of a subscription"
        ))),
    }
}

/// The reserved parameters of a live query.
fn live_request(reserved: Vec<(&'static str, String)>) -> Result<LiveRequest, HttpRefusal> {
    // The URL decides, whatever the text says.
    let mut live = LiveRequest {
        patch: Some(false),
        throttle: None,
    };
    for (name, value) in reserved {
        if !LIVE_PARAMETERS.iter().any(|(known, _)| *known == name) {
            return Err(HttpRefusal::malformed(format!(
                "`{name}` is no parameter of this path"
            )));
        }
        match name {
            "patch" => live.patch = Some(is_set(name, &value)?),
            "throttle" => live.throttle = Some(throttle(&value)?),
            _ => {}
        }
    }
    Ok(live)
}

fn throttle(value: &str) -> Result<Duration, HttpRefusal> {
    let milliseconds = value.parse().ok();
    let milliseconds = milliseconds.filter(|number| *number <= LONGEST_THROTTLE);
    milliseconds.map(Duration::from_millis).ok_or_else(|| {
        HttpRefusal::malformed(format!(
            "`throttle` must be a number of milliseconds, at most {LONGEST_THROTTLE}"
        ))
    })
}

/// The payloads as events. The first one is left out if its id is the one that is known.
fn events(payloads: Payloads, has_ids: bool, known: Option<Bytes>) -> Payloads {
    let delivery = payloads.delivery();
    let stream = payloads.into_stream().enumerate();
    let stream = stream.filter_map(move |(index, payload)| {
        let is_known = index == 0
            && known
                .as_deref()
                .is_some_and(|known| known == id(&payload).as_bytes());
        ready((!is_known).then(|| event(payload, has_ids)))
    });
    Payloads::stream(delivery, stream.boxed())
}

/// The id of an answer: its entity tag without quotes.
fn id(payload: &Payload) -> String {
    let tag = etag::of(payload, ContentCoding::Identity);
    let tag = String::from_utf8_lossy(tag.as_bytes());
    tag.trim_matches('"').to_owned()
}

/// The text of the event of a payload. That of an answer is written once for all who watch it.
fn event(payload: Payload, has_ids: bool) -> Payload {
    let has_id = has_ids && !payload.is_last;
    let write = || {
        let id = has_id.then(|| format!("id: {}\n", id(&payload)));
        let body = one_line(payload.body.clone());
        Bytes::from(
            [
                id.unwrap_or_default().as_bytes(),
                b"data: ",
                &*body,
                b"\n\n",
            ]
            .concat(),
        )
    };
    let body = match payload.memo.as_ref().filter(|_| has_id) {
        Some(memo) => memo.event.get_or_init(write).clone(),
        None => write(),
    };
    Payload {
        body,
        memo: None,
        is_last: payload.is_last,
    }
}
