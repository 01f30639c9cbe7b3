//! Parts that fail do not touch what has been sent.

use sangam::gateway::IncrementalFormat;
use serde_json::{Value, json};

use super::{Setup, fresh};
use crate::gateway::scripted::http;

fn codes(errors: &Value) -> Vec<(Value, Value)> {
    let errors = errors.as_array().unwrap().iter();
    let errors = errors.map(|error| (error["path"].clone(), error["extensions"]["code"].clone()));
    errors.collect()
}

/// A nullable field that fails is null in its part.
#[test]
async fn a_nullable_field() {
    let setup = Setup::start().await;
    setup.upstream.hold("/works/b");
    let mut parts = setup
        .defer("{ district { name ... @defer { works { count } } } }")
        .await;
    let first = parts.next().await;
    assert!(first.get("errors").is_none(), "{first}");
    setup
        .upstream
        .answer("/works/b", http("500 Oops", "", b"x"));
    let second = parts.next().await;
    let part = &second["incremental"][0];
    assert_eq!(part["data"], json!({"works": null}));
    let path = json!(["district", "works"]);
    assert_eq!(codes(&part["errors"]), [(path, json!("CONNECTOR_FETCH"))]);
    assert_eq!(second["completed"], json!([{"id": "0"}]));
    assert_eq!(second["hasNext"], json!(false));
}

/// A null propagates to the fragment, and not beyond it.
#[test]
async fn a_null_propagates_to_the_fragment() {
    let setup = Setup::start().await;
    setup.upstream.hold("/beds/b");
    setup.upstream.hold("/works/b");
    let query =
        "{ district { name ... @defer { beds head { name } } ... @defer { works { count } } } }";
    let mut parts = setup.defer(query).await;
    parts.next().await;
    setup.upstream.answer("/beds/b", http("500 Oops", "", b"x"));
    let second = parts.next().await;
    assert!(second.get("incremental").is_none(), "{second}");
    assert_eq!(second["completed"][0]["id"], json!("0"));
    let path = json!(["district", "beds"]);
    let expected = [(path, json!("CONNECTOR_FETCH"))];
    assert_eq!(codes(&second["completed"][0]["errors"]), expected);
    setup.upstream.answer("/works/b", fresh(r#"{"count": 3}"#));
    let third = parts.next().await;
    assert_eq!(
        third["incremental"][0]["data"],
        json!({"works": {"count": 3}})
    );
}

#[test]
async fn a_null_propagates_in_the_older_format() {
    let setup = Setup::start().await;
    setup.upstream.hold("/beds/b");
    let format = Some(IncrementalFormat::DeferSpec2022);
    let mut parts = setup
        .ask(
            "{ district { name ... @defer(label: \"b\") { beds } } }",
            format,
        )
        .await;
    parts.next().await;
    setup.upstream.answer("/beds/b", http("500 Oops", "", b"x"));
    let second = parts.next().await;
    let part = &second["incremental"][0];
    assert_eq!(part["data"], Value::Null);
    assert_eq!(
        (&part["path"], &part["label"]),
        (&json!(["district"]), &json!("b"))
    );
    assert_eq!(codes(&part["errors"])[0].0, json!(["district", "beds"]));
    assert_eq!(second["hasNext"], json!(false));
}

/// Nothing is deferred below a null.
#[test]
async fn a_null_in_the_initial_payload_ends_what_is_below_it() {
    let setup = Setup::start().await;
    setup.upstream.hold("/works/b");
    setup.upstream.answer("/beds/b", http("500 Oops", "", b"x"));
    let query = "{ district { beds ... @defer { works { count } } } }";
    let mut parts = setup.ask(query, Some(IncrementalFormat::V02)).await;
    let first = parts.next().await;
    assert_eq!(first["data"], json!({"district": null}));
    assert_eq!(codes(&first["errors"])[0].0, json!(["district", "beds"]));
    assert!(first.get("pending").is_none() && first.get("hasNext").is_none());
}

/// A fragment within one that has failed is not announced.
#[test]
async fn a_failed_fragment_ends_what_is_in_it() {
    let setup = Setup::start().await;
    for path in ["/beds/b", "/works/b"] {
        setup.upstream.hold(path);
    }
    let query = "{ district { name ... @defer { beds ... @defer { works { count } } } } }";
    let mut parts = setup.defer(query).await;
    parts.next().await;
    setup.upstream.answer("/beds/b", http("500 Oops", "", b"x"));
    let second = parts.next().await;
    assert_eq!(second["completed"].as_array().unwrap().len(), 1);
    assert!(second.get("pending").is_none(), "{second}");
    assert_eq!(second["hasNext"], json!(false));
}

/// What another fragment selects too is delivered with that one.
#[test]
async fn a_field_of_a_failed_fragment_that_another_one_selects() {
    let setup = Setup::start().await;
    for path in ["/beds/b", "/works/b", "/head/b"] {
        setup.upstream.hold(path);
    }
    let query = r#"{ district { name
        ... @defer { beds head { name } }
        ... @defer { works { count } head { name } }
    } }"#;
    let mut parts = setup.defer(query).await;
    parts.next().await;
    setup
        .upstream
        .answer("/head/b", fresh(r#"{"id": "7", "name": "A. B."}"#));
    setup.upstream.answer("/beds/b", http("500 Oops", "", b"x"));
    let second = parts.next().await;
    assert!(second.get("incremental").is_none(), "{second}");
    setup.upstream.answer("/works/b", fresh(r#"{"count": 3}"#));
    let third = parts.next().await;
    assert_eq!(third["incremental"].as_array().unwrap().len(), 2, "{third}");
    assert_eq!(third["completed"], json!([{"id": "1"}]));
}

/// A connector that dies while a part waits for it.
#[test]
async fn a_connector_that_dies() {
    let setup = Setup::start().await;
    setup.upstream.hold("/works/b");
    let query = "{ district { name ... @defer { works { count } } } }";
    let mut parts = setup.defer(query).await;
    parts.next().await;
    setup.upstream.until_called("GET /works/b").await;
    setup.upstream.answer("/works/b", "");
    let second = parts.next().await;
    let part = &second["incremental"][0];
    assert_eq!(part["data"], json!({"works": null}));
    assert_eq!(codes(&part["errors"])[0].0, json!(["district", "works"]));
    assert_eq!(second["hasNext"], json!(false));
}

/// The time of the operation is over while a part waits: the part has the error, and what was sent stays.
#[test]
async fn an_operation_that_takes_too_long() {
    let setup = Setup::with("[limits]\noperation_timeout = \"500ms\"\n").await;
    setup.upstream.hold("/works/b");
    let query = "{ district { name ... @defer { works { count } } ... @defer { beds } } }";
    let merged = setup.defer(query).await.merged().await;
    let district = json!({"name": "Budgam", "works": null, "beds": 120});
    assert_eq!(merged["data"], json!({ "district": district }), "{merged}");
    let path = json!(["district", "works"]);
    assert_eq!(codes(&merged["errors"]), [(path, json!("GATEWAY_TIMEOUT"))]);
}
