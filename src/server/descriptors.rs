//! The number of file descriptors that the process may open, and how many of them client connections may use.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard limit and returns it.
pub(super) fn raise() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let raised = match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => wanted.current,
        Err(_) => limit.current,
    };
    // `None` means unlimited.
    raised.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    })
}

/// The number of connections to accept: `setting`, or fewer when the descriptors do not suffice. Each connection needs a
/// descriptor; `reserved` ones, but at most half of all, stay free for upstream calls and files.
pub(super) fn connections(setting: usize, reserved: usize, limit: usize) -> usize {
    let free = limit.saturating_sub(reserved).max(limit / 2).max(1);
    if free < setting {
        tracing::warn!(
            limit = "limits.connections",
            count = free,
            "the process may not open enough descriptors for as many connections as the settings allow"
        );
    }
    setting.min(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_keep_descriptors_of_their_own() {
        assert_eq!(connections(10_000, 1_000, 65_536), 10_000);
        assert_eq!(connections(10_000, 1_000, 4_096), 3_096);
        assert_eq!(connections(10_000, 1_000, 1_024), 512);
        assert_eq!(connections(50, 1_000, 1_024), 50);
        assert_eq!(connections(10_000, 1_000, usize::MAX), 10_000);
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        let limit = raise();
        let now = getrlimit(Resource::Nofile);
        assert_eq!(now.current, now.maximum);
        assert_eq!(
            now.current.map_or(usize::MAX, |limit| limit as usize),
            limit
        );
    }
}
