//! A wire that exists only here shows what a wire needs: a folder, and a line in the table of wires.

mod wire;

use std::path::PathBuf;

use sangam::config::Settings;
use sangam::connector::Folder;
use sangam::gateway::{ClientContext, ConfiguredConnector, Gateway, GraphqlRequest};
use sangam::source::Wires;
use sangam::spec;
use sangam::spec::Suite;

use self::wire::PairsWire;

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/source/pairs")
}

/// The table of wires, with one more.
fn wires() -> (Wires, PairsWire) {
    let wire = PairsWire::new(here().join("files"));
    (Wires::default().with(wire.clone()), wire)
}

fn folders(wires: &Wires) -> Vec<(PathBuf, Folder)> {
    let read = |name: &str| {
        let path = here().join("connectors").join(name);
        let folder = Folder::read_with(&path, &wires.schemes());
        (path, folder)
    };
    ["districts", "works"].map(read).into()
}

#[test]
async fn a_spec_joins_files_with_http() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (wires, _) = wires();
    let suite = Suite::new(folders(&wires), wires);
    let specs = spec::files(&here().join("connectors/districts")).unwrap();
    let mut cases = 0;
    for path in specs {
        let report = suite.run("districts", &path).await;
        let failures: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
        assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
        cases += report.cases;
    }
    assert_eq!(cases, 2);
}

fn gateway(wires: Wires) -> Gateway {
    let connector = |(_, folder): (PathBuf, Folder)| ConfiguredConnector {
        subgraph: folder.subgraph.unwrap(),
        owner: None,
        description: None,
        settings: Default::default(),
    };
    let connectors = folders(&wires).into_iter().map(connector).collect();
    Gateway::with_wires(connectors, &Settings::default(), wires).unwrap()
}

async fn ask(gateway: &Gateway, operation: &str) -> String {
    let request = GraphqlRequest {
        query: Some(operation.to_owned()),
        ..GraphqlRequest::default()
    };
    let mut response = gateway.execute(request, &ClientContext::default()).await;
    String::from_utf8(response.body().await.to_vec()).unwrap()
}

#[test]
async fn each_source_has_a_driver_and_its_documents_are_cached() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (wires, wire) = wires();
    let gateway = gateway(wires);
    assert_eq!(
        wire.journal().lock().unwrap().opened,
        ["districts notes", "districts names"]
    );
    assert!(wire.journal().lock().unwrap().one_gate());
    // Different operations, so that only the cache of documents can know the answer.
    for (operation, response) in [
        (
            r#"{ district(code: "13") { name note } }"#,
            r#"{"data":{"district":{"name":"Srinagar","note":"by the \"Jhelum\""}}}"#,
        ),
        (
            r#"{ district(code: "13") { division } }"#,
            r#"{"data":{"district":{"division":"KASHMIR"}}}"#,
        ),
        (
            r#"{ district(code: "7") { name } }"#,
            r#"{"data":{"district":{"name":"Jammu=Tawi"}}}"#,
        ),
        (
            r#"{ district(code: "7") { division } }"#,
            r#"{"data":{"district":{"division":"JAMMU"}}}"#,
        ),
    ] {
        assert_eq!(ask(&gateway, operation).await, response);
    }
    // District 13 says how long it is fresh, 7 does not.
    assert_eq!(
        wire.journal().lock().unwrap().called,
        [
            "names: names/13.txt",
            "notes: notes/13.txt",
            "names: names/7.txt",
            "names: names/7.txt"
        ]
    );
}

/// The gateway refuses an address of a wire that it does not have when it reads the folder.
#[test]
fn without_its_wire_the_address_is_refused() {
    let folders = folders(&Wires::default());
    let (_, districts) = &folders[0];
    assert!(districts.subgraph.is_none());
    let texts: Vec<String> = districts
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.to_text())
        .collect();
    assert!(
        texts[0].contains("it does not begin with `https://` or `http://`"),
        "{texts:?}"
    );
}

#[test]
async fn people_see_the_request_of_the_wire() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (wires, _) = wires();
    let gateway = gateway(wires);
    let request = GraphqlRequest {
        query: Some(r#"{ district(code: "13") { name } }"#.to_owned()),
        ..GraphqlRequest::default()
    };
    let explained = gateway
        .explain(&request, &ClientContext::default(), true)
        .await;
    let calls = explained.unwrap().calls;
    assert_eq!(
        calls[0].sent[0].shown().line,
        [("read", "names/13.txt".to_owned())]
    );
    assert_eq!(calls[0].statuses, [None]);
}
