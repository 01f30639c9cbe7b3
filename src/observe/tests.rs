//! What lines look like, and what they never hold.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::*;
use crate::config::LogFormat;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn lines_of(log: Log, act: impl FnOnce(&Observer)) -> String {
    let lines = Lines::default();
    let (subscriber, observer) =
        subscriber(&log, &Tracing::default(), Box::new(lines.clone())).unwrap();
    tracing::subscriber::with_default(subscriber, || act(&observer));
    String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
}

#[test]
fn a_line_holds_its_fields_and_names_its_request() {
    let request = scope::OfRequest {
        id: scope::RequestId::plain(b"r1").unwrap(),
        method: http::Method::POST,
    };
    let text = lines_of(Log::default(), |_| {
        request.covers_call(|| {
            tracing::info!(connector = "dggi", ms = 1.5, status = 200, "called \"it\"");
        });
    });
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["level"], "info");
    assert_eq!(line["message"], "called \"it\"");
    assert_eq!(line["connector"], "dggi");
    assert_eq!(line["ms"], 1.5);
    assert_eq!(line["request_id"], "r1");
    assert_eq!(line["method"], "POST");
    assert_eq!(line["status"], 200);
}

#[test]
fn a_task_works_for_the_request_that_started_it() {
    let request = scope::OfRequest {
        id: scope::RequestId::plain(b"r1").unwrap(),
        method: http::Method::POST,
    };
    let text = lines_of(Log::default(), |_| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let started = async { scope::spawn(async { tracing::info!("in the task") }).await };
        runtime.block_on(request.covers(started)).unwrap();
        let nobodys = async { scope::spawn(async { tracing::info!("for nobody") }).await };
        runtime.block_on(nobodys).unwrap();
    });
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["request_id"], "r1");
    assert_eq!(lines[1].get("request_id"), None);
}

#[test]
fn what_is_not_allowed_is_not_written() {
    let text = lines_of(Log::default(), |observer| {
        observer.hide(Masker::new(["canary-secret"]));
        tracing::info!(
            authorization = "canary-1",
            variables = "canary-2",
            error = "refused canary-secret",
            "failed"
        );
        tracing::info!(target: "hyper::proto", "canary-3");
        tracing::debug!("canary-4");
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        !text.contains("canary") && text.contains("refused ***"),
        "{text}"
    );
}

#[test]
fn lines_can_be_read_at_a_terminal() {
    let log = Log {
        format: LogFormat::Text,
        ..Log::default()
    };
    let text = lines_of(log, |_| {
        tracing::warn!(connector = "dggi", error = "a\nb", "slow")
    });
    assert!(
        text.ends_with("warn  slow connector=dggi error=a b\n"),
        "{text}"
    );
}

#[test]
fn generated_docs_are_up_to_date() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/observability.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, markdown()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == markdown(),
        "run UPDATE_DOCS=1 cargo nextest run generated_docs"
    );
}
