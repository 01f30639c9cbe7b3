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

/// What the connector's author has added: how long lists are.
fn without_list_sizes(connector: &str) -> String {
    let mut parts = connector.split(" @listSize(");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        text.push_str(part.split_once(')').unwrap().1);
    }
    text.replace("federation/v2.9", "federation/v2.5")
        .replace(", \"@listSize\"", "")
}

#[test]
fn the_connector_holds_what_the_service_prints() {
    let options = SDLExportOptions::new()
        .federation()
        .prefer_single_line_descriptions()
        .use_space_ident()
        .indent_width(2);
    let sdl = service().sdl_with_options(options);
    assert!(
        without_list_sizes(CONNECTOR).contains(sdl.trim()),
        "connector.graphql must contain:\n{sdl}"
    );
}

#[tokio::test]
async fn entities_of_three_types() {
    let answer = ask(
        "query ($r: [_Any!]!) { _entities(representations: $r) {
           ... on District { lgdCode grievanceSummary { open openOlderThan } }
           ... on Department { code grievanceSummary { open } }
           ... on Grievance { id status } } }",
        json!({ "r": [
            { "__typename": "District", "lgdCode": "13" },
            { "__typename": "Department", "code": "8119" },
            { "__typename": "Grievance", "id": "JKIG-2025-000001" },
        ] }),
    )
    .await;
    let entities = answer["data"]["_entities"].as_array().unwrap();
    assert_eq!(entities.len(), 3, "{answer}");
    assert!(entities[0]["grievanceSummary"]["open"].as_u64().unwrap() > 0);
    assert_eq!(entities[2]["status"], "REJECTED");
}

#[tokio::test]
async fn what_is_counted_is_what_is_listed() {
    let answer = ask(
        r#"{ grievances(filter: { open: true, olderThanDays: 28 }, first: 100) { total items { id ageDays closedOn } }
             grievanceSummary { received closed open openOlderThan ageing { fromDays toDays open }
                                byMonth(last: 60) { month received closed openAtEnd } byType { received open } } }"#,
        Value::Null,
    )
    .await;
    let (list, summary) = (
        &answer["data"]["grievances"],
        &answer["data"]["grievanceSummary"],
    );
    assert_eq!(list["total"], summary["openOlderThan"], "{answer}");
    let sum = |list: &Value, key: &str| -> u64 {
        list.as_array()
            .unwrap()
            .iter()
            .map(|row| row[key].as_u64().unwrap())
            .sum()
    };
    assert_eq!(
        sum(&summary["ageing"], "open"),
        summary["open"].as_u64().unwrap()
    );
    assert_eq!(
        sum(&summary["byMonth"], "received"),
        summary["received"].as_u64().unwrap()
    );
    assert_eq!(
        sum(&summary["byMonth"], "closed"),
        summary["closed"].as_u64().unwrap()
    );
    assert_eq!(
        sum(&summary["byType"], "open"),
        summary["open"].as_u64().unwrap()
    );
    let months = summary["byMonth"].as_array().unwrap();
    assert_eq!(months.last().unwrap()["month"], "2026-10");
    assert_eq!(months.last().unwrap()["openAtEnd"], summary["open"]);
    for item in list["items"].as_array().unwrap() {
        assert!(item["ageDays"].as_i64().unwrap() > 28 && item["closedOn"].is_null());
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
    assert_eq!(register.reminders(&due.id), 0);
    register.remind(&due.id).unwrap();
    assert_eq!(register.reminders(&due.id), 1);
    let fresh = register
        .records
        .iter()
        .find(|r| r.is_open() && r.age(register.today) <= 28);
    assert!(register.remind(&fresh.unwrap().id).is_err());
    let closed = register.records.iter().find(|r| !r.is_open()).unwrap();
    assert!(register.remind(&closed.id).is_err());
}
