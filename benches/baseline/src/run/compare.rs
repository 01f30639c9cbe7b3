//! Runs one row: starts both sides, checks that they are equivalent, and loads them in turns.
//!
//! The two runs of a pair follow each other, and the order changes from pair to pair, because the speed of a machine changes
//! within minutes. Before any load, both sides must give the same response with the same number of calls; otherwise the row
//! is void.

use std::error::Error;

use bytes::Bytes;
use futures_util::future::try_join_all;
use serde_json::Value;

use super::ceiling::Ceilings;
use super::figures::{Sample, Side};
use super::rows::{Other, Row, Targets};
use super::wrk::CONNECTIONS;
use super::{Bench, figures, rows, wrk};
use sangam_harness::Process;

/// The tolerance for calls per request under load: cache entries expire during a run.
const REFRESHED: f64 = 0.01;

/// The calls per request under load, if requests that are under way share them, are fewer than this.
const SHARED: f64 = 0.5;

/// All figures of a row.
pub(super) struct Compared {
    sides: [Side; 2],
    ceilings: Ceilings,
    targets: Targets,
    /// The name of the second side in the head of the table.
    other: &'static str,
    /// The requests of the first side share their calls.
    is_shared: bool,
}

/// A row whose sides are running.
struct Pair<'a> {
    bench: &'a Bench,
    upstream: Process,
    processes: [Process; 2],
    sides: [Side; 2],
    body: String,
    answer: Bytes,
}

pub(super) async fn run(bench: &Bench, row: &Row) -> Result<Compared, Box<dyn Error>> {
    let mut pair = start(bench, row).await?;
    let mut ceilings = Ceilings::default();
    ceilings.measure(bench, row, &pair.upstream, &pair.body, &pair.answer)?;
    pair.load().await?;
    ceilings.measure(bench, row, &pair.upstream, &pair.body, &pair.answer)?;
    Ok(Compared {
        sides: pair.sides,
        ceilings,
        targets: match bench.before {
            Some(_) => rows::NO_WORSE,
            None => row.targets,
        },
        other: match (&bench.before, row.other) {
            (Some(_), _) => "before",
            (None, Other::ByHand(_)) => "by hand",
            (None, Other::AnswerCached) => "answer cached",
        },
        is_shared: row.is_shared(),
    })
}

/// Starts both sides, and checks that they give the same response.
async fn start<'a>(bench: &'a Bench, row: &Row) -> Result<Pair<'a>, Box<dyn Error>> {
    let upstream = row.upstream()?;
    let settings = row.settings(bench, &upstream).await?;
    let address = row.address(&upstream);
    let body = super::request(&row.operation(bench)?);
    let gateway = one_side(bench, &upstream, &body, row.is_shared(), || {
        bench.gateway(&settings)
    });
    let (gateway, ours, answer) = gateway.await?;
    let cached = row.answer_cached().settings(bench, &upstream).await?;
    let other = one_side(bench, &upstream, &body, false, || match row.other {
        Other::ByHand(backend) => bench.other_side(&settings, backend, &address),
        Other::AnswerCached => bench.gateway_beside(&cached),
    });
    let (backend, theirs, expected) = other.await?;
    if !same(&answer, &expected)? {
        let [ours, theirs] = [&answer, &expected].map(|answer| String::from_utf8_lossy(answer));
        return Err(format!("the answers differ:\n{ours}\n{theirs}").into());
    }
    Ok(Pair {
        bench,
        upstream,
        processes: [gateway, backend],
        sides: [ours, theirs],
        body,
        answer,
    })
}

/// Starts one side, and measures it without load.
async fn one_side(
    bench: &Bench,
    upstream: &Process,
    body: &str,
    is_shared: bool,
    start: impl FnOnce() -> Result<Process, Box<dyn Error>>,
) -> Result<(Process, Side, Bytes), Box<dyn Error>> {
    let mut side = Side::default();
    let before = bench.calls(upstream).await?;
    let process = start()?;
    side.idle = process.memory()?;
    // The first response fills the caches.
    let first = bench.ask(&process, body).await?;
    let filled = bench.calls(upstream).await?;
    side.first_calls = filled - before;
    let all = try_join_all((0..CONNECTIONS).map(|_| bench.ask(&process, body))).await?;
    let calls = bench.calls(upstream).await? - filled;
    let is_whole = calls % CONNECTIONS == 0 || is_shared;
    if !is_whole || all.iter().any(|answer| *answer != first) {
        return Err(format!(
            "{CONNECTIONS} equal requests made {calls} calls, or got different answers"
        )
        .into());
    }
    side.calls = calls / CONNECTIONS;
    Ok((process, side, first))
}

