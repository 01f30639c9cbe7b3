//! Starting: ports and TLS.

use super::*;

#[tokio::test]
async fn the_error_for_a_port_in_use_names_the_setting() {
    let other = std::net::TcpListener::bind(any_port()).unwrap();
    let mut settings = settings();
    settings.general.listen = other.local_addr().unwrap();
    let error = Server::start(&settings, Arc::new(Fake::default())).unwrap_err();
    let expected = format!(
        "cannot listen on {}: another program listens there\n  help: choose another address with --listen or `listen` in sangam.toml",
        settings.general.listen
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn tls_offers_http_2() {
    let folder = tempfile::tempdir().unwrap();
    let names = vec!["localhost".to_owned()];
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(names).unwrap();
    let mut settings = settings();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    settings.tls.certificate = Some(certificate.into());
    settings.tls.key = Some(key.clone().into());
    let running = start(&settings);
    assert!(running.server.tls);
    let authority = reqwest::Certificate::from_pem(cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([authority])
        .resolve("localhost", running.server.address)
        .build()
        .unwrap();
    let url = format!(
        "https://localhost:{}/health/live",
        running.server.address.port()
    );
    let response = client.get(url).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.version()),
        (200, http::Version::HTTP_2)
    );

    std::fs::write(&key, "not a key").unwrap();
    let error = Server::start(&settings, Arc::new(Fake::default())).unwrap_err();
    assert!(error.to_string().starts_with("tls.key: "), "{error}");
}
