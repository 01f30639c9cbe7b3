//! How often entries were counted, approximately (a count-min sketch, as in TinyLFU).
//!
//! An entry has four counters of four bits, which it shares with others, and its count is the least of them. All counters of
//! an entry are in one cache line. They age: with every count, one word of counters is halved, so that each is halved when as
//! many entries were counted as there are words. Most counters are zero at any time, so what was never counted has seldom
//! another count: about one of a thousand has.

use std::sync::OnceLock;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};

/// Words of a cache line.
const LINE: usize = 8;

/// The counters of an entry.
const COUNTERS: u32 = 4;

/// The greatest count.
const MOST: u64 = 15;

/// The lower three bits of each counter of a word.
const WITHOUT_HIGHEST: u64 = 0x7777_7777_7777_7777;

/// Counts by hashes.
#[derive(Debug)]
pub(super) struct FrequencySketch {
    lines: usize,
    /// A cache that is never full needs no counters.
    counters: OnceLock<Counters>,
}

#[derive(Debug)]
struct Counters {
    words: Box<[AtomicU64]>,
    /// The next word that ages, as a number that only grows.
    next: AtomicUsize,
}

impl FrequencySketch {
    /// For about so many entries. Takes eight bytes for each when the first is counted.
    pub(super) fn new(entries: u64) -> FrequencySketch {
        const FEWEST: u64 = 1 << 10;
        const MOST: u64 = 1 << 20;
        let words = entries.clamp(FEWEST, MOST).next_power_of_two();
        FrequencySketch {
            lines: words as usize / LINE,
            counters: OnceLock::new(),
        }
    }

    /// Counts an entry, and returns how often it was counted before, as far as that is not forgotten.
    pub(super) fn count(&self, hash: u64) -> u64 {
        let counters = self.counters.get_or_init(|| Counters {
            words: (0..self.lines * LINE).map(|_| AtomicU64::new(0)).collect(),
            next: AtomicUsize::new(0),
        });
        counters.age();
        // Odd factors spread hashes that differ in few bits. The line is chosen by other bits than the counters in it.
        let spread = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let line = (spread >> 40) as usize & (self.lines - 1);
        let line = &counters.words[line * LINE..][..LINE];
        let mut least = MOST;
        for index in 0..COUNTERS {
            let bits = spread >> (index * 7);
            let (word, shift) = ((bits & 7) as usize, (bits >> 3 & 15) * 4);
            least = least.min(increment(&line[word], shift));
        }
        least
    }
}

/// Increments the counter at this bit of a word, and returns its value before.
fn increment(word: &AtomicU64, shift: u64) -> u64 {
    let before = word.load(Relaxed);
    let count = before >> shift & MOST;
    if count < MOST {
        // Another thread may be counting in the same word. That loses a count, which is seldom and does no harm.
        word.store(before + (1 << shift), Relaxed);
    }
    count
}

impl Counters {
    /// Halves the next word.
    fn age(&self) {
        let next = self.next.fetch_add(1, Relaxed) & (self.words.len() - 1);
        let word = &self.words[next];
        let counts = word.load(Relaxed);
        if counts != 0 {
            word.store(counts >> 1 & WITHOUT_HIGHEST, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash of a number, as good as that of a key.
    fn hash(number: u64) -> u64 {
        let mixed = (number ^ number >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB)
    }

    #[test]
    fn counts_up_to_fifteen() {
        let sketch = FrequencySketch::new(1 << 14);
        let counts: Vec<u64> = (0..20).map(|_| sketch.count(7)).collect();
        assert_eq!(counts[..16], (0..16).collect::<Vec<_>>());
        assert_eq!(counts[19], 15);
    }

    #[test]
    fn what_was_never_counted_has_seldom_a_count() {
        let sketch = FrequencySketch::new(1 << 14);
        let counted = (0..1_000_000).filter(|number| sketch.count(hash(*number)) > 0);
        let share = counted.count() as f64 / 1e6;
        assert!(share < 0.002, "{share}");
    }

    #[test]
    fn what_was_counted_is_known_for_a_while_and_then_forgotten() {
        let sketch = FrequencySketch::new(1 << 14);
        let mut others = 1 << 40..;
        let mut known_after = |rest: usize| {
            let counted = 0..1000;
            counted.clone().for_each(|number| {
                sketch.count(hash(number));
            });
            others.by_ref().take(rest).for_each(|number| {
                sketch.count(hash(number));
            });
            let known = counted.filter(|number| sketch.count(hash(*number)) > 0);
            let known = known.count();
            // As long as it takes to forget all of it.
            others.by_ref().take(1 << 18).for_each(|number| {
                sketch.count(hash(number));
            });
            known
        };
        assert!(known_after(1000) > 850, "{}", known_after(1000));
        assert!(known_after(1 << 16) < 20, "{}", known_after(1 << 16));
    }
}
