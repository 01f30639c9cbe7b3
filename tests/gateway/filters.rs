//! Lists and their summaries have the same filters, also those of districts, departments and areas; and lists have orders.

use serde_json::{Value, json};

use super::world::World;

fn number(value: &Value, path: &str) -> i64 {
    let found = value.pointer(path).and_then(Value::as_i64);
    found.unwrap_or_else(|| panic!("no number at {path}: {value:#}"))
}

#[test]
async fn a_summary_counts_what_the_list_beside_it_has() {
    let world = World::start("").await;
    let answer = world
        .data(
            "{
              district(lgdCode: \"13\") {
                workSummary(filter: { status: IN_PROGRESS, sector: ROADS }) { workCount }
                works(filter: { status: IN_PROGRESS, sector: ROADS }) { totalCount }
                grievanceSummary(filter: { isOpen: true }) { receivedCount }
                grievances(filter: { isOpen: true }) { totalCount }
                applicationSummary(filter: { status: IN_PROCESS }) { counts { applicationCount } }
                deliverableSummary(filter: { status: TARGET_MISSED }) { counts { deliverableCount } }
                missed: deliverables(filter: { status: TARGET_MISSED }) { totalCount nodes { code } }
              }
              other: district(lgdCode: \"13\") {
                workSummary(filter: { districtLgdCode: \"2\" }) { workCount }
                applicationSummary(filter: { districtLgdCode: \"2\" }) { counts { applicationCount } }
                deliverableSummary(filter: { districtLgdCode: \"2\" }) { counts { deliverableCount } }
                deliverables(filter: { districtLgdCode: \"2\" }) { totalCount }
              }
              workBlock(code: \"1302\") {
                workSummary(filter: { status: IN_PROGRESS }) { workCount }
                works(filter: { status: IN_PROGRESS }) { totalCount }
                none: workSummary(filter: { blockCode: \"1301\" }) { workCount }
              }
              department(code: \"8123\") {
                workSummary(filter: { status: COMPLETED }) { workCount }
                works(filter: { status: COMPLETED }) { totalCount }
                deliverableSummary(filter: { frequency: MONTHLY }) { counts { deliverableCount } }
                monthly: deliverables(filter: { frequency: MONTHLY }) { totalCount nodes { code } }
                own: deliverables(filter: { departmentCode: \"8123\" }) { totalCount }
                none: deliverables(filter: { departmentCode: \"8101\" }) { totalCount }
              }
              applications(filter: { districtLgdCode: \"13\", status: IN_PROCESS }) { totalCount }
              deliverables(filter: { districtLgdCode: \"13\", status: TARGET_MISSED }) { totalCount }
            }",
            &json!({}),
        )
        .await;
    for (counted, listed) in [
        (
            "/district/workSummary/workCount",
            "/district/works/totalCount",
        ),
        (
            "/district/grievanceSummary/receivedCount",
            "/district/grievances/totalCount",
        ),
        (
            "/district/applicationSummary/counts/applicationCount",
            "/applications/totalCount",
        ),
        (
            "/district/deliverableSummary/counts/deliverableCount",
            "/deliverables/totalCount",
        ),
        (
            "/department/workSummary/workCount",
            "/department/works/totalCount",
        ),
        (
            "/workBlock/workSummary/workCount",
            "/workBlock/works/totalCount",
        ),
    ] {
        assert_eq!(
            number(&answer, counted),
            number(&answer, listed),
            "{counted}"
        );
        assert!(number(&answer, counted) > 0, "{counted}");
    }
    for nothing in [
        "/other/workSummary/workCount",
        "/other/applicationSummary/counts/applicationCount",
        "/other/deliverableSummary/counts/deliverableCount",
        "/workBlock/none/workCount",
        "/other/deliverables/totalCount",
        "/department/none/totalCount",
    ] {
        assert_eq!(number(&answer, nothing), 0, "{nothing}");
    }
    for (counted, listed) in [
        ("/district", "/district/missed"),
        ("/department", "/department/monthly"),
    ] {
        let counted = format!("{counted}/deliverableSummary/counts/deliverableCount");
        let listed = answer.pointer(listed).unwrap();
        assert_eq!(number(&answer, &counted), number(listed, "/totalCount"));
        assert!(
            listed["nodes"]
                .as_array()
                .is_some_and(|rows| !rows.is_empty())
        );
    }
    assert!(number(&answer, "/department/own/totalCount") > 0);
}

#[test]
async fn the_divisions_make_up_the_whole_with_any_filter() {
    let world = World::start("").await;
    let answer = world
        .data(
            "{ areas {
                 code
                 workSummary(filter: { status: SUSPENDED }) { workCount }
                 applicationSummary(filter: { status: IN_PROCESS }) { counts { applicationCount } }
                 deliverableSummary(filter: { level: DISTRICT, frequency: MONTHLY }) { counts { deliverableCount } }
               }
               districts {
                 workSummary(filter: { status: SUSPENDED }) { workCount }
                 applicationSummary(filter: { status: IN_PROCESS }) { counts { applicationCount } }
                 deliverableSummary(filter: { level: DISTRICT, frequency: MONTHLY }) { counts { deliverableCount } }
               } }",
            &json!({}),
        )
        .await;
    let areas = answer["areas"].as_array().unwrap();
    let districts = answer["districts"].as_array().unwrap();
    for path in [
        "/workSummary/workCount",
        "/applicationSummary/counts/applicationCount",
        "/deliverableSummary/counts/deliverableCount",
    ] {
        let of = |code: &str| {
            let area = areas.iter().find(|area| area["code"] == code).unwrap();
            number(area, path)
        };
        assert_eq!(of("UT"), of("JAMMU") + of("KASHMIR"), "{path}");
        let sum: i64 = districts.iter().map(|one| number(one, path)).sum();
        assert_eq!(of("UT"), sum, "{path}");
        assert!(sum > 0, "{path}");
    }
    // One call for all areas, and one for all districts.
    for department in ["janbhagidari", "services", "deliverables"] {
        assert_eq!(world.standin(department).call_count(), 2, "{department}");
    }
}

/// What the first elements of a list have, when it is read in parts.
async fn read(world: &World, list: &str, order: &str, fields: &str) -> Vec<Value> {
    let query = format!(
        "query ($after: String) {{ {list}(orderBy: {order}, first: 30, after: $after) {{ nodes {{ {fields} }} pageInfo {{ endCursor }} }} }}"
    );
    let mut nodes = Vec::new();
    let mut after = Value::Null;
    for _ in 0..3 {
        let answer = world.data(&query, &json!({ "after": after })).await;
        nodes.extend(answer[list]["nodes"].as_array().unwrap().iter().cloned());
        after = answer[list]["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(nodes.len(), 90);
    nodes
}

#[test]
async fn lists_come_in_the_order_that_is_asked_for() {
    let world = World::start("").await;
    let text = |node: &Value, key: &str| node[key].as_str().unwrap().to_owned();
    let works = read(&world, "works", "LATEST_APPROVED", "approvedOn").await;
    assert!(works.is_sorted_by_key(|work| std::cmp::Reverse(text(work, "approvedOn"))));
    let works = read(&world, "works", "LARGEST_APPROVED", "approvedInRupees").await;
    let rupees = |work: &Value| text(work, "approvedInRupees").parse::<f64>().unwrap();
    assert!(works.is_sorted_by(|one, other| rupees(one) >= rupees(other)));
    let works = read(
        &world,
        "works",
        "LEAST_PROGRESS",
        "physicalProgressInPercent",
    )
    .await;
    assert!(works.is_sorted_by_key(|work| work["physicalProgressInPercent"].as_i64()));
    let works = read(&world, "works", "CODE", "code").await;
    assert_eq!(
        works.first().map(|work| text(work, "code")).as_deref(),
        Some("JB-1-0001")
    );

    let oldest = read(&world, "grievances", "OLDEST", "receivedOn").await;
    assert!(oldest.is_sorted_by_key(|one| text(one, "receivedOn")));
    let latest = read(&world, "grievances", "LATEST", "receivedOn").await;
    assert!(latest.is_sorted_by_key(|one| std::cmp::Reverse(text(one, "receivedOn"))));
    assert!(text(&latest[0], "receivedOn") > text(&oldest[0], "receivedOn"));
    let reminded = read(&world, "grievances", "MOST_REMINDERS", "reminderCount").await;
    assert!(reminded.is_sorted_by_key(|one| std::cmp::Reverse(one["reminderCount"].as_i64())));
}
