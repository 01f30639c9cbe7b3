//! Downloads: from the token of a URL to the content of the file.

use std::sync::Arc;

use http::HeaderMap;
use tokio::sync::OwnedSemaphorePermit;

use super::run::Gateway;
use crate::document::Value;
use crate::errors::{ErrorCode, code};
use crate::execute::{ConnectorRuntime, FileRuntime};
use crate::files::presentation::{UNKNOWN_TYPE, listed_type, name_in, plain_name};
use crate::files::{Files, Ticket, TicketError};
use crate::mapping::Variables;
use crate::observe::TraceContext;
use crate::response::values::object;
use crate::source::envelope::headers_value;
use crate::source::{FileAnswer, FileOptions, FileStream, SourceError, SourceErrorKind};

/// What a client asks for with the URL of a file.
#[derive(Debug)]
pub struct DownloadRequest<'a> {
    /// The part of the URL after [`PATH`](crate::files::PATH).
    pub token: &'a str,
    /// The client's headers.
    pub headers: &'a HeaderMap,
    /// The wanted range of the file, as headers.
    pub wanted: HeaderMap,
    /// The trace context of the request.
    pub trace: TraceContext,
}

/// A file that is passed on.
pub struct Download {
    /// The content is a part of the file.
    pub is_part: bool,
    /// The bytes that follow, if that is known.
    pub length: Option<u64>,
    /// What the upstream says of the version and of ranges.
    pub headers: HeaderMap,
    /// Its content type.
    pub content_type: String,
    /// Browsers may show it.
    pub inline: bool,
    /// Its name.
    pub name: String,
    /// Its content.
    pub content: FileStream,
    /// Counts it among those that are downloaded.
    pub permit: OwnedSemaphorePermit,
}

/// Why there is no file.
#[derive(Debug, Clone)]
pub struct NoDownload {
    /// The code, which decides the status.
    pub code: ErrorCode,
    /// What the upstream says of the length, if the wanted range begins beyond the end.
    pub headers: HeaderMap,
}

impl From<ErrorCode> for NoDownload {
    fn from(code: ErrorCode) -> NoDownload {
        NoDownload {
            code,
            headers: HeaderMap::new(),
        }
    }
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download")
            .field("is_part", &self.is_part)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl Gateway {
    /// What makes the URLs of files.
    pub fn files(&self) -> &Arc<Files> {
        &self.runtime.files
    }

    /// Opens the file of a URL.
    ///
    /// # Errors
    /// The URL is not valid, or the upstream does not send the file.
    pub async fn download(&self, request: DownloadRequest<'_>) -> Result<Download, NoDownload> {
        let files = &self.runtime.files;
        let ticket = files.open(request.token).map_err(|error| match error {
            TicketError::Unknown => code::FILE_NOT_FOUND,
            TicketError::Expired => code::FILE_EXPIRED,
        })?;
        // The folder may have changed since the URL was made.
        let (connector, file) = self.file_of(&ticket).ok_or(code::FILE_NOT_FOUND)?;
        let permit = files.download().ok_or(code::OVERLOADED)?;
        let value = Value::parse_json(&ticket.value).map_err(|_| code::FILE_NOT_FOUND)?;
        let variables = variables(connector, file, request.headers);
        let field = &file.field;
        let rendered = field.request(&value, &variables, request.headers);
        let rendered = rendered.map_err(|error| {
            tracing::warn!(
                connector = &*connector.name,
                field = &*field.coordinate,
                error = error.message,
                "the request for a file cannot be rendered"
            );
            code::FILE_UPSTREAM_FAILED
        })?;
        let settings = &files.settings;
        let options = FileOptions {
            timeout: connector.options.timeout,
            idle: settings.download_idle_timeout,
            whole: settings.download_timeout,
            max_bytes: settings.download_bytes.0 as u64,
            wanted: request.wanted,
            traceparent: Some(request.trace),
        };
        let opened = file.source.open(&rendered, &options).await;
        let opened = opened.map_err(|error| failed(connector, file, &error))?;
        let is_part = match opened.answer {
            FileAnswer::Whole => false,
            FileAnswer::Part => true,
            FileAnswer::BeyondEnd => {
                return Err(NoDownload {
                    code: code::RANGE_NOT_SATISFIABLE,
                    headers: opened.headers,
                });
            }
            FileAnswer::Absent => return Err(code::FILE_NOT_FOUND.into()),
            FileAnswer::Failed => {
                let detail = "the upstream does not send the file";
                let error = SourceError::new(SourceErrorKind::BadAnswer, detail);
                return Err(failed(connector, file, &error).into());
            }
        };
        let text = |name: &str| opened.headers.get(name).and_then(|it| it.to_str().ok());
        let declared = text("content-type");
        let content_type = match field.types.is_empty() {
            true => listed_type(&settings.types, declared),
            false => listed_type(&field.types, declared),
        };
        let own = field.name_of(&value, &variables);
        let own = own.and_then(|name| plain_name(&name));
        let of_upstream = || text("content-disposition").and_then(name_in);
        let of_address = || name_of_address(value.as_str()?);
        let name = own.or_else(of_upstream).or_else(of_address);
        Ok(Download {
            is_part,
            length: opened.length,
            inline: field.inline && content_type.is_some(),
            content_type: content_type.unwrap_or_else(|| UNKNOWN_TYPE.to_owned()),
            name: name.unwrap_or_else(|| "download".to_owned()),
            headers: opened.headers,
            content: opened.content,
            permit,
        })
    }

    fn file_of(&self, ticket: &Ticket) -> Option<(&ConnectorRuntime, &FileRuntime)> {
        let mut connectors = self.runtime.connectors.iter();
        let connector = connectors.find(|connector| *connector.name == *ticket.connector)?;
        let mut files = connector.files.iter();
        let file = files.find(|file| file.field.coordinate == ticket.coordinate)?;
        Some((connector, file))
    }
}

/// The last segment of an address.
fn name_of_address(address: &str) -> Option<String> {
    let path = address.split(['?', '#']).next()?;
    let last = path.rsplit('/').next()?;
    let decoded = percent_encoding::percent_decode_str(last)
        .decode_utf8()
        .ok()?;
    plain_name(&decoded)
}

/// What the request for a file reads besides the value.
fn variables(connector: &ConnectorRuntime, file: &FileRuntime, headers: &HeaderMap) -> Variables {
    let source = file.field.source;
    let of_source = source.and_then(|source| connector.source_configs.get(source));
    Variables::new()
        .with("$config", of_source.unwrap_or(&connector.config).clone())
        .with("$env", connector.env.clone())
        .with("$context", object([]))
        .with("$request", object([("headers", headers_value(headers))]))
}

/// The code of a failed call, which is logged.
fn failed(connector: &ConnectorRuntime, file: &FileRuntime, error: &SourceError) -> ErrorCode {
    tracing::warn!(
        connector = &*connector.name,
        field = &*file.field.coordinate,
        kind = error.kind.as_str(),
        error = error.detail,
        "a file cannot be downloaded"
    );
    match error.kind {
        SourceErrorKind::Timeout => code::FILE_UPSTREAM_TIMEOUT,
        SourceErrorKind::Busy => code::OVERLOADED,
        SourceErrorKind::TooLarge => code::FILE_TOO_LARGE,
        _ => code::FILE_UPSTREAM_FAILED,
    }
}
