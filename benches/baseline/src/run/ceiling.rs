//! The ceilings: how many requests a second the upstream allows, and how many the load generator can send. The figure of a
//! side near a ceiling is limited by it.

use std::error::Error;

use bytes::Bytes;

use super::wrk::{Call, Requests};
use super::{Bench, wrk};
use sangam_harness::Process;

/// The highest requests per second of several runs.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Ceilings {
    /// The throughput of the upstream alone, divided by the calls of one request; `None` without calls.
    pub(super) upstream: Option<f64>,
    /// The throughput of wrk with the same request, against the smallest handler that sends the same response.
    pub(super) generator: f64,
}

impl Ceilings {
    /// `calls` are those of one request, if it makes any; `answer` is what the side under test sends.
    pub(super) fn measure(
        &mut self,
        bench: &Bench,
        upstream: &Process,
        calls: &[Call],
        requests: &Requests,
        answer: &Bytes,
    ) -> Result<(), Box<dyn Error>> {
        if !calls.is_empty() {
            let load = wrk::in_turn(&bench.files, &upstream.url, calls, bench.seconds)?;
            let rate = load.per_second() / calls.len() as f64;
            self.upstream = Some(self.upstream.unwrap_or_default().max(rate));
        }
        let file = bench.files.write("answer.json", answer)?;
        let least = Process::role(&["least", &file.to_string_lossy()])?;
        let load = wrk::send(&bench.files, &least.url, requests, 0, bench.seconds)?;
        self.generator = self.generator.max(load.per_second());
        Ok(())
    }
}
