//! Downloads. The content is passed on piece by piece: a client that reads slowly makes the upstream send slowly.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_RANGE,
    CONTENT_TYPE, ETAG, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::client::Connection;
use super::error::{from_reqwest, host_and_port};
use super::received::Received;
use super::span::RequestSpan;
use super::{HttpSource, headers};
use crate::connector::{HttpRequest, Request};
use crate::source::{
    CallOptions, FileAnswer, FileOptions, FileStream, OpenedFile, SourceError, SourceErrorKind,
    wrong_wire,
};

/// What is read of the head of a file's response.
const OF_FILE: [HeaderName; 6] = [
    ACCEPT_RANGES,
    CONTENT_DISPOSITION,
    CONTENT_RANGE,
    CONTENT_TYPE,
    ETAG,
    LAST_MODIFIED,
];

impl HttpSource {
    /// Sends the request for a file, and reads the head of the response.
    pub(super) async fn file(
        &self,
        request: &Request,
        options: &FileOptions,
    ) -> Result<OpenedFile, SourceError> {
        let request = request.of::<HttpRequest>().ok_or_else(wrong_wire)?;
        let target = self.targets.get(&request.url)?;
        let end = Instant::now() + options.whole;
        let call = CallOptions {
            traceparent: options.traceparent,
            ..CallOptions::default()
        };
        let span = RequestSpan::begin(request, &target.url, &call, 0);
        let head = self.file_head(request, &target.url, options, &span);
        let received = match timeout(options.timeout, head).await {
            Ok(received) => received,
            Err(_) => Err(late(&target.url, options.timeout)),
        };
        let mut response = received.inspect_err(|error| span.failed(error.kind))?;
        let status = response.status();
        span.responded(status.as_u16());
        let length = response.content_length();
        let all = response.take_headers();
        let answer = match status {
            StatusCode::OK => FileAnswer::Whole,
            StatusCode::PARTIAL_CONTENT if is_of_file(&all) => FileAnswer::Part,
            StatusCode::RANGE_NOT_SATISFIABLE => FileAnswer::BeyondEnd,
            StatusCode::NOT_FOUND | StatusCode::GONE => FileAnswer::Absent,
            _ => FileAnswer::Failed,
        };
        let has_content = matches!(answer, FileAnswer::Whole | FileAnswer::Part);
        if has_content && length.is_some_and(|length| length > options.max_bytes) {
            return Err(too_large(&target.url, options.max_bytes));
        }
        let mut headers = HeaderMap::new();
        for name in OF_FILE {
            if let Some(value) = all.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        let content = match has_content {
            true => content(response, target.url.clone(), end, options),
            false => stream::empty().boxed(),
        };
        Ok(OpenedFile {
            answer,
            headers,
            length,
            content,
        })
    }

    async fn file_head(
        &self,
        request: &HttpRequest,
        url: &Url,
        options: &FileOptions,
        span: &RequestSpan,
    ) -> Result<Received, SourceError> {
        // The permit ends with the head: a slow client must not keep other calls from the upstream.
        let _permit = self.gate.enter().await?;
        let mut sent = headers(request, &CallOptions::default(), span.traceparent);
        sent.insert(ACCEPT, HeaderValue::from_static("*/*"));
        // A range is one of the file, and not of its compressed form.
        sent.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for (name, value) in &options.wanted {
            sent.insert(name, value.clone());
        }
        let pool = self.clients.pool(Connection::Any);
        let client = pool.full(url).map_err(|error| from_reqwest(error, url))?;
        let request = client.request(request.method.clone(), url.clone());
        let response = request.headers(sent).send().await;
        response
            .map(Received::Full)
            .map_err(|error| from_reqwest(error, url))
    }
}

/// Whether a part can be passed on: it says where it is, and is not one of a compressed form.
fn is_of_file(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_RANGE) && !headers.contains_key(CONTENT_ENCODING)
}

/// What a stream needs of its transfer.
struct Transfer {
    response: Received,
    url: Url,
    end: Instant,
    idle: Duration,
    left: u64,
    max_bytes: u64,
}

fn content(response: Received, url: Url, end: Instant, options: &FileOptions) -> FileStream {
    let transfer = Transfer {
        response,
        url,
        end,
        idle: options.idle,
        left: options.max_bytes,
        max_bytes: options.max_bytes,
    };
    let next = |transfer: Option<Transfer>| async move {
        let mut transfer = transfer?;
        match transfer.piece().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(transfer))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    };
    stream::unfold(Some(transfer), next).boxed()
}

impl Transfer {
    async fn piece(&mut self) -> Result<Option<Bytes>, SourceError> {
        let until = self.end.min(Instant::now() + self.idle);
        let piece = match timeout_at(until, self.response.chunk(&self.url)).await {
            Ok(piece) => piece?,
            Err(_) => return Err(late(&self.url, self.idle)),
        };
        let length = piece.as_ref().map_or(0, |piece| piece.len() as u64);
        self.left = self
            .left
            .checked_sub(length)
            .ok_or_else(|| too_large(&self.url, self.max_bytes))?;
        Ok(piece)
    }
}

fn late(url: &Url, time: Duration) -> SourceError {
    let detail = format!("{}: nothing of a file within {time:?}", host_and_port(url));
    SourceError::new(SourceErrorKind::Timeout, detail)
}

fn too_large(url: &Url, max_bytes: u64) -> SourceError {
    let detail = format!(
        "{}: the file is longer than {max_bytes} bytes",
        host_and_port(url)
    );
    SourceError::new(SourceErrorKind::TooLarge, detail)
}
