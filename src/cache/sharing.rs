//! Which reads join a call that is under way, though its document may not be kept (single flight).
//!
//! A document that may be kept is shared anyway: to join its call is the same as to find it in the cache a moment later.
//! One that may not be kept is shared if the setting `share_in_flight` allows it. The readers ask at the same time, so
//! what one of them gets was true at a time when each of them waited for it. Two rules keep that true:
//!
//! - A read joins no call that is older than [`SharingRules::joinable_for`]: it would get what was true long before it
//!   asked.
//! - A read joins no call that began before the last mutation of its connector (see [`flight`](super::flight)).
//!
//! `no-store`, `no-cache`, `private` and `Vary: *` say that a response is for one request only, or for one user. After
//! such a response, the endpoint's reads are no longer shared, until a response without them arrives.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::source::CacheFacts;

/// Whether reads share calls whose documents may not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sharing {
    /// Unless the upstream's last response says that it is for one request or one user.
    #[default]
    Auto,
    /// Always, except what the schema declares to be private.
    On,
    /// Never.
    Off,
}

/// The settings of sharing, of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharingRules {
    /// Whether calls are shared.
    pub sharing: Sharing,
    /// How old a call may be that is joined.
    pub joinable_for: Duration,
}

impl SharingRules {
    /// A call that began before is not joined now.
    pub fn not_before(&self) -> Option<Instant> {
        Instant::now().checked_sub(self.joinable_for)
    }
}

impl Default for SharingRules {
    fn default() -> SharingRules {
        SharingRules {
            sharing: Sharing::Auto,
            joinable_for: Duration::from_secs(1),
        }
    }
}

/// What an endpoint knows about sharing its calls.
#[derive(Debug)]
pub(super) struct CallSharing {
    rules: SharingRules,
    /// The last response says that it is for one request or one user.
    forbidden: AtomicBool,
}

impl CallSharing {
    pub(super) fn new(rules: SharingRules) -> CallSharing {
        CallSharing {
            rules,
            forbidden: AtomicBool::new(false),
        }
    }

    pub(super) fn rules(&self) -> &SharingRules {
        &self.rules
    }

    /// Whether a read may join a call, as far as it is known before the response.
    pub(super) fn may_join(&self) -> bool {
        match self.rules.sharing {
            Sharing::Auto => !self.forbidden.load(Ordering::Relaxed),
            Sharing::On => true,
            Sharing::Off => false,
        }
    }

    /// Records what a response says, and returns whether other reads may use it.
    pub(super) fn record(&self, facts: &CacheFacts) -> bool {
        match self.rules.sharing {
            Sharing::Auto => {
                let forbidden =
                    facts.no_store || facts.no_cache || facts.private || facts.varies_on_anything;
                self.forbidden.store(forbidden, Ordering::Relaxed);
                !forbidden
            }
            Sharing::On => true,
            Sharing::Off => false,
        }
    }
}
