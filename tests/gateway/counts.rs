//! The numbers of objects in the demonstration, counted through the gateway.

use std::collections::HashSet;

use super::world::World;

#[test]
async fn what_the_departments_hold() {
    let world = World::start("").await;
    let answer = world
        .ask(
            "{ districts { lgdCode }
               dggiIndicators { code dataPoints { code } }
               schemes { slug }
               services { id }
               umangPublishers { id } }",
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
    assert!(distinct(&data["umangPublishers"], "id") >= 40);
}

#[test]
async fn the_catalogue_page_by_page() {
    let world = World::start("").await;
    let (mut ids, mut publishers) = (HashSet::new(), HashSet::new());
    loop {
        let query = "query Page($offset: Int!) {
          umangServices(first: 50, offset: $offset) { total items { id publisher { id name } } }
        }";
        let answer = world
            .ask_with(query, &serde_json::json!({ "offset": ids.len() }))
            .await;
        assert_eq!(answer.get("errors"), None, "{:#}", answer["errors"]);
        let page = &answer["data"]["umangServices"];
        for item in page["items"].as_array().unwrap() {
            assert!(
                ids.insert(item["id"].as_str().unwrap().to_owned()),
                "{} twice",
                item["id"]
            );
            publishers.insert(item["publisher"]["id"].as_str().unwrap().to_owned());
        }
        if ids.len() as u64 >= page["total"].as_u64().unwrap() {
            break;
        }
        assert!(
            !page["items"].as_array().unwrap().is_empty(),
            "the catalogue ends early"
        );
    }
    assert!(ids.len() >= 200, "{} services", ids.len());
    assert!(publishers.len() >= 40, "{} departments", publishers.len());
}
