//! Works and grievances of the demonstration: lists are read on by their cursors, sums agree with lists, and what a mutation
//! changes shows at once, while a refusal changes nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::world::World;

/// Reads a connection to its end, in parts of twenty: the codes of its elements.
async fn all(world: &World, list: &str, key: &str) -> Vec<String> {
    let (mut codes, mut after) = (Vec::new(), "null".to_owned());
    loop {
        let list = list.replace("AFTER", &format!("first: 20, after: {after}"));
        let query = format!(
            "{{ list: {list} {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {key} }} }} }}"
        );
        let answer = world.ask(&query).await;
        let part = &answer["data"]["list"];
        let nodes = part["nodes"].as_array();
        let nodes = nodes.unwrap_or_else(|| panic!("{answer:#}"));
        codes.extend(
            nodes
                .iter()
                .map(|node| node[key].as_str().unwrap().to_owned()),
        );
        after = part["pageInfo"]["endCursor"].to_string();
        if part["pageInfo"]["hasNextPage"] == false {
            assert_eq!(part["totalCount"], codes.len());
            return codes;
        }
    }
}

#[test]
async fn all_works_are_read_with_one_call_for_five_parts() {
    let world = World::start("").await;
    let codes = all(&world, "works(AFTER)", "code").await;
    assert_eq!(codes.len(), 1_513);
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    assert_eq!(world.standin("janbhagidari").call_count(), 16);
}

#[test]
async fn what_is_counted_is_what_is_listed() {
    let world = World::start("").await;
    let query = r#"{
      areas { code workSummary { ...Works } grievanceSummary { openCount byStatus { grievanceCount } receivedCount } }
      works: workSummary(filter: { sector: ROADS, districtLgdCode: "13" }) { workCount }
      grievances: grievanceSummary(filter: { type: RATION_CARD, departmentCode: "8104" }) { receivedCount }
    }
    fragment Works on WorkSummary { workCount spentInRupees byStatus { workCount spentInRupees } }"#;
    let answer = world.ask(query).await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    let data = &answer["data"];
    let [ut, jammu, kashmir] = data["areas"].as_array().unwrap().as_slice() else {
        panic!("{data:#}");
    };
    let number = |value: &Value| match value.as_str() {
        Some(digits) => digits.parse().unwrap(),
        None => value.as_u64().unwrap(),
    };
    for key in ["workCount", "spentInRupees"] {
        let of = |area: &Value| number(&area["workSummary"][key]);
        assert_eq!(of(ut), of(jammu) + of(kashmir), "{key}");
        let by_status = ut["workSummary"]["byStatus"].as_array().unwrap();
        let sum: u64 = by_status.iter().map(|row| number(&row[key])).sum();
        assert_eq!(of(ut), sum, "{key}");
    }
    // Some grievances have no district.
    let of = |area: &Value| number(&area["grievanceSummary"]["receivedCount"]);
    assert!(of(ut) > of(jammu) + of(kashmir), "{data:#}");
    let by_status = ut["grievanceSummary"]["byStatus"].as_array().unwrap();
    let sum: u64 = by_status
        .iter()
        .map(|row| number(&row["grievanceCount"]))
        .sum();
    assert_eq!(of(ut), sum);

    let works = r#"works(filter: { sector: ROADS, districtLgdCode: "13" }, AFTER)"#;
    let works = all(&world, works, "code").await;
    assert_eq!(data["works"]["workCount"], works.len());
    let grievances = r#"grievances(filter: { type: RATION_CARD, departmentCode: "8104" }, AFTER)"#;
    let grievances = all(&world, grievances, "reference").await;
    assert_eq!(data["grievances"]["receivedCount"], grievances.len());
}

#[test]
async fn the_blocks_of_all_districts_are_summed_up_in_one_call() {
    let world = World::start("").await;
    let query = include_str!("../../schema/operations/WorksByDistrict.graphql");
    let answer = world.ask(query).await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    // The districts' sums, their blocks, and the sums of the blocks.
    assert_eq!(world.standin("janbhagidari").call_count(), 3);
    let sum = |rows: &Value, count: &str| -> u64 {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row.pointer(count).and_then(Value::as_u64).unwrap())
            .sum()
    };
    for district in answer["data"]["districts"].as_array().unwrap() {
        let blocks = &district["workBlocks"];
        let of_blocks = sum(blocks, "/workSummary/workCount");
        assert_eq!(district["workSummary"]["workCount"], of_blocks);
        for block in blocks.as_array().unwrap() {
            let summary = &block["workSummary"];
            assert_eq!(
                summary["workCount"],
                sum(&summary["bySector"], "/workCount")
            );
        }
    }
}

