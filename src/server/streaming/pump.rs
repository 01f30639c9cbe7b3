//! Moves the payloads of an operation to the client: the next one of a stream, or all of them into an outbox.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use super::outbox::{Content, Message, Outbox};
use super::streams::{OpenStream, Reason};
use crate::gateway::{Delivery, Payload, Payloads};

/// The next payload; an error if the execution ended abnormally.
pub(super) async fn next(payloads: &mut Payloads) -> Result<Option<Payload>, Reason> {
    let next = AssertUnwindSafe(payloads.next()).catch_unwind().await;
    next.map_err(|_| {
        tracing::error!(outcome = "panic", "a stream ended abnormally");
        Reason::Failed
    })
}

/// Puts the payloads into the outbox, and then the end of the operation. An abnormal end of the execution ends the outbox.
pub(super) async fn all(
    outbox: &Outbox,
    id: Arc<str>,
    mut payloads: Payloads,
    mut open: Option<OpenStream>,
) {
    let are_events = payloads.delivery() == Delivery::Events;
    loop {
        // Of a live query, what comes while the client does not read is left out.
        if !are_events && !outbox.room().await {
            return;
        }
        let payload = match next(&mut payloads).await {
            Ok(Some(payload)) => payload,
            Ok(None) => break,
            Err(reason) => {
                outbox.end(reason);
                ends(&mut open, reason);
                return;
            }
        };
        let is_last = payload.is_last;
        let message = Message {
            id: Arc::clone(&id),
            content: Content::Next(payload.body),
        };
        let is_put = match are_events {
            true => outbox.put_event(message),
            false => outbox.put(message),
        };
        if !is_put {
            ends(&mut open, Reason::Slow);
            return;
        }
        if let Some(open) = &mut open {
            open.sent();
        }
        if is_last {
            break;
        }
    }
    ends(&mut open, Reason::Complete);
    let content = Content::Complete;
    outbox.put(Message { id, content });
}

fn ends(open: &mut Option<OpenStream>, reason: Reason) {
    if let Some(open) = open {
        open.ends(reason);
    }
}
