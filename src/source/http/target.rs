//! A cache of parsed URLs: most calls use the same few URLs again.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use url::Url;

use super::direct::DirectTarget;
use crate::source::{SourceError, SourceErrorKind};

/// A rendered target, with its parsed URL.
#[derive(Debug)]
pub(super) struct Target {
    text: String,
    pub(super) url: Url,
    /// For the direct client, if it can call the URL.
    pub(super) direct: Option<DirectTarget>,
}

/// The targets of recent calls. Two targets with the same slot replace each other, and are parsed as without the cache.
#[derive(Debug)]
pub(super) struct TargetCache {
    slots: Box<[ArcSwapOption<Target>]>,
    hasher: ahash::RandomState,
}

/// A longer target is not cached: it is likely to be one of many.
const LONGEST: usize = 512;
const SLOTS: usize = 64;

impl TargetCache {
    pub(super) fn new() -> TargetCache {
        TargetCache {
            slots: (0..SLOTS).map(|_| ArcSwapOption::empty()).collect(),
            hasher: ahash::RandomState::new(),
        }
    }

    /// The target with this text.
    pub(super) fn get(&self, text: &str) -> Result<Arc<Target>, SourceError> {
        let slot = &self.slots[self.hasher.hash_one(text) as usize % SLOTS];
        if let Some(last) = &*slot.load()
            && last.text == text
        {
            return Ok(Arc::clone(last));
        }
        let url = parse(text)?;
        let target = Arc::new(Target {
            text: text.to_owned(),
            direct: DirectTarget::new(&url),
            url,
        });
        if text.len() <= LONGEST {
            slot.store(Some(Arc::clone(&target)));
        }
        Ok(target)
    }
}

fn parse(target: &str) -> Result<Url, SourceError> {
    // The target is not in the error: it may have secrets.
    let url = Url::parse(target).map_err(|error| {
        SourceError::new(
            SourceErrorKind::Unreachable,
            format!("the target is not a URL: {error}"),
        )
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(SourceError::new(
            SourceErrorKind::Unreachable,
            format!("the target's scheme is {}, not http or https", url.scheme()),
        ));
    }
    Ok(url)
}
