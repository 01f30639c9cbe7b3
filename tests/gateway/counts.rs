//! The numbers of objects in the demonstration, counted through the gateway.

use std::collections::HashSet;

use super::world::World;

#[test]
async fn what_the_departments_hold() {
    let world = World::start("").await;
    let answer = world
        .ask(
            "{ districts { lgdCode }
               dggiIndicators(filter: { kind: MONTHLY }) { code dataPoints { code } }
               schemes { slug }
               services { id }
               umangPublishers(first: 100) { nodes { code } } }",
        )
        .await;
    assert_eq!(answer.get("errors"), None, "{:#}", answer["errors"]);
    let data = &answer["data"];
    let distinct = |list: &serde_json::Value, key: &str| {
        let ids: HashSet<&str> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item[key].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), list.as_array().unwrap().len(), "{key}s repeat");
        ids.len()
    };
    assert_eq!(distinct(&data["districts"], "lgdCode"), 20);
    assert_eq!(distinct(&data["dggiIndicators"], "code"), 50);
    let points = data["dggiIndicators"].as_array().unwrap().iter();
    assert_eq!(
        points
            .map(|indicator| indicator["dataPoints"].as_array().unwrap().len())
            .sum::<usize>(),
        140
    );
    assert_eq!(distinct(&data["schemes"], "slug"), 55);
    assert_eq!(distinct(&data["services"], "id"), 5);
    assert!(distinct(&data["umangPublishers"]["nodes"], "code") >= 40);
}

#[test]
async fn the_catalogue_page_by_page() {
    let world = World::start("").await;
    let (mut codes, mut publishers) = (HashSet::new(), HashSet::new());
    let mut after = serde_json::Value::Null;
    loop {
        let query = "query Page($after: String) {
          umangServices(first: 70, after: $after) {
            totalCount nodes { code publisher { code name } } pageInfo { hasNextPage endCursor }
          }
        }";
        let answer = world
            .ask_with(query, &serde_json::json!({ "after": after }))
            .await;
        assert_eq!(answer.get("errors"), None, "{:#}", answer["errors"]);
        let part = &answer["data"]["umangServices"];
        for service in part["nodes"].as_array().unwrap() {
            assert!(
                codes.insert(service["code"].as_str().unwrap().to_owned()),
                "{} twice",
                service["code"]
            );
            publishers.insert(service["publisher"]["code"].as_str().unwrap().to_owned());
        }
        if part["pageInfo"]["hasNextPage"] == false {
            assert_eq!(part["totalCount"], codes.len());
            break;
        }
        after = part["pageInfo"]["endCursor"].clone();
    }
    assert!(codes.len() >= 200, "{} services", codes.len());
    assert!(publishers.len() >= 40, "{} departments", publishers.len());
}
