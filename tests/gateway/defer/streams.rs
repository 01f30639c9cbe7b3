//! `@stream`: the first elements of a list come first, and the others when what they need has arrived.

use sangam::gateway::{Delivery, IncrementalFormat};
use serde_json::{Value, json};

use super::{Setup, fresh};
use crate::gateway::scripted::http;

const STREAMED: &str =
    r#"{ districts @stream(initialCount: 1, label: "rest") { name works { count } } }"#;

/// Four districts, whose works and beds are held.
async fn four() -> Setup {
    let setup = Setup::start().await;
    let districts = ["a", "b", "c", "d"].map(|code| json!({"code": code, "name": code}));
    let districts = json!(districts).to_string();
    setup.upstream.answer("/districts", fresh(&districts));
    for code in ["a", "b", "c", "d"] {
        setup.upstream.hold(&format!("/works/{code}"));
        setup.upstream.hold(&format!("/beds/{code}"));
    }
    setup
}

fn works(setup: &Setup, code: &str, count: u32) {
    let body = json!({"count": count}).to_string();
    setup
        .upstream
        .answer(&format!("/works/{code}"), fresh(&body));
}

fn item(code: &str, count: u32) -> Value {
    json!({"name": code, "works": {"count": count}})
}

#[test]
async fn the_first_elements_come_first_and_the_others_in_order() {
    let setup = four().await;
    works(&setup, "a", 1);
    let mut parts = setup.defer(STREAMED).await;
    let expected = json!({
        "data": {"districts": [item("a", 1)]},
        "pending": [{"id": "0", "path": ["districts"], "label": "rest"}],
        "hasNext": true,
    });
    assert_eq!(parts.next().await, expected);
    works(&setup, "b", 2);
    let expected = json!({"incremental": [{"id": "0", "items": [item("b", 2)]}], "hasNext": true});
    assert_eq!(parts.next().await, expected);
    // The fourth element is complete before the third one.
    setup.upstream.until_called("GET /works/d").await;
    works(&setup, "d", 4);
    works(&setup, "c", 3);
    let last = [item("c", 3), item("d", 4)];
    let mut items: Vec<Value> = Vec::new();
    let mut payload = parts.next().await;
    items.extend(
        payload["incremental"][0]["items"]
            .as_array()
            .unwrap()
            .clone(),
    );
    if payload["hasNext"] == json!(true) {
        payload = parts.next().await;
        items.extend(
            payload["incremental"][0]["items"]
                .as_array()
                .unwrap()
                .clone(),
        );
    }
    assert_eq!(items, last);
    assert_eq!(payload["completed"], json!([{"id": "0"}]));
    assert_eq!(payload["hasNext"], json!(false));
}

/// What the first elements need is asked for before what the others need.
#[test]
async fn the_first_elements_are_looked_up_first() {
    let setup = four().await;
    let query = "{ districts @stream(initialCount: 2) { works { count } } }";
    let asked = setup.defer(query);
    let answered = async {
        setup.upstream.until_called("GET /works/a").await;
        works(&setup, "a", 1);
        setup.upstream.until_called("GET /works/b").await;
        let calls = setup.upstream.calls();
        assert!(!calls.iter().any(|call| call.ends_with("/c")), "{calls:?}");
        works(&setup, "b", 2);
    };
    let (mut parts, ()) = tokio::join!(asked, answered);
    let first = parts.next().await;
    let expected = json!({"districts": [{"works": {"count": 1}}, {"works": {"count": 2}}]});
    assert_eq!(first["data"], expected);
    for (code, count) in [("c", 3), ("d", 4)] {
        works(&setup, code, count);
    }
    assert!(parts.left().await >= 1);
    let calls = setup.upstream.calls();
    let of_a = calls.iter().filter(|call| call.ends_with("/a")).count();
    assert_eq!(of_a, 0, "{calls:?}");
}

#[test]
async fn the_older_format() {
    let setup = four().await;
    works(&setup, "a", 1);
    let format = IncrementalFormat::DeferSpec2022;
    let mut parts = setup.ask(STREAMED, Some(format)).await;
    assert_eq!(parts.delivery, Delivery::Incremental(format));
    let expected = json!({"data": {"districts": [item("a", 1)]}, "hasNext": true});
    assert_eq!(parts.next().await, expected);
    works(&setup, "b", 2);
    let expected = json!({
        "incremental": [{"path": ["districts", 1], "label": "rest", "items": [item("b", 2)]}],
        "hasNext": true,
    });
    assert_eq!(parts.next().await, expected);
    works(&setup, "c", 3);
    works(&setup, "d", 4);
    assert!(parts.left().await >= 1);
}

