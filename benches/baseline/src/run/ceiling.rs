//! What limits from outside: how many requests a second the upstream's calls allow, and how many the load generator can
//! make. Where a side comes near one of them, its figure says more about that than about itself.

use std::error::Error;

use bytes::Bytes;

use super::Bench;
use super::rows::Row;
use super::wrk;
use sangam_harness::Process;

/// Requests a second at most; the best of several runs.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Ceilings {
    /// The upstream loaded directly, divided by the calls that a request makes; none when it makes none.
    pub(super) upstream: Option<f64>,
    /// wrk with the same request, against the smallest handler that sends the same answer.
    pub(super) generator: f64,
}

impl Ceilings {
    pub(super) fn measure(
        &mut self,
        bench: &Bench,
        row: &Row,
        upstream: &Process,
        body: &str,
        answer: &Bytes,
    ) -> Result<(), Box<dyn Error>> {
        let calls = row.calls();
        if !calls.is_empty() {
            let load = wrk::in_turn(&bench.files, &upstream.url, &calls, bench.seconds)?;
            let found = load.per_second() / calls.len() as f64;
            self.upstream = Some(self.upstream.unwrap_or_default().max(found));
        }
        let file = bench.files.write("answer.json", answer)?;
        let least = Process::role(&["least", &file.to_string_lossy()])?;
        let load = wrk::post(&bench.files, &least.graphql(), body, bench.seconds)?;
        self.generator = self.generator.max(load.per_second());
        Ok(())
    }
}
