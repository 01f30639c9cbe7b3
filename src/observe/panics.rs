//! Logs panics.
//!
//! The default hook writes to standard error directly: it would block on a reader that does not read, and it would print
//! messages that contain values of a request. Here, a line has the location of the panic, and its message only if that is
//! a literal. It goes through the queue like every line. As the process may end after a panic, the hook waits a moment for
//! the line to be written.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::log::LogLines;

/// How long a panic waits for its line to be written. After a time-out, further panics do not wait.
const PATIENCE: Duration = Duration::from_millis(100);

/// Installs the panic hook.
pub(super) fn install(lines: Arc<LogLines>) {
    std::panic::set_hook(Box::new(move |panic| {
        report(&lines, panic.location(), panic.payload());
    }));
}

pub(super) fn report(lines: &LogLines, location: Option<&Location<'_>>, payload: &dyn Any) {
    let mut error = location.map_or_else(|| "somewhere".to_owned(), ToString::to_string);
    // A formatted message may contain values of a request.
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
