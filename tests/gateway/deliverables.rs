//! The register of deliverables, which is delimited text: its screens, the calls that they make, and what failures leave.

use std::collections::BTreeSet;

use sangam_demo::Weather;
use serde_json::{Value, json};

use super::world::World;

/// The statuses, with their counts.
const STATUSES: [(&str, &str); 4] = [
    ("ACHIEVED", "achievedCount"),
    ("TARGET_MISSED", "targetMissedCount"),
    ("NOT_REPORTED", "notReportedCount"),
    ("NOT_DUE", "notDueCount"),
];

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
async fn the_screen_of_all_departments_adds_up() {
    let world = World::start("").await;
    let answer = world.named("DeliverablesByDepartment", json!({})).await;
    let departments = answer["departments"].as_array().unwrap();
    assert_eq!(sum(departments, "deliverableCount"), 1_137);
    for department in departments {
        let summary = &department["deliverableSummary"];
        for (_, count) in STATUSES {
            let by_frequency = summary["byFrequency"].as_array().unwrap().iter();
            let sum: u64 = by_frequency
                .map(|one| one["counts"][count].as_u64().unwrap())
                .sum();
            assert_eq!(summary["counts"][count], sum, "{department:#}");
        }
    }
}

#[test]
async fn the_screen_of_one_department_lists_what_it_counts() {
    let world = World::start("").await;
    let variables = json!({ "departmentCode": "8102" });
    let answer = world.named("DepartmentDeliverables", variables).await;
    let department = &answer["department"];
    let (counts, list) = (
        &department["deliverableSummary"]["counts"],
        &department["deliverables"],
    );
    let rows = list["nodes"].as_array().unwrap();
    assert_eq!(counts["deliverableCount"], list["totalCount"]);
    assert_eq!(list["totalCount"], rows.len());
    for (status, count) in STATUSES {
        let in_list = rows.iter().filter(|one| one["status"] == status).count();
        assert_eq!(counts[count], in_list, "{department:#}");
    }
    for one in rows {
        // A yearly target is due in March, so none is looked at yet.
        assert_eq!(
            one["latestPeriod"].is_null(),
            one["frequency"] == "YEARLY",
            "{one:#}"
        );
    }
    // The directory, the counts, and one page of rows.
    assert_eq!(calls(&world), [("deliverables", 2), ("lgd", 1)]);
    let filter = json!({ "status": "TARGET_MISSED" });
    let variables = json!({ "departmentCode": "8102", "filter": filter });
    let answer = world.named("DepartmentDeliverables", variables).await;
    assert_eq!(
        answer["department"]["deliverables"]["totalCount"],
        counts["targetMissedCount"]
    );
}

#[test]
async fn areas_have_what_districts_and_departments_have_together() {
    let world = World::start("").await;
    let answer = world
        .ask(
            "{
              areas { code deliverableSummary { ...all } }
              departments { ...departments }
              jammu: districts(areaCode: JAMMU) { deliverableSummary { ...all } }
              kashmir: districts(areaCode: KASHMIR) { deliverableSummary { ...all } }
            }
            fragment departments on Department { deliverableSummary { ...all } }
            fragment all on DeliverableSummary {
              asOf counts { deliverableCount dueCount achievedCount targetMissedCount notReportedCount notDueCount }
            }",
        )
        .await;
    assert_eq!(answer.get("errors"), None, "{:#}", answer["errors"]);
    // The tab of totals by area, by department, and by the districts of each division.
    assert_eq!(calls(&world), [("deliverables", 4), ("lgd", 4)]);
    let data = &answer["data"];
    let objects = |field: &str| data[field].as_array().unwrap().as_slice();
    let departments = objects("departments");
    let [jammu, kashmir] = ["jammu", "kashmir"].map(objects);
    assert_eq!((jammu.len(), kashmir.len()), (10, 10));
    assert_eq!(
        sum(jammu, "deliverableCount") + sum(kashmir, "deliverableCount"),
        385
    );
    for count in [
        "deliverableCount",
        "dueCount",
        "achievedCount",
        "targetMissedCount",
        "notReportedCount",
        "notDueCount",
    ] {
        let of_districts = sum(jammu, count) + sum(kashmir, count);
        for (area, expected) in [
            ("UT", sum(departments, count) + of_districts),
            ("JAMMU", sum(jammu, count)),
            ("KASHMIR", sum(kashmir, count)),
        ] {
            let mut areas = objects("areas").iter();
            let area = areas.find(|one| one["code"] == area).unwrap();
            let summary = &area["deliverableSummary"];
            assert_eq!(summary["asOf"], "2026-10-31");
            assert_eq!(summary["counts"][count], expected, "{count}: {area:#}");
        }
    }
}

