//! What a cache makes room for. While it has room, it stores everything. When it is full, it stores what was wanted before:
//! what one request asks for, and no other, would push out what many ask for, at the price of a copy, of housekeeping, and
//! of memory that is freed elsewhere than it was allocated.
//!
//! It counts what is wanted and missing, not what is found. Which of two entries that are wanted again and again is worth
//! more is for the cache itself to decide, which knows how often its entries are found.

mod sketch;

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use self::sketch::FrequencySketch;
use super::meter::RefusalMeter;

/// Decides what one cache stores.
#[derive(Debug)]
pub(super) struct Demand {
    max_bytes: u64,
    /// An entry did not fit, and nothing was freed since.
    is_full: AtomicBool,
    wanted: FrequencySketch,
    refusals: RefusalMeter,
}

impl Demand {
    /// For a cache of at most about so many bytes, whose entries have this weight if they are many.
    pub(super) fn new(cache: &'static str, max_bytes: u64, usual: u64) -> Demand {
        Demand {
            max_bytes,
            is_full: AtomicBool::new(false),
            wanted: FrequencySketch::new(max_bytes / usual),
            refusals: RefusalMeter::new(cache),
        }
    }

    /// Whether an entry of this weight is worth storing. Counts that it is wanted. `used` is the weight of all entries, as far
    /// as the cache has summed it up.
    pub(super) fn wants(&self, hash: u64, weight: u64, used: u64) -> bool {
        if weight > self.max_bytes {
            return false;
        }
        if used < self.max_bytes / 2 {
            return true;
        }
        let wanted_before = self.wanted.count(hash) > 0;
        let wants = wanted_before || self.has_room(weight, used);
        if !wants {
            self.refusals.count();
        }
        wants
    }

    /// Counts an entry as wanted that was stored, and may no longer be used: if it is wanted again, it is as good as before.
    pub(super) fn lost(&self, hash: u64) {
        self.wanted.count(hash);
    }

    /// Whether there is room for an entry of this weight. When the cache is full, there is none until a part of it is free:
    /// `used` lags behind, so that otherwise many entries would come in the place of one.
    fn has_room(&self, weight: u64, used: u64) -> bool {
        let fits = used + weight <= self.max_bytes;
        if used <= self.max_bytes - self.max_bytes / 32 {
            self.is_full.store(false, Relaxed);
        } else if !fits {
            self.is_full.store(true, Relaxed);
        }
        fits && !self.is_full.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether an entry of weight 10 that is wanted for the first time is stored, after a cache of 1000 had these weights.
    fn stores(used: &[u64]) -> bool {
        let demand = Demand::new("test", 1000, 1);
        let mut last = false;
        for (number, used) in (1..).zip(used) {
            last = demand.wants(number * 0x1234_5678_9ABC_DEF1, 10, *used);
        }
        last
    }

    #[test]
    fn a_full_cache_has_room_again_when_a_part_is_free() {
        assert!(stores(&[0]) && stores(&[980]) && stores(&[990]));
        assert!(!stores(&[991]) && !stores(&[995, 985]));
        assert!(stores(&[995, 985, 960]) && stores(&[995, 960, 985]));
    }

    #[test]
    fn what_was_wanted_or_stored_before_is_stored_in_any_case() {
        let demand = Demand::new("test", 1000, 1);
        assert!(!demand.wants(7, 10, 1000));
        assert!(demand.wants(7, 10, 1000));
        demand.lost(9 << 50);
        assert!(demand.wants(9 << 50, 10, 1000));
        // But not what is larger than the cache.
        assert!(demand.wants(7, 1000, 1000) && !demand.wants(7, 1001, 0));
    }
}