/// With no elements first, the list is there when its own call has ended.
#[test]
async fn no_elements_first() {
    let setup = four().await;
    let mut parts = setup
        .defer("{ districts @stream { works { count } } }")
        .await;
    assert_eq!(parts.next().await["data"], json!({"districts": []}));
    for (count, code) in ["a", "b", "c", "d"].iter().enumerate() {
        works(&setup, code, count as u32);
    }
    assert!(parts.left().await >= 1);
}

/// A list of which nothing is looked up, and one that is not longer than its first part, is sent as a whole; and so is what is
/// at hand.
#[test]
async fn what_costs_nothing_is_sent_at_once() {
    let setup = four().await;
    let format = Some(IncrementalFormat::V02);
    let names = json!({"data": {"districts": [{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "d"}]}});
    let mut parts = setup
        .ask("{ districts @stream(initialCount: 1) { name } }", format)
        .await;
    assert_eq!(parts.delivery, Delivery::Whole);
    assert_eq!(parts.next().await, names);
    for (count, code) in ["a", "b", "c", "d"].iter().enumerate() {
        let body = json!({"count": count}).to_string();
        let kept = crate::gateway::scripted::json(&body);
        setup.upstream.answer(&format!("/works/{code}"), kept);
    }
    let long = "{ districts @stream(initialCount: 4) { works { count } } }";
    let mut parts = setup.ask(long, format).await;
    assert_eq!(parts.delivery, Delivery::Whole);
    let whole = parts.next().await;
    assert_eq!(
        whole["data"]["districts"][3],
        json!({"works": {"count": 3}})
    );
    // Its documents are kept now.
    let short = "{ districts @stream(initialCount: 1) { works { count } } }";
    let mut parts = setup.ask(short, format).await;
    assert_eq!(parts.delivery, Delivery::Whole);
    assert_eq!(parts.next().await, whole);
}

#[test]
async fn if_and_a_variable_decide() {
    let setup = four().await;
    works(&setup, "a", 1);
    works(&setup, "b", 2);
    let query = r#"query($on: Boolean!, $first: Int!) {
        districts @stream(if: $on, initialCount: $first) { works { count } }
    }"#;
    let format = Some(IncrementalFormat::V02);
    let variables = r#"{"on": true, "first": 2}"#;
    let mut parts = setup.ask_with(query, variables, format).await;
    let first = parts.next().await;
    let expected = json!({"districts": [{"works": {"count": 1}}, {"works": {"count": 2}}]});
    assert_eq!(first["data"], expected);
    works(&setup, "c", 3);
    works(&setup, "d", 4);
    assert!(parts.left().await >= 1);
    let mut parts = setup
        .ask_with(query, r#"{"on": false, "first": 2}"#, format)
        .await;
    assert_eq!(parts.delivery, Delivery::Whole);
    let whole = parts.next().await;
    assert_eq!(whole["data"]["districts"].as_array().unwrap().len(), 4);
}

/// A field that may be null is null in its element, with the path of the whole response.
#[test]
async fn a_nullable_field_of_an_element_fails() {
    let setup = four().await;
    works(&setup, "a", 1);
    let mut parts = setup.defer(STREAMED).await;
    parts.next().await;
    setup
        .upstream
        .answer("/works/b", http("500 Oops", "", b"x"));
    let second = parts.next().await;
    let items = &second["incremental"][0];
    assert_eq!(items["items"], json!([{"name": "b", "works": null}]));
    assert_eq!(items["errors"][0]["path"], json!(["districts", 1, "works"]));
    assert_eq!(second["hasNext"], json!(true));
}

