//! The interface, tested through HTTP.

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::router;

async fn call(umang: &axum::Router, operation: &str, fields: Value) -> Value {
    let mut body = json!({ "trkr": "t", "lang": "en", "mode": "web", "pltfrm": "web" });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    let request = Request::post(format!("/umangApi/ws1/{operation}"))
        .header("x-api-key", "sample-key")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = umang.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn two_hundred_services_of_forty_departments() {
    let umang = router();
    let all = call(&umang, "fdirserv1", json!({ "size": 300 })).await;
    let rows = all["pd"]["srvlst"].as_array().unwrap();
    let departments: BTreeSet<_> = rows.iter().map(|row| row["deptid"].as_str()).collect();
    let ids: BTreeSet<_> = rows.iter().map(|row| row["srvid"].as_str()).collect();
    assert!(
        rows.len() >= 200 && departments.len() >= 40,
        "{} {}",
        rows.len(),
        departments.len()
    );
    assert_eq!(ids.len(), rows.len());
    assert_eq!(all["pd"]["total"], rows.len().to_string());
    assert!(rows.iter().all(|row| row["catid"] != ""));
}

#[tokio::test]
async fn filters_narrow_and_pages_add_up() {
    let umang = router();
    let fields = |start: usize| json!({ "fstid": "JK", "sort": "POP", "start": start, "size": 7 });
    let mut seen = Vec::new();
    loop {
        let page = call(&umang, "fdirserv1", fields(seen.len())).await;
        let rows = page["pd"]["srvlst"].as_array().unwrap().clone();
        if rows.is_empty() {
            assert_eq!(page["pd"]["total"], seen.len().to_string());
            break;
        }
        seen.extend(rows);
    }
    assert!(seen.len() > 20 && seen.iter().all(|row| row["stid"] == "JK"));
}

#[tokio::test]
async fn all_of_india_is_no_state() {
    let umang = router();
    let count = async |operation: &str, fields: Value| {
        let answer = call(&umang, operation, fields).await;
        answer["pd"]["total"]
            .as_str()
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    for operation in ["fdirserv1", "fdirdeptser"] {
        let all = count(operation, json!({})).await;
        let nationwide = count(operation, json!({ "fnat": "Y" })).await;
        let of_states = count(operation, json!({ "fnat": "N" })).await;
        assert!(nationwide > 0 && of_states > 0, "{operation}");
        assert_eq!(nationwide + of_states, all, "{operation}");
        let both = json!({ "fnat": "Y", "fstid": "JK" });
        assert_eq!(count(operation, both).await, 0, "{operation}");
        let wrong = call(&umang, operation, json!({ "fnat": "true" })).await;
        assert_eq!(wrong["rc"], "PE0002", "{operation}");
    }
}

#[tokio::test]
async fn search_finds_every_word_and_names_first() {
    let umang = router();
    let response = call(
        &umang,
        "appkeysearch",
        json!({ "keyword": "ration PUDUCHERRY" }),
    )
    .await;
    let rows = response["pd"]["srvlst"].as_array().unwrap();
    assert!(rows.len() >= 3);
    assert!(rows[0]["srvname"].as_str().unwrap().contains("Ration"));
    let short = call(&umang, "appkeysearch", json!({ "keyword": "r" })).await;
    assert_eq!(
        (&short["rs"], &short["rc"]),
        (&json!("F"), &json!("KS0001"))
    );
}

#[tokio::test]
async fn a_device_rates_once() {
    let umang = router();
    let by_id = |ids: Value| json!({ "srvids": ids });
    let before = call(&umang, "fsrvdtl", by_id(json!(["20105"]))).await;
    for stars in [1, 5] {
        let rating = json!({ "srvid": "20105", "did": "sample-device", "rating": stars });
        assert_eq!(call(&umang, "srvrating", rating).await["rs"], "S");
    }
    let after = call(&umang, "fsrvdtl", by_id(json!("20105,99999"))).await;
    let count = |answer: &Value| -> u64 {
        answer["pd"]["srvlst"][0]["ratecount"]
            .as_str()
            .unwrap()
            .replace(',', "")
            .parse()
            .unwrap()
    };
    assert_eq!(count(&after), count(&before) + 1);
    let wrong = json!({ "srvid": "20105", "did": "sample-device", "rating": 6 });
    assert_eq!(call(&umang, "srvrating", wrong).await["rs"], "F");
}

#[tokio::test]
async fn failures_are_told_with_status_200() {
    let umang = router();
    assert_eq!(call(&umang, "nothing", json!({})).await["rc"], "PE0404");
    assert_eq!(
        call(&umang, "home", json!({ "trkr": "" })).await["rc"],
        "PE0001"
    );
    assert_eq!(
        call(&umang, "fdirserv1", json!({ "size": 301 })).await["rc"],
        "PE0003"
    );
    let stranger = Request::post("/umangApi/ws1/home")
        .body(Body::from("no json"))
        .unwrap();
    let response = umang.oneshot(stranger).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}
