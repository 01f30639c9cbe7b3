//! Texts by language: an argument chooses, or else the client's `Accept-Language`, which then is in `Vary`.

use std::sync::Arc;

use http::HeaderMap;
use sangam::gateway::{ClientContext, GraphqlRequest};

use super::world::World;

/// The first scheme's name, and the headers that the response depends on.
async fn first_name(
    world: &World,
    language: &str,
    accepted: Option<&str>,
) -> (String, Vec<String>) {
    let query = format!("{{ schemes {{ nameIn{language} {{ text }} }} }}");
    let mut headers = HeaderMap::new();
    if let Some(accepted) = accepted {
        headers.insert("accept-language", accepted.parse().unwrap());
    }
    let request = GraphqlRequest {
        query: Some(query),
        ..GraphqlRequest::default()
    };
    let client = ClientContext {
        headers: Arc::new(headers),
        ..ClientContext::default()
    };
    let mut response = world.gateway.execute(request, &client).await;
    let body: serde_json::Value = serde_json::from_slice(&response.body().await).unwrap();
    let name = body["data"]["schemes"][0]["nameIn"]["text"].as_str();
    (name.unwrap().to_owned(), response.vary.to_vec())
}

#[test]
async fn an_argument_chooses_or_else_the_header() {
    let world = World::start("").await;
    let (english, hindi, urdu) = (
        "Pradhan Mantri Sahaj Bijli Har Ghar Yojana",
        "प्रधानमंत्री सहज बिजली हर घर योजना",
        "پردھان منتری سہج بجلی ہر گھر یوجنا",
    );
    for (language, accepted, expected) in [
        ("", None, english),
        ("", Some("hi-IN,hi;q=0.9,en;q=0.8"), hindi),
        ("", Some("UR"), urdu),
        ("", Some("en-IN,hi;q=0.9"), english),
        ("", Some("fr"), english),
        ("", Some("fr, hi;q=0.5, ur; q=0.9"), urdu),
        ("", Some("hi;q=0, en"), english),
        ("", Some("hi;q=0.30, ur;q=0.3"), hindi),
        ("", Some("HI;Q=0.2,,ur;q=0.1, *"), hindi),
        ("(language: UR)", Some("hi"), urdu),
        ("(language: EN)", Some("hi"), english),
        ("(language: null)", Some("hi"), hindi),
    ] {
        let (name, vary) = first_name(&world, language, accepted).await;
        assert_eq!(name, expected, "{language} {accepted:?}");
        assert_eq!(vary, ["accept-language"], "{language} {accepted:?}");
    }
    // One answer of the catalogue has all languages.
    assert_eq!(world.standin("schemes").call_count(), 1);
}
