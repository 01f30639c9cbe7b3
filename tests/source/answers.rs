//! How the HTTP driver reads a response: cases in `tests/data/http-answers`.

use std::path::Path;
use std::time::Duration;

use sangam::source::http::{HttpSettings, HttpSource};
use sangam::source::{Source, SourceError, UpstreamResponse};
use serde::Deserialize;

use super::{LONG, get, options};
use crate::support::server::{Then, raw};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    answer: String,
    #[serde(default)]
    then: Then,
    /// The response is complete: no length is added.
    #[serde(default)]
    raw: bool,
    /// The line breaks of the body are CR LF too.
    #[serde(default)]
    crlf: bool,
    /// The body is written in this encoding.
    #[serde(default)]
    latin1: bool,
    expect: String,
}

impl Case {
    /// The bytes on the wire.
    fn wire(&self) -> Vec<u8> {
        let (head, body) = match self.answer.split_once("\n\n") {
            Some((head, body)) => (format!("{head}\n"), Some(body)),
            None => (self.answer.clone(), None),
        };
        let mut wire = head.replace('\n', "\r\n").into_bytes();
        let Some(body) = body else {
            return wire;
        };
        let body = if self.crlf {
            body.replace('\n', "\r\n")
        } else {
            body.to_owned()
        };
        let body = if self.latin1 {
            body.chars().map(|c| u8::try_from(c).unwrap()).collect()
        } else {
            body.into_bytes()
        };
        if !self.raw && !head.contains(" 204 ") {
            wire.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
        }
        wire.extend(b"\r\n");
        wire.extend(body);
        wire
    }

    async fn outcome(&self) -> String {
        let server = raw(self.wire(), self.then).await;
        // Only a case that expects a timeout has a short one.
        let timeout = if self.expect == "Timeout" {
            Duration::from_millis(50)
        } else {
            LONG
        };
        let source = HttpSource::new(HttpSettings::default()).unwrap();
        let result = source
            .call(&get(&server.url("/")), &options(timeout, 100))
            .await;
        let place = server.address.to_string();
        describe(result).replace(&place, "HOST")
    }
}

fn describe(result: Result<UpstreamResponse, SourceError>) -> String {
    match result {
        Ok(answer) => format!(
            "{} {}",
            answer.envelope.status().map_or(0, |status| status.number),
            String::from_utf8_lossy(&answer.document)
        ),
        Err(error) => error.to_string(),
    }
}

#[test]
async fn answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/http-answers");
    let mut run = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file: File = toml::from_str(&std::fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for case in &file.case {
            run += 1;
            let outcome = case.outcome().await;
            // A kind without a text matches any detail, which comes from libraries.
            let kind = outcome.split(": ").next().unwrap_or_default();
            if outcome != case.expect && kind != case.expect {
                let name = path.file_name().unwrap().display();
                wrong.push(format!("{name}: {}: {outcome}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(run > 20, "only {run} cases were found");
}

#[test]
async fn no_server_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/?key=secret", listener.local_addr().unwrap());
    drop(listener);
    let source = HttpSource::new(HttpSettings::default()).unwrap();
    let error = source
        .call(&get(&url), &options(LONG, 100))
        .await
        .unwrap_err();
    assert!(
        error.to_string().starts_with("Unreachable: 127.0.0.1:"),
        "{error}"
    );
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
async fn targets_that_are_none() {
    let source = HttpSource::new(HttpSettings::default()).unwrap();
    for target in [
        "",
        "/works",
        "ftp://works.example/",
        "http://",
        "http://[::1",
    ] {
        let error = source
            .call(&get(target), &options(LONG, 100))
            .await
            .unwrap_err();
        assert!(
            error.to_string().starts_with("Unreachable: the target"),
            "{error}"
        );
    }
}