#[test]
async fn the_whole_list_is_read_part_by_part() {
    let world = World::start("").await;
    let query = "query ($first: Int, $after: String) {
      deliverables(first: $first, after: $after) { totalCount nodes { code } pageInfo { endCursor hasNextPage } }
    }";
    let mut codes = BTreeSet::new();
    let mut after = Value::Null;
    for part in 0..=60 {
        let variables = json!({ "first": 25, "after": after });
        let answer = world.ask_with(query, &variables).await;
        assert_eq!(answer.get("errors"), None, "{:#}", answer["errors"]);
        let list = &answer["data"]["deliverables"];
        assert_eq!(list["totalCount"], 1_522);
        let nodes = list["nodes"].as_array().unwrap().iter();
        codes.extend(nodes.map(|node| node["code"].as_str().unwrap().to_owned()));
        after = list["pageInfo"]["endCursor"].clone();
        assert_eq!(list["pageInfo"]["hasNextPage"], part < 60);
    }
    assert_eq!(codes.len(), 1_522);
    // Four parts are in one response of the register.
    assert_eq!(calls(&world), [("deliverables", 16)]);
    // Refused before anything is called.
    for (variables, message) in [
        (
            json!({ "first": 101 }),
            "Query.deliverables(first:) must be at least 0 and at most 100",
        ),
        (
            json!({ "after": "DLV-D-0034" }),
            "Query.deliverables(after:) must be a cursor of this list: `endCursor` or `cursor` of a part of it",
        ),
    ] {
        let refused = world.ask_with(query, &variables).await;
        let error = &refused["errors"][0];
        assert_eq!(error["message"], message);
        assert_eq!(error["extensions"]["code"], "INVALID_ARGUMENT");
    }
    assert_eq!(calls(&world), [("deliverables", 16)]);
}

#[test]
async fn a_filter_selects_and_counts_the_same() {
    let world = World::start("").await;
    let query = "query ($filter: DeliverableFilter) {
      deliverables(filter: $filter, first: 100) { totalCount nodes { frequency status level } }
      deliverableSummary(filter: $filter) { counts { deliverableCount targetMissedCount } }
    }";
    for filter in [
        json!({}),
        json!({ "frequency": "HALF_YEARLY", "status": "TARGET_MISSED", "level": "DISTRICT" }),
        json!({ "districtLgdCode": "2", "frequency": "YEARLY" }),
        json!({ "departmentCode": "8101", "status": "NOT_REPORTED" }),
    ] {
        let answer = world.ask_with(query, &json!({ "filter": filter })).await;
        assert_eq!(answer.get("errors"), None, "{:#}", answer["errors"]);
        let (list, summary) = (
            &answer["data"]["deliverables"],
            &answer["data"]["deliverableSummary"],
        );
        assert_ne!(list["totalCount"], 0, "{filter}");
        assert_eq!(
            list["totalCount"], summary["counts"]["deliverableCount"],
            "{filter}"
        );
        for node in list["nodes"].as_array().unwrap() {
            for key in ["frequency", "status", "level"] {
                if let Some(wanted) = filter.get(key) {
                    assert_eq!(&node[key], wanted, "{filter}");
                }
            }
        }
    }
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
            .ask("{ districts { name deliverables { totalCount } } deliverable(code: \"DLV-D-0001\") { code } }")
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
