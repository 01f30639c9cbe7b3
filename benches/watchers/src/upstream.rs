//! The upstream: a figure that is cached for an hour, and changes by a mutation.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use tokio::net::TcpListener;

/// Bytes of the text, so that an answer has about 1 KB.
const TEXT: usize = 950;

/// The upstream.
pub(crate) struct Upstream {
    /// Its address.
    pub(crate) url: String,
    figure: Arc<Figure>,
}

#[derive(Default)]
struct Figure {
    version: AtomicU64,
    reads: AtomicU64,
}

impl Upstream {
    /// Starts it on a free port.
    pub(crate) async fn start() -> io::Result<Upstream> {
        let figure = Arc::new(Figure::default());
        let router = Router::new()
            .route("/figure", get(read))
            .route("/count", post(count))
            .with_state(Arc::clone(&figure));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Upstream { url, figure })
    }

    /// How often the figure has changed.
    pub(crate) fn version(&self) -> u64 {
        self.figure.version.load(Ordering::SeqCst)
    }

    /// How often it was read.
    pub(crate) fn reads(&self) -> u64 {
        self.figure.reads.load(Ordering::SeqCst)
    }
}

async fn read(State(figure): State<Arc<Figure>>) -> impl IntoResponse {
    figure.reads.fetch_add(1, Ordering::SeqCst);
    response(figure.version.load(Ordering::SeqCst))
}

async fn count(State(figure): State<Arc<Figure>>) -> impl IntoResponse {
    response(figure.version.fetch_add(1, Ordering::SeqCst) + 1)
}

fn response(version: u64) -> impl IntoResponse {
    let body = format!("{{\"n\":{version},\"text\":\"{}\"}}", "x".repeat(TEXT));
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "max-age=3600"),
    ];
    (headers, body)
}
