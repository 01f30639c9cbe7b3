//! The schemes and UMANG's catalogue: the figures that must hold, on their screens.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::world::World;

fn list<'a>(value: &'a Value, path: &str) -> &'a Vec<Value> {
    value
        .pointer(path)
        .and_then(Value::as_array)
        .unwrap_or_else(|| panic!("no list at {path}"))
}

#[test]
async fn the_matrix_has_each_scheme_in_each_district() {
    let world = World::start("").await;
    for (month, calls) in [(None, 2), (Some("2026-08"), 3)] {
        let matrix = world.named("SchemeMatrix", json!({ "month": month })).await;
        let text =
            |cell: &Value, path: &str| cell.pointer(path).unwrap().as_str().map(str::to_owned);
        let cells = list(&matrix, "/schemeProgress");
        let places: HashSet<_> = cells
            .iter()
            .map(|cell| (text(cell, "/scheme/id"), text(cell, "/district/id")))
            .collect();
        assert_eq!((cells.len(), places.len()), (55 * 20, 55 * 20));
        let day = month.map_or("2026-10-31", |_| "2026-08-31");
        assert!(cells.iter().all(|cell| cell["asOf"] == day));
        // The names, and the cells: the platform is asked once for each month.
        assert_eq!(world.standin("schemes").call_count(), calls);
        let rows: HashSet<_> = list(&matrix, "/schemes")
            .iter()
            .map(|row| text(row, "/id"))
            .collect();
        assert!(
            cells
                .iter()
                .all(|cell| rows.contains(&text(cell, "/scheme/id")))
        );
        let most = cells
            .iter()
            .filter_map(|cell| cell["coverageInPercent"].as_f64());
        assert!(most.fold(0.0, f64::max) > 100.0, "coverage is clamped");
    }
}

#[test]
async fn the_divisions_and_the_departments_make_up_the_whole() {
    let world = World::start("").await;
    let answer = world.data("{ areas { code schemeSummary { target achieved amountInRupees } schemeSummaryHistory(last: 6) { month achieved } }
           departments { schemes { slug } schemeSummary { schemeCount achieved } }
           districts { schemeSummary { schemeCount achieved } } }",
        &json!({}),
    )
    .await;
    let number =
        |value: &Value, path: &str| value.pointer(path).and_then(Value::as_u64).unwrap_or(0);
    let areas = list(&answer, "/areas");
    let of = |code: &str| areas.iter().find(|area| area["code"] == code).unwrap();
    for path in ["/schemeSummary/target", "/schemeSummary/achieved"] {
        let divisions = number(of("JAMMU"), path) + number(of("KASHMIR"), path);
        assert_eq!(number(of("UT"), path), divisions, "{path}");
    }
    let whole = number(of("UT"), "/schemeSummary/achieved");
    let sum = |list: &[Value], path: &str| list.iter().map(|one| number(one, path)).sum::<u64>();
    let departments = list(&answer, "/departments");
    assert_eq!(sum(departments, "/schemeSummary/achieved"), whole);
    assert_eq!(sum(departments, "/schemeSummary/schemeCount"), 55);
    let schemes: usize = departments
        .iter()
        .map(|one| list(one, "/schemes").len())
        .sum();
    assert_eq!(schemes, 55);
    assert_eq!(
        sum(list(&answer, "/districts"), "/schemeSummary/achieved"),
        whole
    );
    let history = list(of("UT"), "/schemeSummaryHistory");
    assert_eq!(
        (history.len(), number(&history[5], "/achieved")),
        (6, whole)
    );
    // Sums, their history and the departments' schemes are a call each, for the districts, the areas and the departments.
    assert_eq!(world.standin("schemes").call_count(), 5);
}

#[test]
async fn a_rating_shows_on_the_page() {
    let world = World::start("").await;
    let read = "{ umangService(code: \"20105\") { id ratingCount } umangServices(filter: { publisherCode: \"201\" }) { nodes { id ratingCount } } }";
    let before = world.data(read, &json!({})).await;
    let rate = "mutation Rate($code: ID!) { rateUmangService(input: { umangServiceCode: $code, deviceId: \"sample\", rating: 5 }) {
        umangService { id ratingCount } userErrors { code } } }";
    let refused = world.data(rate, &json!({ "code": "99999" })).await;
    let refused = &refused["rateUmangService"];
    assert_eq!(refused["umangService"], Value::Null);
    assert_eq!(
        refused["userErrors"],
        json!([{ "code": "UMANG_SERVICE_NOT_FOUND" }])
    );
    world.standins.iter().for_each(|standin| standin.reset());
    assert_eq!(world.data(read, &json!({})).await, before);
    assert_eq!(
        world.standin("umang").call_count(),
        0,
        "a refusal changes nothing"
    );

    let rated = world.data(rate, &json!({ "code": "20105" })).await;
    let rated = &rated["rateUmangService"];
    assert_eq!(rated["userErrors"], json!([]));
    let after = world.data(read, &json!({})).await;
    assert_eq!(after["umangService"], rated["umangService"]);
    assert_eq!(
        after["umangService"]["ratingCount"].as_u64(),
        before["umangService"]["ratingCount"]
            .as_u64()
            .map(|count| count + 1)
    );
    let nodes = list(&after, "/umangServices/nodes");
    assert!(nodes.contains(&rated["umangService"]));
}
