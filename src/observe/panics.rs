//! Panics as log lines.
//!
//! The standard library would write them to standard error itself, and so wait for a reader that does not read, and it would
//! show texts that were put together from values. A line says where the panic was, and its text where that is a
//! literal. It goes through the queue like every other; a panic may be the last thing that this process does, so
//! it waits a moment for the line to be written.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::log::LogLines;

/// How long a panic waits for its line to be written. After it has waited in vain, the next ones do not wait.
const PATIENCE: Duration = Duration::from_millis(100);

/// Reports every panic of this process from now on.
pub(super) fn install(lines: Arc<LogLines>) {
    std::panic::set_hook(Box::new(move |panic| {
        report(&lines, panic.location(), panic.payload());
    }));
}

pub(super) fn report(lines: &LogLines, location: Option<&Location<'_>>, payload: &dyn Any) {
    let mut error = location.map_or_else(|| "somewhere".to_owned(), ToString::to_string);
    // Any other text may hold values of a request.
    if let Some(literal) = payload.downcast_ref::<&'static str>() {
        error.push_str(": ");
        error.push_str(literal);
    }
    // Only where RUST_BACKTRACE asks for it.
    let backtrace = Backtrace::capture();
    let backtrace =
        (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    lines.panicked(&error, backtrace.as_deref());
    lines.flush_unless_stalled(PATIENCE);
}
