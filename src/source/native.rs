//! A source in this process: an `async-graphql` schema, for connectors that need code.
//!
//! Requests and responses have the form of any GraphQL service: JSON text. So the planner and the executor treat a
//! native connector as a GraphQL service, and it can move out of the process without any other change. Writing and
//! parsing the text takes some microseconds.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::{fmt, io};

use async_graphql::{ObjectType, Schema, SubscriptionType};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;

use super::wire::{SetupError, SourceParts, Wire};
use super::{CallOptions, Source, SourceError, SourceErrorKind, UpstreamResponse, http};
use crate::connector::{HttpRequest, Request};

/// An `async-graphql` schema, without its type parameters.
#[async_trait]
pub trait NativeSchema: Send + Sync {
    /// Its SDL as a Federation subgraph.
    fn federation_sdl(&self) -> String;

    /// Executes one request.
    async fn execute(&self, request: async_graphql::Request) -> async_graphql::Response;
}

impl fmt::Debug for dyn NativeSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NativeSchema")
    }
}

#[async_trait]
impl<Q, M, S> NativeSchema for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn federation_sdl(&self) -> String {
        let options = async_graphql::SDLExportOptions::new();
        self.sdl_with_options(options.federation().include_specified_by())
    }

    async fn execute(&self, request: async_graphql::Request) -> async_graphql::Response {
        Schema::execute(self, request).await
    }
}

/// A schema in this process.
pub struct NativeSource {
    schema: Arc<dyn NativeSchema>,
}

impl fmt::Debug for NativeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NativeSource")
    }
}

impl NativeSource {
    /// A source that executes requests with this schema.
    pub fn new(schema: Arc<dyn NativeSchema>) -> NativeSource {
        NativeSource { schema }
    }
}

/// The scheme of the address of a schema in this process.
pub const SCHEME: &str = "native";

/// The wire of one connector with a schema in this process.
#[derive(Debug)]
pub struct NativeWire {
    connector: String,
    schema: Arc<dyn NativeSchema>,
}

impl NativeWire {
    /// This schema serves the connector of this name.
    pub fn new(connector: &str, schema: Arc<dyn NativeSchema>) -> NativeWire {
        NativeWire {
            connector: connector.to_owned(),
            schema,
        }
    }
}

impl Wire for NativeWire {
    /// None: a connector does not say by its schema that it is in this process.
    fn schemes(&self) -> &'static [&'static str] {
        &[]
    }

    fn serves(&self, connector: &str, scheme: &str) -> bool {
        scheme == SCHEME && connector == self.connector
    }

    fn open(&self, _: &SourceParts) -> Result<Arc<dyn Source>, SetupError> {
        Ok(Arc::new(NativeSource::new(Arc::clone(&self.schema))))
    }
}

/// The request to a schema in this process, without a body: a GraphQL service that has no address.
pub fn request() -> Request {
    Request::new(HttpRequest {
        url: "native:".to_owned(),
        ..HttpRequest::default()
    })
}

fn parsed(request: &Request) -> Result<async_graphql::Request, SourceError> {
    let body = request.of::<HttpRequest>().map(|request| &request.body[..]);
    serde_json::from_slice(body.unwrap_or_default()).map_err(|error| {
        SourceError::new(
            SourceErrorKind::Internal,
            format!("the body is not a GraphQL request: {error}"),
        )
    })
}

#[async_trait]
impl Source for NativeSource {
    async fn call(
        &self,
        request: &Request,
        options: &CallOptions,
    ) -> Result<UpstreamResponse, SourceError> {
        let operation = parsed(request)?;
        // A resolver that panics must not end the client's request.
        let execution = AssertUnwindSafe(self.schema.execute(operation)).catch_unwind();
        let response = match tokio::time::timeout(options.timeout, execution).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => {
                return Err(SourceError::new(
                    SourceErrorKind::Internal,
                    "a resolver panicked",
                ));
            }
            Err(_) => {
                return Err(SourceError::new(
                    SourceErrorKind::Timeout,
                    format!("no response within {:?}", options.timeout),
                ));
            }
        };
        let document = write(&response, options.max_bytes)?;
        let received = document.len();
        // A service of the same schema would answer with this status.
        Ok(http::response(
            200,
            response.http_headers,
            document,
            received,
        ))
    }
}

fn write(response: &async_graphql::Response, max_bytes: usize) -> Result<Bytes, SourceError> {
    let mut out = Bounded {
        bytes: Vec::with_capacity(1024.min(max_bytes)),
        max_bytes,
        overflowed: false,
    };
    match serde_json::to_writer(&mut out, response) {
        Ok(()) => Ok(Bytes::from(out.bytes)),
        Err(_) if out.overflowed => Err(SourceError::new(
            SourceErrorKind::TooLarge,
            format!("the response is longer than {max_bytes} bytes"),
        )),
        Err(error) => Err(SourceError::new(
            SourceErrorKind::Internal,
            format!("the response cannot be written: {error}"),
        )),
    }
}

/// A buffer with a maximum length.
struct Bounded {
    bytes: Vec<u8>,
    max_bytes: usize,
    overflowed: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + text.len() > self.max_bytes {
            self.overflowed = true;
            return Err(io::Error::other("over the limit"));
        }
        self.bytes.extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::time::Duration;

    use async_graphql::{EmptyMutation, EmptySubscription, Object};

    use super::*;
    use crate::source::graphql::EncodedOperation;
    use crate::source::{Outcome, graphql};

    struct Query;

    #[Object]
    impl Query {
        async fn greeting(&self, name: String) -> String {
            format!("namaste {name}")
        }

        async fn fails(&self) -> i32 {
            "seven".parse().expect("a bug in a resolver")
        }

        async fn never(&self) -> i32 {
            std::future::pending().await
        }
    }

    fn source() -> NativeSource {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        NativeSource::new(Arc::new(schema))
    }

    async fn ask(
        query: &str,
        variables: &str,
        max_bytes: usize,
    ) -> Result<UpstreamResponse, SourceError> {
        ask_within(Duration::from_secs(60), query, variables, max_bytes).await
    }

    async fn ask_within(
        timeout: Duration,
        query: &str,
        variables: &str,
        max_bytes: usize,
    ) -> Result<UpstreamResponse, SourceError> {
        let body = EncodedOperation::new(query).body(Some(variables.as_bytes()));
        let request = graphql::with_body(&super::request(), body);
        let options = CallOptions {
            timeout,
            max_bytes,
            ..CallOptions::default()
        };
        source().call(&request, &options).await
    }

    #[tokio::test]
    async fn answers_as_a_service_would() {
        let query = "query($n: String!) { greeting(name: $n) }";
        let answer = ask(query, r#"{"n":"Asha"}"#, 1000).await.unwrap();
        assert_eq!(answer.outcome, Outcome::Success);
        assert_eq!(
            answer.envelope.status().map(|status| status.number),
            Some(200)
        );
        assert_eq!(
            answer.document,
            br#"{"data":{"greeting":"namaste Asha"}}"#.as_slice()
        );
    }

    #[tokio::test]
    async fn an_answer_over_the_limit_is_refused() {
        let error = ask("{ greeting(name: \"Asha\") }", "{}", 20)
            .await
            .unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::TooLarge);
    }

    #[tokio::test]
    async fn a_panic_stays_inside() {
        let error = ask("{ fails }", "{}", 1000).await.unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Internal);
    }

    #[tokio::test]
    async fn a_resolver_that_never_ends_is_left() {
        let soon = Duration::from_millis(5);
        let error = ask_within(soon, "{ never }", "{}", 1000).await.unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Timeout);
    }
}
