//! One upstream is dead, slow, or sends garbage: its fields have errors, and all others have values.

use std::time::Duration;

use sangam_demo::weather::Weather;
use serde_json::Value;

use super::world::World;

const QUERY: &str = "{
  districts {
    name
    dggi { composite rank }
    workSummary { workCount spentInRupees }
    grievanceSummary { openCount }
    applicationSummary { byService { service { name umangService { name } } } }
  }
}";

/// A field of a district for each department.
const FIELDS: [(&str, &str); 4] = [
    ("dggi", "dggi"),
    ("janbhagidari", "workSummary"),
    ("grievances", "grievanceSummary"),
    ("services", "applicationSummary"),
];

/// The failures, and their `sangam.kind`.
const WEATHER: [(Weather, &str); 7] = [
    (Weather::Dead, "UNREACHABLE"),
    (Weather::Slow(Duration::from_secs(3600)), "TIMEOUT"),
    (Weather::Status(503), "BUSY"),
    (Weather::Html, "BAD_ANSWER"),
    (Weather::InvalidJson, "BAD_ANSWER"),
    (Weather::WrongShape, ""),
    (Weather::Endless, "LIMIT"),
];

/// Settings under which the failure is detected soon.
fn bounds(weather: Weather) -> &'static str {
    match weather {
        Weather::Slow(_) => "timeout = \"100ms\"",
        Weather::Endless => "timeout = \"120s\"\nmax_response_bytes = 200000",
        _ => "",
    }
}

#[test]
async fn one_department_in_bad_weather_leaves_the_rest() {
    let world = World::start("").await;
    let fine = world.ask(QUERY).await;
    assert_eq!(fine.get("errors"), None, "{fine:#}");
    for (department, field) in FIELDS {
        for (weather, kind) in WEATHER {
            let world = World::start_with("", |name| {
                if name == department {
                    bounds(weather)
                } else {
                    ""
                }
            })
            .await;
            world.standin(department).weather(weather);
            let answer = world.ask(QUERY).await;
            let context = format!("{department} in {weather:?}");
            let (districts, before) = (districts(&answer), districts(&fine));
            assert_eq!(districts.len(), 20, "{context}: {answer:#}");
            for (district, before) in districts.iter().zip(before) {
                assert_eq!(district["name"], before["name"], "{context}");
                for (_, other) in FIELDS.iter().filter(|(name, _)| *name != department) {
                    assert_eq!(district[other], before[other], "{context}: {other}");
                }
                assert_eq!(district[field], Value::Null, "{context}: {answer:#}");
            }
            let errors = answer["errors"].as_array().cloned().unwrap_or_default();
            assert!(!errors.is_empty(), "{context} says nothing");
            for error in &errors {
                let path = error["path"]
                    .as_array()
                    .unwrap_or_else(|| panic!("{context}: {error:#}"));
                assert_eq!(path[0], "districts", "{context}: {error:#}");
                assert_eq!(path[2], *field, "{context}: {error:#}");
                assert!(
                    error["locations"][0]["line"].is_u64(),
                    "{context}: {error:#}"
                );
                if !kind.is_empty() {
                    assert_eq!(
                        error["extensions"]["sangam"]["kind"], kind,
                        "{context}: {error:#}"
                    );
                    assert_eq!(
                        error["extensions"]["service"], department,
                        "{context}: {error:#}"
                    );
                }
            }
        }
    }
}

#[test]
async fn the_catalogue_in_bad_weather_leaves_the_services() {
    let fine = World::start("").await.ask(QUERY).await;
    for (weather, kind) in WEATHER {
        let world = World::start_with(
            "",
            |name| if name == "umang" { bounds(weather) } else { "" },
        )
        .await;
        world.standin("umang").weather(weather);
        let answer = world.ask(QUERY).await;
        for (district, before) in districts(&answer).iter().zip(districts(&fine)) {
            assert_eq!(district["dggi"], before["dggi"], "{weather:?}");
            for backlog in district["applicationSummary"]["byService"]
                .as_array()
                .unwrap()
            {
                assert!(
                    backlog["service"]["name"].is_string(),
                    "{weather:?}: {backlog:#}"
                );
                assert_eq!(
                    backlog["service"]["umangService"]["name"],
                    Value::Null,
                    "{weather:?}: {backlog:#}"
                );
            }
        }
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        assert!(!errors.is_empty(), "{weather:?} says nothing");
        if !kind.is_empty() {
            assert_eq!(
                errors[0]["extensions"]["sangam"]["kind"], kind,
                "{weather:?}"
            );
        }
    }
}

#[test]
async fn a_dead_directory_fails_the_list_and_nothing_else() {
    let world = World::start("").await;
    world.standin("lgd").weather(Weather::Dead);
    let answer = world
        .ask("{ districts { name } dggiSectors { name } }")
        .await;
    assert_eq!(answer["data"]["districts"], Value::Null);
    assert_eq!(
        answer["data"]["dggiSectors"].as_array().map(Vec::len),
        Some(10)
    );
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer:#}");
    assert_eq!(errors[0]["path"], serde_json::json!(["districts"]));
    assert_eq!(errors[0]["extensions"]["sangam"]["kind"], "UNREACHABLE");
}

fn districts(answer: &Value) -> Vec<Value> {
    answer["data"]["districts"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}
