//! The service as a gateway sees it.

use async_graphql::{Request, SDLExportOptions, Variables};
use serde_json::{Value, json};

use super::register::{AS_OF, Register};
use super::service::{Service, open};
use crate::date::Date;

const CONNECTOR: &str = include_str!("../../../connectors/grievances/connector.graphql");

fn service() -> Service {
    open(Date::parse_iso(AS_OF).unwrap()).unwrap()
}

async fn ask(query: &str, variables: Value) -> Value {
    let request = Request::new(query).variables(Variables::from_json(variables));
    serde_json::to_value(service().execute(request).await).unwrap()
}

/// What the connector's author has added: how long lists are, and which arguments are allowed.
fn without_additions(connector: &str) -> String {
    let mut text = connector.to_owned();
    for directive in [" @listSize(", " @constraint("] {
        let mut parts = text.split(directive);
        let mut rest = parts.next().unwrap().to_owned();
        for part in parts {
            rest.push_str(part.split_once(')').unwrap().1);
        }
        text = rest;
    }
    text.replace("federation/v2.9", "federation/v2.5")
        .replace(", \"@listSize\"", "")
}

#[test]
fn the_connector_holds_what_the_service_prints() {
    let options = SDLExportOptions::new()
        .federation()
        .include_specified_by()
        .prefer_single_line_descriptions()
        .use_space_ident()
        .indent_width(2);
    let sdl = service().sdl_with_options(options);
    assert!(
        without_additions(CONNECTOR).contains(sdl.trim()),
        "connector.graphql must contain:\n{sdl}"
    );
}

#[tokio::test]
async fn entities_of_four_types() {
    let answer = ask(
        "query ($r: [_Any!]!) { _entities(representations: $r) {
           ... on District { lgdCode grievanceSummary { openCount openOlderThanCount } }
           ... on Department { code grievanceSummary { openCount } }
           ... on Area { code grievanceSummary { openCount } }
           ... on Grievance { reference status } } }",
        json!({ "r": [
            { "__typename": "District", "lgdCode": "13" },
            { "__typename": "Department", "code": "8119" },
            { "__typename": "Area", "code": "UT" },
            { "__typename": "Grievance", "reference": "JKIG-2025-000001" },
        ] }),
    )
    .await;
    let entities = answer["data"]["_entities"].as_array().unwrap();
    assert_eq!(entities.len(), 4, "{answer}");
    assert!(
        entities[0]["grievanceSummary"]["openCount"]
            .as_u64()
            .unwrap()
            > 0
    );
    assert!(
        entities[2]["grievanceSummary"]["openCount"]
            .as_u64()
            .unwrap()
            > 0
    );
    assert_eq!(entities[3]["status"], "REJECTED");
}

#[tokio::test]
async fn what_is_counted_is_what_is_listed() {
    let answer = ask(
        r#"{ grievances(filter: { isOpen: true, olderThanInDays: 28 }, first: 100) {
               totalCount nodes { ageInDays closedOn } }
             grievanceSummary { receivedCount closedCount openCount openOlderThanCount
                                byStatus { status grievanceCount } byAge { fromInDays toInDays openCount }
                                byMonth(last: 60) { month receivedCount closedCount openAtEndCount }
                                earlier: byMonth(last: 2, upToMonth: "2026-08") { month openAtEndCount }
                                later: byMonth(last: 1, upToMonth: "2031-01") { month openAtEndCount }
                                byType { receivedCount openCount } } }"#,
        Value::Null,
    )
    .await;
    let (list, summary) = (
        &answer["data"]["grievances"],
        &answer["data"]["grievanceSummary"],
    );
    assert_eq!(
        list["totalCount"], summary["openOlderThanCount"],
        "{answer}"
    );
    let sum = |list: &Value, key: &str| -> u64 {
        list.as_array()
            .unwrap()
            .iter()
            .map(|row| row[key].as_u64().unwrap())
            .sum()
    };
    assert_eq!(
        sum(&summary["byAge"], "openCount"),
        summary["openCount"].as_u64().unwrap()
    );
    assert_eq!(
        sum(&summary["byStatus"], "grievanceCount"),
        summary["receivedCount"].as_u64().unwrap()
    );
    assert_eq!(
        sum(&summary["byMonth"], "receivedCount"),
        summary["receivedCount"].as_u64().unwrap()
    );
    assert_eq!(
        sum(&summary["byMonth"], "closedCount"),
        summary["closedCount"].as_u64().unwrap()
    );
    assert_eq!(
        sum(&summary["byType"], "openCount"),
        summary["openCount"].as_u64().unwrap()
    );
    let months = summary["byMonth"].as_array().unwrap();
    assert_eq!(months.last().unwrap()["month"], "2026-10");
    assert_eq!(
        months.last().unwrap()["openAtEndCount"],
        summary["openCount"]
    );
    let figures = |row: &Value| (row["month"].clone(), row["openAtEndCount"].clone());
    let last = |back: usize| figures(&months[months.len() - back]);
    assert_eq!(figures(&summary["earlier"][0]), last(4));
    assert_eq!(figures(&summary["earlier"][1]), last(3));
    assert_eq!(figures(&summary["later"][0]), last(1));
    for item in list["nodes"].as_array().unwrap() {
        assert!(item["ageInDays"].as_i64().unwrap() > 28 && item["closedOn"].is_null());
    }
}

#[tokio::test]
async fn a_reminder_is_sent_when_it_is_due() {
    let register = Register::open(Date::parse_iso(AS_OF).unwrap()).unwrap();
    let due = register
        .records
        .iter()
        .find(|r| r.is_open() && r.age(register.today) > 28)
        .unwrap();
    assert_eq!(register.reminders(&due.reference), 0);
    register.remind(&due.reference).unwrap();
    assert_eq!(register.reminders(&due.reference), 1);
    let fresh = register
        .records
        .iter()
        .find(|r| r.is_open() && r.age(register.today) <= 28);
    assert!(register.remind(&fresh.unwrap().reference).is_err());
    let closed = register.records.iter().find(|r| !r.is_open()).unwrap();
    assert!(register.remind(&closed.reference).is_err());
}

#[tokio::test]
async fn parts_of_the_list_follow_one_another() {
    let part = async |first: i32, after: Value| {
        let query = "query ($first: Int, $after: String) {
           district: _entities(representations: [{ __typename: \"District\", lgdCode: \"13\" }]) { ... on District {
             grievances(filter: { isOpen: true }, first: $first, after: $after) {
               totalCount nodes { reference } edges { cursor }
               pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }";
        ask(query, json!({ "first": first, "after": after })).await
    };
    let all = part(100, Value::Null).await;
    let all = &all["data"]["district"][0]["grievances"];
    let nodes = all["nodes"].as_array().unwrap();
    assert_eq!(all["totalCount"].as_u64(), Some(nodes.len() as u64));
    assert_eq!(all["pageInfo"]["hasNextPage"], false);
    let (mut after, mut read) = (Value::Null, Vec::new());
    loop {
        let answer = part(10, after.clone()).await;
        let part = &answer["data"]["district"][0]["grievances"];
        let page = &part["pageInfo"];
        assert_eq!(page["hasPreviousPage"], !after.is_null());
        read.extend(part["nodes"].as_array().unwrap().clone());
        assert_eq!(page["hasNextPage"], read.len() < nodes.len());
        after = page["endCursor"].clone();
        if page["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(&read, nodes);
    for (first, after) in [(101, Value::Null), (-1, Value::Null), (1, json!("none"))] {
        let answer = part(first, after).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(code, "INVALID_ARGUMENT", "{answer}");
    }
}
