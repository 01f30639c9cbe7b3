//! The governance index: the figures that must hold, on its screens.

use serde_json::{Value, json};

use super::world::World;

fn list<'a>(value: &'a Value, path: &str) -> &'a Vec<Value> {
    value
        .pointer(path)
        .and_then(Value::as_array)
        .unwrap_or_else(|| panic!("no list at {path}"))
}

#[test]
async fn editions_measure_what_they_say() {
    let world = World::start("").await;
    let answer = world.data("{ dggiSectors { code indicators { code } annual: indicators(kind: ANNUAL) { code } }
           dggiEditions { code kind indicatorCount dataPointCount indicators { code dataPoints { code } } } }",
        &json!({}),
    )
    .await;
    let sectors = list(&answer, "/dggiSectors");
    assert_eq!(sectors.len(), 10);
    let count = |field: &str| {
        let of_sectors = sectors
            .iter()
            .map(|sector| sector[field].as_array().unwrap().len());
        of_sectors.sum::<usize>()
    };
    assert_eq!((count("indicators"), count("annual")), (50, 58));
    for edition in list(&answer, "/dggiEditions") {
        let indicators = list(edition, "/indicators");
        let points: usize = indicators
            .iter()
            .map(|indicator| list(indicator, "/dataPoints").len())
            .sum();
        let expected = match edition["kind"] == "MONTHLY" {
            true => (50, 140),
            false => (58, 116),
        };
        assert_eq!((indicators.len(), points), expected, "{edition:#}");
        assert_eq!(edition["indicatorCount"], expected.0);
        assert_eq!(edition["dataPointCount"], expected.1);
    }
}

#[test]
async fn what_was_published_is_served_as_published() {
    let world = World::start("").await;
    let query = "query ($code: ID!) {
        dggiEdition(code: $code) { scores { district { name } rank composite sectors { score } figureSummary { asOf } } }
    }";
    let ranking = async |code: &str| {
        let answer = world.data(query, &json!({ "code": code })).await;
        let scores = list(&answer, "/dggiEdition/scores").clone();
        assert_eq!(scores.len(), 20, "{code}");
        scores
    };
    let third = ranking("dggi-3.0").await;
    let published = [
        ("Jammu", 6.3771),
        ("Samba", 6.1799),
        ("Srinagar", 6.0045),
        ("Rajouri", 5.8696),
        ("Bandipora", 5.7651),
    ];
    for (index, (name, composite)) in published.into_iter().enumerate() {
        let score = &third[index];
        assert_eq!(
            (&score["district"]["name"], &score["composite"]),
            (&json!(name), &json!(composite))
        );
    }
    for (index, score) in third.iter().enumerate() {
        assert_eq!(score["rank"], index + 1);
        assert_eq!(score["composite"].is_null(), index >= published.len());
        assert_eq!(
            (&score["sectors"], &score["figureSummary"]),
            (&json!([]), &Value::Null)
        );
    }
    let fourth = ranking("dggi-4.0").await;
    let ranks: Vec<_> = fourth.iter().map(|score| score["rank"].as_u64()).collect();
    assert_eq!(ranks[..5], [Some(1), Some(2), Some(3), Some(20), None]);
    assert_eq!(fourth[0]["composite"], 6.9623);
    assert_eq!(fourth[3]["composite"], 4.9728);
}

#[test]
async fn a_ranking_is_in_order_and_a_composite_is_the_mean_of_its_sectors() {
    let world = World::start("").await;
    let answer = world.named("SectorHeat", json!({})).await;
    let scores = list(&answer, "/dggiEdition/scores");
    assert_eq!(scores.len(), 20);
    let mut best = f64::INFINITY;
    for score in scores {
        let composite = score["composite"].as_f64().unwrap();
        assert!(composite <= best, "{score:#}");
        best = composite;
        let sectors = list(score, "/sectors");
        assert_eq!(sectors.len(), 10);
        let sum: f64 = sectors
            .iter()
            .map(|sector| sector["score"].as_f64().unwrap())
            .sum();
        assert!((composite - sum / 10.0).abs() < 1e-3, "{score:#}");
    }
    let areas = list(&answer, "/dggiEdition/areaScores");
    let mean = |area: usize| areas[area]["composite"].as_f64().unwrap();
    let all: f64 = scores
        .iter()
        .map(|score| score["composite"].as_f64().unwrap())
        .sum();
    assert!((mean(0) - all / 20.0).abs() < 1e-3);
    // The divisions have ten districts each.
    assert!((mean(0) - (mean(1) + mean(2)) / 2.0).abs() < 1e-3);
}

