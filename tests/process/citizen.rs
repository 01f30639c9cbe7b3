//! A citizen applies, attaches what is awaited as a file, pays, and downloads the certificate.

use std::path::Path;

use sangam_demo::{Options, Standin, departments};
use serde_json::{Value, json};

use super::running::{Folder, Running, client, post, text};

const FOLDERS: [&str; 3] = ["lgd", "services", "umang"];

const TRACKED: &str = "trackedApplication { reference application { status } requiredDocuments { type isMandatory isAttached }
  certificate { number format url } } userErrors { field message code }";

/// The gateway in front of the service desk, and what that needs.
async fn start() -> (Vec<Standin>, Folder, Running) {
    let mut settings = "listen = \"127.0.0.1:0\"\n".to_owned();
    let (mut standins, mut connectors) = (Vec::new(), Vec::new());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
    for department in departments() {
        if !FOLDERS.contains(&department.name) {
            continue;
        }
        let standin = department.start(Options::default()).await.unwrap();
        settings += &format!("\n{}", department.settings(&standin.url()));
        standins.push(standin);
        let schema = root.join(department.name).join("connector.graphql");
        connectors.push((department.name, std::fs::read_to_string(schema).unwrap()));
    }
    let connectors: Vec<(&str, &str)> = connectors
        .iter()
        .map(|(name, schema)| (*name, &**schema))
        .collect();
    let folder = Folder::new(&settings, &connectors);
    let running = Running::start(folder.command(&["serve"]));
    (standins, folder, running)
}

/// The application in the payload of a mutation, which has no errors.
async fn mutate(running: &Running, field: &str, ty: &str, input: &Value) -> Value {
    let query = format!("mutation ($input: {ty}!) {{ {field}(input: $input) {{ {TRACKED} }} }}");
    let answer = text(post(&running.url, &query, &json!({ "input": input }))).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let payload = &answer["data"][field];
    assert_eq!(payload["userErrors"], json!([]), "{answer}");
    payload["trackedApplication"].clone()
}

/// Attaches a file, as `multipart/form-data`; returns the payload.
async fn attach(running: &Running, input: &Value, content_type: &str, content: &[u8]) -> Value {
    let query = format!(
        "mutation ($input: AttachApplicationDocumentInput!) {{ attachApplicationDocument(input: $input) {{ {TRACKED} }} }}"
    );
    let operations = json!({ "query": query, "variables": { "input": input } });
    let part = |name: &str, more: &str| {
        format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n")
    };
    let more = format!("; filename=\"me.png\"\r\ncontent-type: {content_type}");
    let map = "{\"0\":[\"variables.input.file\"]}\r\n";
    let start = part("operations", "") + &operations.to_string() + "\r\n" + &part("map", "") + map;
    let head = part("0", &more);
    let body = [start.as_bytes(), head.as_bytes(), content, b"\r\n--b--\r\n"];
    let request = client()
        .post(format!("{}/graphql", running.url))
        .header("content-type", "multipart/form-data; boundary=b")
        .header("apollo-require-preflight", "true")
        .body(body.concat());
    let answer: Value = serde_json::from_str(&text(request).await).unwrap();
    let payload = &answer["data"]["attachApplicationDocument"];
    assert!(payload.is_object(), "{answer}");
    payload.clone()
}

/// A gateway that has given a citizen the URL of a certificate.
pub(crate) struct Certified {
    _standins: Vec<Standin>,
    _folder: Folder,
    _running: Running,
    pub(crate) url: String,
}

/// A citizen applies, attaches what is awaited, and pays.
pub(crate) async fn certified() -> Certified {
    let (standins, folder, running) = start().await;
    let input = json!({
        "idempotencyKey": "key-1",
        "serviceSlug": "income-certificate",
        "districtLgdCode": "13",
        "applicant": { "name": "Sample Citizen 9001", "mobile": "0000009001" },
        "consentId": "sample-consent",
        "answers": [
            { "parameter": "financialYear", "value": "2025-26" },
            { "parameter": "annualIncome", "value": "180000" },
        ],
    });
    let filed = mutate(&running, "applyForService", "ApplyForServiceInput", &input).await;
    let reference = &filed["reference"];
    let required = filed["requiredDocuments"].as_array().unwrap();
    let mut awaited = required
        .iter()
        .filter(|one| one["isMandatory"] == true && one["isAttached"] == false);
    let awaited = &awaited.next().unwrap()["type"];
    let input = json!({ "applicationReference": reference, "documentType": awaited, "file": null });
    let refused = attach(&running, &input, "image/png", b"no photograph").await;
    assert_eq!(refused["userErrors"][0]["code"], "INVALID");
    assert_eq!(refused["userErrors"][0]["field"], json!(["input", "file"]));
    let photograph = b"\x89PNG\r\n\x1a\nsample";
    let attached = attach(&running, &input, "image/png", photograph).await;
    assert_eq!(attached["userErrors"], json!([]), "{attached}");
    let application = &attached["trackedApplication"];
    assert_eq!(application["application"]["status"], "FEE_AWAITED");
    // What comes from the document locker needs no officer.
    let input = json!({
        "applicationReference": reference, "documentType": awaited, "documentId": "digilocker:sample-1",
    });
    let ty = "AttachApplicationDocumentInput";
    mutate(&running, "attachApplicationDocument", ty, &input).await;
    let input = json!({
        "idempotencyKey": "pay-1", "applicationReference": reference, "amountInRupees": "10.00", "mode": "UPI",
    });
    let paid = mutate(
        &running,
        "payApplicationFee",
        "PayApplicationFeeInput",
        &input,
    )
    .await;
    let certificate = &paid["certificate"];
    assert_eq!(certificate["format"], "PDF", "{paid}");
    let url = certificate["url"].as_str().unwrap().to_owned();
    Certified {
        _standins: standins,
        _folder: folder,
        _running: running,
        url,
    }
}

#[test(threads)]
async fn a_certificate_is_downloaded() {
    let certified = certified().await;
    let url = &certified.url;
    let response = client().get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/pdf");
    let name = response.headers()["content-disposition"].to_str().unwrap();
    assert!(
        name.starts_with("inline; filename=\"income-certificate-INC-26-"),
        "{name}"
    );
    let pdf = response.bytes().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-1.4\n") && pdf.ends_with(b"%%EOF\n"));
    let range = client().get(url).header("range", "bytes=-6");
    let end = range.send().await.unwrap();
    assert_eq!(end.status(), 206);
    assert_eq!(end.bytes().await.unwrap(), "%%EOF\n");
}
