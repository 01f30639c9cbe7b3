//! A loopback server that replays the recorded exchanges of a spec.
//!
//! All sources share one port; each has its own base URL: `http://127.0.0.1:<port>/<source>`. If several exchanges match a
//! request, the last one is used. So a spec can show a change: it records the same request before and after a mutation,
//! and only exchanges above an operation may serve it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::Response;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Request, StatusCode};
use tokio::task::JoinHandle;

use super::matching::{Arrived, mismatches};
use super::model::RecordedExchange;

/// A request that matches no recorded exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexpected {
    /// The request line: `POST /path?query`.
    pub request: String,
    /// The request body.
    pub body: String,
    /// The line of the most similar recorded request, and the differences from it.
    pub nearest: Option<(usize, Vec<String>)>,
}

/// A running replay; ends when dropped.
#[derive(Debug)]
pub struct Replay {
    address: SocketAddr,
    state: Arc<Mutex<Recording>>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Recording {
    exchanges: Vec<(String, RecordedExchange)>,
    available: usize,
    used: BTreeSet<usize>,
    unexpected: Vec<Unexpected>,
}

/// The longest request body that is read.
const LONGEST_BODY: usize = 64 << 20;

impl Replay {
    /// Starts a replay on a free port. Each exchange has the name of its source, which is one path segment.
    pub async fn start(exchanges: Vec<(String, RecordedExchange)>) -> std::io::Result<Replay> {
        let listener = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(Recording {
            available: exchanges.len(),
            exchanges,
            used: BTreeSet::new(),
            unexpected: Vec::new(),
        }));
        let app = Router::new().fallback(answer).with_state(state.clone());
        let task = tokio::spawn(async move {
            // Runs until the task is aborted; errors of single connections do not end it.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Replay {
            address,
            state,
            task,
        })
    }

    /// The base URL of a source.
    pub fn base_url(&self, source: &str) -> String {
        format!("http://{}/{source}", self.address)
    }

    /// Serves only the first `count` exchanges from now on.
    pub fn serve_first(&self, count: usize) {
        self.recording().available = count;
    }

    /// Takes the requests since the last call that matched no exchange.
    pub fn take_unexpected(&self) -> Vec<Unexpected> {
        std::mem::take(&mut self.recording().unexpected)
    }

    /// The lines of the exchanges that were never requested.
    pub fn unused(&self) -> Vec<usize> {
        let recording = self.recording();
        let exchanges = recording.exchanges.iter().enumerate();
        exchanges
            .filter(|(index, _)| !recording.used.contains(index))
            .map(|(_, (_, exchange))| exchange.line)
            .collect()
    }

    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(state): State<Arc<Mutex<Recording>>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_BODY).await.unwrap_or_default();
    let whole = parts.uri.path().trim_start_matches('/');
    let (source, path) = match whole.split_once('/') {
        Some((source, path)) => (source.to_owned(), format!("/{path}")),
        None => (whole.to_owned(), String::new()),
    };
    let query = parts.uri.query().unwrap_or_default();
    let arrived = Arrived {
        method: parts.method,
        path,
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: parts.headers,
        body,
    };
    let mut recording = state.lock().unwrap_or_else(PoisonError::into_inner);
    match recording.find(&source, &arrived) {
        Ok(exchange) => recorded(exchange),
        Err(mut unexpected) => {
            unexpected.request =
                format!("{} {}", arrived.method, shown_target(&arrived.path, query));
            let message = format!("nothing is recorded for {}", unexpected.request);
            recording.unexpected.push(unexpected);
            let mut response = Response::new(Body::from(message));
            *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
            response
        }
    }
}

fn shown_target(path: &str, query: &str) -> String {
    let path = if path.is_empty() { "/" } else { path };
    match query {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

impl Recording {
    fn find(&mut self, source: &str, arrived: &Arrived) -> Result<&RecordedExchange, Unexpected> {
        let mut nearest: Option<(usize, Vec<String>)> = None;
        let candidates = self.exchanges.iter().enumerate().take(self.available);
        for (index, (of, exchange)) in candidates.rev() {
            if of != source {
                continue;
            }
            let differences = mismatches(exchange, arrived);
            if differences.is_empty() {
                self.used.insert(index);
                return Ok(&self.exchanges[index].1);
            }
            // A different path counts more than any number of other differences.
            let distance = |differences: &[String]| {
                let path = differences.iter().any(|line| line.starts_with("path"));
                (path, differences.len())
            };
            if nearest
                .as_ref()
                .is_none_or(|(_, best)| distance(&differences) < distance(best))
            {
                nearest = Some((exchange.line, differences));
            }
        }
        Err(Unexpected {
            request: String::new(),
            body: String::from_utf8_lossy(&arrived.body).into_owned(),
            nearest,
        })
    }
}

fn recorded(exchange: &RecordedExchange) -> Response {
    let answer = &exchange.answer;
    let mut response = Response::new(Body::from(answer.body.clone()));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        if *name != CONTENT_LENGTH && *name != TRANSFER_ENCODING {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    response
}
