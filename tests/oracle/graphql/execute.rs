//! Executes random operations on random worlds.

use std::time::{Duration, Instant};

use super::theirs::Theirs;
use super::validate::Counts;
use super::{conclude, introspect, rounds, validate};
use crate::monolith::case::Case;
use crate::monolith::compare::compare;
use crate::monolith::generate;
use crate::monolith::json::Json;
use crate::monolith::operation::{Operation, operation};
use crate::monolith::random::{Random, hash};
use crate::monolith::server::Server;

/// The worlds of a round, and the operations for each.
const WORLDS: u64 = 15;
const OPERATIONS: u64 = 8;

#[test]
#[ignore = "needs graphql-js from the npm registry: scripts/oracle-graphql runs it"]
async fn execution_agrees_with_graphql_js() {
    let server = Server::start().await;
    let mut theirs = Theirs::start();
    let (mut worlds, mut executed, mut failed) = (0, 0, 0);
    let mut counts = Counts::new();
    let mut wrong = Vec::new();
    let begun = Instant::now();
    for seed in rounds().flat_map(|round| round * WORLDS..(round + 1) * WORLDS) {
        let Ok(case) = Case::new(&server, generate::world(seed)) else {
            continue;
        };
        worlds += 1;
        theirs.schema(case.gateway().api_sdl());
        wrong.extend(introspect::difference(&mut theirs, case.gateway()).await);
        let random = &mut Random::new(hash(seed, &["graphql-js"]));
        for _ in 0..OPERATIONS {
            let made = operation(&case.world, random);
            let text = made.text();
            for text in [text.clone(), super::mutate::mutate(&text, &[], random)] {
                let difference =
                    validate::difference(&mut theirs, case.gateway(), &text, &mut counts);
                wrong.extend(difference.await);
            }
            let Some((expected, resolved)) = case.noted(&made) else {
                continue;
            };
            executed += 1;
            failed += usize::from(!expected.errors.is_empty());
            if let Some(why) = different(&mut theirs, &made, &expected, resolved) {
                wrong.push(format!("## World {seed}: {why}\n{text}\n{}", made.values()));
            }
        }
    }
    eprintln!(
        "{worlds} worlds, {executed} operations executed, {failed} of them with errors; {counts}; {:?}",
        begun.elapsed().max(Duration::from_millis(1))
    );
    conclude(&wrong);
    assert!(executed > worlds && failed > 0, "too few were executed");
}

/// The difference between the two executions.
fn different(
    theirs: &mut Theirs,
    operation: &Operation,
    expected: &crate::monolith::naive::Answer,
    resolved: Vec<Json>,
) -> Option<String> {
    let answer = theirs.ask(vec![
        ("execute", Json::String(operation.text())),
        ("variables", operation.values()),
        ("resolved", Json::List(resolved)),
    ]);
    let unlike = answer.get("unlike").and_then(Json::as_list).unwrap();
    if let Some(first) = unlike.first().and_then(Json::as_str) {
        return Some(first.to_owned());
    }
    let response = answer.get("response").unwrap();
    let why = compare(expected, response)?;
    Some(format!(
        "{why}: {} here, {response} there",
        expected.to_json()
    ))
}
