//! Names in the official languages: which one a client gets, what that costs, and what caches learn of it.

use std::sync::Arc;

use http::HeaderMap;
use sangam::gateway::{ClientContext, GraphqlRequest};
use serde_json::{Value, json};

use super::world::World;

/// The response to a client with this `Accept-Language`, and the headers in its `Vary`.
async fn ask(world: &World, query: &str, languages: &str) -> (Value, Vec<String>) {
    let request = GraphqlRequest {
        query: Some(query.to_owned()),
        ..GraphqlRequest::default()
    };
    let mut headers = HeaderMap::new();
    headers.insert("accept-language", languages.parse().unwrap());
    let client = ClientContext {
        headers: Arc::new(headers),
        ..ClientContext::default()
    };
    let mut response = world.gateway.execute(request, &client).await;
    let vary = response.vary.to_vec();
    let body = response.body().await;
    (serde_json::from_slice(&body).unwrap(), vary)
}

#[test]
async fn the_client_chooses_the_language_of_a_name() {
    let world = World::start("").await;
    let query =
        "{ district(lgdCode: \"13\") { nameIn { text } urdu: nameIn(language: UR) { text } } }";
    for (languages, name) in [
        ("hi-IN, en;q=0.8", "श्रीनगर"),
        ("en-IN", "Srinagar"),
        ("fr, de;q=0.5", "Srinagar"),
        ("doi", "श्रीनगर"),
    ] {
        let (answer, vary) = ask(&world, query, languages).await;
        let expected = json!({ "nameIn": { "text": name }, "urdu": { "text": "سری نگر" } });
        assert_eq!(answer["data"]["district"], expected, "{languages}");
        assert_eq!(vary, ["accept-language"]);
    }
    assert_eq!(world.standin("lgd").call_count(), 1);
    let (_, vary) = ask(&world, "{ district(lgdCode: \"13\") { name } }", "hi").await;
    assert_eq!(vary, [""; 0]);
}

#[test]
async fn names_of_all_districts_and_departments_need_no_call_of_their_own() {
    let world = World::start("").await;
    let query = "{
      districts { short: nameIn(language: HI) { shortText } nameIn(language: UR) { text direction } }
      departments { nameIn(language: HI) { text language } }
      areas { nameIn(language: UR) { text } }
    }";
    let answer = world.ask(query).await;
    assert_eq!(answer.get("errors"), None, "{:#}", answer["errors"]);
    // The lists, and the details of the districts.
    assert_eq!(world.standin("lgd").call_count(), 4);
    for district in answer["data"]["districts"].as_array().unwrap() {
        assert!(district["short"]["shortText"].is_string(), "{district:#}");
        assert_eq!(district["nameIn"]["direction"], "RTL", "{district:#}");
    }
    for department in answer["data"]["departments"].as_array().unwrap() {
        assert_eq!(department["nameIn"]["language"], "HI", "{department:#}");
    }
}
