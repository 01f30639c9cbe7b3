//! Runs one row: starts both sides, checks that they are equivalent, and loads them in turns.
//!
//! Before any load, both sides must give the same response with the same number of calls; otherwise the row is void.

use std::error::Error;

use serde_json::Value;

use super::ceiling::Ceilings;
use super::contest::{Contender, load};
use super::figures::Side;
use super::rows::{Other, Row, Targets};
use super::wrk::{CONNECTIONS, Call, Requests};
use super::{Bench, Outcome, figures, rows};
use sangam_harness::Process;

/// The tolerance for calls per request under load: cache entries expire during a run.
const REFRESHED: f64 = 0.01;

/// The calls per request under load, if requests that are under way share them, are fewer than this.
const SHARED: f64 = 0.5;

/// All figures of a row with two sides.
pub(super) struct Compared {
    sides: [Side; 2],
    ceilings: Ceilings,
    expected: Expected,
}

/// What is expected of the figures, and how the table is headed.
pub(super) struct Expected {
    pub(super) targets: Targets,
    /// The name of the second side in the head of the table.
    pub(super) other: &'static str,
    pub(super) calls: Calls,
}

/// How many calls the first side makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calls {
    /// As many as the other.
    Same,
    /// As many or fewer: the other is an older gateway.
    NoMore,
    /// Requests that are under way share them.
    Shared,
}

pub(super) async fn run(bench: &Bench, row: &Row) -> Result<Outcome, Box<dyn Error>> {
    let upstream = row.upstream()?;
    let settings = row.settings(bench, &upstream).await?;
    let address = row.address(&upstream);
    let requests = Requests::Same(Call::graphql(super::request(&row.operation(bench)?)));
    let gateway = Contender::start(bench, &upstream, requests.clone(), row.is_shared(), || {
        bench.gateway(&settings)
    });
    let gateway = gateway.await?;
    let cached = row.answer_cached().settings(bench, &upstream).await?;
    let other = Contender::start(bench, &upstream, requests, false, || match row.other {
        Other::ByHand(backend) => bench.other_side(&settings, backend, &address),
        Other::AnswerCached => bench.gateway_beside(&cached),
    });
    let other = other.await?;
    let expected = Expected {
        targets: match bench.before {
            Some(_) => rows::NO_WORSE,
            None => row.targets,
        },
        other: match (&bench.before, row.other) {
            (Some(_), _) => "before",
            (None, Other::ByHand(_)) => "by hand",
            (None, Other::AnswerCached) => "answer cached",
        },
        calls: match (&bench.before, row.other) {
            (_, Other::AnswerCached) => Calls::Shared,
            (Some(_), _) => Calls::NoMore,
            (None, _) => Calls::Same,
        },
    };
    compare(bench, &upstream, [gateway, other], &row.calls(), expected).await
}

/// Loads two sides that run, after a check that they give the same response. `calls` are those of one request.
pub(super) async fn compare(
    bench: &Bench,
    upstream: &Process,
    mut contenders: [Contender; 2],
    calls: &[Call],
    expected: Expected,
) -> Result<Outcome, Box<dyn Error>> {
    let [ours, theirs] = &contenders;
    if !same(&ours.answer, &theirs.answer)? {
        let answers = [ours, theirs].map(|one| String::from_utf8_lossy(&one.answer));
        return Err(format!("the answers differ:\n{}\n{}", answers[0], answers[1]).into());
    }
    let (requests, answer) = (ours.requests.clone(), ours.answer.clone());
    let mut ceilings = Ceilings::default();
    ceilings.measure(bench, upstream, calls, &requests, &answer)?;
    load(bench, upstream, &mut contenders).await?;
    ceilings.measure(bench, upstream, calls, &requests, &answer)?;
    let compared = Compared {
        sides: contenders.map(|one| one.side),
        ceilings,
        expected,
    };
    Ok(Outcome {
        void: compared.same_calls().err(),
        table: compared.table(),
    })
}

impl Compared {
    fn table(&self) -> String {
        let [gateway, other] = &self.sides;
        let Expected {
            targets,
            other: name,
            ..
        } = self.expected;
        figures::table((gateway, other), name, targets, self.ceilings)
    }

    /// Whether both sides made the same calls. Under load, each connection can have made the calls of one request that
    /// was not finished when the run ended, and no request can have been answered without its calls.
    ///
    /// # Errors
    /// Why the row is void.
    fn same_calls(&self) -> Result<(), String> {
        let [gateway, other] = &self.sides;
        if self.expected.calls == Calls::Shared {
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
            ("a", gateway.calls, other.calls),
            ("the first", gateway.first_calls, other.first_calls),
        ] {
            if ours > theirs || (ours < theirs && self.expected.calls == Calls::Same) {
                return Err(format!(
                    "the gateway makes {ours} calls for {which} request, the other {theirs}"
                ));
            }
        }
        self.sides.iter().try_for_each(as_without_load)
    }
}

/// Whether a side makes the calls of one request under load, too.
///
/// # Errors
/// How many it makes.
pub(super) fn as_without_load(side: &Side) -> Result<(), String> {
    for sample in &side.samples {
        let unfinished = CONNECTIONS as f64 / sample.load.requests as f64;
        let least = side.calls as f64;
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

    use super::super::figures::Sample;
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

    fn counts(gateway: Side, other: Side, calls: Calls) -> Result<(), String> {
        let compared = Compared {
            sides: [gateway, other],
            ceilings: Ceilings::default(),
            expected: Expected {
                targets: rows::NO_WORSE,
                other: "by hand",
                calls,
            },
        };
        compared.same_calls()
    }

    #[test]
    fn a_row_whose_calls_differ_is_void() {
        let same = |gateway, other| counts(gateway, other, Calls::Same);
        assert_eq!(same(side(11, 11.0), side(11, 11.1)), Ok(()));
        assert_eq!(same(side(0, 0.0), side(0, 0.002)), Ok(()));
        assert_eq!(
            same(side(10, 10.0), side(11, 11.0)),
            Err("the gateway makes 10 calls for a request, the other 11".to_owned())
        );
        for under_load in [10.9, 11.2] {
            let counted = same(side(11, under_load), side(11, 11.0));
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
        assert!(same(late, side(11, 11.0)).is_err());
    }

    #[test]
    fn an_older_gateway_may_make_more_calls() {
        let no_more = |gateway, other| counts(gateway, other, Calls::NoMore);
        assert_eq!(no_more(side(6, 6.0), side(8, 8.0)), Ok(()));
        assert!(no_more(side(8, 8.0), side(6, 6.0)).is_err());
    }

    #[test]
    fn requests_that_share_calls_make_less_than_half_a_call() {
        let shared = |calls| counts(side(0, calls), side(0, 0.0), Calls::Shared);
        assert_eq!(shared(0.1), Ok(()));
        assert!(shared(0.6).is_err());
    }

    #[test]
    fn numbers_are_the_same_by_their_value() -> Result<(), serde_json::Error> {
        assert!(same(br#"{"a": [4.0, 5.8470]}"#, br#"{"a":[4,5.847]}"#)?);
        assert!(!same(br#"{"a":4}"#, br#"{"a":"4"}"#)?);
        assert!(!same(br#"{"a":[4,5]}"#, br#"{"a":[4]}"#)?);
        Ok(())
    }
}
