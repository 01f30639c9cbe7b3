//! Log lines: one JSON object (or one readable line) per event, with the request that it belongs to.
//!
//! Only fields of [`FIELDS`](super::fields::FIELDS) are written, only events of our own code (a library's debug texts
//! hold whatever it likes), and what is known to be a secret is hidden even there.

use std::fmt::{self, Write as _};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::fields::is_allowed;
use super::mask::Masker;
use super::scope::with_request;
use crate::config::LogFormat;
use crate::document::write_json_string;

/// Whose events are written.
pub(crate) fn is_ours(target: &str) -> bool {
    ["sangam", "opentelemetry"].contains(&target.split("::").next().unwrap_or(target))
}

/// Where lines go: standard error, or a buffer of a test.
pub type Sink = Box<dyn Write + Send>;

/// Writes log lines.
pub(crate) struct LogLayer {
    format: LogFormat,
    masker: Arc<ArcSwap<Masker>>,
    sink: Mutex<Sink>,
}

impl LogLayer {
    pub(crate) fn new(format: LogFormat, masker: Arc<ArcSwap<Masker>>, sink: Sink) -> LogLayer {
        LogLayer {
            format,
            masker,
            sink: Mutex::new(sink),
        }
    }
}

/// Writes allowed fields.
struct FieldWriter<'a> {
    format: LogFormat,
    out: &'a mut String,
    message: String,
}

impl FieldWriter<'_> {
    fn text(&mut self, field: &Field, text: &str) {
        if field.name() == "message" {
            self.message.push_str(text);
        } else if is_allowed(field.name()) {
            self.named(field.name(), text);
        }
    }

    fn named(&mut self, name: &str, text: &str) {
        self.key(name);
        match self.format {
            LogFormat::Json => push_json_string(text, self.out),
            LogFormat::Text => self.out.push_str(&text.replace(['\n', '\r'], " ")),
        }
    }

    fn literal(&mut self, field: &Field, value: impl fmt::Display) {
        if is_allowed(field.name()) {
            self.key(field.name());
            // Writing to a string cannot fail.
            let _ = write!(self.out, "{value}");
        }
    }

    fn key(&mut self, name: &str) {
        let (before, after) = match self.format {
            LogFormat::Json => (",\"", "\":"),
            LogFormat::Text => (" ", "="),
        };
        self.out.push_str(before);
        self.out.push_str(name);
        self.out.push_str(after);
    }
}

impl Visit for FieldWriter<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.literal(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.literal(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.literal(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.literal(field, value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.text(field, &value.to_string());
    }
}

fn push_json_string(text: &str, out: &mut String) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if text.bytes().all(is_plain) {
        out.push('"');
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut bytes = Vec::with_capacity(text.len() + 2);
    write_json_string(text, &mut bytes);
    out.push_str(&String::from_utf8_lossy(&bytes));
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if !is_ours(metadata.target()) {
            return;
        }
        let mut fields = String::new();
        let mut writer = FieldWriter {
            format: self.format,
            out: &mut fields,
            message: String::new(),
        };
        event.record(&mut writer);
        with_request(|request| {
            writer.named("request_id", request.id.as_str());
            writer.named("method", request.method.as_str());
        });
        let message = writer.message;
        let time = humantime::format_rfc3339_millis(SystemTime::now());
        let level = level_name(*metadata.level());
        let target = metadata.target();
        let mut line = String::with_capacity(128 + fields.len());
        match self.format {
            LogFormat::Json => {
                let _ = write!(
                    line,
                    "{{\"time\":\"{time}\",\"level\":\"{level}\",\"target\":\"{target}\",\"message\":"
                );
                push_json_string(&message, &mut line);
                line.push_str(&fields);
                line.push_str("}\n");
            }
            LogFormat::Text => {
                let _ = writeln!(line, "{time} {level:5} {message}{fields}");
            }
        }
        let masker = self.masker.load();
        let line = masker.mask(&line);
        if let Ok(mut sink) = self.sink.lock() {
            // A log that cannot be written must not stop the gateway.
            let _ = sink.write_all(line.as_bytes());
        }
    }
}
