//! Sets up the listening socket and TLS.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use socket2::{Domain, Socket, Type};
use tokio_rustls::TlsAcceptor;

use super::start_error::StartError;
use crate::config::Tls;

/// Connections that the kernel queues until they are accepted; the system may allow fewer (`net.core.somaxconn`). When the
/// queue is full, the kernel drops a client's first packet, and the client waits a second before it sends it again.
const BACKLOG: i32 = 4096;

/// Listens at an address. `setting` is the help text of the error.
pub(super) fn bind(address: SocketAddr, setting: &str) -> Result<TcpListener, StartError> {
    listen(address).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
            io::ErrorKind::PermissionDenied => {
                "ports below 1024 need the right to bind them".to_owned()
            }
            io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
            _ => error.to_string(),
        };
        StartError::new(format!(
            "cannot listen on {address}: {why}\n  help: {setting}"
        ))
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // Allows a restart while the kernel still closes connections of the previous process.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// The TLS configuration; `None` without a certificate. Offers HTTP/2 and HTTP/1.1 by ALPN.
pub(super) fn tls(settings: &Tls) -> Result<Option<TlsAcceptor>, StartError> {
    let (Some(certificate), Some(key)) = (&settings.certificate, &settings.key) else {
        return Ok(None);
    };
    let problem = |setting: &str, path: &Path, error: &dyn std::fmt::Display| {
        StartError::new(format!("{setting}: {}: {error}", path.display()))
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
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}
