//! The TLS configuration that HTTP sources share: rustls with the ring provider and the system's certificate
//! authorities.
//!
//! Reading the system's authorities takes milliseconds, so it is done once in a process, at the first `https` call. A
//! machine without authorities is no error here: `http` upstreams must work on it, and an `https` call fails because
//! the certificate is not trusted.

use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Why a private certificate authority cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CaError(String);

/// Makes ring the default cryptography provider of the process, for libraries that use the default. Idempotent.
pub fn install_provider() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        // Fails only if another provider is installed already, which is sufficient.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// The configuration for servers that the system trusts.
pub fn system() -> ClientConfig {
    static SYSTEM: OnceLock<ClientConfig> = OnceLock::new();
    SYSTEM
        .get_or_init(|| client(system_roots().clone()))
        .clone()
}

/// The configuration for servers with a certificate of one of `authorities`. The system's authorities are not trusted:
/// if an operator names authorities for an upstream, no other authority may issue its certificate.
pub fn only(authorities: &[CertificateDer<'static>]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities.iter().cloned());
    client(roots)
}

/// A configuration that trusts no certificate, for clients that only use plain `http`. It is cheap to build.
pub fn none() -> ClientConfig {
    client(RootCertStore::empty())
}

/// Reads certificates from a PEM text.
///
/// # Errors
/// The text holds no certificate, or one that is not a usable authority.
pub fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CaError> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| CaError(format!("the PEM text cannot be read: {error}")))?;
    if certificates.is_empty() {
        return Err(CaError("the PEM text holds no certificate".to_owned()));
    }
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store
            .add(certificate.clone())
            .map_err(|error| CaError(format!("a certificate is not usable: {error}")))?;
    }
    Ok(certificates)
}

fn system_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        let loaded = rustls_native_certs::load_native_certs();
        for error in &loaded.errors {
            tracing::warn!(%error, "a certificate authority of the system cannot be read");
        }
        roots.add_parsable_certificates(loaded.certs);
        roots
    })
}

fn client(roots: RootCertStore) -> ClientConfig {
    install_provider();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    #[allow(
        clippy::expect_used,
        reason = "ring supports the default versions; both are fixed at compile time"
    )]
    let mut config = versions
        .expect("ring supports TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn text_without_a_certificate_is_refused() {
        let error = authorities(b"nothing here").unwrap_err();
        assert_eq!(error.to_string(), "the PEM text holds no certificate");
    }

    #[test]
    fn a_damaged_certificate_is_refused() {
        let pem = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let error = authorities(pem).unwrap_err();
        assert!(error.to_string().starts_with("a certificate is not usable"));
    }
}
