//! A request to `POST /hooks/<connector>`: the upstream of a connector sends an event.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;

use crate::cache::Fetched;
use crate::connector::{Connect, Invalidates, SubgraphKind, Webhook};
use crate::document::Value;
use crate::events::{Hooks, Novelty, Unverified, Verified};
use crate::execute::{ConnectorRuntime, Event, yields_true};
use crate::gateway::run::Gateway;
use crate::mapping::Variables;
use crate::source::{Envelope, UpstreamResponse};

/// The path of webhooks, before the name of the connector.
pub const HOOKS_PATH: &str = "/hooks/";

/// A request to `POST /hooks/<connector>`.
#[derive(Debug, Clone)]
pub struct HookRequest<'a> {
    /// The connector.
    pub connector: &'a str,
    /// The headers of the request.
    pub headers: &'a HeaderMap,
    /// Its body, as it was signed.
    pub body: Bytes,
}

/// What became of a request that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hooked {
    /// It is an event of so many fields.
    Event(usize),
    /// It has been received before, and is no event.
    Repeated,
}

/// Why a request is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HookRefusal {
    /// There is no such connector, or its settings have no `webhook_secret`.
    #[error("there is no webhook at this path")]
    NotFound,
    /// It is not from the upstream.
    #[error(transparent)]
    Unverified(#[from] Unverified),
    /// The body is longer than this.
    #[error("the body is longer than {0} bytes (webhook_body_bytes)")]
    TooLarge(usize),
    /// The body is no JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// So many requests were accepted lately that copies could not be known.
    #[error("the gateway remembers as many requests as it may (webhook_remembered)")]
    Busy,
}

/// A request that was noted as received. If its sender does not wait until it is processed, it may be sent again.
struct Noted<'a> {
    hooks: &'a Hooks,
    connector: &'a str,
    hash: [u8; 32],
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.hooks.forget(self.connector, &self.hash);
    }
}

impl Gateway {
    /// Receives a request of an upstream. When this returns, what the event changes is not served from caches any more, and
    /// subscribers have the event.
    ///
    /// # Errors
    /// The request is not accepted.
    pub async fn hook(&self, request: HookRequest<'_>) -> Result<Hooked, HookRefusal> {
        let connector = request.connector;
        let hook = self.hooks.get(connector).ok_or(HookRefusal::NotFound)?;
        if request.body.len() > hook.bytes {
            return Err(HookRefusal::TooLarge(hook.bytes));
        }
        let now = Timestamp::now().as_second();
        let verified = hook
            .verification
            .verify(request.headers, &request.body, now)?;
        let most = self.runtime.limits.operation_bytes;
        if Value::parse_json_within(&request.body, most).is_err() {
            return Err(HookRefusal::NotJson);
        }
        let hooks = &self.shared.subscriptions.hooks;
        let mut noted = None;
        if let Verified::Once { hash, within } = verified {
            match hooks.note(connector, hash, within, hook.remembered) {
                Novelty::New => {
                    noted = Some(Noted {
                        hooks,
                        connector,
                        hash,
                    })
                }
                Novelty::Copy => return Ok(Hooked::Repeated),
                Novelty::Full => return Err(HookRefusal::Busy),
            }
        }
        let mut fields = 0;
        for (connect, index, runtime) in self.webhooks(connector) {
            fields += usize::from(self.event(connect, (index, runtime), &request).await);
        }
        // Processed: a copy is no event.
        std::mem::forget(noted);
        Ok(Hooked::Event(fields))
    }

    /// The connects of a connector that its upstream feeds, with their indexes.
    fn webhooks(
        &self,
        connector: &str,
    ) -> impl Iterator<Item = (&Arc<Connect>, usize, &ConnectorRuntime)> {
        let subgraphs = self.runtime.graph.subgraphs.iter();
        let all = subgraphs.zip(&self.runtime.connectors);
        let own = all.filter(move |(subgraph, _)| subgraph.name == connector);
        own.flat_map(|(subgraph, runtime)| {
            let connects = match &subgraph.kind {
                SubgraphKind::Connectors { connects, .. } => connects.as_slice(),
                _ => &[],
            };
            let connects = connects.iter().enumerate();
            connects.map(move |(index, connect)| (connect, index, runtime))
        })
        .filter(|(connect, ..)| connect.options.get::<Webhook>().is_some())
    }

    /// Publishes a request, if it is an event of this connect.
    async fn event(
        &self,
        connect: &Connect,
        (index, runtime): (usize, &ConnectorRuntime),
        request: &HookRequest<'_>,
    ) -> bool {
        let Some((webhook, endpoint)) = connect
            .options
            .get::<Webhook>()
            .zip(runtime.endpoints.get(index))
        else {
            return false;
        };
        let response = UpstreamResponse {
            envelope: Envelope::new(None, request.headers.clone()),
            ..UpstreamResponse::new(request.body.clone())
        };
        let fetched = Fetched::of_event(response, endpoint, self.runtime.documents.now());
        let config = connect
            .source
            .and_then(|source| runtime.source_configs.get(source));
        let variables = Variables::new()
            .with("$config", config.unwrap_or(&runtime.config).clone())
            .with("$env", runtime.env.clone());
        let most = self.runtime.limits.operation_bytes;
        let yields = |mapping| yields_true(mapping, &fetched.document, &variables, most);
        if !webhook.event.as_deref().is_none_or(&yields) {
            return false;
        }
        let unless = connect
            .options
            .get::<Invalidates>()
            .and_then(|it| it.unless.as_deref());
        if !unless.is_some_and(&yields) {
            endpoint.invalidate().await;
        }
        let hooks = &self.shared.subscriptions.hooks;
        hooks.publish(endpoint.coordinate(), Event::Document(fetched));
        true
    }
}
