//! Executes a named operation, and makes the HTTP response of its result.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{LAST_MODIFIED, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper::body::Body;

use super::super::coded_body::with_body;
use super::super::media::MediaType;
use super::super::observe_request::{ObservedResponse, RequestIdentity};
use super::super::refusal::HttpRefusal;
use super::super::response::http_response;
use super::super::state::ServerState;
use super::super::{compression, graphql, request};
use super::body;
use super::format::{Format, Options};
use super::status::Summary;
use crate::gateway::{GraphqlRequest, RequestOutcome};
use crate::named::{NamedOperation, UnfitParameters};

/// A request for a named operation.
pub(super) struct Call<'c> {
    pub(super) state: &'c ServerState,
    pub(super) identity: &'c RequestIdentity,
    pub(super) operation: &'c NamedOperation,
    pub(super) format: Format,
    /// The query string.
    pub(super) query: &'c str,
}

impl Call<'_> {
    /// `GET`: queries only; the query string has the variables.
    pub(super) async fn get(
        self,
        headers: Arc<HeaderMap>,
    ) -> Result<ObservedResponse, HttpRefusal> {
        if self.operation.is_mutation {
            let message = "The operation is a mutation: send it by POST";
            return Err(HttpRefusal::method("POST", message));
        }
        let given = self.operation.from_query(self.query).map_err(unfit)?;
        let options = self.format.options(given.reserved)?;
        let _permit = self.state.admit()?;
        let graphql = GraphqlRequest {
            variables: given.variables,
            ..GraphqlRequest::default()
        };
        self.execute(graphql, headers, false, &options).await
    }

    /// `POST`: the body has the variables.
    pub(super) async fn post<B>(
        self,
        headers: Arc<HeaderMap>,
        body: B,
    ) -> Result<ObservedResponse, HttpRefusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        // A page of another origin must not be able to run a mutation without a CORS preflight.
        if !request::is_json(&headers) && !has_preflight_header(&headers) {
            return Err(HttpRefusal::unsupported_media_type());
        }
        let reserved = self.operation.reserved_of_query(self.query);
        let options = self.format.options(reserved.map_err(unfit)?)?;
        let (body, _permit) = graphql::read_body(self.state, &headers, body).await?;
        let graphql = body::read(&body)?;
        drop(body);
        let variables = graphql.variables.as_ref();
        self.operation.check_names(variables).map_err(unfit)?;
        self.execute(graphql, headers, true, &options).await
    }

    async fn execute(
        self,
        mut graphql: GraphqlRequest,
        headers: Arc<HeaderMap>,
        mutations_allowed: bool,
        _options: &Options,
    ) -> Result<ObservedResponse, HttpRefusal> {
        let operation = self.operation;
        graphql.query = Some(String::from(&*operation.text));
        graphql.operation_name = operation.operation_name.as_deref().map(str::to_owned);
        let client = graphql::client(headers, self.identity, mutations_allowed);
        let (response, payload) = graphql::execute(self.state, graphql, &client).await?;
        let summary = match response.has_errors {
            false => None,
            true => Some(Summary::read(&payload.body)),
        };
        let status = match summary {
            None => StatusCode::OK,
            Some(summary) => summary.status(response.outcome),
        };
        let compression = self.state.compression;
        let negotiated = compression::negotiate(compression, &client.headers, &payload.body);
        let mut http = http_response(&response, MediaType::Json, negotiated);
        *http.status_mut() = status;
        let headers = http.headers_mut();
        if response.outcome == RequestOutcome::Executed {
            headers.insert(LAST_MODIFIED, as_of(response.cache.data_age));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        without_accept(headers);
        let http = match mutations_allowed {
            // A response to a `POST` selects no representation.
            true => with_body(http, &payload, negotiated.coding).await,
            false => graphql::conditional(&client.headers, http, &payload, negotiated.coding).await,
        };
        Ok(graphql::observed(http, response, payload.body.len()))
    }
}

/// The parameters are not those of the operation.
fn unfit(UnfitParameters(problems): UnfitParameters) -> HttpRefusal {
    HttpRefusal::variables(problems.join("; "))
}

/// The time as of which the data are: when the oldest part of them was fetched, so many seconds ago; now, if all of them were.
fn as_of(data_age: Option<u64>) -> HeaderValue {
    let age = Duration::from_secs(data_age.unwrap_or(0));
    let time = SystemTime::now().checked_sub(age);
    let text = httpdate::fmt_http_date(time.unwrap_or(SystemTime::UNIX_EPOCH));
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// Removes `accept` from `Vary`: the path decides the media type.
fn without_accept(headers: &mut HeaderMap) {
    let Some(vary) = headers.get(VARY).and_then(|vary| vary.to_str().ok()) else {
        return;
    };
    let names = vary.split(", ").filter(|name| *name != "accept");
    let names = names.collect::<Vec<_>>().join(", ");
    match HeaderValue::try_from(names) {
        Ok(names) if !names.is_empty() => headers.insert(VARY, names),
        _ => headers.remove(VARY),
    };
}

/// Whether a request is one that a page of another origin cannot send without a CORS preflight, although its body is not
/// declared as JSON.
fn has_preflight_header(headers: &HeaderMap) -> bool {
    ["apollo-require-preflight", "x-requested-with"]
        .iter()
        .any(|name| headers.contains_key(*name))
}
