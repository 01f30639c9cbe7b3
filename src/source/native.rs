//! A source in this process: an `async-graphql` schema, for connectors that need code.
//!
//! Requests and responses have the form of any GraphQL service: JSON text. So the planner and the executor treat a
//! native connector as a GraphQL service, and it can move out of the process without any other change. Writing and
//! parsing the text takes some microseconds.

use std::fmt;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use ::http::HeaderMap;
use async_graphql::{ObjectType, Schema, SubscriptionType};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;

use super::registry::{SetupError, SourceParts};
use super::{CallOptions, Format, Source, SourceError, SourceErrorKind, UpstreamResponse};
use crate::connector::Request;

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
        self.sdl_with_options(async_graphql::SDLExportOptions::new().federation())
    }

    async fn execute(&self, request: async_graphql::Request) -> async_graphql::Response {
        Schema::execute(self, request).await
    }
}

/// The headers of the rendered request, for resolvers: `ctx.data::<RequestHeaders>()`. It only has the headers that the
/// connector's schema names.
#[derive(Debug, Clone)]
pub struct RequestHeaders(pub HeaderMap);

/// Adds data to a request before it is executed, such as a handle on the running gateway.
pub type Prepare = dyn Fn(&Request, async_graphql::Request) -> async_graphql::Request + Send + Sync;

/// A schema in this process.
pub struct NativeSource {
    schema: Arc<dyn NativeSchema>,
    prepare: Option<Arc<Prepare>>,
}

impl fmt::Debug for NativeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NativeSource")
    }
}

impl NativeSource {
    /// A source that executes requests with this schema.
    pub fn new(schema: Arc<dyn NativeSchema>) -> NativeSource {
        NativeSource {
            schema,
            prepare: None,
        }
    }

    /// Adds data to each request.
    #[must_use]
    pub fn with_data(mut self, prepare: Arc<Prepare>) -> NativeSource {
        self.prepare = Some(prepare);
        self
    }

    pub(super) fn from_parts(parts: SourceParts) -> Result<NativeSource, SetupError> {
        let schema = parts
            .native
            .ok_or_else(|| SetupError::new("no schema is mounted in this process"))?;
        Ok(NativeSource::new(schema))
    }

    fn prepare(&self, request: &Request) -> Result<async_graphql::Request, SourceError> {
        let parsed: async_graphql::Request =
            serde_json::from_slice(&request.body).map_err(|error| {
                SourceError::new(
                    SourceErrorKind::Internal,
                    format!("the body is not a GraphQL request: {error}"),
                )
            })?;
        let headers = request.headers.iter().cloned().collect();
        let parsed = parsed.data(RequestHeaders(headers));
        Ok(match &self.prepare {
            Some(prepare) => prepare(request, parsed),
            None => parsed,
        })
    }
}

#[async_trait]
impl Source for NativeSource {
    async fn call(
        &self,
        request: &Request,
        options: &CallOptions,
    ) -> Result<UpstreamResponse, SourceError> {
        let prepared = self.prepare(request)?;
        // A resolver that panics must not end the client's request.
        let execution = AssertUnwindSafe(self.schema.execute(prepared)).catch_unwind();
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
                    format!("no answer within {:?}", options.timeout),
                ));
            }
        };
        Ok(UpstreamResponse {
            status: 200,
            headers: response.http_headers.clone(),
            body: write(&response, options.max_bytes)?,
            format: Format::Json,
        })
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
            format!("the answer is longer than {max_bytes} bytes"),
        )),
        Err(error) => Err(SourceError::new(
            SourceErrorKind::Internal,
            format!("the answer cannot be written: {error}"),
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

    use async_graphql::{Context, EmptyMutation, EmptySubscription, Object};

    use super::*;
    use crate::source::graphql::Operation;

    struct Query;

    #[Object]
    impl Query {
        async fn greeting(&self, name: String) -> String {
            format!("namaste {name}")
        }

        async fn language(&self, context: &Context<'_>) -> Option<String> {
            let headers = &context.data_unchecked::<RequestHeaders>().0;
            Some(headers.get("accept-language")?.to_str().ok()?.to_owned())
        }

        async fn extra(&self, context: &Context<'_>) -> i32 {
            *context.data_unchecked::<i32>()
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
        NativeSource::new(Arc::new(schema)).with_data(Arc::new(|_, request| request.data(7_i32)))
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
        let request = Request {
            verb: ::http::Method::POST,
            target: "native:greeter".to_owned(),
            headers: vec![(
                ::http::header::ACCEPT_LANGUAGE,
                ::http::HeaderValue::from_static("hi"),
            )],
            body: Operation::new(query).body(Some(variables.as_bytes())),
        };
        let options = CallOptions {
            timeout,
            max_bytes,
            ..CallOptions::default()
        };
        source().call(&request, &options).await
    }

    #[tokio::test]
    async fn answers_as_a_service_would() {
        let query = "query($n: String!) { greeting(name: $n) language extra }";
        let answer = ask(query, r#"{"n":"Asha"}"#, 1000).await.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.format, Format::Json);
        assert_eq!(
            answer.body,
            br#"{"data":{"greeting":"namaste Asha","language":"hi","extra":7}}"#.as_slice()
        );
    }

    #[tokio::test]
    async fn an_answer_over_the_limit_is_refused() {
        let error = ask("{ a: language b: language }", "{}", 20)
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
