//! Random operations with `@defer` and `@stream` on random worlds: what clients merge of the payloads is the answer without them.

use sangam::gateway::IncrementalFormat;

use super::theirs::Theirs;
use super::{conclude, rounds};
use crate::monolith::case::Case;
use crate::monolith::deferred::{deferred, streamed};
use crate::monolith::generate;
use crate::monolith::json::Json;
use crate::monolith::operation::operation;
use crate::monolith::random::{Random, hash};
use crate::monolith::server::Server;

/// The worlds of a round, and the operations for each.
const WORLDS: u64 = 10;
const OPERATIONS: u64 = 8;

#[test]
#[ignore = "needs clients from the npm registry: scripts/oracle-graphql runs it"]
async fn clients_merge_payloads_into_the_answer() {
    let server = Server::start().await;
    let mut theirs = Theirs::run("merge.mjs");
    let (mut worlds, mut merged, mut wrong) = (0, 0, Vec::new());
    for seed in rounds().flat_map(|round| round * WORLDS..(round + 1) * WORLDS) {
        let Ok(case) = Case::new(&server, generate::world(seed)) else {
            continue;
        };
        worlds += 1;
        let random = &mut Random::new(hash(seed, &["merged"]));
        for _ in 0..OPERATIONS {
            let made = operation(&case.world, random);
            // A null that propagates ends at a fragment, so an answer with errors may have more data with `@defer`.
            let Some((expected, _)) = case.noted(&made) else {
                continue;
            };
            if !expected.errors.is_empty() {
                continue;
            }
            let with_defer = deferred(&made, random);
            let with_both = streamed(&with_defer, &case.world);
            let formats = [
                ("v0.2", IncrementalFormat::V02),
                ("2022", IncrementalFormat::DeferSpec2022),
            ];
            let texts = [with_defer.text(), with_both.text()];
            let tried = texts
                .iter()
                .flat_map(|text| formats.map(|format| (text, format)));
            for (text, (name, format)) in tried {
                let payloads = case.payloads(text, &made.values(), format).await;
                if payloads.len() < 2 {
                    continue;
                }
                merged += 1;
                let differing = different(&mut theirs, text, name, &payloads, &expected.data);
                wrong.extend(differing.map(|why| format!("## World {seed}: {why}\n{text}")));
            }
        }
    }
    eprintln!("{worlds} worlds, {merged} answers merged");
    conclude(&wrong);
    assert!(merged > worlds, "too few were merged");
}

/// The client that merges something else.
fn different(
    theirs: &mut Theirs,
    text: &str,
    format: &str,
    payloads: &[String],
    expected: &Json,
) -> Option<String> {
    let answer = theirs.ask(vec![
        ("query", Json::string(text)),
        ("format", Json::string(format)),
        (
            "payloads",
            Json::List(payloads.iter().map(Json::string).collect()),
        ),
    ]);
    let Json::Object(clients) = answer else {
        return Some(format!("no object: {answer}"));
    };
    let expected: serde_json::Value = serde_json::from_str(&expected.text()).unwrap();
    clients.iter().find_map(|(client, merged)| {
        let merged: serde_json::Value = serde_json::from_str(&merged.text()).unwrap();
        let is_same = merged["data"] == expected && merged["hasNext"] == false;
        let payloads = payloads.join("\n");
        (!is_same).then(|| format!("{client}, {format}: {merged}, not {expected}, of\n{payloads}"))
    })
}
