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

async fn post(desk: &Router, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
    call(desk, "POST", &format!("/applications{path}"), key, body).await
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
    let filed = post(&desk, "", "k2", filing("income-certificate")).await.1;
    assert_eq!(filed["status"], "DOC");
    assert_eq!(filed["dueOn"], "15-11-2026");
    assert_eq!(filed["nextStep"]["text"], "Attach: Declaration of income");
    let reference = filed["referenceNo"].clone();

    let document = json!({
        "referenceNo": reference, "docType": "income-declaration", "documentId": "digilocker:sample-1",
    });
    let attached = post(&desk, "/documents", "-", document).await;
    assert_eq!(attached.1["status"], "FEE", "{}", attached.1);
    assert_eq!(attached.1["nextStep"]["code"], "FEE");

    let fee = |amount: &str| json!({ "referenceNo": reference, "amount": amount, "mode": "UPI" });
    let refused = post(&desk, "/payments", "p1", fee("9.00")).await;
    assert_eq!(refused.0, StatusCode::BAD_REQUEST);
    assert_eq!(refused.1["parameter"], "amount");
    let paid = post(&desk, "/payments", "p2", fee("10.00")).await;
    assert_eq!(paid.1["status"], "ISS", "{}", paid.1);
    assert_eq!(post(&desk, "/payments", "p2", fee("10.00")).await, paid);
    let twice = post(&desk, "/payments", "p3", fee("10.00")).await;
    assert_eq!(twice.1["error"], "already_paid");

    let tracked = post(&desk, "/track", "-", json!({ "referenceNo": reference }))
        .await
        .1;
    assert_eq!(tracked["history"][4]["stage"], "ISS");
    assert_eq!(tracked["nextStep"]["code"], "DWN");
    assert_eq!(tracked["certificate"]["issuedOn"], "31-10-2026");
    let url = tracked["certificate"]["url"].as_str().unwrap();
    let path = url.strip_prefix("https://services.example.gov.in").unwrap();
    let whole = certificate(&desk, path, "bytes=x").await;
    assert_eq!(whole.0, StatusCode::OK);
    let text = String::from_utf8(whole.1).unwrap();
    assert!(text.starts_with("%PDF-1.4\n") && text.ends_with("%%EOF\n"));
    assert!(text.contains("(Issued to: Sample Citizen 9001)"), "{text}");
    let part = certificate(&desk, path, "bytes=1-3").await;
    assert_eq!(part, (StatusCode::PARTIAL_CONTENT, b"PDF".to_vec()));
    let beyond = certificate(&desk, path, "bytes=99999-").await;
    assert_eq!(beyond.0, StatusCode::RANGE_NOT_SATISFIABLE);
    let other = "/eunnat/v1/download/none.pdf";
    assert_eq!(certificate(&desk, other, "").await.0, StatusCode::NOT_FOUND);
}

async fn certificate(desk: &Router, path: &str, range: &str) -> (StatusCode, Vec<u8>) {
    let request = Request::builder()
        .uri(path)
        .header("x-apisetu-clientid", "sample-client")
        .header("x-apisetu-apikey", "sample-key")
        .header("range", range)
        .body(Body::empty())
        .unwrap();
    let response = desk.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, body.to_vec())
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let desk = router();
    let answers = |income: &str| {
        json!([
            { "name": "financialYear", "value": "2025-26" },
            { "name": "annualIncome", "value": income },
        ])
    };
    let wrong = [
        (
            "serviceId",
            json!("nothing"),
            "invalid_parameter",
            "serviceId",
            Value::Null,
        ),
        (
            "districtCode",
            json!(999),
            "invalid_parameter",
            "districtCode",
            Value::Null,
        ),
        (
            "consentId",
            Value::Null,
            "invalid_consentid",
            "consentId",
            Value::Null,
        ),
        (
            "parameters",
            json!([]),
            "missing_parameter",
            "parameters",
            Value::Null,
        ),
        (
            "parameters",
            answers("much"),
            "invalid_parameter",
            "parameters",
            json!("1"),
        ),
        (
            "parameters",
            answers("1.234"),
            "invalid_parameter",
            "parameters",
            json!("1"),
        ),
        (
            "parameters",
            json!([{ "name": "x", "value": "1" }]),
            "invalid_parameter",
            "parameters",
            json!("0"),
        ),
        (
            "applicant",
            json!({ "name": "Sample", "mobile": "12" }),
            "invalid_parameter",
            "applicant.mobile",
            Value::Null,
        ),
    ];
    for (name, value, code, parameter, index) in wrong {
        let mut body = filing("income-certificate");
        body[name] = value;
        let (status, answer) = post(&desk, "", "k3", body).await;
        assert_eq!(
            (status, &answer["error"], &answer["parameter"]),
            (StatusCode::BAD_REQUEST, &json!(code), &json!(parameter)),
            "{name}"
        );
        assert_eq!(answer["index"], index, "{answer}");
    }
    let stranger = Request::builder()
        .uri("/eunnat/v1/services")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        read(desk.oneshot(stranger).await.unwrap()).await.0,
        StatusCode::UNAUTHORIZED
    );
}