#[test]
async fn feedback_shows_at_once_and_a_refusal_changes_nothing() {
    let world = World::start("[cache]\nresponses = \"0MB\"\n").await;
    let query = r#"{
      work(code: "JB-13-0031") { feedbackCount feedback(first: 1) { totalCount nodes { comment } } }
      workSummary { workCount }
    }"#;
    let give = async |comment: &str| {
        let mutation = format!(
            r#"mutation {{ giveWorkFeedback(input: {{ workCode: "JB-13-0031", rating: 5, comment: "{comment}" }}) {{
              workFeedback {{ id work {{ id feedbackCount }} }} userErrors {{ field code }} }} }}"#
        );
        let answer = world.ask(&mutation).await;
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        answer["data"]["giveWorkFeedback"].clone()
    };
    let calls = || world.standin("janbhagidari").call_count();
    let before = world.ask(query).await;
    let count = before["data"]["work"]["feedbackCount"].as_u64().unwrap();
    assert_eq!(calls(), 3);

    let refused = give("Call 94190 00000.").await;
    assert_eq!(refused["workFeedback"], Value::Null);
    assert_eq!(refused["userErrors"][0]["code"], "INVALID");
    assert_eq!(refused["userErrors"][0]["field"][1], "comment");
    assert_eq!(world.ask(query).await, before);
    assert_eq!(calls(), 4, "the refusal is the only call");

    let given = give("Finished in time.").await;
    assert_eq!(given["userErrors"].as_array().map(Vec::len), Some(0));
    assert_eq!(given["workFeedback"]["work"]["feedbackCount"], count + 1);
    assert_eq!(calls(), 6, "the feedback, and the work after it");
    let after = world.ask(query).await;
    let work = &after["data"]["work"];
    assert_eq!(work["feedbackCount"], count + 1);
    assert_eq!(work["feedback"]["totalCount"], count + 1);
    assert_eq!(work["feedback"]["nodes"][0]["comment"], "Finished in time.");
    let calls = world.standin("janbhagidari").calls();
    let sums = calls.iter().filter(|call| call.target.contains("summary"));
    assert_eq!(sums.count(), 1, "the sums are not asked for again");
}

#[test]
async fn a_reminder_shows_at_once_and_a_refusal_changes_nothing() {
    let world = World::start("[cache]\nresponses = \"0MB\"\n").await;
    let query = r#"{ grievance(reference: "JKIG-2025-000182") { id reminderCount } }"#;
    let send = async |reference: &str| {
        let mutation = format!(
            r#"mutation {{ sendGrievanceReminder(input: {{ grievanceReference: "{reference}" }}) {{
              grievance {{ id reminderCount }} userErrors {{ code message }} }} }}"#
        );
        let answer = world.ask(&mutation).await;
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        answer["data"]["sendGrievanceReminder"].clone()
    };
    let calls = || world.standin("grievances").call_count();
    let before = world.ask(query).await;
    assert_eq!(before["data"]["grievance"]["reminderCount"], 0);
    for (reference, code) in [
        ("JKIG-2026-003936", "REMINDER_NOT_DUE"),
        ("JKIG-2025-000001", "GRIEVANCE_CLOSED"),
        ("JKIG-1999-000001", "GRIEVANCE_NOT_FOUND"),
    ] {
        let refused = send(reference).await;
        assert_eq!(refused["grievance"], Value::Null);
        assert_eq!(refused["userErrors"][0]["code"], code);
    }
    assert_eq!(world.ask(query).await, before);
    assert_eq!(calls(), 4, "a refusal invalidates nothing");

    let sent = send("JKIG-2025-000182").await;
    assert_eq!(sent["grievance"]["reminderCount"], 1, "{sent:#}");
    let after = world.ask(query).await;
    assert_eq!(after["data"]["grievance"], sent["grievance"]);
}
