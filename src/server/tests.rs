//! Tests the server over real sockets, with an executor of the tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

mod batches;
mod clients;
mod conditional;
mod cors;
mod heads;
mod http2;
mod raw;
mod requests;
mod responses;
mod starting;
mod stopping;
mod streams;
mod unread;
mod web_sockets;

use super::listener_state::Phase;
use super::{Executor, Server};
use crate::budget::{Account, Budget};
use crate::config::{ByteSize, Secret, Settings};
use crate::gateway::{
    ClientContext, Delivery, GraphqlRequest, GraphqlResponse, Payload, Payloads, RequestOutcome,
    ResponseCachePolicy,
};
use crate::named::NamedOperations;
use crate::observe::Samples;

/// A body of more than a hundred bytes.
const LONG_REQUEST: &str = r#"{"query":"{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}"}"#;

/// Bytes of the response to `{huge}`.
const HUGE: usize = 20_000_000;

/// Responds by the operation text, and records the requests.
struct Fake {
    requests: Mutex<Vec<(GraphqlRequest, ClientContext)>>,
    arrived: Notify,
    proceed: Notify,
    /// The response to `{kept}`.
    kept: Payload,
    /// The payloads of the next operations whose text begins with `subscription`.
    feeds: Mutex<Vec<(Delivery, UnboundedReceiver<Payload>)>>,
}

impl Default for Fake {
    fn default() -> Fake {
        let body = format!("{{\"data\":\"{}\"}}", "k".repeat(50_000));
        Fake {
            requests: Mutex::default(),
            arrived: Notify::new(),
            proceed: Notify::new(),
            kept: Payload {
                memo: Some(Arc::default()),
                ..Payload::only(Bytes::from(body))
            },
            feeds: Mutex::default(),
        }
    }
}

#[async_trait::async_trait]
impl Executor for Fake {
    async fn execute(&self, request: GraphqlRequest, client: &ClientContext) -> GraphqlResponse {
        let query = request.query.clone().unwrap_or_default();
        let mut response = GraphqlResponse {
            payloads: Payload::only(Bytes::from_static(b"{\"data\":{\"a\":1}}")).into(),
            outcome: RequestOutcome::Executed,
            cache: ResponseCachePolicy::default(),
            vary: Arc::default(),
            operation: None,
            has_errors: false,
        };
        match query.as_str() {
            "{invalid}" => {
                response.outcome = RequestOutcome::Refused;
                response.payloads =
                    Payload::only(Bytes::from_static(b"{\"errors\":[{\"message\":\"no\"}]}"))
                        .into();
            }
            "{busy}" => {
                response.outcome = RequestOutcome::Busy;
                response.payloads = Payload::only(Bytes::from_static(
                    b"{\"errors\":[{\"message\":\"later\"}]}",
                ))
                .into();
            }
            "{cached}" => {
                response.cache = ResponseCachePolicy {
                    max_age: Some(50),
                    age: Some(10),
                    ..ResponseCachePolicy::default()
                };
                response.vary = ["accept-language".to_owned()].into();
            }
            // Kept, as by the cache: what the server computes from it is stored with it.
            "{kept}" => {
                response.cache = ResponseCachePolicy {
                    max_age: Some(50),
                    ..ResponseCachePolicy::default()
                };
                response.payloads = self.kept.clone().into();
            }
            "{private}" => {
                response.cache = ResponseCachePolicy {
                    max_age: Some(50),
                    private: true,
                    ..ResponseCachePolicy::default()
                };
            }
            "{shared}" => {
                response.cache = ResponseCachePolicy {
                    max_age: Some(50),
                    private_max_age: Some(0),
                    must_revalidate: true,
                    age: Some(10),
                    ..ResponseCachePolicy::default()
                };
            }
            "{long}" => {
                let body = format!("{{\"data\":\"{}\"}}", "a".repeat(50_000));
                response.payloads = Payload::only(Bytes::from(body)).into();
            }
            // More than a socket and a flow-control window buffer.
            "{huge}" => response.payloads = Payload::only(vec![b' '; HUGE].into()).into(),
            "{wait}" => {
                self.arrived.notify_one();
                self.proceed.notified().await;
            }
            "{panic}" => panic!("on purpose"),
            _ if query.starts_with("subscription") => {
                let (delivery, payloads) = self.feeds.lock().unwrap().remove(0);
                let accepted = match delivery {
                    Delivery::Whole => true,
                    Delivery::Incremental(_) => client.deliveries.incremental.is_some(),
                    Delivery::Events => client.deliveries.events,
                    Delivery::Live => client.deliveries.live,
                };
                match accepted {
                    true => response.payloads = Payloads::stream(delivery, stream(payloads)),
                    false => {
                        response.outcome = RequestOutcome::Refused;
                        response.payloads = Payload::only(Bytes::from_static(
                            b"{\"errors\":[{\"message\":\"no\"}]}",
                        ))
                        .into();
                    }
                }
            }
            _ if query.starts_with("mutation") && !client.mutations_allowed => {
                response.outcome = RequestOutcome::MethodNotAllowed;
            }
            _ => {}
        }
        self.requests
            .lock()
            .unwrap()
            .push((request, client.clone()));
        response
    }

