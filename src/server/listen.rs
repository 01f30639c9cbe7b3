//! Sockets: binding, accepting within a bound, TLS.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;

use super::SetupError;
use crate::config::Tls;

/// Listens at an address. `setting` names what to change when that does not work.
pub(super) fn bind(address: SocketAddr, setting: &str) -> Result<TcpListener, SetupError> {
    TcpListener::bind(address).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
            io::ErrorKind::PermissionDenied => {
                "ports below 1024 need the right to bind them".to_owned()
            }
            io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
            _ => error.to_string(),
        };
        SetupError::new(format!(
            "cannot listen on {address}: {why}\n  help: {setting}"
        ))
    })
}

/// The TLS configuration, when there is a certificate. Offers HTTP/2 and HTTP/1.1.
pub(super) fn tls(settings: &Tls) -> Result<Option<RustlsConfig>, SetupError> {
    let (Some(certificate), Some(key)) = (&settings.certificate, &settings.key) else {
        return Ok(None);
    };
    let problem = |setting: &str, path: &Path, error: &dyn std::fmt::Display| {
        SetupError::new(format!("{setting}: {}: {error}", path.display()))
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| problem("tls.certificate", certificate, &error))?;
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|error| problem("tls.key", key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| problem("tls", certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| problem("tls.certificate", certificate, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(RustlsConfig::from_config(Arc::new(config))))
}

/// Accepts a connection when there is a place for it, and holds the place as long as the connection lives.
#[derive(Debug, Clone)]
pub(super) struct Bounded {
    places: Arc<Semaphore>,
}

impl Bounded {
    pub(super) fn new(connections: usize) -> Bounded {
        let places = connections.min(Semaphore::MAX_PERMITS);
        Bounded {
            places: Arc::new(Semaphore::new(places)),
        }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Bounded {
    type Stream = TcpStream;
    type Service = Placed<S>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(TcpStream, Placed<S>)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let places = self.places.clone();
        Box::pin(async move {
            let place = places.acquire_owned().await.map_err(io::Error::other)?;
            stream.set_nodelay(true)?;
            let service = Placed {
                inner: service,
                _place: Arc::new(place),
            };
            Ok((stream, service))
        })
    }
}

/// A service that holds its connection's place.
#[derive(Debug, Clone)]
pub(super) struct Placed<S> {
    inner: S,
    _place: Arc<OwnedSemaphorePermit>,
}

impl<S: Service<R>, R> Service<R> for Placed<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.inner.call(request)
    }
}
