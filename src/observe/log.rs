//! Log lines: one JSON object (or one readable line) per event, with the id of its request.
//!
//! A line has only the fields of [`FIELDS`](super::fields::FIELDS). Only events of our own code are written: texts of
//! libraries may hold anything. Known secrets are masked even in allowed fields. The [`limiter`](super::limiter) bounds the
//! lines per second, and the [`queue`](super::queue) the memory of waiting lines; logging never blocks the thread that
//! logs.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::fields::is_allowed;
use super::limiter::{Limiter, LineKind, LogClock};
use super::mask::Masker;
use super::operations::ObservedOperation;
use super::queue::{LineQueue, LogSink};
use super::scope::with_request;
use crate::config::{Log, LogFormat};
use crate::document::write_json_string;

/// Whether events of this target are written.
pub(crate) fn is_ours(target: &str) -> bool {
    ["sangam", "opentelemetry"].contains(&target.split("::").next().unwrap_or(target))
}

/// Formats log lines and passes them to the queue.
pub(crate) struct LogLines {
    format: LogFormat,
    field_bytes: usize,
    masker: Arc<ArcSwap<Masker>>,
    limiter: Limiter,
    queue: LineQueue,
}

impl LogLines {
    /// # Errors
    /// The thread that writes cannot be started.
    pub(crate) fn new(
        log: &Log,
        masker: Arc<ArcSwap<Masker>>,
        sink: LogSink,
        clock: LogClock,
    ) -> std::io::Result<LogLines> {
        let format = log.format;
        let notice = move |count| dropped_line(format, count);
        Ok(LogLines {
            format,
            field_bytes: log.field_bytes.0,
            masker,
            limiter: Limiter::new(log.lines_per_second, clock),
            queue: LineQueue::start(log.queue_bytes.0, Box::new(notice), sink)?,
        })
    }

    /// Waits until all lines so far are written, but no longer than this.
    pub(crate) fn flush(&self, at_most: Duration) -> bool {
        self.queue.flush(at_most)
    }

    /// As [`LogLines::flush`], but does not wait if the last flush timed out and nothing was written since.
    pub(crate) fn flush_unless_stalled(&self, at_most: Duration) -> bool {
        self.queue.flush_unless_stalled(at_most)
    }

    /// Writes the line of a panic.
    pub(super) fn panicked(&self, error: &str, backtrace: Option<&str>) {
        let Some(suppressed) = self.limiter.admit(LineKind::PANIC) else {
            return;
        };
        let mut fields = FieldWriter::new(self.format, usize::MAX);
        fields.named("error", error);
        if let Some(backtrace) = backtrace {
            fields.named("backtrace", backtrace);
        }
        self.push(
            Level::ERROR,
            module_path!(),
            "a thread panicked",
            fields,
            suppressed,
        );
    }

    /// Completes a line and pushes it to the queue.
    fn push(
        &self,
        level: Level,
        target: &str,
        message: &str,
        mut fields: FieldWriter,
        suppressed: u64,
    ) {
        if suppressed > 0 {
            fields.number("suppressed", suppressed);
        }
        with_request(|request| {
            fields.named("request_id", request.id.as_str());
            fields.named("method", request.method.as_str());
            if let Some(operation) = &request.operation {
                fields.operation(operation);
            }
        });
        let line = line(self.format, level, target, message, &fields.out);
        self.queue.push(&self.masker.load().mask(&line));
    }
}

/// The line that reports dropped lines.
fn dropped_line(format: LogFormat, count: u64) -> String {
    let mut fields = FieldWriter::new(format, usize::MAX);
    fields.number("count", count);
    let message = "lines were dropped: the log was not read fast enough";
    line(format, Level::WARN, module_path!(), message, &fields.out)
}

fn line(format: LogFormat, level: Level, target: &str, message: &str, fields: &str) -> String {
    let time = humantime::format_rfc3339_millis(SystemTime::now());
    let level = level_name(level);
    let mut line = String::with_capacity(128 + message.len() + fields.len());
    // Writing to a string cannot fail.
    match format {
        LogFormat::Json => {
            let _ = write!(
                line,
                "{{\"time\":\"{time}\",\"level\":\"{level}\",\"target\":\"{target}\",\"message\":"
            );
            push_json_string(message, &mut line);
            line.push_str(fields);
            line.push_str("}\n");
        }
        LogFormat::Text => {
            let _ = writeln!(line, "{time} {level:5} {message}{fields}");
        }
    }
    line
}

/// The `tracing` layer that passes events to [`LogLines`].
pub(crate) struct LogLayer(pub(crate) Arc<LogLines>);

/// Formats the allowed fields of an event.
struct FieldWriter {
    format: LogFormat,
    /// The longest text of a field.
    max_bytes: usize,
    out: String,
    message: String,
}

impl FieldWriter {
    fn new(format: LogFormat, max_bytes: usize) -> FieldWriter {
        FieldWriter {
            format,
            max_bytes,
            out: String::new(),
            message: String::new(),
        }
    }

    fn text(&mut self, field: &Field, text: &str) {
        let text = &text[..text.floor_char_boundary(self.max_bytes)];
        if field.name() == "message" {
            self.message.push_str(text);
        } else if is_allowed(field.name()) {
            self.named(field.name(), text);
        }
    }

    fn operation(&mut self, operation: &ObservedOperation) {
        for (field, text) in [("operation", &operation.name), ("hash", &operation.hash)] {
            if !text.is_empty() {
                self.named(field, text);
            }
        }
    }

    fn number(&mut self, name: &str, number: u64) {
        self.key(name);
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{number}");
    }

    fn named(&mut self, name: &str, text: &str) {
        self.key(name);
        match self.format {
            LogFormat::Json => push_json_string(text, &mut self.out),
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

impl Visit for FieldWriter {
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
        let LogLayer(lines) = self;
        let Some(suppressed) = lines.limiter.admit(LineKind::of(event)) else {
            return;
        };
        let mut fields = FieldWriter::new(lines.format, lines.field_bytes);
        event.record(&mut fields);
        let message = std::mem::take(&mut fields.message);
        lines.push(
            *metadata.level(),
            metadata.target(),
            &message,
            fields,
            suppressed,
        );
    }
}
