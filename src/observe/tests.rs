//! The format of log lines, and what they never contain.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::sync::{Arc, Mutex};

use super::*;
use crate::config::{ByteSize, LogFormat};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Waits for every line, so that a slow machine loses none.
fn patient() -> Log {
    Log {
        flush_timeout: Duration::from_secs(60),
        ..Log::default()
    }
}

fn lines_of(log: Log, act: impl FnOnce(&Observer)) -> String {
    let written = Written::default();
    let (sink, clock) = (Box::new(written.clone()), Box::new(Instant::now));
    let (subscriber, observer) = subscriber(&log, &Tracing::default(), sink, clock).unwrap();
    tracing::subscriber::with_default(subscriber, || act(&observer));
    drop(observer);
    let bytes = written.0.lock().unwrap();
    String::from_utf8(bytes.clone()).unwrap()
}

#[test]
fn a_line_holds_its_fields_and_names_its_request() {
    let request = scope::RequestScope {
        id: scope::RequestId::plain(b"r1").unwrap(),
        method: http::Method::POST,
        operation: None,
    };
    let text = lines_of(patient(), |_| {
        request.scope_call(|| {
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
    let request = scope::RequestScope {
        id: scope::RequestId::plain(b"r1").unwrap(),
        method: http::Method::POST,
        operation: None,
    };
    let text = lines_of(patient(), |_| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let started = async { scope::spawn(async { tracing::info!("in the task") }).await };
        runtime.block_on(request.scope_future(started)).unwrap();
        let outside = async { scope::spawn(async { tracing::info!("for nobody") }).await };
        runtime.block_on(outside).unwrap();
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
    let text = lines_of(patient(), |observer| {
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
        ..patient()
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
fn a_kind_of_line_is_a_message_with_its_connector_and_outcome() {
    let log = Log {
        lines_per_second: 2,
        ..patient()
    };
    let text = lines_of(log, |_| {
        for number in 0..100 {
            for connector in ["rain", "directory"] {
                tracing::warn!(connector, error = number, "slow");
            }
            for outcome in ["refused", "malformed"] {
                tracing::info!(outcome, ms = number, "request");
            }
            tracing::info!(ms = number, "request");
        }
    });
    for what in [
        "\"connector\":\"rain\"",
        "\"connector\":\"directory\"",
        "\"outcome\":\"refused\"",
        "\"outcome\":\"malformed\"",
    ] {
        assert_eq!(text.matches(what).count(), 2, "{text}");
    }
    assert_eq!(text.lines().count(), 10, "{text}");
}

#[test]
fn a_field_has_a_longest_text() {
    let log = Log {
        field_bytes: ByteSize(10),
        ..patient()
    };
    let text = lines_of(
        log,
        |_| tracing::info!(error = "123456789é", kind = ?"123456789é", "done"),
    );
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["error"], "123456789");
    assert_eq!(line["kind"], "\"123456789");
}

#[test]
fn a_panic_has_a_line_without_values() {
    let caller = std::panic::Location::caller();
    let request = scope::RequestScope {
        id: scope::RequestId::plain(b"r1").unwrap(),
        method: http::Method::POST,
        operation: None,
    };
    let text = lines_of(patient(), |observer| {
        request.scope_call(|| {
            panics::report(&observer.lines, Some(caller), &"on purpose");
            panics::report(&observer.lines, Some(caller), &format!("canary {}", 7));
        });
    });
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["message"], "a thread panicked");
    assert_eq!(lines[0]["level"], "error");
    assert_eq!(lines[0]["request_id"], "r1");
    assert_eq!(lines[0]["error"], format!("{caller}: on purpose"));
    assert_eq!(lines[1]["error"], caller.to_string());
}

#[test]
fn lines_are_written_before_a_panic_ends_the_process() {
    let written = Written::default();
    let (sink, clock) = (Box::new(written.clone()), Box::new(Instant::now));
    let panicked = std::panic::catch_unwind(|| {
        let tracing = Tracing::default();
        let (subscriber, _observer) = subscriber(&patient(), &tracing, sink, clock).unwrap();
        tracing::subscriber::with_default(subscriber, || tracing::info!("begun"));
        std::panic::resume_unwind(Box::new("the end"));
    });
    assert!(panicked.is_err());
    let bytes = written.0.lock().unwrap();
    assert!(String::from_utf8_lossy(&bytes).contains("begun"));
}
