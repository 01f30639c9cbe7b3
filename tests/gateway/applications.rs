//! The applications of the service desk: who applied is in the answer to the reference alone, which is in no address, in no list and
//! in no cache.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sangam::config::Settings;
use sangam::server::Server;
use serde_json::{Value, json};

use super::world::World;

const FILE: &str = "mutation ($input: ApplyForServiceInput!) {
  applyForService(input: $input) {
    trackedApplication { reference applicant { name mobile } application { id } }
    userErrors { message }
  }
}";

const TRACK: &str = "query ($reference: ID!) {
  trackedApplication(reference: $reference) {
    reference applicant { name mobile } attachedDocuments { type } history { number }
    application { id status service { name } district { name } }
  }
}";

fn filing(key: &str) -> Value {
    json!({ "input": {
        "idempotencyKey": key,
        "serviceSlug": "income-certificate",
        "districtLgdCode": "13",
        "applicant": { "name": "Canary Wharf", "mobile": "0000007731" },
        "consentId": "sample-consent",
        "answers": [
            { "parameter": "financialYear", "value": "2025-26" },
            { "parameter": "annualIncome", "value": "180000" },
        ],
    } })
}

/// Files an application, and gives its id and reference.
async fn filed(world: &World) -> (String, String) {
    let answer = world.ask_with(FILE, &filing("key-1")).await;
    let application = &answer["data"]["applyForService"]["trackedApplication"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    assert_eq!(application["applicant"]["name"], "Canary Wharf", "{answer}");
    let id = text(&application["application"]["id"]);
    (id, text(&application["reference"]))
}

/// The answer to the reference says who applied. It is fetched for each request, and the reference is in bodies alone.
#[test]
async fn the_reference_is_the_key() {
    let world = World::start("").await;
    let (id, reference) = filed(&world).await;
    let variables = json!({ "reference": reference });
    let calls = world.standin("services").call_count();
    for round in 1..=2 {
        let answer = world.ask_with(TRACK, &variables).await;
        let application = &answer["data"]["trackedApplication"];
        assert_eq!(application["application"]["id"], *id, "{answer}");
        assert_eq!(application["reference"], *reference);
        assert_eq!(
            application["applicant"],
            json!({ "name": "Canary Wharf", "mobile": "XXXXXX7731" })
        );
        assert_eq!(application["history"], json!([{ "number": 1 }]));
        // The service is cached, the application is not.
        let expected = calls + 1 + round;
        assert_eq!(world.standin("services").call_count(), expected);
    }
    for standin in &world.standins {
        for call in standin.calls() {
            assert!(!call.target.contains("JK-"), "{}", call.target);
            let headers = format!("{:?}", call.headers);
            assert!(!headers.contains(&reference), "{headers}");
        }
    }
}

/// Clients find what the applicant may see again by an id of its own, the same in the answers to mutations. It has nothing of the
/// reference in it, and gives nobody anything.
#[test]
async fn the_id_of_a_tracked_application_is_no_key() {
    let world = World::start("").await;
    let (_, reference) = filed(&world).await;
    let track = "query ($reference: ID!) { trackedApplication(reference: $reference) { id } }";
    let tracked = world
        .ask_with(track, &json!({ "reference": reference }))
        .await;
    let id = &tracked["data"]["trackedApplication"]["id"];
    let file = FILE.replace(
        "trackedApplication { reference",
        "trackedApplication { id reference",
    );
    let filed = world.ask_with(&file, &filing("key-1")).await;
    assert_eq!(
        filed["data"]["applyForService"]["trackedApplication"]["id"],
        *id
    );

    let decoded = STANDARD.decode(id.as_str().unwrap()).unwrap();
    let decoded = String::from_utf8(decoded).unwrap();
    for part in reference.split('-').filter(|part| part.len() > 2) {
        assert!(
            !decoded.contains(part),
            "{decoded} has {part} of {reference}"
        );
    }
    for (query, variables) in [
        (
            "query ($id: ID!) { node(id: $id) { id } }",
            json!({ "id": id }),
        ),
        (track, json!({ "reference": id })),
        (track, json!({ "reference": decoded })),
    ] {
        let found = world.ask_with(query, &variables).await;
        let nothing = found["data"].as_object().unwrap().values();
        assert!(nothing.into_iter().all(Value::is_null), "{found}");
    }
}

/// Neither the id nor a list leads to who applied, and what they show is what the answer to the reference shows at the same id: a client
/// that stores objects by their ids does not lose what it has.
#[test]
async fn an_application_is_the_same_for_everybody() {
    let world = World::start("").await;
    let (id, reference) = filed(&world).await;
    let decoded = URL_SAFE_NO_PAD.decode(&id).unwrap();
    let decoded = String::from_utf8(decoded).unwrap();
    assert!(!decoded.contains(&reference[3..9]), "{decoded}");

    const FIELDS: &str = "fragment All on Application { id service { slug } district { lgdCode } appliedOn dueOn decidedOn \
        status nextStep { action by officer dueOn text } overdueInDays }";
    let track = format!(
        "query ($reference: ID!) {{ trackedApplication(reference: $reference) {{ application {{ ...All }} }} }} {FIELDS}"
    );
    let tracked = world
        .ask_with(&track, &json!({ "reference": reference }))
        .await;
    let own = &tracked["data"]["trackedApplication"]["application"];
    assert_eq!(own["status"], "DOCUMENTS_AWAITED", "{tracked}");

    let node = format!("query ($id: ID!) {{ node(id: $id) {{ ...All }} }} {FIELDS}");
    let found = world.ask_with(&node, &json!({ "id": id })).await;
    assert_eq!(found, json!({ "data": { "node": own } }));

    // The new one is the last of its service in the district.
    let list = format!(
        "{{
           applications(filter: {{ districtLgdCode: \"13\", serviceSlug: \"income-certificate\" }}, first: 100) {{
             nodes {{ ...All }}
           }}
         }} {FIELDS}"
    );
    let listed = world.ask(&list).await;
    let nodes = listed["data"]["applications"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.last(), Some(own), "{listed}");
    for shown in [&found, &listed] {
        let text = shown.to_string();
        for secret in [&*reference, "C***", "Canary", "XXXX"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    // The type has no field for more.
    let wanted = "{ __type(name: \"Application\") { fields { name } } }";
    let answer = world.ask(wanted).await;
    let fields = answer["data"]["__type"]["fields"].as_array().unwrap();
    let fields: BTreeSet<&str> = fields
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    for private in ["reference", "applicant", "attachedDocuments", "history"] {
        assert!(!fields.contains(private), "{private}");
    }
}

/// The id of an application cannot be made of its reference.
#[test]
async fn a_reference_is_no_id() {
    let world = World::start("").await;
    let (_, reference) = filed(&world).await;
    let id = URL_SAFE_NO_PAD.encode(format!("Application[\"{reference}\"]"));
    let query = "query ($id: ID!) { node(id: $id) { id } }";
    let answer = world.ask_with(query, &json!({ "id": id })).await;
    assert_eq!(answer, json!({ "data": { "node": null } }));
}

/// Responses with an application are not to be stored on the way.
#[test(threads)]
async fn the_response_is_not_stored() {
    let world = World::start("").await;
    let (_, reference) = filed(&world).await;
    let mut settings = Settings::default();
    settings.general.listen = ([127, 0, 0, 1], 0).into();
    let server = Server::start(&settings, Arc::new(world.gateway)).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let list = "{ applications(first: 1) { nodes { status } } }";
    for (query, variables) in [
        (TRACK, json!({ "reference": reference })),
        (FILE, filing("key-2")),
        (list, json!({})),
    ] {
        let sent = client
            .post(format!("http://{}/graphql", server.address))
            .header("content-type", "application/json")
            .body(json!({ "query": query, "variables": variables }).to_string());
        let answer = sent.send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store", "{query}");
        let body = answer.text().await.unwrap();
        assert!(!body.contains("errors\":[{"), "{body}");
    }
}

/// A refusal of the desk is data, and ends no cached response; what is accepted ends those that show it.
#[test]
async fn a_refusal_ends_nothing_that_is_cached() {
    let world = World::start("").await;
    let counts = "fragment All on ApplicationSummary { counts { applicationCount } }
      { area(code: UT) { applicationSummary { ...All } } applicationSummary { ...All } services { name } }";
    let count = async || {
        let answer = world.ask(counts).await;
        let summary = &answer["data"]["applicationSummary"];
        assert_eq!(answer["data"]["area"]["applicationSummary"], *summary);
        summary["counts"]["applicationCount"].clone()
    };
    assert_eq!(count().await, 2237);
    let mut wrong = filing("key-1");
    wrong["input"]["districtLgdCode"] = json!("999");
    let before = world.standin("services").call_count();
    let refused = world.ask_with(FILE, &wrong).await;
    assert_eq!(refused.get("errors"), None, "{refused}");
    let errors = refused["data"]["applyForService"]["userErrors"].as_array();
    assert_eq!(errors.map(Vec::len), Some(1), "{refused}");
    assert_eq!(count().await, 2237);
    assert_eq!(world.standin("services").call_count(), before + 1);
    filed(&world).await;
    assert_eq!(count().await, 2238);
    // Both counts again, and not the catalogue.
    assert_eq!(world.standin("services").call_count(), before + 4);
    let states = world
        .ask("{ connectors { name status failureCount } }")
        .await;
    let states = states["data"]["connectors"].as_array().unwrap();
    let desk = states.iter().find(|one| one["name"] == "services").unwrap();
    assert_eq!(
        (&desk["status"], &desk["failureCount"]),
        (&json!("UP"), &json!(0))
    );
}

/// Each screen makes no more calls than its file says, and only the tracking of an application makes any of them again.
#[test]
async fn each_screen_makes_the_calls_that_its_file_says() {
    let page = json!({ "slug": "income-certificate", "language": "UR" });
    for (name, variables, again) in [
        ("ServicePage", page.clone(), 0),
        ("ServiceForm", page, 0),
        ("ServiceBacklog", json!({}), 0),
        ("ApplicationTracking", Value::Null, 1),
    ] {
        let world = World::start("").await;
        let variables = match variables {
            Value::Null => json!({ "reference": filed(&world).await.1 }),
            variables => variables,
        };
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("schema/operations")
            .join(name)
            .with_extension("graphql");
        let text = std::fs::read_to_string(file).unwrap();
        let (_, rest) = text.split_once("# At most ").unwrap();
        let documented: u64 = rest.split(' ').next().unwrap().parse().unwrap();
        for expected in [documented, again] {
            let calls = || -> u64 { world.standins.iter().map(|one| one.call_count()).sum() };
            let before = calls();
            let answer = world.ask_with(&text, &variables).await;
            assert_eq!(answer.get("errors"), None, "{answer:#}");
            let made = calls() - before;
            assert!(
                made <= expected,
                "{name}: {made} calls, {expected} expected"
            );
            assert_eq!(made > 0, expected > 0, "{name}");
        }
    }
}
