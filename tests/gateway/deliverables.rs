//! The register of deliverables, which is delimited text: its screens, the calls that they make, and what failures leave.

use std::path::Path;

use sangam_demo::Weather;
use serde_json::{Value, json};

use super::world::World;

/// The sum of one count of the summaries of all objects.
fn sum(objects: &[Value], count: &str) -> u64 {
    let counts = objects
        .iter()
        .map(|object| &object["deliverableSummary"]["counts"][count]);
    counts.map(|count| count.as_u64().unwrap()).sum()
}

/// The upstreams that were called, with the number of calls.
fn calls(world: &World) -> Vec<(&str, u64)> {
    let calls = world.standins.iter().map(|s| (s.name(), s.call_count()));
    calls.filter(|(_, calls)| *calls > 0).collect()
}

#[test]
async fn the_screen_of_all_departments_makes_two_calls() {
    let world = World::start("").await;
    let file = "schema/operations/DeliverablesByDepartment.graphql";
    let query = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let answer = world.ask(&query).await;
    assert_eq!(answer.get("errors"), None, "{:#}", answer["errors"]);
    assert_eq!(calls(&world), [("deliverables", 1), ("lgd", 1)]);
    let departments = answer["data"]["departments"].as_array().unwrap();
    assert_eq!(sum(departments, "total"), 1_137);
    for department in departments {
        let summary = &department["deliverableSummary"];
        let listed = department["deliverables"].as_array().unwrap();
        for (state, count) in [
            ("ACHIEVED", "achieved"),
            ("LATE", "late"),
            ("NOT_REPORTED", "notReported"),
            ("NOT_DUE", "notDue"),
        ] {
            let in_list = listed.iter().filter(|one| one["state"] == state).count();
            assert_eq!(summary["counts"][count], in_list, "{department:#}");
            let by_frequency = summary["byFrequency"].as_array().unwrap().iter();
            let sum: u64 = by_frequency
                .map(|one| one["counts"][count].as_u64().unwrap())
                .sum();
            assert_eq!(summary["counts"][count], sum, "{department:#}");
        }
        for one in listed {
            // A yearly target is due in March, so none is looked at yet.
            assert_eq!(
                one["latest"].is_null(),
                one["frequency"] == "YEARLY",
                "{one:#}"
            );
        }
    }
}

#[test]
async fn districts_and_departments_make_up_the_union_territory() {
    let world = World::start("").await;
    let answer = world
        .ask(
            "{
              deliverableSummary { ...all }
              departments { ...departments }
              districts { deliverableSummary { ...all } }
            }
            fragment departments on Department { deliverableSummary { ...all } }
            fragment all on DeliverableSummary {
              asOf counts { total due achieved late notReported notDue }
            }",
        )
        .await;
    assert_eq!(answer.get("errors"), None, "{:#}", answer["errors"]);
    // The tab of the whole, the rows of departments, the rows of districts.
    assert_eq!(calls(&world), [("deliverables", 3), ("lgd", 2)]);
    let data = &answer["data"];
    let departments = data["departments"].as_array().unwrap();
    let districts = data["districts"].as_array().unwrap();
    assert_eq!(districts.len(), 20);
    assert_eq!(sum(districts, "total"), 385);
    let whole = &data["deliverableSummary"];
    assert_eq!(whole["asOf"], "2026-10-31");
    for count in ["total", "due", "achieved", "late", "notReported", "notDue"] {
        assert_eq!(
            whole["counts"][count],
            sum(departments, count) + sum(districts, count),
            "{count}"
        );
    }
}

#[test]
async fn the_whole_list_is_read_with_one_call_and_kept() {
    let world = World::start("").await;
    let query = "query ($first: Int) { deliverables(first: $first) { code title state } }";
    let all = world.ask_with(query, &json!({})).await;
    assert_eq!(all["data"]["deliverables"].as_array().unwrap().len(), 1_522);
    let few = world.ask_with(query, &json!({ "first": 20 })).await;
    assert_eq!(few["data"]["deliverables"].as_array().unwrap().len(), 20);
    assert_eq!(calls(&world), [("deliverables", 1)]);
    let none = world.ask_with(query, &json!({ "first": 0 })).await;
    assert_eq!(none["errors"][0]["extensions"]["code"], "INVALID_ARGUMENT");
}

#[test]
async fn a_register_that_cannot_be_read_leaves_the_names() {
    for (weather, message) in [
        (Weather::Dead, "The service cannot be reached"),
        (Weather::Status(503), "The register cannot be read"),
        (
            Weather::WrongShape,
            "The register has other columns than expected",
        ),
    ] {
        let world = World::start("").await;
        world.standin("deliverables").weather(weather);
        let answer = world
            .ask("{ districts { name deliverables { code } } deliverable(code: \"DLV-D-0001\") { code } }")
            .await;
        let districts = answer["data"]["districts"].as_array().unwrap();
        assert_eq!(districts.len(), 20);
        for district in districts {
            assert!(district["name"].is_string(), "{weather:?}: {district:#}");
            assert_eq!(district["deliverables"], Value::Null, "{weather:?}");
        }
        assert_eq!(answer["data"]["deliverable"], Value::Null, "{weather:?}");
        for error in answer["errors"].as_array().unwrap() {
            assert_eq!(error["message"], message, "{weather:?}");
        }
    }
}
