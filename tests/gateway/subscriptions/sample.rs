//! The subscriptions of the sample graph, with the stand-in of the service desk.

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use sangam::gateway::{HookRequest, Hooked};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Subscribed;
use crate::gateway::world::World;

const SETTINGS: &str = "timeout = \"120s\"\npoll_every = \"20ms\"\n\
                        webhook_secret = { sample = \"token-of-the-desk\" }\nwebhook_proof = \"token\"";

const FILE: &str = "mutation ($input: ApplyForServiceInput!) {
  applyForService(input: $input) { trackedApplication { reference } userErrors { message } }
}";

const ATTACH: &str = "mutation ($input: AttachApplicationDocumentInput!) {
  attachApplicationDocument(input: $input) { trackedApplication { reference } userErrors { message } }
}";

/// Registers this address with the desk.
async fn register(desk: &str, url: &str) {
    let address = desk.trim_start_matches("http://");
    let body = json!({ "url": url, "token": "token-of-the-desk" }).to_string();
    let request = format!(
        "PUT /eunnat/v1/callback HTTP/1.0\r\nhost: desk\r\nx-apisetu-clientid: sample-client\r\n\
         x-apisetu-apikey: sample-key\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.contains(" 204 "), "{response}");
}

/// Receives what the desk posts, and passes it to the gateway.
async fn receive(world: &World, listener: &TcpListener) -> Hooked {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut received = Vec::new();
    let (head, body) = loop {
        assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0);
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.split_once("content-length: ").unwrap().1;
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if body.len() >= length {
                break (head, body.to_owned());
            }
        }
    };
    let headers = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| {
        let name: HeaderName = name.parse().unwrap();
        (name, value.parse().unwrap())
    });
    let headers: HeaderMap = headers.collect();
    let body = Bytes::from(body);
    let request = HookRequest {
        connector: "services",
        headers: &headers,
        body,
    };
    stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await.unwrap();
    world.gateway.hook(request).await.unwrap()
}

#[test(threads)]
async fn an_application_is_followed_and_its_counts_change() {
    let world = World::start_with("", |name| match name {
        "services" => SETTINGS,
        _ => "",
    })
    .await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks/services", listener.local_addr().unwrap());
    register(&world.standin("services").url(), &url).await;
    let counted = r#"subscription { applicationSummaryChanged(filter: { districtLgdCode: "13" }) {
        counts { applicationCount } byService { service { name } }
    } }"#;
    let mut counts = Subscribed::to(&world.gateway, counted).await;
    let first = counts.next().await;
    let count = |event: &Value| {
        event["data"]["applicationSummaryChanged"]["counts"]["applicationCount"]
            .as_i64()
            .unwrap()
    };
    // Joined from the catalogue, through the caches.
    assert!(
        first["data"]["applicationSummaryChanged"]["byService"][0]["service"]["name"].is_string(),
        "{first}"
    );

    let input = json!({ "input": {
        "idempotencyKey": "key-1",
        "serviceSlug": "income-certificate",
        "districtLgdCode": "13",
        "applicant": { "name": "Canary Wharf", "mobile": "0000007731" },
        "consentId": "sample-consent",
        "answers": [
            { "parameter": "financialYear", "value": "2025-26" },
            { "parameter": "annualIncome", "value": "180000" },
        ],
    } });
    let filed = world.ask_with(FILE, &input).await;
    let application = &filed["data"]["applyForService"]["trackedApplication"];
    let reference = application["reference"].as_str().unwrap();
    assert_eq!(receive(&world, &listener).await, Hooked::Event(1));
    assert_eq!(count(&counts.next().await), count(&first) + 1);

    let followed = format!(
        r#"subscription {{ trackedApplicationChanged(reference: "{reference}") {{
            attachedDocuments {{ type }} application {{ service {{ name }} district {{ name }} }}
        }} }}"#
    );
    let mut followed = Subscribed::to(&world.gateway, &followed).await;
    let requirement = world
        .ask(r#"{ service(slug: "income-certificate") { requirements { requiredDocuments { type } } } }"#)
        .await;
    let documents = requirement["data"]["service"]["requirements"]["requiredDocuments"].as_array();
    let ty = documents
        .and_then(|all| all[0]["type"].as_str())
        .unwrap_or_else(|| panic!("{requirement}"));
    let input = json!({ "input": {
        "applicationReference": reference, "documentType": ty, "documentId": "doc-1",
    } });
    let attached = world.ask_with(ATTACH, &input).await;
    assert_eq!(
        attached["data"]["attachApplicationDocument"]["userErrors"],
        json!([]),
        "{attached}"
    );
    assert_eq!(receive(&world, &listener).await, Hooked::Event(1));
    let event = followed.next().await;
    let application = &event["data"]["trackedApplicationChanged"];
    assert_eq!(
        application["attachedDocuments"],
        json!([{ "type": ty }]),
        "{event}"
    );
    assert!(
        application["application"]["service"]["name"].is_string(),
        "{event}"
    );
    assert!(
        application["application"]["district"]["name"].is_string(),
        "{event}"
    );
}
