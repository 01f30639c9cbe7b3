//! Why a WebSocket is closed: the codes of the protocol `graphql-transport-ws`, and of RFC 6455, section 7.4.1.

use std::borrow::Cow;

use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::super::streams::Reason;

/// Bytes of the text in a close frame: those of a control frame (section 5.5) without the code.
const LONGEST: usize = 123;

/// A close frame, and the reason for the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    text: Cow<'static, str>,
    pub(super) reason: Reason,
}

impl Close {
    const fn new(code: u16, text: &'static str, reason: Reason) -> Close {
        Close {
            code,
            text: Cow::Borrowed(text),
            reason,
        }
    }

    /// The server stops. Clients connect again, as after each of the codes up to 1014 that are not their fault.
    pub(super) const STOP: Close = Close::new(1001, "The gateway stops", Reason::Stop);

    pub(super) const LIFETIME: Close = Close::new(
        1001,
        "The connection has reached its lifetime (streaming.lifetime)",
        Reason::Lifetime,
    );

    pub(super) const TOO_LONG: Close = Close::new(
        1009,
        "The message is too long (streaming.message_bytes)",
        Reason::Protocol,
    );

    pub(super) const SLOW: Close = Close::new(
        1013,
        "The client did not take its events in time (streaming.queue)",
        Reason::Slow,
    );

    /// The client answers no ping: it will hardly read this.
    pub(super) const GONE: Close =
        Close::new(1011, "The client does not answer pings", Reason::Gone);

    pub(super) const UNAUTHORIZED: Close = Close::new(
        4401,
        "Unauthorized: send connection_init first",
        Reason::Protocol,
    );

    pub(super) const SUBPROTOCOL: Close = Close::new(
        4406,
        "Subprotocol not acceptable: use graphql-transport-ws, not the legacy graphql-ws",
        Reason::Protocol,
    );

    pub(super) const INIT_TIMEOUT: Close = Close::new(
        4408,
        "Connection initialisation timeout (streaming.init_timeout)",
        Reason::Protocol,
    );

    pub(super) const INIT_TWICE: Close =
        Close::new(4429, "Too many initialisation requests", Reason::Protocol);

    pub(super) const FAILED: Close = Close::new(4500, "Internal server error", Reason::Failed);

    /// The client sends something that is no message of the protocol.
    pub(super) fn invalid(why: impl Into<Cow<'static, str>>) -> Close {
        Close {
            code: 4400,
            text: why.into(),
            reason: Reason::Protocol,
        }
    }

    /// The client uses an id for two operations at the same time.
    pub(super) fn duplicate(id: &str) -> Close {
        Close {
            code: 4409,
            text: format!("Subscriber for {id} already exists").into(),
            reason: Reason::Protocol,
        }
    }

    /// What follows from an error of the WebSocket; `None` if its connection is broken.
    pub(super) fn of_error(error: &Error) -> Option<Close> {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => Some(Close::TOO_LONG),
            Error::Protocol(_) | Error::AttackAttempt => {
                Some(Close::new(1002, "The frame is not valid", Reason::Protocol))
            }
            Error::Utf8(_) => Some(Close::new(
                1007,
                "The message is not UTF-8",
                Reason::Protocol,
            )),
            _ => None,
        }
    }

    /// What follows from the end of an outbox.
    pub(super) fn of_reason(reason: Reason) -> Close {
        match reason {
            Reason::Slow => Close::SLOW,
            Reason::Stop => Close::STOP,
            _ => Close::FAILED,
        }
    }

    pub(super) fn frame(&self) -> CloseFrame {
        let mut end = self.text.len().min(LONGEST);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        CloseFrame {
            code: self.code.into(),
            reason: self.text[..end].into(),
        }
    }
}
