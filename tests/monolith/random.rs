//! A random generator that never changes: a seed gives the same world on every machine and with every version of a library.

/// A source of pseudo-random numbers (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(mix(seed ^ 0x5a17_6a3d))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True with this probability in percent.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Some of these in their order: at least one, at most `most`.
    pub(crate) fn some<T: Clone>(&mut self, from: &[T], most: usize) -> Vec<T> {
        let wanted = self.between(1, most.min(from.len()).max(1));
        let mut places: Vec<usize> = (0..from.len()).collect();
        while places.len() > wanted {
            places.remove(self.below(places.len()));
        }
        places
            .into_iter()
            .map(|place| from[place].clone())
            .collect()
    }

    /// In a random order.
    pub(crate) fn shuffled<T: Clone>(&mut self, from: &[T]) -> Vec<T> {
        let mut out = from.to_vec();
        for place in (1..out.len()).rev() {
            out.swap(place, self.below(place + 1));
        }
        out
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A hash of the seed and the texts (FNV-1a, mixed).
pub(crate) fn hash(seed: u64, texts: &[&str]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64 ^ mix(seed);
    for text in texts {
        for byte in text.bytes().chain([0xff]) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    mix(state)
}