    fn operations(&self) -> Arc<NamedOperations> {
        Arc::default()
    }

    async fn execute_batch(
        &self,
        requests: Vec<GraphqlRequest>,
        client: &ClientContext,
    ) -> Vec<GraphqlResponse> {
        let mut responses = Vec::new();
        for request in requests {
            responses.push(self.execute(request, client).await);
        }
        responses
    }

    fn account(&self) -> Account {
        Budget::unbounded().account(usize::MAX)
    }

    fn schema(&self) -> Bytes {
        Bytes::from_static(b"type Query { a: Int }\n")
    }

    async fn details(&self) -> Bytes {
        Bytes::from_static(b"{\"data\":{\"connectors\":[{\"name\":\"dggi\"}]}}")
    }

    async fn states(&self) -> Option<Bytes> {
        Some(Bytes::from_static(b"[]"))
    }

    fn measure(&self, _: &mut Samples) {}
}

fn stream(
    mut payloads: UnboundedReceiver<Payload>,
) -> futures_util::stream::BoxStream<'static, Payload> {
    futures_util::stream::poll_fn(move |context| payloads.poll_recv(context)).boxed()
}

/// The payloads of one operation, as the test makes them.
struct Feed(UnboundedSender<Payload>);

impl Feed {
    /// A payload that others follow.
    fn send(&self, body: &str) {
        let payload = Payload {
            is_last: false,
            ..Payload::only(Bytes::from(body.to_owned()))
        };
        self.0.send(payload).unwrap();
    }

    /// A payload that others follow, if the execution has not been ended.
    fn try_send(&self, body: &str) {
        let payload = Payload {
            is_last: false,
            ..Payload::only(Bytes::from(body.to_owned()))
        };
        let _ = self.0.send(payload);
    }

    /// The last payload.
    fn send_last(self, body: &str) {
        let payload = Payload::only(Bytes::from(body.to_owned()));
        self.0.send(payload).unwrap();
    }

    /// Waits until the execution has been ended.
    async fn ended(&self) {
        raw::within(self.0.closed()).await;
    }
}

struct Running {
    server: Server,
    fake: Arc<Fake>,
    client: reqwest::Client,
    url: String,
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.general.listen = any_port();
    settings.general.shutdown_delay = Duration::ZERO;
    settings
}

fn start(settings: &Settings) -> Running {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let fake = Arc::new(Fake::default());
    let server = Server::start(settings, fake.clone()).unwrap();
    let url = format!("http://{}", server.address);
    let client = reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .build()
        .unwrap();
    Running {
        server,
        fake,
        client,
        url,
    }
}

impl Running {
    /// The next operation whose text begins with `subscription` gets the payloads that are sent into this.
    fn feed(&self, delivery: Delivery) -> Feed {
        let (sender, receiver) = unbounded_channel();
        self.fake.feeds.lock().unwrap().push((delivery, receiver));
        Feed(sender)
    }

    fn post(&self, body: &'static str) -> reqwest::RequestBuilder {
        let request = self.client.post(format!("{}/graphql", self.url));
        request
            .header("content-type", "application/json")
            .body(body)
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }
}

async fn send(request: reqwest::RequestBuilder) -> (u16, http::HeaderMap, String) {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.text().await.unwrap())
}

fn header<'a>(headers: &'a http::HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// Every name in `Vary`, sorted, with repetitions.
fn vary(headers: &http::HeaderMap) -> Vec<String> {
    let values = headers.get_all("vary").iter();
    let mut names: Vec<String> = values
        .flat_map(|value| value.to_str().unwrap().split(','))
        .map(|name| name.trim().to_lowercase())
        .collect();
    names.sort();
    names
}
