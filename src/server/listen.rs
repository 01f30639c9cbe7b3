//! Sets up the listening socket and TLS.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use socket2::{Domain, Socket, Type};
use tokio_rustls::TlsAcceptor;

use super::start_error::StartError;
use crate::config::Tls;

/// Connections that the kernel queues until they are accepted; the system may allow fewer (`net.core.somaxconn`). When the
/// queue is full, the kernel drops a client's first packet, and the client waits a second before it sends it again.
const BACKLOG: i32 = 4096;

/// Listens at an address. `setting` has the address, and `help` is for the error.
pub(super) fn bind(
    address: SocketAddr,
    setting: &'static str,
    help: &'static str,
) -> Result<TcpListener, StartError> {
    listen(address).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
            io::ErrorKind::PermissionDenied => {
                "ports below 1024 need the right to bind them".to_owned()
            }
            io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
            _ => error.to_string(),
        };
        let error = StartError::new(format!("cannot listen on {address}: {why}"));
        error.setting(setting).help(help)
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

/// The TLS of a listener, whose certificate can be replaced.
#[derive(Debug)]
pub(super) struct Certificates {
    current: ArcSwap<CertifiedKey>,
    /// The setting `tls.certificate`.
    file: PathBuf,
}

impl Certificates {
    /// Reads the certificate and its key; `None` if the settings have none.
    pub(super) fn read(settings: &Tls) -> Result<Option<Arc<Certificates>>, StartError> {
        let Some(key) = certified_key(settings)? else {
            return Ok(None);
        };
        Ok(Some(Arc::new(Certificates {
            current: ArcSwap::new(key),
            file: settings
                .certificate
                .as_deref()
                .unwrap_or(Path::new(""))
                .to_path_buf(),
        })))
    }

    /// Reads them again, for the connections from now on. Returns whether they are others.
    pub(super) fn renew(&self, settings: &Tls) -> Result<bool, StartError> {
        let Some(key) = certified_key(settings)? else {
            return Ok(false);
        };
        let differs = key.cert != self.current.load().cert;
        self.current.store(key);
        Ok(differs)
    }

    /// Accepts connections with the current certificate. Offers HTTP/2 and HTTP/1.1 by ALPN.
    pub(super) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, StartError> {
        let config = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| tls_problem("tls", &self.file, &error))?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(self) as _;
        let mut config = config.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn tls_problem(setting: &'static str, path: &Path, error: &dyn std::fmt::Display) -> StartError {
    StartError::new(format!("{setting}: {}: {error}", path.display())).setting(setting)
}

fn certified_key(settings: &Tls) -> Result<Option<Arc<CertifiedKey>>, StartError> {
    let (Some(certificate), Some(key)) = (settings.certificate.as_deref(), settings.key.as_deref())
    else {
        return Ok(None);
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| tls_problem("tls.certificate", certificate, &error))?;
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|error| tls_problem("tls.key", key, &error))?;
    CertifiedKey::from_der(chain, private, &provider())
        .map(|certified| Some(Arc::new(certified)))
        .map_err(|error| tls_problem("tls.certificate", certificate, &error))
}
