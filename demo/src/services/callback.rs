//! Calls back: the desk posts each change of an application to the address that was registered, with the token of that.
//!
//! | request | what |
//! |---|---|
//! | `PUT /callback` (`url`, `token`) | registers the address |

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest application, and the longest response that is read.
const LONGEST: usize = 1_000_000;

/// Where changes are posted.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Callback {
    /// `http://host:port/path`
    url: String,
    token: String,
}

/// The registered address, if there is one.
#[derive(Debug, Clone, Default)]
pub(super) struct Callbacks(Arc<Mutex<Option<Callback>>>);

impl Callbacks {
    pub(super) fn register(&self, callback: Callback) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(callback);
    }

    /// Passes a request on. If it has changed an application, the application is posted.
    pub(super) async fn call(self, request: Request, next: Next) -> Response {
        let changes = request.method() == Method::POST && changes(request.uri().path());
        let response = next.run(request).await;
        let registered = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(callback) = registered.filter(|_| changes && response.status().is_success())
        else {
            return response;
        };
        let (head, body) = response.into_parts();
        let body = to_bytes(body, LONGEST).await.unwrap_or_default();
        let application = body.clone();
        tokio::spawn(async move {
            // A gateway that is not there misses the event.
            let _ = callback.post(&application).await;
        });
        Response::from_parts(head, Body::from(body))
    }
}

/// Whether a `POST` to a path changes an application.
fn changes(path: &str) -> bool {
    let paths = [
        "/applications",
        "/applications/documents",
        "/applications/payments",
    ];
    paths.iter().any(|changing| path.ends_with(changing))
}

impl Callback {
    async fn post(&self, application: &Bytes) -> io::Result<()> {
        let address = self.url.trim_start_matches("http://");
        let (host, path) = address.split_once('/').unwrap_or((address, ""));
        let application = String::from_utf8_lossy(application);
        let body = format!("{{\"event\":\"application.changed\",\"application\":{application}}}");
        let head = format!(
            "POST /{path} HTTP/1.0\r\nHost: {host}\r\nX-Webhook-Token: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        let mut stream = TcpStream::connect(host).await?;
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        let mut response = Vec::new();
        stream
            .take(LONGEST as u64)
            .read_to_end(&mut response)
            .await?;
        Ok(())
    }
}
