//! Which payload has what, and when it is sent.

use sangam::gateway::{Delivery, IncrementalFormat};
use serde_json::json;

use super::{BUDGAM, Setup, fresh};

const SLOW_WORKS: &str = r#"{
  district { name ... @defer(label: "works") { works { count spent } } }
}"#;

#[test]
async fn a_slow_part_follows() {
    let setup = Setup::start().await;
    setup.upstream.hold("/works/b");
    let mut parts = setup.defer(SLOW_WORKS).await;
    let expected = json!({
        "data": {"district": {"name": "Budgam"}},
        "pending": [{"id": "0", "path": ["district"], "label": "works"}],
        "hasNext": true,
    });
    assert_eq!(parts.next().await, expected);
    setup.upstream.until_called("GET /works/b").await;
    let works = fresh(r#"{"count": 3, "spent": 70}"#);
    setup.upstream.answer("/works/b", works);
    let expected = json!({
        "incremental": [{"id": "0", "data": {"works": {"count": 3, "spent": 70}}}],
        "completed": [{"id": "0"}],
        "hasNext": false,
    });
    assert_eq!(parts.next().await, expected);
    assert!(parts.payloads.next().await.is_none());
}

#[test]
async fn the_older_format() {
    let setup = Setup::start().await;
    setup.upstream.hold("/works/b");
    let format = IncrementalFormat::DeferSpec2022;
    let mut parts = setup.ask(SLOW_WORKS, Some(format)).await;
    assert_eq!(parts.delivery, Delivery::Incremental(format));
    let expected = json!({"data": {"district": {"name": "Budgam"}}, "hasNext": true});
    assert_eq!(parts.next().await, expected);
    setup
        .upstream
        .answer("/works/b", fresh(r#"{"count": 3, "spent": 70}"#));
    let expected = json!({
        "incremental": [{
            "path": ["district"],
            "label": "works",
            "data": {"works": {"count": 3, "spent": 70}},
        }],
        "hasNext": false,
    });
    assert_eq!(parts.next().await, expected);
}

/// A deferred call begins as soon as its inputs are there, also before the initial payload is sent.
#[test]
async fn deferred_calls_begin_early() {
    let setup = Setup::start().await;
    setup.upstream.hold("/works/b");
    setup.upstream.hold("/beds/b");
    let query = "{ district { beds ... @defer { works { count } } } }";
    let asked = setup.defer(query);
    let answered = async {
        setup.upstream.until_called("GET /works/b").await;
        setup.upstream.answer("/beds/b", fresh(r#"{"n": 5}"#));
    };
    let (mut parts, ()) = tokio::join!(asked, answered);
    assert_eq!(parts.next().await["data"], json!({"district": {"beds": 5}}));
    setup.upstream.answer("/works/b", fresh(r#"{"count": 1}"#));
    assert_eq!(parts.next().await["hasNext"], json!(false));
}

/// Each fragment is delivered when it is complete, whatever the others wait for.
#[test]
async fn fragments_are_delivered_in_the_order_in_which_they_are_complete() {
    let setup = Setup::start().await;
    for path in ["/works/b", "/beds/b"] {
        setup.upstream.hold(path);
    }
    let query = r#"{ district {
        ... @defer(label: "works") { works { count } }
        ... @defer(label: "beds") { beds }
    } }"#;
    let mut parts = setup.defer(query).await;
    let first = parts.next().await;
    assert_eq!(first["data"], json!({"district": {}}));
    assert_eq!(first["pending"].as_array().unwrap().len(), 2);
    setup.upstream.answer("/beds/b", fresh(r#"{"n": 5}"#));
    let expected = json!({
        "incremental": [{"id": "1", "data": {"beds": 5}}],
        "completed": [{"id": "1"}],
        "hasNext": true,
    });
    assert_eq!(parts.next().await, expected);
    setup.upstream.answer("/works/b", fresh(r#"{"count": 1}"#));
    let expected = json!({
        "incremental": [{"id": "0", "data": {"works": {"count": 1}}}],
        "completed": [{"id": "0"}],
        "hasNext": false,
    });
    assert_eq!(parts.next().await, expected);
}

/// Fields that the initial payload has anyway are not deferred.
#[test]
async fn what_needs_no_other_call_is_not_deferred() {
    let setup = Setup::start().await;
    let format = Some(IncrementalFormat::V02);
    let query = "{ district { name ... @defer { code } } }";
    let mut parts = setup.ask(query, format).await;
    assert_eq!(parts.delivery, Delivery::Whole);
    let expected = json!({"data": {"district": {"name": "Budgam", "code": "B"}}});
    assert_eq!(parts.next().await, expected);
}

/// A response that is kept, and one whose documents are kept, is delivered whole; and so is every response to a client that
/// reads no incremental format.
#[test]
async fn what_is_at_hand_is_delivered_whole() {
    let setup = Setup::start().await;
    let kept = |body: &str| super::scripted::json(body);
    setup.upstream.answer("/district", kept(BUDGAM));
    setup
        .upstream
        .answer("/works/b", kept(r#"{"count": 3, "spent": 70}"#));
    let expected = json!({
        "data": {"district": {"name": "Budgam", "works": {"count": 3, "spent": 70}}}
    });
    let other = "{ district { name works { count spent } } }";
    assert_eq!(setup.whole(other).await, expected);
    let format = Some(IncrementalFormat::V02);
    for _ in 0..2 {
        let mut parts = setup.ask(SLOW_WORKS, format).await;
        assert_eq!(parts.delivery, Delivery::Whole);
        assert_eq!(parts.next().await, expected);
    }
    assert_eq!(setup.whole(SLOW_WORKS).await, expected);
    assert_eq!(setup.upstream.calls().len(), 2);
}

#[test]
async fn if_decides() {
    let setup = Setup::start().await;
    let query = r#"query($slow: Boolean!, $with: Boolean = true) {
        district { name ... @defer(if: $slow) @include(if: $with) { works { count } } }
    }"#;
    let format = Some(IncrementalFormat::V02);
    let whole = json!({"data": {"district": {"name": "Budgam", "works": {"count": 3}}}});
    let mut parts = setup.ask_with(query, r#"{"slow": false}"#, format).await;
    assert_eq!(parts.delivery, Delivery::Whole);
    assert_eq!(parts.next().await, whole);
    let excluded = r#"{"slow": true, "with": false}"#;
    let mut parts = setup.ask_with(query, excluded, format).await;
    assert_eq!(parts.delivery, Delivery::Whole);
    assert_eq!(
        parts.next().await,
        json!({"data": {"district": {"name": "Budgam"}}})
    );
    setup.upstream.hold("/works/b");
    let mut parts = setup.ask_with(query, r#"{"slow": true}"#, format).await;
    assert_eq!(
        parts.next().await["data"],
        json!({"district": {"name": "Budgam"}})
    );
    setup.upstream.answer("/works/b", fresh(r#"{"count": 3}"#));
    assert_eq!(parts.left().await, 1);
}

/// Nothing goes on for a client that is gone.
#[test]
async fn dropped_payloads_end_the_execution() {
    let setup = Setup::start().await;
    setup.upstream.hold("/head/b");
    let query = "{ district { ... @defer { head { name phone } } } }";
    let mut parts = setup.defer(query).await;
    parts.next().await;
    setup.upstream.until_called("GET /head/b").await;
    drop(parts);
    while setup.gateway.budget().used() > 0 {
        tokio::task::yield_now().await;
    }
    setup.upstream.answer("/head/b", fresh(r#"{"id": "7"}"#));
    let calls = setup.upstream.calls();
    assert!(!calls.contains(&"GET /phone/7".to_owned()), "{calls:?}");
}

/// The next field of a mutation does not wait for deferred fields of the one before it.
#[test]
async fn mutations_do_not_wait_for_deferred_fields() {
    let setup = Setup::start().await;
    setup.upstream.answer("/rename", fresh(BUDGAM));
    setup.upstream.answer("/close", fresh(BUDGAM));
    setup.upstream.hold("/works/b");
    let query = "mutation { rename { name ... @defer { works { count } } } close { code } }";
    let mut parts = setup.defer(query).await;
    let expected = json!({"rename": {"name": "Budgam"}, "close": {"code": "B"}});
    assert_eq!(parts.next().await["data"], expected);
    setup.upstream.answer("/works/b", fresh(r#"{"count": 3}"#));
    assert_eq!(parts.left().await, 1);
}