#[test]
async fn scores_are_found_again_by_their_ids() {
    let world = World::start("").await;
    let query = "query ($code: ID!) {
        dggiEdition(code: $code) {
            scores { id ...district }
            areaScores { id ...area }
        }
    }
    fragment district on DggiDistrictScore { edition { code } district { lgdCode } composite }
    fragment area on DggiAreaScore { edition { code } area { code } composite }";
    let mut wanted = Vec::new();
    for code in ["monthly-2026-10", "dggi-4.0"] {
        let answer = world.data(query, &json!({ "code": code })).await;
        wanted.extend(list(&answer, "/dggiEdition/scores").clone());
        wanted.extend(list(&answer, "/dggiEdition/areaScores").clone());
    }
    assert_eq!(wanted.len(), 2 * (20 + 3));
    world.standins.iter().for_each(|standin| standin.reset());
    let ids: Vec<_> = wanted.iter().map(|one| &one["id"]).collect();
    let again = "query ($ids: [ID!]!) {
        nodes(ids: $ids) {
            id
            ... on DggiDistrictScore { edition { code } district { lgdCode } composite }
            ... on DggiAreaScore { edition { code } area { code } composite }
        }
    }";
    let answer = world.data(again, &json!({ "ids": ids })).await;
    assert_eq!(list(&answer, "/nodes"), &wanted);
    // One call for the districts and one for the areas, of both editions.
    assert_eq!(world.standin("dggi").call_count(), 2);
}

#[test]
async fn a_change_is_the_difference_to_the_edition_before() {
    let world = World::start("").await;
    let answer = world.named("DistrictTrend", json!({})).await;
    let months = list(&answer, "/district/months");
    assert_eq!(months.len(), 6);
    for pair in months.windows(2) {
        let gained =
            |field: &str| pair[1][field].as_f64().unwrap() - pair[0][field].as_f64().unwrap();
        let change = pair[1]["compositeChange"].as_f64().unwrap();
        assert!((change - gained("composite")).abs() < 1e-9, "{pair:#?}");
        // A smaller rank is better.
        assert_eq!(pair[1]["rankChange"].as_f64().unwrap(), -gained("rank"));
    }
    assert!(months[0]["compositeChange"].is_null() && months[0]["rankChange"].is_null());
    let years: Vec<_> = list(&answer, "/district/years")
        .iter()
        .map(|year| (&year["edition"]["code"], &year["rankChange"]))
        .collect();
    assert_eq!(
        years,
        [
            (&json!("dggi-1.0"), &Value::Null),
            (&json!("dggi-3.0"), &Value::Null),
            (&json!("dggi-4.0"), &json!(1))
        ]
    );
}

#[test]
async fn movers_are_in_order() {
    let world = World::start("").await;
    for (order, field) in [
        ("COMPOSITE_CHANGE", "compositeChange"),
        ("RANK_CHANGE", "rankChange"),
    ] {
        let variables = json!({ "orderBy": order, "count": 20 });
        let answer = world.named("Movers", variables).await;
        let changes = |side: &str| -> Vec<f64> {
            list(&answer["dggiEdition"]["movers"], side)
                .iter()
                .map(|one| one[field].as_f64().unwrap())
                .collect()
        };
        let (rises, falls) = (changes("/rises"), changes("/falls"));
        assert!(!rises.is_empty() && rises.is_sorted_by(|a, b| a >= b && *b > 0.0));
        assert!(!falls.is_empty() && falls.is_sorted_by(|a, b| a <= b && *b < 0.0));
    }
}

#[test]
async fn each_figure_has_one_status() {
    let world = World::start("").await;
    let answer = world.named("DistrictFigures", json!({})).await;
    let score = &answer["dggiEdition"]["score"];
    let figures = list(score, "/figures");
    assert_eq!(figures.len(), 140);
    let due = answer["dggiEdition"]["figuresDueOn"].as_str().unwrap();
    for figure in figures {
        let number = figure["value"].is_number() || figure["valueInRupees"].is_string();
        let late = figure["keyedOn"].as_str().is_some_and(|day| day > due);
        let fits = match figure["status"].as_str().unwrap() {
            "KEYED" => number && !late,
            "KEYED_LATE" => number && late,
            "ABSURD" => number,
            _ => !number,
        };
        assert!(fits, "{figure:#}");
    }
    for (status, count) in [
        ("KEYED", "keyedCount"),
        ("KEYED_LATE", "keyedLateCount"),
        ("MISSING", "missingCount"),
        ("ABSURD", "absurdCount"),
    ] {
        let listed = figures.iter().filter(|one| one["status"] == status).count();
        assert_eq!(score["figureSummary"][count], listed, "{status}");
        let filtered = json!({ "filter": { "status": status } });
        let filtered = world.named("DistrictFigures", filtered).await;
        assert_eq!(
            list(&filtered["dggiEdition"]["score"], "/figures").len(),
            listed
        );
    }
}

