//! Neither the log, nor traces, nor metrics have the reference of an application, or who applied.

use std::path::Path;

use sangam_demo::{Options, departments};
use serde_json::json;

use super::collector::Collector;
use super::running::{Folder, Running, client, post, text};

const FOLDERS: [&str; 3] = ["lgd", "services", "umang"];

const FILE: &str = "mutation File($input: ApplyForServiceInput!) {
  applyForService(input: $input) { trackedApplication { reference } userErrors { message } }
}";

const FIELDS: &str = "{ reference applicant { name mobile } history { remark } application { id service { name } } }";

#[test(threads)]
async fn nothing_of_an_application_is_logged() {
    let collector = Collector::start().await;
    let mut settings = "listen = \"127.0.0.1:0\"\n[log]\nlevel = \"debug\"\nrequests = \"all\"\n\
                        [admin]\nlisten = \"127.0.0.1:0\"\n"
        .to_owned();
    settings += &collector.settings();
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
    let mut running = Running::start(folder.command(&["serve"]));
    let admin = running.address("listening for operators");

    let input = json!({ "input": {
        "idempotencyKey": "key-1",
        "serviceSlug": "character-certificate",
        "districtLgdCode": "13",
        "applicant": { "name": "Canary Wharf", "mobile": "0000007731" },
        "consentId": "sample-consent",
        "answers": [{ "parameter": "purpose", "value": "study" }],
    } });
    let filed = text(post(&running.url, FILE, &input)).await;
    let filed: serde_json::Value = serde_json::from_str(&filed).unwrap();
    let reference = filed["data"]["applyForService"]["trackedApplication"]["reference"].as_str();
    let reference = reference.unwrap_or_else(|| panic!("{filed}")).to_owned();

    // As a variable, in the text of the operation, one that does not exist, and in inputs that are refused and that are wrong.
    let unknown = format!("{}0", &reference[..reference.len() - 1]);
    let track =
        format!("query ($reference: ID!) {{ trackedApplication(reference: $reference) {FIELDS} }}");
    let literal = format!("{{ trackedApplication(reference: \"{reference}\") {FIELDS} }}");
    let attach = "mutation ($reference: ID!) {
      attachApplicationDocument(input: { applicationReference: $reference, documentType: \"x\", documentId: \"y\" }) { userErrors { message } }
    }";
    for (query, variables) in [
        (&*track, json!({ "reference": reference })),
        (&literal, json!({})),
        (&track, json!({ "reference": unknown })),
        (attach, json!({ "reference": reference })),
        (&track, json!({ "reference": [reference] })),
        (
            &format!("{{ trackedApplication(reference: \"{reference}\") {{ nothing }} }}"),
            json!({}),
        ),
    ] {
        let answer = text(post(&running.url, query, &variables)).await;
        assert!(
            answer.contains("\"data\"") || answer.contains("\"errors\""),
            "{answer}"
        );
    }
    let metrics = text(client().get(format!("{admin}/metrics"))).await;
    let log = running.stop();
    let traces = String::from_utf8_lossy(&collector.bytes()).into_owned();
    assert!(log.contains("services") && metrics.contains("sangam_fetches_total"));
    assert!(traces.contains("services:Query.trackedApplication[0]"));
    for (name, shown) in [("log", log), ("metrics", metrics), ("traces", traces)] {
        // Fewer digits could be part of a port or of an id.
        for secret in [&*reference, &unknown, "Canary", "Wharf", "00007731"] {
            assert!(
                !shown.contains(secret),
                "{secret} is in the {name}:\n{shown}"
            );
        }
    }
    drop(standins);
}
