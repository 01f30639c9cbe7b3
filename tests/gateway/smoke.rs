//! One query to several departments.

use serde_json::Value;

use super::world::World;

#[test]
async fn districts_with_what_others_know_of_them() {
    let world = World::start("").await;
    let answer = world
        .ask(
            "{ districts { name
                 dggi { composite rank weakestIndicators { indicator { name } } }
                 applicationSummary { byService { service { name umangService { name } } } } } }",
        )
        .await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    let districts = answer["data"]["districts"].as_array().unwrap();
    assert_eq!(districts.len(), 20);
    for district in districts {
        assert!(district["dggi"]["rank"].is_u64(), "{district:#}");
        assert_eq!(
            district["dggi"]["weakestIndicators"]
                .as_array()
                .map(Vec::len),
            Some(3),
            "{district:#}"
        );
        assert_eq!(
            district["applicationSummary"]["byService"]
                .as_array()
                .map(Vec::len),
            Some(5),
            "{district:#}"
        );
        assert_ne!(
            district["applicationSummary"]["byService"][0]["service"]["umangService"]["name"],
            Value::Null,
            "{district:#}"
        );
    }
    // One call each, for any number of districts and services; `services` is called twice.
    let calls: Vec<(&str, u64)> = world
        .standins
        .iter()
        .map(|standin| (standin.name(), standin.call_count()))
        .filter(|(_, n)| *n > 0)
        .collect();
    assert_eq!(
        calls,
        [("dggi", 1), ("lgd", 1), ("services", 2), ("umang", 1)]
    );
}
