//! Traces, logs and metrics.
//!
//! What may be written is decided here once: log lines and exported spans hold the [`fields`] of a table and no others,
//! [`metrics`] are those of a table, and [`Masker`] hides known secrets even in allowed fields. Messages are fixed
//! texts; what varies is a field.

pub mod fields;
mod log;
mod mask;
pub mod metrics;
mod otlp;
pub mod scope;
mod table;
mod trace_context;
pub mod trace_state;

use std::sync::Arc;

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
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::registry::Registry;

pub use log::Sink;
pub use mask::Masker;
pub use table::markdown;
pub use trace_context::TraceContext;

use crate::config::{Log, LogLevel, Tracing};

/// What observes this process; dropping it sends what is not sent yet.
#[derive(Debug)]
pub struct Observer {
    masker: Arc<ArcSwap<Masker>>,
    provider: Option<SdkTracerProvider>,
}

impl Observer {
    /// Hides these secrets from now on.
    pub fn hide(&self, masker: Masker) {
        self.masker.store(Arc::new(masker));
    }

    /// Sends the spans that have not been sent yet; waits for it.
    pub fn flush(&self) {
        if let Some(provider) = &self.provider {
            // There is nobody left to tell when this fails.
            let _ = provider.shutdown();
        }
    }
}

/// The subscriber for these settings, which writes lines to `sink`, and its observer. Runs within a tokio runtime when
/// spans are exported.
pub fn subscriber(
    log: &Log,
    tracing: &Tracing,
    sink: Sink,
) -> Result<
    (Box<dyn tracing::Subscriber + Send + Sync>, Observer),
    Box<dyn std::error::Error + Send + Sync>,
> {
    let masker = Arc::new(ArcSwap::default());
    let provider = otlp::provider(tracing)?;
    let level = match log.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let Some(provider) = provider else {
        // Not a layer that does nothing: spans that no layer wants would be kept for it.
        let subscriber = Box::new(Registry::default().with(lines(log, level, &masker, sink)));
        let provider = None;
        return Ok((subscriber, Observer { masker, provider }));
    };
    let spans = {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("sangam"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        // A span with a field that is not in the table is not sent at all.
        let ours = filter_fn(|metadata| {
            metadata.is_span()
                && metadata.target().starts_with("sangam")
                && metadata
                    .fields()
                    .iter()
                    .all(|field| fields::is_allowed(field.name()))
        });
        layer.with_filter(ours.with_max_level_hint(LevelFilter::INFO))
    };
    let lines = lines(log, level, &masker, sink);
    let subscriber = Box::new(Registry::default().with(spans).with(lines));
    let provider = Some(provider);
    Ok((subscriber, Observer { masker, provider }))
}

/// The layer that writes lines.
fn lines<S>(
    log: &Log,
    level: LevelFilter,
    masker: &Arc<ArcSwap<Masker>>,
    sink: Sink,
) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'s> LookupSpan<'s>,
{
    // Spans are for traces alone: a line says itself which request and which connector it is about.
    let ours = filter_fn(move |metadata| {
        metadata.is_event() && *metadata.level() <= level && log::is_ours(metadata.target())
    });
    // The hint keeps what libraries say in detail from being looked at each time.
    log::LogLayer::new(log.format, Arc::clone(masker), sink)
        .with_filter(ours.with_max_level_hint(level))
}

/// Observes this process from now on, with lines on standard error.
pub fn install(
    log: &Log,
    tracing: &Tracing,
) -> Result<Observer, Box<dyn std::error::Error + Send + Sync>> {
    let (subscriber, observer) = subscriber(log, tracing, Box::new(std::io::stderr()))?;
    tracing::subscriber::set_global_default(subscriber)?;
    metrics::install();
    Ok(observer)
}

/// Makes a request's span part of the client's trace, and gives the request's place in it: the span's own when spans are
/// exported, else `ours`.
pub fn join_trace(
    span: &tracing::Span,
    client: &http::HeaderMap,
    ours: TraceContext,
) -> TraceContext {
    let parent = client
        .get("traceparent")
        .and_then(|value| TraceContext::parse(value.to_str().ok()?));
    if let Some(parent) = parent {
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
    exported(span).unwrap_or(ours)
}

/// The place in the trace that an upstream is told: that of the span of this call to it when spans are exported, so that
/// the upstream's spans hang below it, else a new one below the request.
pub fn place_of_call(span: &tracing::Span, request: TraceContext) -> TraceContext {
    exported(span).unwrap_or_else(|| request.child())
}

/// A span's own place in its trace; `None` when no spans are exported.
fn exported(span: &tracing::Span) -> Option<TraceContext> {
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
