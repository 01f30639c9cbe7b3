//! Traces, logs and metrics.
//!
//! Tables decide what may be written: log lines and exported spans have only the fields and attributes in [`fields`], and [`metrics`]
//! lists every metric. [`Masker`] masks known secrets even in allowed fields. Messages are fixed texts; everything that
//! varies is a field. No caller waits for the reader of the log: lines go through a bounded queue.

pub mod fields;
mod limiter;
mod log;
mod mask;
pub mod metrics;
pub mod operations;
mod otlp;
mod panics;
pub mod process;
mod queue;
mod recorder;
mod samples;
pub mod scope;
mod table;
mod trace_context;
pub mod trace_state;

use std::fs::File;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::{LookupSpan, Registry};

pub use limiter::LogClock;
pub use mask::Masker;
pub use queue::LogSink;
pub use recorder::Recorder;
pub use samples::Samples;
pub use table::markdown;
pub use trace_context::TraceContext;

use crate::config::{Log, LogLevel, Tracing};
use log::{LogLayer, LogLines};

/// The log and the span exporter of this process. Dropping it writes the waiting lines, and waits for that at most
/// `log.flush_timeout`.
pub struct Observer {
    masker: Arc<ArcSwap<Masker>>,
    provider: Option<SdkTracerProvider>,
    lines: Arc<LogLines>,
    flush_timeout: Duration,
}

impl Observer {
    /// Masks these secrets from now on.
    pub fn hide(&self, masker: Masker) {
        self.masker.store(Arc::new(masker));
    }

