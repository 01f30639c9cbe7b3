//! Executes a named operation, and makes the HTTP response of its result: the response map, or a file.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use apollo_compiler::ast::OperationType;
use bytes::Bytes;
use http::header::{
    CONTENT_DISPOSITION, CONTENT_TYPE, LAST_MODIFIED, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use hyper::body::Body;
use jiff::Timestamp;

use super::super::coded_body::with_body;
use super::super::compression::{self, Negotiated};
use super::super::media::MediaType;
use super::super::observe_request::{ObservedResponse, RequestIdentity};
use super::super::refusal::HttpRefusal;
use super::super::response::{HttpResponse, http_response};
use super::super::state::ServerState;
use super::super::{etag, graphql, request};
use super::convert::Conversion;
use super::format::{Format, Options};
use super::status::Summary;
use super::{body, convert};
use crate::budget::Account;
use crate::document::Value;
use crate::gateway::{
    ContentCoding, GraphqlRequest, GraphqlResponse, Payload, RequestOutcome, ResponseParts,
};
use crate::named::{NamedOperation, UnfitParameters};
use crate::observe::process;

/// A request for a named operation.
pub(super) struct Call<'c> {
    pub(super) state: &'c ServerState,
    pub(super) identity: &'c RequestIdentity,
    pub(super) operation: &'c NamedOperation,
    pub(super) format: Format,
    /// The path and the query string.
    pub(super) url: &'c str,
    /// The query string.
    pub(super) query: &'c str,
}

