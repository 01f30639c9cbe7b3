//! Shrinks a failing input as long as it fails in the same way.

use std::time::{Duration, Instant};

use super::input::{Input, Language};
use super::run::{Target, attempt};
use super::tokens::{concat, tokens};

/// The maximum time.
const MOST: Duration = Duration::from_secs(30);

pub(super) fn shrink(
    name: &str,
    target: &dyn Target,
    input: Input,
    kind: &str,
    begin: &dyn Fn(&Input),
) -> Input {
    let begun = Instant::now();
    // `None` when the time is over.
    let mut fails = |candidate: &Input| {
        if begun.elapsed() > MOST {
            return None;
        }
        begin(candidate);
        Some(attempt(name, target, candidate).kind() == Some(kind))
    };
    let mut small = input;
    loop {
        let before = small.len();
        for at in 0..small.parts.len() {
            if small.parts[at].language != Language::Fixed {
                part(&mut small, at, true, &mut fails);
                part(&mut small, at, false, &mut fails);
            }
        }
        if small.len() == before || begun.elapsed() > MOST {
            return small;
        }
    }
}

/// Removes pieces of a part, large ones first: tokens, or bytes. Ends when `fails` has no time left: with many pieces,
/// copying them for each candidate takes long even if no candidate is run.
fn part(
    small: &mut Input,
    at: usize,
    by_token: bool,
    fails: &mut dyn FnMut(&Input) -> Option<bool>,
) {
    let bytes = small.parts[at].bytes.clone();
    let mut pieces: Vec<Vec<u8>> = match by_token {
        true => {
            let list = tokens(&bytes, small.parts[at].language);
            list.iter()
                .map(|token| concat(std::slice::from_ref(token)))
                .collect()
        }
        false => bytes.chunks(1).map(<[u8]>::to_vec).collect(),
    };
    let mut size = pieces.len().max(1);
    while size > 0 {
        let mut from = 0;
        while from < pieces.len() {
            let to = (from + size).min(pieces.len());
            let mut without = pieces.clone();
            without.drain(from..to);
            let mut candidate = small.clone();
            candidate.parts[at].bytes = without.concat();
            match fails(&candidate) {
                Some(true) => (pieces, *small) = (without, candidate),
                Some(false) => from = to,
                None => return,
            }
        }
        size /= 2;
    }
}
