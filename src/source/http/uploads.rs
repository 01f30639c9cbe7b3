//! Requests with files of the client, whose bodies are sent while the client sends the files.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use url::Url;

use super::client::Connection;
use super::error::{BrokenCall, from_reqwest};
use super::received::Received;
use super::{HttpSource, headers, reuse};
use crate::connector::{HttpRequest, UploadBody};
use crate::files::Files;
use crate::files::uploads::{Upload, UploadFault, Uploads};
use crate::observe::TraceContext;
use crate::source::{CallOptions, SourceError, SourceErrorKind};

type Content = BoxStream<'static, Result<Bytes, UploadFault>>;

/// A body with its headers.
struct Body {
    content_type: String,
    length: Option<u64>,
    content: Content,
}

impl HttpSource {
    /// Sends a request with files, and reads the head of the response.
    pub(super) async fn send_files(
        &self,
        request: &HttpRequest,
        upload: &UploadBody,
        url: &Url,
        options: &CallOptions,
        traceparent: Option<TraceContext>,
    ) -> Result<Received, BrokenCall> {
        let Some((uploads, files)) = &options.uploads else {
            let detail = "a request has files, and its client has sent none";
            let error = SourceError::new(SourceErrorKind::Internal, detail);
            return Err(BrokenCall::new(error, false));
        };
        let body = match upload.raw {
            true => raw(upload, uploads, files).await,
            false => form(upload, uploads, files).await,
        };
        let body = body.map_err(|fault| BrokenCall::new(failed(fault), false))?;
        let headers = body.headers(request, options, traceparent);
        let pool = self.clients.pool(Connection::Any);
        let broken = |error: reqwest::Error| BrokenCall::new(from_reqwest(error, url), false);
        let client = pool.full(url).map_err(broken)?;
        // The fault that the body meets while it is sent.
        let met = Arc::new(OnceLock::new());
        let meets = Arc::clone(&met);
        let content = body.content.map(move |piece| {
            piece.map_err(|fault| {
                let _ = meets.set(fault);
                std::io::Error::other(fault.message())
            })
        });
        let builder = client
            .request(request.method.clone(), url.clone())
            .headers(headers)
            .body(reqwest::Body::wrap_stream(content));
        match builder.send().await {
            Ok(response) => {
                reuse::answered(response.extensions());
                Ok(Received::Full(response))
            }
            Err(error) => Err(match met.get() {
                Some(fault) => BrokenCall::new(failed(*fault), false),
                None => broken(error),
            }),
        }
    }
}

fn failed(fault: UploadFault) -> SourceError {
    SourceError::new(SourceErrorKind::Upload(fault), fault.message())
}

impl Body {
    fn headers(
        &self,
        request: &HttpRequest,
        options: &CallOptions,
        traceparent: Option<TraceContext>,
    ) -> HeaderMap {
        let mut headers = headers(request, options, traceparent);
        if let Ok(value) = HeaderValue::try_from(&self.content_type) {
            headers.insert(CONTENT_TYPE, value);
        }
        if let Some(length) = self.length {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        headers
    }
}

/// The file alone.
async fn raw(
    upload: &UploadBody,
    uploads: &Arc<Uploads>,
    files: &Arc<Files>,
) -> Result<Body, UploadFault> {
    let rules = files.rules(&upload.types, upload.max_bytes, upload.needs_length);
    let index = upload.files.first().copied().unwrap_or(usize::MAX);
    let Upload {
        content_type,
        length,
        content,
        ..
    } = uploads.take(index, &rules).await?;
    Ok(Body {
        content_type,
        length,
        content,
    })
}

/// `multipart/form-data` (RFC 7578): the fields, and then the files.
async fn form(
    upload: &UploadBody,
    uploads: &Arc<Uploads>,
    files: &Arc<Files>,
) -> Result<Body, UploadFault> {
    let rules = files.rules(&upload.types, upload.max_bytes, upload.needs_length);
    // No file can have it in its content: it is random.
    let boundary = format!("sangam-{:032x}", rand::random::<u128>());
    let mut start = String::new();
    for (name, value) in &upload.fields {
        let name = quoted(name);
        start.push_str(&format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    let form = Form {
        boundary: boundary.clone(),
        field: quoted(&upload.field),
        name: upload.name.clone(),
        uploads: Arc::clone(uploads),
        rules,
    };
    let end = format!("--{boundary}--\r\n");
    let fixed = start.len() + end.len();
    let (length, parts): (Option<u64>, Content) = if upload.needs_length {
        let mut length = fixed as u64;
        let mut parts = Vec::with_capacity(upload.files.len());
        for index in &upload.files {
            let (head, file) = form.part(*index).await?;
            length += head.len() as u64 + file.length.unwrap_or(0) + 2;
            parts.push(whole(head, file));
        }
        (Some(length), stream::iter(parts).flatten().boxed())
    } else {
        // Each file is taken when the one before has been sent.
        let indexes = upload.files.clone();
        let form = Arc::new(form);
        let parts = stream::iter(indexes).then(move |index| {
            let form = Arc::clone(&form);
            async move {
                match form.part(index).await {
                    Ok((head, file)) => whole(head, file),
                    Err(fault) => stream::iter([Err(fault)]).boxed(),
                }
            }
        });
        (None, parts.flatten().boxed())
    };
    let text = |text: String| stream::iter([Ok(Bytes::from(text))]);
    Ok(Body {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        length,
        content: text(start).chain(parts).chain(text(end)).boxed(),
    })
}

/// What the parts of a form have in common.
struct Form {
    boundary: String,
    field: String,
    name: Option<String>,
    uploads: Arc<Uploads>,
    rules: crate::files::uploads::UploadRules,
}

impl Form {
    /// The head of a part, and its file.
    async fn part(&self, index: usize) -> Result<(String, Upload), UploadFault> {
        let file = self.uploads.take(index, &self.rules).await?;
        let own = self.name.as_deref().or(file.name.as_deref());
        let name = quoted(own.unwrap_or("upload"));
        let head = format!(
            "--{}\r\ncontent-disposition: form-data; name=\"{}\"; filename=\"{name}\"\r\ncontent-type: {}\r\n\r\n",
            self.boundary, self.field, file.content_type
        );
        Ok((head, file))
    }
}

/// A part with its head and the line end after it.
fn whole(head: String, file: Upload) -> Content {
    let text = |text: Bytes| stream::iter([Ok(text)]);
    let end = Bytes::from_static(b"\r\n");
    text(Bytes::from(head))
        .chain(file.content)
        .chain(text(end))
        .boxed()
}

/// A name between quotation marks, as browsers write it (HTML, "multipart/form-data encoding algorithm").
fn quoted(name: &str) -> String {
    let name = name.replace('"', "%22");
    name.replace('\r', "%0D").replace('\n', "%0A")
}