impl Call<'_> {
    /// `GET`: queries only; the query string has the variables.
    pub(super) async fn get(
        self,
        headers: Arc<HeaderMap>,
    ) -> Result<ObservedResponse, HttpRefusal> {
        if self.operation.by_post {
            let message = match self.operation.kind {
                OperationType::Mutation => "The operation is a mutation: send it by POST",
                _ => "The operation is sent by POST alone: its variables are to stand in no URL",
            };
            return Err(HttpRefusal::method("POST", message));
        }
        let _permit = self.state.admit()?;
        let is_map = self.format == Format::Response;
        // No body of a `POST` has the bytes of a path.
        if is_map
            && let Some(known) = graphql::known(self.state, self.url.as_bytes(), &headers).await
        {
            let options = Options::default();
            return self.respond(known, &headers, None, false, &options).await;
        }
        let given = self.operation.from_query(self.query).map_err(unfit)?;
        let options = self.format.options(given.reserved)?;
        let graphql = GraphqlRequest {
            variables: given.variables,
            sent: is_map.then(|| Bytes::copy_from_slice(self.url.as_bytes())),
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
        options: &Options,
    ) -> Result<ObservedResponse, HttpRefusal> {
        let operation = self.operation;
        convert::check_path(&operation.shape, self.format, options)?;
        let variables = graphql.variables.clone();
        graphql.query = Some(String::from(&*operation.text));
        graphql.operation_name = operation.operation_name.as_deref().map(str::to_owned);
        let client = graphql::client(headers, self.identity, mutations_allowed);
        let executed = graphql::execute(self.state, graphql, &client).await?;
        let (headers, variables) = (&client.headers, variables.as_ref());
        self.respond(executed, headers, variables, mutations_allowed, options)
            .await
    }

    /// The HTTP response of an execution with these variables.
    async fn respond(
        self,
        (response, payload): (GraphqlResponse, Payload),
        client: &HeaderMap,
        variables: Option<&Value>,
        mutations_allowed: bool,
        options: &Options,
    ) -> Result<ObservedResponse, HttpRefusal> {
        let summary = match response.has_errors {
            false => None,
            true => Some(Summary::read(&payload.body)),
        };
        let status = match &summary {
            None => StatusCode::OK,
            Some(summary) => summary.status(response.outcome),
        };
        let as_of = as_of(response.cache.data_age);
        let is_file = status == StatusCode::OK && self.format.is_file(options);
        let is_workbook = is_file && self.format == Format::Xlsx;
        let is_whole_or_part = summary.is_none() || options.is_partial;
        let tag = (is_workbook && is_whole_or_part && !mutations_allowed)
            .then(|| self.tag_of_workbook(&payload, options, variables));
        if let Some(tag) = &tag {
            let mut http = self.head(&response, status, as_of, Negotiated::uncompressed());
            etag::add(&mut http, tag);
            if etag::is_not_modified(client, &http) {
                let http = etag::not_modified(http);
                return Ok(graphql::observed(http, response, 0));
            }
        }
        // The bytes of a file are charged until the response is handed to its connection.
        let account = self.state.executor.account();
        let result = match is_file {
            false => OfCall::Map(status, payload),
            true => {
                self.file(&payload, options, summary, variables, as_of, &account)
                    .await?
            }
        };
        let (status, payload) = match &result {
            OfCall::Map(status, payload) => (*status, payload),
            OfCall::File { payload, .. } => (StatusCode::OK, payload),
        };
        // A workbook is compressed.
        let is_compressed = is_workbook && matches!(result, OfCall::File { .. });
        let compression = self.state.compression && !is_compressed;
        let negotiated = compression::negotiate(compression, client, &payload.body);
        let mut http = self.head(&response, status, as_of, negotiated);
        if let OfCall::File { is_partial, .. } = result {
            self.describe_file(http.headers_mut(), is_partial);
        }
        let http = match (mutations_allowed, tag) {
            // A response to a `POST` selects no representation.
            (true, _) => with_body(http, payload, negotiated.coding).await,
            (false, Some(tag)) => {
                etag::add(&mut http, &tag);
                with_body(http, payload, negotiated.coding).await
            }
            (false, None) => graphql::conditional(client, http, payload, negotiated.coding).await,
        };
        let bytes = payload.body.len();
        Ok(graphql::observed(http, response, bytes))
    }

    /// The response without its body, and without what describes a file.
    fn head(
        &self,
        response: &GraphqlResponse,
        status: StatusCode,
        as_of: Timestamp,
        negotiated: Negotiated,
    ) -> HttpResponse {
        let mut http = http_response(response, MediaType::Json, negotiated);
        *http.status_mut() = status;
        let headers = http.headers_mut();
        if response.outcome == RequestOutcome::Executed {
            headers.insert(LAST_MODIFIED, http_date(as_of));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        without_accept(headers);
        http
    }

    /// The tag of a workbook, by all that it is made of but the time of the data, which is in it too: the same data that were
    /// fetched again are the same workbook. Therefore the tag is weak.
    fn tag_of_workbook(
        &self,
        payload: &Payload,
        options: &Options,
        variables: Option<&Value>,
    ) -> HeaderValue {
        let variables = variables.map(Value::to_json);
        etag::weak(&[
            etag::of(payload, ContentCoding::Identity).as_bytes(),
            self.operation.text.as_bytes(),
            self.operation.name.as_bytes(),
            variables.unwrap_or_default().as_bytes(),
            options.time_zone_name().as_bytes(),
            process::VERSION.as_bytes(),
        ])
    }

    /// The result as a file. If a field has failed, the errors alone, unless a part is wanted.
    async fn file(
        &self,
        payload: &Payload,
        options: &Options,
        summary: Option<Summary>,
        variables: Option<&Value>,
        as_of: Timestamp,
        account: &Account,
    ) -> Result<OfCall, HttpRefusal> {
        let parts = ResponseParts::of(&payload.body);
        if let Some(summary) = summary.as_ref().filter(|_| !options.is_partial) {
            let errors = Payload::only(parts.only_errors());
            return Ok(OfCall::Map(summary.status_of_file(), errors));
        }
        let given = variables.and_then(Value::as_object);
        let given: Vec<(&str, String)> = given
            .into_iter()
            .flat_map(|given| given.iter())
            .map(|(name, value)| match value.as_str() {
                Some(text) => (&**name, text.to_owned()),
                None => (&**name, value.to_json()),
            })
            .collect();
        let given: Vec<(&str, &str)> = given.iter().map(|(name, text)| (*name, &**text)).collect();
        let conversion = Conversion {
            operation: self.operation,
            format: self.format,
            options,
            parts: &parts,
            as_of,
            parameters: &given,
        };
        Ok(OfCall::File {
            payload: Payload::only(conversion.file(account).await?),
            is_partial: summary.is_some(),
        })
    }

    /// The headers that say what a file is.
    fn describe_file(&self, headers: &mut HeaderMap, is_partial: bool) {
        let content_type = HeaderValue::from_static(self.format.content_type());
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(name) = self.format.file_name(&self.operation.name)
            && let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}\""))
        {
            headers.insert(CONTENT_DISPOSITION, value);
        }
        if is_partial {
            headers.insert(PARTIAL, HeaderValue::from_static("true"));
        }
    }
}

/// Says that a file is not complete, because a field has failed.
pub(in crate::server) const PARTIAL: HeaderName = HeaderName::from_static("sangam-partial");

/// What is sent of a call.
enum OfCall {
    /// A response map, with its status.
    Map(StatusCode, Payload),
    /// A file.
    File {
        payload: Payload,
        /// A field has failed.
        is_partial: bool,
    },
}

/// The parameters are not those of the operation.
pub(super) fn unfit(UnfitParameters(problems): UnfitParameters) -> HttpRefusal {
    HttpRefusal::variables(problems.join("; "))
}

/// The time as of which the data are: when the oldest part of them was fetched, so many seconds ago; now, if all of them
/// were.
fn as_of(data_age: Option<u64>) -> Timestamp {
    let age = Duration::from_secs(data_age.unwrap_or(0));
    let now = Timestamp::now();
    now.checked_sub(age).unwrap_or(now)
}

fn http_date(time: Timestamp) -> HeaderValue {
    let seconds = u64::try_from(time.as_second()).unwrap_or(0);
    let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// Removes `accept` from `Vary`: the path decides the media type.
pub(super) fn without_accept(headers: &mut HeaderMap) {
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
