//! The district query: one request to seven departments makes as many calls as documented.

use std::collections::BTreeMap;
use std::path::Path;

use sangam::gateway::GraphqlRequest;

use super::world::World;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The table of `docs/district-query.md`: calls by department.
fn documented() -> BTreeMap<String, u64> {
    let rows = read("docs/district-query.md");
    let rows = rows.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        let name = cells.next()?.trim().trim_matches('`').to_owned();
        Some((name, cells.next()?.trim().parse().ok()?))
    });
    rows.collect()
}

#[test]
async fn one_request_with_the_documented_calls() {
    let world = World::start("").await;
    let query = read("schema/operations/district.graphql");
    let answer = world.ask(&query).await;
    assert_eq!(answer.get("errors"), None, "{:#}", answer["errors"]);
    let districts = answer["data"]["districts"].as_array().unwrap();
    assert_eq!(districts.len(), 20);
    for district in districts {
        assert!(
            district["name"].is_string() && district["nameLocal"].is_string(),
            "{district:#}"
        );
        assert!(
            district["dggi"]["composite"].is_number() && district["dggi"]["rank"].is_u64(),
            "{district:#}"
        );
        assert_eq!(
            district["dggi"]["weakest"].as_array().map(Vec::len),
            Some(3),
            "{district:#}"
        );
        assert_eq!(
            district["schemeProgress"].as_array().map(Vec::len),
            Some(55),
            "{district:#}"
        );
        assert!(
            district["workSummary"]["byStatus"][1]["spentInRupees"].is_string(),
            "{district:#}"
        );
        assert!(
            district["grievanceSummary"]["openOlderThanCount"].is_u64(),
            "{district:#}"
        );
        let backlog = district["applicationSummary"]["byService"]
            .as_array()
            .unwrap();
        assert_eq!(backlog.len(), 5, "{district:#}");
        for service in backlog {
            assert!(service["counts"]["overdueCount"].is_u64(), "{service:#}");
            assert!(
                service["service"]["umangService"]["name"].is_string(),
                "{service:#}"
            );
        }
    }
    let counted: BTreeMap<String, u64> = world
        .standins
        .iter()
        .map(|standin| (standin.name().to_owned(), standin.call_count()))
        .filter(|(_, calls)| *calls > 0)
        .collect();
    assert_eq!(counted, documented());
}

#[test]
async fn explain_tells_the_same_calls() {
    let world = World::start("").await;
    let query = read("schema/operations/district.graphql");
    let request = GraphqlRequest {
        query: Some(query),
        ..GraphqlRequest::default()
    };
    let explained = world
        .gateway
        .explain(&request, &Default::default(), true)
        .await
        .unwrap();
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    for call in &explained.calls {
        let department = call.coordinate.split(':').next().unwrap().to_owned();
        *calls.entry(department).or_default() += call.statuses.len() as u64;
    }
    assert_eq!(calls, documented());
}

/// Three executions with the same response: the documents are fetched; then read from the cache; then their memos are used.
#[test]
async fn asked_again_it_is_made_from_what_is_kept() {
    let world = World::start("[cache]\nresponses = \"0MB\"\n").await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/operations");
    let mut queries: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().collect();
    queries.retain(|file| {
        file.path()
            .extension()
            .is_some_and(|kind| kind == "graphql")
    });
    queries.sort_by_key(|file| file.path());
    assert!(!queries.is_empty());
    for file in queries {
        let query = std::fs::read_to_string(file.path()).unwrap();
        let first = world.ask(&query).await;
        world.standins.iter().for_each(|standin| standin.reset());
        for time in 2..5 {
            assert_eq!(world.ask(&query).await, first, "{file:?}, time {time}");
        }
        let called = world
            .standins
            .iter()
            .filter(|standin| standin.call_count() > 0);
        let called: Vec<&str> = called.map(|standin| standin.name()).collect();
        assert_eq!(called, [""; 0], "{file:?}");
    }
}

#[test]
async fn asked_again_it_is_answered_from_what_is_kept() {
    let world = World::start("").await;
    let query = read("schema/operations/district.graphql");
    let first = world.ask(&query).await;
    world.standins.iter().for_each(|standin| standin.reset());
    assert_eq!(world.ask(&query).await, first);
    let asked: Vec<&str> = world
        .standins
        .iter()
        .filter(|standin| standin.call_count() > 0)
        .map(|standin| standin.name())
        .collect();
    assert_eq!(asked, [""; 0]);
}
