//! One operation of a WebSocket, from `subscribe` to its last message.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri};

use super::super::http::{Begun, begin};
use super::super::outbox::{Content, Message, Outbox};
use super::super::pump;
use super::super::streams::{Reason, Transport};
use crate::errors::code;
use crate::gateway::{AcceptedDeliveries, Delivery, GraphqlRequest, RequestOutcome};
use crate::observe::scope::RequestScope;
use crate::server::graphql;
use crate::server::observe_request::{ExecutedRequest, ObservedResponse, RequestIdentity, observe};
use crate::server::refusal::HttpRefusal;
use crate::server::response::HttpResponse;
use crate::server::state::ServerState;

/// What an operation needs.
pub(super) struct Operation {
    pub(super) state: Arc<ServerState>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) id: Arc<str>,
    pub(super) headers: Arc<HeaderMap>,
}

impl Operation {
    /// Executes the operation, and puts its payloads and its end into the outbox.
    pub(super) async fn run(self, graphql: Box<GraphqlRequest>) {
        // Boxed: a stream may be idle for hours, and needs no room for the future that began it.
        let (begun, scope) = Box::pin(self.begin(*graphql)).await;
        let Operation {
            state, outbox, id, ..
        } = self;
        let content = match begun {
            Ok(begun) if begun.response.payloads.delivery() != Delivery::Whole => {
                let operation = begun.response.operation.clone();
                let scope = scope.map(|scope| RequestScope { operation, ..scope });
                match state.streams.open(Transport::WebSocket, None) {
                    Ok(mut open) => {
                        open.of_request(scope);
                        let payloads = begun.response.payloads;
                        return pump::all(&outbox, id, payloads, Some(open)).await;
                    }
                    Err(refusal) => Content::Refused(refusal.body()),
                }
            }
            Ok(begun) => {
                let body = begun.first.map(|first| first.body).unwrap_or_default();
                match begun.response.outcome {
                    RequestOutcome::Executed => Content::Next(body),
                    _ => Content::Refused(body),
                }
            }
            Err(refusal) if refusal.code == code::INTERNAL => {
                outbox.end(Reason::Failed);
                return;
            }
            Err(refusal) => Content::Refused(refusal.body()),
        };
        let has_end = matches!(content, Content::Next(_));
        let message = |content| Message {
            id: Arc::clone(&id),
            content,
        };
        if outbox.put(message(content)) && has_end {
            outbox.put(message(Content::Complete));
        }
    }

    /// Executes the operation up to its payloads, observed as a request of its own.
    async fn begin(
        &self,
        graphql: GraphqlRequest,
    ) -> (Result<Begun, HttpRefusal>, Option<RequestScope>) {
        let (mut begun, mut scope) = (Err(HttpRefusal::internal()), None);
        let respond = async |_: Request<()>, identity: &RequestIdentity| {
            begun = self.execute(graphql, identity).await;
            scope = RequestScope::current();
            match &begun {
                Ok(begun) => ObservedResponse {
                    response: HttpResponse::default(),
                    executed: Some(ExecutedRequest {
                        outcome: begun.response.outcome,
                        bytes: begun.first.as_ref().map_or(0, |first| first.body.len()),
                        has_errors: begun.response.has_errors,
                        operation: begun.response.operation.clone(),
                    }),
                    batch: Vec::new(),
                },
                Err(refusal) => ObservedResponse::without_request(refusal.clone().http_response()),
            }
        };
        observe(&self.state.observer, self.request(), respond).await;
        (begun, scope)
    }

    async fn execute(
        &self,
        graphql: GraphqlRequest,
        identity: &RequestIdentity,
    ) -> Result<Begun, HttpRefusal> {
        let _permit = self.state.admit()?;
        let mut client = graphql::client(Arc::clone(&self.headers), identity, true);
        client.deliveries = AcceptedDeliveries {
            incremental: None,
            events: true,
            live: true,
        };
        begin(&self.state, graphql, &client).await
    }

    /// The operation as a request, for the log, the metrics and the trace. It continues the trace of the handshake.
    fn request(&self) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("/graphql");
        for name in ["traceparent", "tracestate"] {
            if let Some(value) = self.headers.get(name) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        request
    }
}

/// The response that refuses one operation too many.
pub(super) fn too_many(limit: usize) -> Bytes {
    let message =
        format!("The connection has {limit} operations already (streaming.connection_streams)");
    HttpRefusal::too_much(message).body()
}