impl Pair<'_> {
    /// All pairs of runs.
    async fn load(&mut self) -> Result<(), Box<dyn Error>> {
        for process in &self.processes {
            wrk::post(&self.bench.files, &process.graphql(), &self.body, 1)?;
        }
        for round in 0..self.bench.pairs {
            for turn in 0..2 {
                let index = (round + turn) % 2;
                let sample = self.sample(&self.processes[index]).await?;
                self.sides[index].samples.push(sample);
            }
        }
        for (process, side) in self.processes.iter().zip(&mut self.sides) {
            side.peak = process.peak()?;
        }
        Ok(())
    }

    async fn sample(&self, process: &Process) -> Result<Sample, Box<dyn Error>> {
        let (calls, cpu) = (self.bench.calls(&self.upstream).await?, process.cpu()?);
        let load = wrk::post(
            &self.bench.files,
            &process.graphql(),
            &self.body,
            self.bench.seconds,
        )?;
        let cpu = process.cpu()? - cpu;
        let calls = self.bench.calls(&self.upstream).await? - calls;
        Ok(Sample {
            load,
            cpu: cpu.as_secs_f64() * 1e6 / load.requests as f64,
            calls: calls as f64 / load.requests as f64,
        })
    }
}

impl Compared {
    pub(super) fn table(&self) -> String {
        let [gateway, by_hand] = &self.sides;
        figures::table((gateway, by_hand), self.other, self.targets, self.ceilings)
    }

    /// Whether both sides made the same calls. Under load, each connection can have made the calls of one request that
    /// was not finished when the run ended, and no request can have been answered without its calls.
    ///
    /// # Errors
    /// Why the row is void.
    pub(super) fn same_calls(&self) -> Result<(), String> {
        let [gateway, by_hand] = &self.sides;
        if self.is_shared {
            let samples = gateway.samples.iter();
            let most = samples.map(|sample| sample.calls).fold(0.0, f64::max);
            return match most < SHARED {
                true => Ok(()),
                false => Err(format!(
                    "{most:.3} calls for a request, though they are shared"
                )),
            };
        }
        for (which, ours, theirs) in [
            ("a", gateway.calls, by_hand.calls),
            ("the first", gateway.first_calls, by_hand.first_calls),
        ] {
            if ours != theirs {
                return Err(format!(
                    "the gateway makes {ours} calls for {which} request, the other {theirs}"
                ));
            }
        }
        for sample in self.sides.iter().flat_map(|side| &side.samples) {
            let unfinished = CONNECTIONS as f64 / sample.load.requests as f64;
            let least = gateway.calls as f64;
            let most = least * (1.0 + unfinished) + REFRESHED;
            if sample.calls < least - 1e-9 || sample.calls > most {
                return Err(format!(
                    "{:.3} calls for a request under load, and not {least}",
                    sample.calls
                ));
            }
        }
        Ok(())
    }
}

/// The same bytes, or the same JSON: members in the same order, numbers of the same value however they are written.
fn same(one: &[u8], other: &[u8]) -> Result<bool, serde_json::Error> {
    Ok(one == other
        || equal(
            &serde_json::from_slice(one)?,
            &serde_json::from_slice(other)?,
        ))
}

fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|((name, one), (as_named, other))| name == as_named && equal(one, other))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::figures::Target;
    use super::super::wrk::Load;
    use super::*;

    /// A side that makes so many calls for a request, and so many under load.
    fn side(calls: u64, under_load: f64) -> Side {
        let load = Load {
            requests: 10_000,
            took: Duration::from_secs(1),
            p50: Duration::from_millis(1),
            p99: Duration::from_millis(2),
        };
        Side {
            samples: vec![Sample {
                load,
                cpu: 1.0,
                calls: under_load,
            }],
            calls,
            first_calls: 11,
            ..Side::default()
        }
    }

    fn counts(gateway: Side, by_hand: Side) -> Result<(), String> {
        let compared = Compared {
            sides: [gateway, by_hand],
            ceilings: Ceilings::default(),
            targets: Targets {
                throughput: Target::None,
                cpu: Target::None,
                memory: Target::None,
                memory_ratio: Target::None,
            },
            other: "by hand",
            is_shared: false,
        };
        compared.same_calls()
    }

    #[test]
    fn a_row_whose_calls_differ_is_void() {
        assert_eq!(counts(side(11, 11.0), side(11, 11.1)), Ok(()));
        assert_eq!(counts(side(0, 0.0), side(0, 0.002)), Ok(()));
        assert_eq!(
            counts(side(10, 10.0), side(11, 11.0)),
            Err("the gateway makes 10 calls for a request, the other 11".to_owned())
        );
        for under_load in [10.9, 11.2] {
            let counted = counts(side(11, under_load), side(11, 11.0));
            assert_eq!(
                counted,
                Err(format!(
                    "{under_load:.3} calls for a request under load, and not 11"
                ))
            );
        }
        let late = Side {
            first_calls: 12,
            ..side(11, 11.0)
        };
        assert!(counts(late, side(11, 11.0)).is_err());
    }

    #[test]
    fn numbers_are_the_same_by_their_value() -> Result<(), serde_json::Error> {
        assert!(same(br#"{"a": [4.0, 5.8470]}"#, br#"{"a":[4,5.847]}"#)?);
        assert!(!same(br#"{"a":4}"#, br#"{"a":"4"}"#)?);
        assert!(!same(br#"{"a":[4,5]}"#, br#"{"a":[4]}"#)?);
        Ok(())
    }
}
