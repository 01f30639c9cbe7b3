//! The queries of README.md, at the stand-ins: they have the responses that it shows.

use serde_json::Value;

use super::world::World;

/// What a `json` block belongs to: a query in a `graphql` block, or the body that a command sends.
fn query(info: &str, text: &str) -> Option<String> {
    match info {
        "graphql" if text.starts_with("query ") => Some(text.to_owned()),
        "sh" => {
            let (_, body) = text.split_once("-d '")?;
            let body: Value = serde_json::from_str(body.split('\'').next()?).unwrap();
            Some(body["query"].as_str().unwrap().to_owned())
        }
        _ => None,
    }
}

#[test]
async fn queries_have_the_responses_that_it_shows() {
    let world = World::start("").await;
    let mut blocks = include_str!("../../README.md").split("\n```");
    blocks.next();
    let (mut last, mut compared): (Option<String>, _) = (None, 0);
    // A block, and the prose after it.
    while let Some(block) = blocks.next() {
        let (info, text) = block.split_once('\n').unwrap_or((block, ""));
        match (info, last.take()) {
            ("json", Some(query)) => {
                let answer = world.ask(&query).await;
                let shown: Value = serde_json::from_str(text).unwrap_or_default();
                assert!(answer == shown, "{query}\n{answer:#}");
                compared += 1;
            }
            _ => last = query(info, text),
        }
        blocks.next();
    }
    assert_eq!(compared, 2);
}