/// References are long, of 32 letters, and have nothing to do with each other, with the key of the request, or with the file.
#[tokio::test]
async fn references_cannot_be_guessed() {
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        // The same requests in a fresh register.
        let desk = router();
        for key in ["k1", "k2", "k3"] {
            let filed = post(&desk, "", key, filing("income-certificate")).await.1;
            let reference = filed["referenceNo"].as_str().unwrap().to_owned();
            let letters = reference.trim_start_matches("JK-").replace('-', "");
            assert_eq!(letters.len(), 24, "{reference}");
            assert!(
                letters
                    .bytes()
                    .all(|byte| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(&byte))
            );
            let file = filed["fileNo"].as_str().unwrap();
            assert!(!reference.contains(file) && !file.contains(&letters));
            // Nothing else in the answer is made of it.
            let text = filed.to_string();
            assert_eq!(text.matches(&reference).count(), 1, "{text}");
            assert!(seen.insert(reference));
        }
    }
    let unknown = json!({ "referenceNo": "JK-000000-000000-000000-000000" });
    let (status, answer) = post(&router(), "/track", "-", unknown).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(!answer.to_string().contains("JK-"), "{answer}");
}

/// Neither the list nor the files say who applied.
#[tokio::test]
async fn lists_are_masked() {
    let desk = router();
    let reference =
        post(&desk, "", "k1", filing("income-certificate")).await.1["referenceNo"].clone();
    let all = call(&desk, "GET", "/applications?limit=100", "-", Value::Null)
        .await
        .1;
    let mut lines = all["applications"].as_array().unwrap().clone();
    let files: Vec<Value> = lines.iter().map(|line| line["fileNo"].clone()).collect();
    let found = post(&desk, "/files", "-", json!({ "fileNos": files }))
        .await
        .1;
    assert_eq!(found["applications"], all["applications"]);
    let last = call(
        &desk,
        "GET",
        "/applications?limit=1&offset=2237",
        "-",
        Value::Null,
    )
    .await
    .1;
    lines.extend(last["applications"].as_array().unwrap().clone());
    assert_eq!(lines.len(), 101);
    for line in lines {
        let text = line.to_string();
        for secret in [
            "Sample",
            "Citizen",
            "referenceNo",
            "documents",
            "history",
            reference.as_str().unwrap(),
        ] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert_eq!(line["applicant"]["mobile"], "XXXXXXXXXX");
    }
    let nothing = post(&desk, "/files", "-", json!({ "fileNos": [reference] }))
        .await
        .1;
    assert_eq!(nothing["applications"], json!([]));
}

#[tokio::test]
async fn one_call_counts_every_district_area_and_department() {
    let desk = router();
    let districts = [super::intake::JAMMU, super::intake::KASHMIR].concat();
    let codes: Vec<String> = districts.iter().map(|code| code.to_string()).collect();
    let body = json!({ "districtCodes": codes, "areaCodes": ["UT", "01", "02", "03"] });
    let answer = call(&desk, "POST", "/summary", "-", body).await.1;
    let (areas, districts): (Vec<_>, Vec<_>) = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .partition(|row| row.get("areaCode").is_some());
    assert_eq!((districts.len(), areas.len()), (20, 3));
    let sum = |rows: &[&Value], name: &str| -> u64 {
        rows.iter()
            .map(|row| row["counts"][name].as_u64().unwrap())
            .sum()
    };
    for name in ["ALL", "DOC", "FEE", "PRC", "LATE", "ISS", "REJ"] {
        let whole = sum(&areas[..1], name);
        assert_eq!(sum(&districts, name), whole, "{name}");
        assert_eq!(sum(&areas[1..], name), whole, "{name}");
        for row in &districts {
            let services: Vec<&Value> = row["services"].as_array().unwrap().iter().collect();
            assert_eq!(services.len(), 5);
            assert_eq!(sum(&services, name), sum(&[row], name), "{row}");
        }
    }
    let path = "/applications?overdue=true&limit=0";
    let listed = call(&desk, "GET", path, "-", Value::Null).await.1;
    let late = sum(&areas[..1], "LATE");
    assert_eq!(listed["total"].as_u64(), Some(late));
    assert!(late > 0);
    let path = "/summary?overdue=true";
    let searched = call(&desk, "GET", path, "-", Value::Null).await.1;
    assert_eq!(sum(&[&searched], "ALL"), late);
    let body = json!({ "departmentCodes": ["8119", "8120"] });
    let answer = call(&desk, "POST", "/summary", "-", body).await.1;
    let departments = answer["rows"].as_array().unwrap();
    assert_eq!(departments.len(), 1);
    assert_eq!(departments[0]["counts"], areas[0]["counts"]);
}

#[tokio::test]
async fn texts_are_in_the_language_that_was_asked_for() {
    let desk = router();
    let path = "/services/income-certificate/requirements";
    for (query, language) in [
        ("", "en"),
        ("?lang=hi", "hi"),
        ("?lang=ur", "ur"),
        ("?lang=xx", "en"),
    ] {
        let form = call(&desk, "GET", &format!("{path}{query}"), "-", Value::Null)
            .await
            .1;
        assert_eq!(form["lang"], language);
    }
    let departments = call(
        &desk,
        "GET",
        "/departments?codes=8119,8120",
        "-",
        Value::Null,
    )
    .await
    .1;
    let count = |index: usize| {
        departments["departments"][index]["services"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((count(0), count(1)), (5, 0));
}