#[test]
async fn the_figures_of_areas_are_those_of_their_districts() {
    let world = World::start("").await;
    let answer = world.named("DataHealth", json!({})).await;
    let (scores, areas) = (
        list(&answer, "/dggiEdition/scores"),
        list(&answer, "/dggiEdition/areaScores"),
    );
    let count = |one: &Value, field: &str| one["figureSummary"][field].as_u64().unwrap();
    for field in [
        "figureCount",
        "keyedCount",
        "keyedLateCount",
        "missingCount",
        "absurdCount",
    ] {
        let sum: u64 = scores.iter().map(|score| count(score, field)).sum();
        assert_eq!(count(&areas[0], field), sum);
        assert_eq!(count(&areas[1], field) + count(&areas[2], field), sum);
    }
    let gaps = |one: &Value| count(one, "missingCount") + count(one, "absurdCount");
    assert!(scores.is_sorted_by(|a, b| gaps(a) >= gaps(b)));
}

#[test]
async fn a_history_ends_with_the_month_that_is_asked_for() {
    let world = World::start("").await;
    let answer = world
        .data(
            "query ($month: Month!) {
              district(lgdCode: \"2\") {
                monthly: dggiHistory(last: 2, upToMonth: $month) { edition { month } }
                annual: dggiHistory(kind: ANNUAL, last: 2, upToMonth: \"2023-12\") { edition { endsOn } }
                early: dggiHistory(upToMonth: \"2019-01\") { rank }
              }
              area(code: JAMMU) { dggiHistory(last: 2, upToMonth: $month) { edition { month } } }
              dggiSector(code: \"HLT\") { history(last: 2, upToMonth: $month) { edition { month } } }
              dggiIndicator(code: \"M-HLT-05\") { history(last: 2, upToMonth: $month) { edition { month } } }
            }",
            &json!({ "month": "2026-08" }),
        )
        .await;
    for path in [
        "/district/monthly",
        "/area/dggiHistory",
        "/dggiSector/history",
        "/dggiIndicator/history",
    ] {
        let history = list(&answer, path).iter();
        let months: Vec<&Value> = history.map(|one| &one["edition"]["month"]).collect();
        assert_eq!(months, ["2026-07", "2026-08"], "{path}");
    }
    let annual = list(&answer, "/district/annual").iter();
    let ends: Vec<&Value> = annual.map(|one| &one["edition"]["endsOn"]).collect();
    assert_eq!(ends, ["2021-03-31", "2023-03-31"]);
    assert!(list(&answer, "/district/early").is_empty());
}

#[test]
async fn money_is_in_rupees_and_every_other_number_in_its_unit() {
    let world = World::start("").await;
    let answer = world
        .data(
            "{ dggiEdition { score(districtLgdCode: \"13\") {
              figures { dataPoint { code name unit } keyedText value valueInRupees status }
            } } }",
            &json!({}),
        )
        .await;
    let (mut amounts, mut numbers) = (0, 0);
    for figure in list(&answer, "/dggiEdition/score/figures") {
        let point = &figure["dataPoint"];
        let keyed: String = figure["keyedText"]
            .as_str()
            .unwrap()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        let is_money = point["unit"] == "rupees";
        let code = point["code"].as_str().unwrap();
        assert_eq!(
            is_money,
            code.starts_with("M-FIN-02") || code.starts_with("M-FIN-03"),
            "{code}"
        );
        assert!(
            !point["name"].as_str().unwrap().contains("rupees"),
            "{code}"
        );
        if keyed.is_empty() {
            assert_eq!(figure["status"], "MISSING", "{figure}");
            assert!(figure["value"].is_null() && figure["valueInRupees"].is_null());
        } else if is_money {
            amounts += 1;
            // A lakh is 100,000.
            assert_eq!(figure["valueInRupees"], format!("{keyed}00000.00"));
            assert!(figure["value"].is_null(), "{figure}");
        } else {
            numbers += 1;
            let keyed: f64 = keyed.parse().unwrap();
            assert_eq!(figure["value"].as_f64(), Some(keyed), "{figure}");
            assert!(figure["valueInRupees"].is_null(), "{figure}");
        }
    }
    assert!(amounts == 4 && numbers > 100, "{amounts} {numbers}");
}

#[test]
async fn a_mean_of_a_sector_has_one_name() {
    let world = World::start("").await;
    let answer = world
        .data(
            "{ dggiSectors { code result { score } } area(code: UT) { dggi { sectors { sector { code } score } } } }",
            &json!({}),
        )
        .await;
    let of_area = list(&answer, "/area/dggi/sectors");
    for sector in list(&answer, "/dggiSectors") {
        let same = of_area
            .iter()
            .find(|one| one["sector"]["code"] == sector["code"])
            .unwrap();
        assert_eq!(sector["result"]["score"], same["score"], "{sector}");
    }
}
