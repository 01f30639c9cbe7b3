//! The targets of calls, parsed once for many calls: an operation asks for the same few URLs again and again.

use std::sync::Arc;

use ::http::Uri;
use arc_swap::ArcSwapOption;
use url::Url;

use super::direct;
use crate::source::{SourceError, SourceErrorKind};

/// A target as it was rendered, and what it means.
#[derive(Debug)]
pub(super) struct Target {
    text: String,
    pub(super) url: Url,
    /// What is asked of the URL's server where that can be asked directly.
    pub(super) direct: Option<Uri>,
}

/// The targets of the latest calls. Two that fall on one place take turns, which costs what it costs without this.
#[derive(Debug)]
pub(super) struct TargetCache {
    slots: Box<[ArcSwapOption<Target>]>,
    hasher: ahash::RandomState,
}

/// A target that is longer is parsed each time: its length says that it is one of many.
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
        if let Some(known) = &*slot.load()
            && known.text == text
        {
            return Ok(Arc::clone(known));
        }
        let url = parse(text)?;
        let target = Arc::new(Target {
            text: text.to_owned(),
            direct: direct::uri(&url),
            url,
        });
        if text.len() <= LONGEST {
            slot.store(Some(Arc::clone(&target)));
        }
        Ok(target)
    }
}

fn parse(target: &str) -> Result<Url, SourceError> {
    // The target is not shown: it may hold secrets.
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
