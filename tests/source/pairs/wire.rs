//! A toy wire: files of `key=value` lines. It is all that a new wire needs: a request of its own and a template that
//! renders it, a driver, and the [`Wire`] that the table knows.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::HeaderMap;
use sangam::connector::{
    Fingerprint, HttpRequest, RenderError, Request, RequestTemplate, ShownRequest, WireRequest,
};
use sangam::errors::ErrorKind;
use sangam::mapping::Variables;
use sangam::source::gate::Gate;
use sangam::source::{
    CallOptions, GivenLifetime, Outcome, SetupError, Source, SourceError, SourceErrorKind,
    SourceParts, UpstreamResponse, Wire,
};

const SCHEME: &str = "pairs";

/// Files below one folder: `pairs://names/13` is `names/13.txt`.
#[derive(Debug, Clone)]
pub(super) struct PairsWire {
    root: PathBuf,
    journal: Arc<Mutex<Journal>>,
}

/// What has happened on the wire.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// The connector and the source of each driver.
    pub(super) opened: Vec<String>,
    /// The source and the file of each call.
    pub(super) called: Vec<String>,
    gates: Vec<Arc<Gate>>,
}

impl Journal {
    /// Whether all drivers share one bound of concurrent calls.
    pub(super) fn one_gate(&self) -> bool {
        self.gates
            .windows(2)
            .all(|pair| Arc::ptr_eq(&pair[0], &pair[1]))
    }
}

impl PairsWire {
    pub(super) fn new(root: PathBuf) -> PairsWire {
        PairsWire {
            root,
            journal: Arc::default(),
        }
    }

    pub(super) fn journal(&self) -> &Mutex<Journal> {
        &self.journal
    }
}

impl Wire for PairsWire {
    fn schemes(&self) -> &'static [&'static str] {
        &[SCHEME]
    }

    fn open(&self, parts: &SourceParts) -> Result<Arc<dyn Source>, SetupError> {
        let source = parts.source.clone().unwrap_or_default();
        let mut journal = self.journal.lock().unwrap();
        journal.opened.push(format!("{} {source}", parts.connector));
        journal.gates.push(Arc::clone(&parts.gate));
        Ok(Arc::new(PairsSource {
            source,
            wire: self.clone(),
            gate: Arc::clone(&parts.gate),
        }))
    }

    fn template(&self, http: Arc<dyn RequestTemplate>) -> Arc<dyn RequestTemplate> {
        Arc::new(PairsTemplate(http))
    }
}

/// A file to read.
#[derive(Debug)]
struct PairsRequest {
    file: String,
}

impl WireRequest for PairsRequest {
    fn fingerprint(&self, out: &mut Fingerprint<'_>) {
        out.part(self.file.as_bytes());
    }

    fn shown(&self) -> ShownRequest {
        ShownRequest {
            line: vec![("read", self.file.clone())],
            ..ShownRequest::default()
        }
    }
}

/// Renders the name of a file, as the path of an address.
#[derive(Debug)]
struct PairsTemplate(Arc<dyn RequestTemplate>);

impl RequestTemplate for PairsTemplate {
    fn render(&self, variables: &Variables, client: &HeaderMap) -> Result<Request, RenderError> {
        let rendered = self.0.render(variables, client)?;
        let address = rendered.of::<HttpRequest>().map(|request| &*request.url);
        let path = address.and_then(|url| url.strip_prefix("pairs://"));
        let path = path.ok_or_else(|| RenderError::new("no address of a file"))?;
        Ok(Request::new(PairsRequest {
            file: format!("{path}.txt"),
        }))
    }

    fn scheme(&self) -> &str {
        SCHEME
    }

    fn with_base_url(&self, base: &str) -> Result<Arc<dyn RequestTemplate>, RenderError> {
        Ok(Arc::new(PairsTemplate(self.0.with_base_url(base)?)))
    }
}

/// The driver of one source.
#[derive(Debug)]
struct PairsSource {
    source: String,
    wire: PairsWire,
    gate: Arc<Gate>,
}

#[async_trait]
impl Source for PairsSource {
    async fn call(
        &self,
        request: &Request,
        options: &CallOptions,
    ) -> Result<UpstreamResponse, SourceError> {
        let Some(PairsRequest { file }) = request.of::<PairsRequest>() else {
            return Err(SourceError::new(SourceErrorKind::Internal, "another wire"));
        };
        let _permit = self.gate.enter().await?;
        let call = format!("{}: {file}", self.source);
        self.wire.journal.lock().unwrap().called.push(call);
        let reading = tokio::fs::read_to_string(self.wire.root.join(file));
        let read = tokio::time::timeout(options.timeout, reading).await;
        let read = read.map_err(|_| SourceError::new(SourceErrorKind::Timeout, file.as_str()))?;
        let Ok(text) = read else {
            return Ok(UpstreamResponse {
                outcome: Outcome::Refused(ErrorKind::NotFound),
                ..UpstreamResponse::new("null".into())
            });
        };
        if text.len() > options.max_bytes {
            return Err(SourceError::new(SourceErrorKind::TooLarge, file.as_str()));
        }
        let mut response = UpstreamResponse::new(document(&text).into());
        response.received = text.len();
        let lifetime = text
            .lines()
            .find_map(|line| line.strip_prefix("# max-age="));
        response.caching.lifetime = lifetime
            .and_then(|seconds| seconds.parse().ok())
            .map(|seconds| GivenLifetime::For(Duration::from_secs(seconds)));
        Ok(response)
    }
}

/// The pairs of a file as one JSON object of strings; a line with `#` is a remark.
fn document(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut out = "{".to_owned();
    for (key, value) in lines.filter_map(|line| line.split_once('=')) {
        let comma = if out.len() > 1 { "," } else { "" };
        let (key, value) = (serde_json::json!(key), serde_json::json!(value));
        write!(out, "{comma}{key}:{value}").unwrap();
    }
    out + "}"
}
