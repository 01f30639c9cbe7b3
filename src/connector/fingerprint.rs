//! Text that identifies a request, or another part of a cache key.

/// Writes each part after its length, so that two different lists of parts never give the same text.
#[derive(Debug)]
pub struct Fingerprint<'b> {
    out: &'b mut Vec<u8>,
}

impl<'b> Fingerprint<'b> {
    /// Appends to this text.
    pub fn new(out: &'b mut Vec<u8>) -> Self {
        Fingerprint { out }
    }

    /// Adds a part.
    pub fn part(&mut self, part: &[u8]) {
        self.count(part.len());
        self.out.extend_from_slice(part);
    }

    /// Adds the number of parts that follow. Seven bits at a time, the lowest first: most numbers take one byte, and each
    /// byte takes time to hash.
    pub fn count(&mut self, mut count: usize) {
        while count > 0x7f {
            self.out.push(count as u8 | 0x80);
            count >>= 7;
        }
        self.out.push(count as u8);
    }
}