    /// Sends the remaining spans and writes the waiting lines. Blocks until that is done.
    pub fn flush(&self) {
        if let Some(provider) = &self.provider {
            // A failure is logged by the exporter; nothing more can be done at exit.
            let _ = provider.shutdown();
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.lines.flush(self.flush_timeout);
    }
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}

/// The subscriber for these settings, and its observer. A thread writes the lines to `sink`; `clock` is that of the rate
/// limit. Must run within a tokio runtime when spans are exported.
pub fn subscriber(
    log: &Log,
    tracing: &Tracing,
    sink: LogSink,
    clock: LogClock,
) -> Result<
    (Box<dyn tracing::Subscriber + Send + Sync>, Observer),
    Box<dyn std::error::Error + Send + Sync>,
> {
    let masker = Arc::new(ArcSwap::default());
    let provider = otlp::provider(tracing)?;
    let lines = Arc::new(LogLines::new(log, Arc::clone(&masker), sink, clock)?);
    let observer = Observer {
        masker,
        provider: provider.clone(),
        lines: Arc::clone(&lines),
        flush_timeout: log.flush_timeout,
    };
    let level = match log.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let Some(provider) = provider else {
        // No layer for spans: the registry would store spans even for a layer that ignores them.
        let subscriber = Box::new(Registry::default().with(layer(lines, level)));
        return Ok((subscriber, observer));
    };
    let spans = {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("sangam"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        // A span with a field that is not in the table is not exported.
        let ours = filter_fn(|metadata| {
            metadata.is_span()
                && metadata.target().starts_with("sangam")
                && metadata
                    .fields()
                    .iter()
                    .all(|field| fields::is_attribute(field.name()))
        });
        layer.with_filter(ours.with_max_level_hint(LevelFilter::INFO))
    };
    let lines = layer(lines, level);
    let subscriber = Box::new(Registry::default().with(spans).with(lines));
    Ok((subscriber, observer))
}

/// The layer that writes log lines.
fn layer<S>(lines: Arc<LogLines>, level: LevelFilter) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'s> LookupSpan<'s>,
{
    // Log lines do not use spans: a line has its request and its connector as fields.
    let ours = filter_fn(move |metadata| {
        metadata.is_event() && *metadata.level() <= level && log::is_ours(metadata.target())
    });
    // With the hint, `tracing` skips detailed events of libraries without calling the filter.
    LogLayer(lines).with_filter(ours.with_max_level_hint(level))
}

/// Standard error, by a duplicated descriptor if possible: the thread that writes lines may block on a slow reader, and
/// must not hold the lock of [`std::io::stderr`] while it does.
fn standard_error() -> LogSink {
    match std::io::stderr().as_fd().try_clone_to_owned() {
        Ok(descriptor) => Box::new(File::from(descriptor)),
        Err(_) => Box::new(std::io::stderr()),
    }
}

/// Installs the log (on standard error), the span exporter, the metrics and the panic hook of this process.
pub fn install(
    log: &Log,
    tracing: &Tracing,
) -> Result<Observer, Box<dyn std::error::Error + Send + Sync>> {
    // First: all counters are looked up in the installed recorder.
    Recorder::install();
    let clock = Box::new(Instant::now);
    let (subscriber, observer) = subscriber(log, tracing, standard_error(), clock)?;
    tracing::subscriber::set_global_default(subscriber)?;
    panics::install(Arc::clone(&observer.lines));
    Ok(observer)
}

/// Writes lines to the log (on standard error) of a process that ends before [`install`]; returns when they are written.
///
/// # Errors
/// The thread that writes cannot be started; nothing was written.
pub fn write_once(
    log: &Log,
    write: impl FnOnce(),
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let clock = Box::new(Instant::now);
    let (subscriber, observer) = subscriber(log, &Tracing::default(), standard_error(), clock)?;
    tracing::subscriber::with_default(subscriber, write);
    drop(observer);
    Ok(())
}

/// Makes a request's span a part of the client's trace. Returns the trace context of the request: that of the span when
/// spans are exported, else `ours`.
pub fn join_trace(
    span: &tracing::Span,
    client: &http::HeaderMap,
    ours: TraceContext,
) -> TraceContext {
    let parent = client
        .get("traceparent")
        .and_then(|value| TraceContext::parse(value.to_str().ok()?));
    if let Some(parent) = parent {
        set_parent(span, parent);
    }
    exported_context(span).unwrap_or(ours)
}

fn set_parent(span: &tracing::Span, parent: TraceContext) {
    let parent = SpanContext::new(
        TraceId::from_bytes(parent.trace_id.to_be_bytes()),
        SpanId::from_bytes(parent.span_id.to_be_bytes()),
        TraceFlags::new(parent.flags),
        true,
        TraceState::NONE,
    );
    // Refused when no layer exports spans; then there is nothing to join.
    let _ = span.set_parent(Context::new().with_remote_span_context(parent));
}

/// Makes a span a child of one that may belong to another task. Returns what is sent to an upstream: the context of the
/// span if spans are exported, else that of the parent.
pub fn child_trace_context(span: &tracing::Span, parent: TraceContext) -> TraceContext {
    if span.is_disabled() {
        return parent;
    }
    set_parent(span, parent);
    exported_context(span).unwrap_or(parent)
}

/// The name of a method in traces: one of few.
pub fn method_name(method: &http::Method) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE",
    ];
    let known = KNOWN.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or("_OTHER")
}

/// The trace context that is sent to an upstream: that of the call's span when spans are exported, so that the upstream's
/// spans become its children; else a new child of the request.
pub fn call_trace_context(span: &tracing::Span, request: TraceContext) -> TraceContext {
    exported_context(span).unwrap_or_else(|| request.child())
}

/// The trace context of a span; `None` when spans are not exported.
fn exported_context(span: &tracing::Span) -> Option<TraceContext> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let span = context.span();
    let exported = span.span_context();
    (exported.is_valid() && !exported.is_remote()).then(|| TraceContext {
        trace_id: u128::from_be_bytes(exported.trace_id().to_bytes()),
        span_id: u64::from_be_bytes(exported.span_id().to_bytes()),
        flags: exported.trace_flags().to_u8(),
    })
}

#[cfg(test)]
mod tests;
