//! Which requests of an upstream have been accepted, so that a copy of one is no event.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

/// The requests that were accepted, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Seen {
    hashes: HashSet<[u8; 32]>,
    /// With the time at which a copy would not be accepted any more.
    order: VecDeque<([u8; 32], Option<Instant>)>,
}

/// Whether a request is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// It is, and is remembered.
    New,
    /// It is a copy.
    Copy,
    /// There is no room to remember it.
    Full,
}

impl Seen {
    /// Remembers a request, of at most `most`. One whose copy would be refused by its time is forgotten; of those whose copy never
    /// would, the oldest makes room.
    pub(super) fn note(
        &mut self,
        hash: [u8; 32],
        within: Option<Duration>,
        most: usize,
        now: Instant,
    ) -> Novelty {
        self.drop_oldest_while(|until| until.is_some_and(|until| until < now));
        if self.hashes.contains(&hash) {
            return Novelty::Copy;
        }
        if self.order.len() >= most {
            let mut is_first = true;
            self.drop_oldest_while(|until| std::mem::take(&mut is_first) && until.is_none());
        }
        if self.order.len() >= most {
            return Novelty::Full;
        }
        self.hashes.insert(hash);
        self.order
            .push_back((hash, within.map(|within| now + within)));
        Novelty::New
    }

    /// Forgets the oldest requests as long as the condition holds of their times.
    fn drop_oldest_while(&mut self, mut condition: impl FnMut(Option<Instant>) -> bool) {
        while let Some((oldest, _)) = self.order.pop_front_if(|(_, until)| condition(*until)) {
            self.hashes.remove(&oldest);
        }
    }

    /// Forgets a request that could not be processed, so that it may be sent again.
    pub(super) fn forget(&mut self, hash: &[u8; 32]) {
        if self.hashes.remove(hash) {
            self.order.retain(|(known, _)| known != hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_known_as_long_as_they_would_be_accepted() {
        let (mut seen, now) = (Seen::default(), Instant::now());
        let minute = Duration::from_secs(60);
        let mut note = |hash, at| seen.note([hash; 32], Some(minute), 2, now + at);
        assert_eq!(note(1, Duration::ZERO), Novelty::New);
        assert_eq!(note(1, minute), Novelty::Copy);
        assert_eq!(note(2, minute), Novelty::New);
        // Forgetting the first would let its copy in.
        assert_eq!(note(3, minute), Novelty::Full);
        assert_eq!(note(3, minute + Duration::from_nanos(1)), Novelty::New);
    }

    #[test]
    fn without_a_time_the_oldest_makes_room() {
        let (mut seen, now) = (Seen::default(), Instant::now());
        let mut note = |hash| seen.note([hash; 32], None, 2, now);
        assert_eq!(
            [note(1), note(2), note(1), note(3)],
            [Novelty::New, Novelty::New, Novelty::Copy, Novelty::New]
        );
        assert_eq!([note(2), note(3)], [Novelty::Copy, Novelty::Copy]);
    }
}
