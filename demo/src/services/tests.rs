//! The desk's rules, tested through its HTTP interface.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::router;

async fn call(
    desk: &Router,
    verb: &str,
    path: &str,
    key: &str,
    body: Value,
) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(verb)
        .uri(format!("/eunnat/v1{path}"))
        .header("x-apisetu-clientid", "sample-client")
        .header("x-apisetu-apikey", "sample-key")
        .header("idempotency-key", key)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    read(desk.clone().oneshot(request).await.unwrap()).await
}

async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

fn filing(service: &str) -> Value {
    json!({
        "serviceId": service,
        "districtCode": "13",
        "applicant": { "name": "Sample Citizen 9001", "mobile": "0000009001" },
        "consentId": "sample-consent",
        "parameters": [
            { "name": "financialYear", "value": "2025-26" },
            { "name": "annualIncome", "value": "180000" },
        ],
    })
}

#[tokio::test]
async fn the_same_key_makes_one_application() {
    let desk = router();
    let before = call(&desk, "GET", "/applications?limit=1", "-", Value::Null)
        .await
        .1;
    let first = call(
        &desk,
        "POST",
        "/applications",
        "k1",
        filing("income-certificate"),
    )
    .await;
    let again = call(
        &desk,
        "POST",
        "/applications",
        "k1",
        filing("income-certificate"),
    )
    .await;
    assert_eq!(first.0, StatusCode::CREATED, "{}", first.1);
    assert_eq!(first, again);
    let after = call(&desk, "GET", "/applications?limit=1", "-", Value::Null)
        .await
        .1;
    assert_eq!(
        after["total"].as_u64(),
        before["total"].as_u64().map(|total| total + 1)
    );

    let mut other = filing("income-certificate");
    other["districtCode"] = json!("5");
    let refused = call(&desk, "POST", "/applications", "k1", other).await;
    assert_eq!(refused.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.1["error"], "idempotency_key_reused");
}

#[tokio::test]
async fn from_application_to_certificate() {
    let desk = router();
    let filed = call(
        &desk,
        "POST",
        "/applications",
        "k2",
        filing("income-certificate"),
    )
    .await
    .1;
    assert_eq!(filed["status"], "DOC");
    assert_eq!(filed["dueOn"], "15-11-2026");
    let path = format!("/applications/{}", filed["referenceNo"].as_str().unwrap());

    let document = json!({ "docType": "income-declaration", "documentId": "digilocker:sample-1" });
    let attached = call(&desk, "POST", &format!("{path}/documents"), "-", document).await;
    assert_eq!(attached.1["status"], "FEE", "{}", attached.1);

    let wrong = json!({ "amount": "9.00", "mode": "UPI" });
    let refused = call(&desk, "POST", &format!("{path}/payments"), "p1", wrong).await;
    assert_eq!(refused.0, StatusCode::BAD_REQUEST);
    let right = json!({ "amount": "10.00", "mode": "UPI" });
    let paid = call(
        &desk,
        "POST",
        &format!("{path}/payments"),
        "p2",
        right.clone(),
    )
    .await;
    assert_eq!(paid.1["status"], "ISS", "{}", paid.1);
    assert_eq!(
        call(
            &desk,
            "POST",
            &format!("{path}/payments"),
            "p2",
            right.clone()
        )
        .await,
        paid
    );
    let twice = call(&desk, "POST", &format!("{path}/payments"), "p3", right).await;
    assert_eq!(twice.1["error"], "already_paid");

    let link = call(
        &desk,
        "GET",
        &format!("{path}/certificate"),
        "-",
        Value::Null,
    )
    .await
    .1;
    assert_eq!(link["ready"], "Y");
    assert_eq!(
        call(&desk, "GET", &path, "-", Value::Null).await.1["history"][4]["stage"],
        "ISS"
    );
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let desk = router();
    let wrong = [
        ("serviceId", json!("nothing"), "invalid_parameter"),
        ("districtCode", json!(999), "invalid_parameter"),
        ("consentId", Value::Null, "invalid_consentid"),
        ("parameters", json!([]), "missing_parameter"),
        (
            "parameters",
            json!([{ "name": "x", "value": "1" }]),
            "invalid_parameter",
        ),
        (
            "applicant",
            json!({ "name": "Sample", "mobile": "12" }),
            "invalid_parameter",
        ),
    ];
    for (name, value, code) in wrong {
        let mut body = filing("income-certificate");
        body[name] = value;
        let (status, answer) = call(&desk, "POST", "/applications", "k3", body).await;
        assert_eq!(
            (status, &answer["error"]),
            (StatusCode::BAD_REQUEST, &json!(code)),
            "{name}"
        );
    }
    let missing = call(&desk, "GET", "/applications/JK-DOM-26-0", "-", Value::Null).await;
    assert_eq!(missing.0, StatusCode::NOT_FOUND);

    let stranger = Request::builder()
        .uri("/eunnat/v1/services")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        read(desk.oneshot(stranger).await.unwrap()).await.0,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn one_call_counts_the_backlog_of_every_district() {
    let desk = router();
    let body = json!({ "districtCodes": super::intake::DISTRICTS.map(|code| code.to_string()) });
    let answer = call(&desk, "POST", "/backlog", "-", body).await.1;
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 20);
    let mut late = 0;
    for row in rows {
        assert_eq!(row["services"].as_array().unwrap().len(), 5);
        for service in row["services"].as_array().unwrap() {
            assert!(service["pastPsga"].as_u64() <= service["pending"].as_u64());
            late += service["pastPsga"].as_u64().unwrap();
        }
    }
    let path = "/applications?overdue=true&limit=0";
    let listed = call(&desk, "GET", path, "-", Value::Null).await.1;
    assert_eq!(listed["total"].as_u64(), Some(late));
    assert!(late > 0);
}
