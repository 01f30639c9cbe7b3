//! An upstream with scripted responses, and a gateway for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sangam::cache::{Backend, MemoryBackend};
use sangam::config::{Environment, RawSettings, Settings};
use sangam::gateway::{ClientContext, ConfiguredConnector, Gateway, GraphqlRequest};
use sangam::source::Wires;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::plans::subgraph;

/// Responds to each request by its path; each connection has one request.
pub(crate) struct Upstream {
    pub(crate) url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    /// `None`: no response, and the connection stays open.
    answers: Mutex<BTreeMap<String, Option<Vec<u8>>>>,
    calls: Mutex<Vec<String>>,
    called: Notify,
    answered: Notify,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Upstream {
    pub(crate) async fn start() -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared: Arc<Shared> = Arc::default();
        let state = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                tokio::spawn(async move {
                    // The gateway may close the connection at any time.
                    let _ = serve(stream, &state).await;
                });
            }
        });
        Upstream { url, shared, task }
    }

    /// Sets the response to requests for this path (without its query).
    pub(crate) fn answer(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        let mut answers = self.shared.answers.lock().unwrap();
        answers.insert(path.to_owned(), Some(bytes.into()));
        self.shared.answered.notify_waiters();
    }

    /// Requests for this path get no response from now on, until there is another answer.
    pub(crate) fn hold(&self, path: &str) {
        let mut answers = self.shared.answers.lock().unwrap();
        answers.insert(path.to_owned(), None);
    }

    /// Waits until this call has arrived.
    pub(crate) async fn until_called(&self, call: &str) {
        let came = || {
            self.shared
                .calls
                .lock()
                .unwrap()
                .iter()
                .any(|received| received == call)
        };
        while !came() {
            self.shared.called.notified().await;
        }
    }

    /// The methods and paths of the calls since the last call of this method.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.calls.lock().unwrap())
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut request = Vec::new();
    let head = loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    };
    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    while request.len() < head + length {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let line = text.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let path = target.split('?').next().unwrap();
    let call = format!("{} {path}", method.to_ascii_uppercase());
    shared.calls.lock().unwrap().push(call);
    shared.called.notify_one();
    let answer = loop {
        let answered = shared.answered.notified();
        let answer = shared.answers.lock().unwrap().get(path).cloned();
        match answer.unwrap_or_else(|| Some(http("404 Not Found", "", b""))) {
            Some(answer) => break answer,
            None => answered.await,
        }
    };
    stream.write_all(&answer).await?;
    stream.shutdown().await
}

/// An HTTP response with these header lines, each with its line end, and this body.
pub(crate) fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = match headers.contains("content-length") || headers.contains("transfer-encoding") {
        true => String::new(),
        false => format!("content-length: {}\r\n", body.len()),
    };
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}{length}\r\n");
    [head.as_bytes(), body].concat()
}

/// A JSON response with a lifetime of an hour.
pub(crate) fn json(body: impl AsRef<[u8]>) -> Vec<u8> {
    let headers = "content-type: application/json\r\ncache-control: max-age=3600\r\n";
    http("200 OK", headers, body.as_ref())
}

/// Settings from text.
pub(crate) fn settings(text: &str) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sangam.toml");
    std::fs::write(&file, text).unwrap();
    let settings = Settings::load(Some(&file), &Environment::default(), RawSettings::default());
    settings.unwrap_or_else(|error| panic!("{error}"))
}

/// A gateway with one connector for this upstream. `general` is the beginning of `sangam.toml`, `connector_settings` the
/// section of the connector.
pub(crate) fn gateway(
    upstream: &Upstream,
    schema: &str,
    general: &str,
    connector_settings: &str,
) -> Gateway {
    gateway_on(
        &MemoryBackend,
        upstream,
        schema,
        &format!("{general}\n[connector.own]\n{connector_settings}"),
    )
}

/// The same with caches in this backend, and with settings that have a section for the connector.
pub(crate) fn gateway_on(
    backend: &dyn Backend,
    upstream: &Upstream,
    schema: &str,
    text: &str,
) -> Gateway {
    let url = &upstream.url;
    let settings = settings(&text.replace(
        "[connector.own]",
        &format!("[connector.own]\nbase_url = \"{url}\""),
    ));
    let member = ConfiguredConnector {
        subgraph: subgraph("own", schema),
        owner: None,
        description: None,
        settings: settings.connector("own", None).unwrap(),
    };
    Gateway::with_backend(vec![member], &settings, Wires::default(), backend)
        .unwrap_or_else(|problem| panic!("{problem:#?}"))
}

/// The response to an operation, as JSON.
pub(crate) async fn ask(gateway: &Gateway, query: &str) -> serde_json::Value {
    let request = GraphqlRequest {
        query: Some(query.to_owned()),
        ..GraphqlRequest::default()
    };
    let client = ClientContext {
        mutations_allowed: true,
        ..ClientContext::default()
    };
    serde_json::from_slice(&gateway.execute(request, &client).await.body().await).unwrap()
}