/// A null that would propagate beyond the list ends its stream, and does not touch what was sent.
#[test]
async fn a_null_ends_the_stream() {
    let setup = four().await;
    setup.upstream.answer("/beds/a", fresh(r#"{"n": 5}"#));
    setup.upstream.answer("/beds/b", fresh(r#"{"n": 6}"#));
    let query = "{ districts @stream(initialCount: 1) { beds } }";
    let mut parts = setup.defer(query).await;
    assert_eq!(
        parts.next().await["data"],
        json!({"districts": [{"beds": 5}]})
    );
    let second = parts.next().await;
    assert_eq!(
        second["incremental"],
        json!([{"id": "0", "items": [{"beds": 6}]}])
    );
    setup.upstream.answer("/beds/c", http("500 Oops", "", b"x"));
    let third = parts.next().await;
    assert!(third.get("incremental").is_none(), "{third}");
    assert_eq!(third["completed"][0]["id"], json!("0"));
    let path = &third["completed"][0]["errors"][0]["path"];
    assert_eq!(path, &json!(["districts", 2, "beds"]));
    assert_eq!(third["hasNext"], json!(false));

    let format = Some(IncrementalFormat::DeferSpec2022);
    let mut parts = setup.ask(query, format).await;
    parts.next().await;
    let mut last = parts.next().await;
    if last["hasNext"] == json!(true) {
        last = parts.next().await;
    }
    let all = last["incremental"].as_array().unwrap();
    let failed = all.last().unwrap();
    assert_eq!(failed["path"], json!(["districts", 2]));
    assert_eq!(failed["items"], Value::Null);
    assert_eq!(failed["errors"].as_array().unwrap().len(), 1);
}

/// Fragments in streamed elements are deferred again.
#[test]
async fn deferred_fragments_in_streamed_elements() {
    let setup = four().await;
    works(&setup, "a", 1);
    let query = r#"{ districts @stream(initialCount: 1) {
        works { count } ... @defer(label: "beds") { beds }
    } }"#;
    let mut parts = setup.defer(query).await;
    let first = parts.next().await;
    assert_eq!(
        first["data"],
        json!({"districts": [{"works": {"count": 1}}]})
    );
    assert_eq!(first["pending"].as_array().unwrap().len(), 2);
    let mut merged = crate::support::incremental::Merged::default();
    merged.add(&first).unwrap();
    works(&setup, "b", 2);
    let second = parts.next().await;
    let items = json!([{"works": {"count": 2}}]);
    assert_eq!(second["incremental"][0]["items"], items);
    assert_eq!(second["pending"][0]["path"], json!(["districts", 1]));
    merged.add(&second).unwrap();
    for (code, count) in [("c", 3), ("d", 4)] {
        works(&setup, code, count);
    }
    for (count, code) in ["a", "b", "c", "d"].iter().enumerate() {
        let body = json!({"n": count}).to_string();
        setup
            .upstream
            .answer(&format!("/beds/{code}"), fresh(&body));
    }
    while let Some(payload) = parts.payloads.next().await {
        merged
            .add(&serde_json::from_slice(&payload.body).unwrap())
            .unwrap();
    }
    let answer = merged.into_answer().unwrap();
    assert_eq!(answer, setup.whole(query).await);
}

/// A list in a deferred fragment is streamed when the fragment is delivered.
#[test]
async fn a_streamed_list_in_a_deferred_fragment() {
    let setup = four().await;
    works(&setup, "a", 1);
    setup.upstream.hold("/districts");
    setup
        .upstream
        .answer("/notice", fresh(r#"{"text": "Closed"}"#));
    let query = r#"{ notice ... @defer {
        all: districts @stream(initialCount: 1) { name works { count } }
    } }"#;
    let mut parts = setup.defer(query).await;
    let first = parts.next().await;
    assert_eq!(first["data"], json!({"notice": "Closed"}));
    let districts = ["a", "b"].map(|code| json!({"code": code, "name": code}));
    setup
        .upstream
        .answer("/districts", fresh(&json!(districts).to_string()));
    let expected = json!({
        "pending": [{"id": "1", "path": ["all"]}],
        "incremental": [{"id": "0", "data": {"all": [item("a", 1)]}}],
        "completed": [{"id": "0"}],
        "hasNext": true,
    });
    assert_eq!(parts.next().await, expected);
    works(&setup, "b", 2);
    let expected = json!({
        "incremental": [{"id": "1", "items": [item("b", 2)]}],
        "completed": [{"id": "1"}],
        "hasNext": false,
    });
    assert_eq!(parts.next().await, expected);
}

/// One list under two names is read once, and streamed if both names are.
#[test]
async fn aliases_of_one_list() {
    let setup = four().await;
    works(&setup, "a", 1);
    works(&setup, "b", 2);
    let query = r#"{
        one: districts @stream(initialCount: 1) { works { count } }
        two: districts @stream(initialCount: 2) { name works { count } }
    }"#;
    let mut parts = setup.defer(query).await;
    let first = parts.next().await;
    let expected = json!({
        "one": [{"works": {"count": 1}}],
        "two": [item("a", 1), item("b", 2)],
    });
    assert_eq!(first["data"], expected);
    let mut merged = crate::support::incremental::Merged::default();
    merged.add(&first).unwrap();
    works(&setup, "c", 3);
    works(&setup, "d", 4);
    while let Some(payload) = parts.payloads.next().await {
        merged
            .add(&serde_json::from_slice(&payload.body).unwrap())
            .unwrap();
    }
    let answer = merged.into_answer().unwrap();
    assert_eq!(answer["data"]["one"].as_array().unwrap().len(), 4);
    assert_eq!(answer["data"]["two"][3], item("d", 4));

    let query = "{ one: districts @stream { works { count } } two: districts { works { count } } }";
    let mut parts = setup.ask(query, Some(IncrementalFormat::V02)).await;
    assert_eq!(parts.delivery, Delivery::Whole);
    let whole = parts.next().await;
    assert_eq!(whole["data"]["one"], whole["data"]["two"]);
}

/// A fetch that comes after another one, each for the first elements and then for the others.
#[test]
async fn calls_that_follow_each_other() {
    let setup = four().await;
    for (id, code) in ["a", "b", "c", "d"].iter().enumerate() {
        let head = json!({"id": id.to_string(), "name": code}).to_string();
        setup
            .upstream
            .answer(&format!("/head/{code}"), fresh(&head));
        setup.upstream.hold(&format!("/phone/{id}"));
    }
    let phone = |id: u32| {
        let body = json!({"number": id.to_string()}).to_string();
        setup.upstream.answer(&format!("/phone/{id}"), fresh(&body));
    };
    phone(0);
    let query = "{ districts @stream(initialCount: 1) { head { name phone } } }";
    let mut parts = setup.defer(query).await;
    let first = parts.next().await;
    let expected = json!({"districts": [{"head": {"name": "a", "phone": "0"}}]});
    assert_eq!(first["data"], expected);
    phone(1);
    let second = parts.next().await;
    let expected = json!([{"head": {"name": "b", "phone": "1"}}]);
    assert_eq!(second["incremental"][0]["items"], expected);
    phone(2);
    phone(3);
    assert!(parts.left().await >= 1);
}

/// Nothing goes on for a client that is gone.
#[test]
async fn a_client_that_is_gone_ends_the_stream() {
    let setup = four().await;
    works(&setup, "a", 1);
    let mut parts = setup.defer(STREAMED).await;
    parts.next().await;
    setup.upstream.until_called("GET /works/b").await;
    drop(parts);
    while setup.gateway.budget().used() > 0 {
        tokio::task::yield_now().await;
    }
}

/// When the time of the operation is over, the elements that are not complete fail.
#[test]
async fn the_time_is_over() {
    let setup = Setup::with("[limits]\noperation_timeout = \"1s\"\n").await;
    let districts = ["a", "b"].map(|code| json!({"code": code, "name": code}));
    setup
        .upstream
        .answer("/districts", fresh(&json!(districts).to_string()));
    works(&setup, "a", 1);
    setup.upstream.hold("/works/b");
    let mut parts = setup.defer(STREAMED).await;
    parts.next().await;
    let second = parts.next().await;
    let items = &second["incremental"][0];
    assert_eq!(items["items"], json!([{"name": "b", "works": null}]));
    assert_eq!(items["errors"].as_array().unwrap().len(), 1);
    assert_eq!(second["hasNext"], json!(false));
}

#[test]
async fn a_negative_initial_count_is_refused() {
    let setup = four().await;
    let query = "query($first: Int! = -2) { districts @stream(initialCount: $first) { name } }";
    let expected = "$first must be 0 or more: it is the initialCount of @stream";
    for variables in ["{}", r#"{"first": -1}"#] {
        for format in [None, Some(IncrementalFormat::V02)] {
            let mut parts = setup.ask_with(query, variables, format).await;
            let answer = parts.next().await;
            assert_eq!(answer["errors"][0]["message"], json!(expected));
            let code = &answer["errors"][0]["extensions"]["code"];
            assert_eq!(code, &json!("INVALID_VARIABLES"));
        }
    }
    assert!(setup.upstream.calls().is_empty());
}
