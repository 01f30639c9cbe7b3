//! One side or two under load, in turns.
//!
//! The two runs of a pair follow each other, and the order changes from pair to pair, because the speed of a machine changes
//! within minutes.

use std::error::Error;

use bytes::Bytes;
use futures_util::future::try_join_all;

use super::figures::{Sample, Side};
use super::wrk::{CONNECTIONS, Requests};
use super::{Bench, wrk};
use sangam_harness::Process;

/// A process that is loaded, with its figures.
pub(super) struct Contender {
    process: Process,
    pub(super) side: Side,
    pub(super) requests: Requests,
    /// The answer to the first request.
    pub(super) answer: Bytes,
}

impl Contender {
    /// Starts one side, and measures it without load. Its calls for a request are counted: a hundred requests at once make a
    /// hundred times as many, unless they share them.
    pub(super) async fn start(
        bench: &Bench,
        upstream: &Process,
        requests: Requests,
        is_shared: bool,
        start: impl FnOnce() -> Result<Process, Box<dyn Error>>,
    ) -> Result<Contender, Box<dyn Error>> {
        let mut side = Side::default();
        let before = bench.calls(upstream).await?;
        let process = start()?;
        side.idle = process.memory()?;
        // The first response fills the caches.
        let answer = bench.send(&process, &requests.numbered(0)).await?;
        let filled = bench.calls(upstream).await?;
        side.first_calls = filled - before;
        let all = (1..=CONNECTIONS).map(async |number| {
            let request = requests.numbered(number);
            bench.send(&process, &request).await
        });
        let all = try_join_all(all).await?;
        let calls = bench.calls(upstream).await? - filled;
        let is_whole = calls % CONNECTIONS == 0 || is_shared;
        let is_same = requests.differ() || all.iter().all(|one| *one == answer);
        if !is_whole || !is_same {
            return Err(format!(
                "{CONNECTIONS} requests made {calls} calls, or equal ones got different answers"
            )
            .into());
        }
        side.calls = calls / CONNECTIONS;
        Ok(Contender {
            process,
            side,
            requests,
            answer,
        })
    }

    /// The answer to a request that is sent after all others.
    pub(super) async fn last(&self, bench: &Bench) -> Result<Bytes, Box<dyn Error>> {
        let request = self.requests.numbered(CONNECTIONS + 1);
        Ok(bench.send(&self.process, &request).await?)
    }

    async fn sample(
        &self,
        bench: &Bench,
        upstream: &Process,
        run: u64,
    ) -> Result<Sample, Box<dyn Error>> {
        let (calls, cpu) = (bench.calls(upstream).await?, self.process.cpu()?);
        let url = &self.process.url;
        let load = wrk::send(&bench.files, url, &self.requests, run, bench.seconds)?;
        let cpu = self.process.cpu()? - cpu;
        let calls = bench.calls(upstream).await? - calls;
        Ok(Sample {
            load,
            cpu: cpu.as_secs_f64() * 1e6 / load.requests as f64,
            calls: calls as f64 / load.requests as f64,
        })
    }
}

/// All runs, after one of a second for each side that is not measured.
pub(super) async fn load(
    bench: &Bench,
    upstream: &Process,
    contenders: &mut [Contender],
) -> Result<(), Box<dyn Error>> {
    for one in &*contenders {
        wrk::send(&bench.files, &one.process.url, &one.requests, 0, 1)?;
    }
    for round in 0..bench.pairs {
        for turn in 0..contenders.len() {
            let index = (round + turn) % contenders.len();
            let one = &mut contenders[index];
            let sample = one.sample(bench, upstream, 1 + round as u64).await?;
            one.side.samples.push(sample);
        }
    }
    for one in contenders {
        one.side.peak = one.process.peak()?;
    }
    Ok(())
}
