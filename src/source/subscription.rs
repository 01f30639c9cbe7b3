//! Subscriptions of upstreams: what they send until they end.

use std::time::Duration;

use futures_util::stream::BoxStream;

use super::{SourceError, SourceErrorKind, UpstreamResponse};
use crate::connector::SubscriptionProtocol;

/// How a subscription is opened.
#[derive(Debug, Clone)]
pub struct SubscribeOptions {
    /// How the upstream sends events.
    pub protocol: SubscriptionProtocol,
    /// The address, if it is not that of the request.
    pub url: Option<String>,
    /// The time until the upstream has accepted it.
    pub timeout: Duration,
    /// The maximum length of an event.
    pub max_bytes: usize,
}

/// The events of a subscription. It ends when the upstream says that the subscription is complete.
pub type EventStream = BoxStream<'static, Result<UpstreamResponse, SubscriptionLost>>;

/// Why a subscription has no further events, though the upstream did not say that it is complete.
#[derive(Debug, Clone)]
pub struct SubscriptionLost {
    /// What happened.
    pub error: SourceError,
    /// Another attempt would fail too: the upstream refuses the subscription, or does not follow the protocol.
    pub is_final: bool,
}

impl SubscriptionLost {
    /// Another attempt may succeed.
    pub(crate) fn for_now(error: SourceError) -> SubscriptionLost {
        SubscriptionLost {
            error,
            is_final: false,
        }
    }

    /// Another attempt would fail too.
    pub(crate) fn finally(kind: SourceErrorKind, detail: impl Into<String>) -> SubscriptionLost {
        SubscriptionLost {
            error: SourceError::new(kind, detail),
            is_final: true,
        }
    }
}
