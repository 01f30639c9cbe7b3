//! The district query: one request to seven departments.

use std::collections::BTreeMap;

use sangam::gateway::GraphqlRequest;

use super::world::World;
use crate::support::operations::NamedOperation;

#[test]
async fn each_district_has_what_each_department_says() {
    let world = World::start("").await;
    let answer = world.ask(&NamedOperation::read("Districts").text).await;
    assert_eq!(answer.get("errors"), None, "{:#}", answer["errors"]);
    let districts = answer["data"]["districts"].as_array().unwrap();
    assert_eq!(districts.len(), 20);
    for district in districts {
        assert!(district["name"].is_string(), "{district:#}");
        assert!(
            district["dggi"]["composite"].is_number() && district["dggi"]["rank"].is_u64(),
            "{district:#}"
        );
        assert_eq!(
            district["dggi"]["weakestIndicators"]
                .as_array()
                .map(Vec::len),
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
}

#[test]
async fn explain_lists_the_calls_that_are_made() {
    let world = World::start("").await;
    let request = GraphqlRequest {
        query: Some(NamedOperation::read("Districts").text),
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
    assert_eq!(calls, super::operations::calls(&world));
}
