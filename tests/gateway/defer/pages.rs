//! `@stream` of a list with `@paginate`: the elements of the first pages come first, and the others as their pages arrive.

use sangam::gateway::{Delivery, IncrementalFormat};
use serde_json::{Value, json};

use super::{Parts, Setup, fresh};
use crate::gateway::scripted::http;

const WARDS: &str = "{ wards @stream(initialCount: 1) { name } }";

/// A page of wards: two for each but the last one.
fn page(first: usize, len: usize) -> Vec<u8> {
    let wards: Vec<Value> = (first..first + len)
        .map(|number| json!({"code": number.to_string(), "name": format!("Ward {number}")}))
        .collect();
    fresh(&json!(wards).to_string())
}

fn path(offset: usize) -> String {
    format!("/wards/{offset}")
}

/// Five wards on three pages, of which none answers.
async fn five() -> Setup {
    let setup = Setup::start().await;
    for offset in [0, 2, 4] {
        setup.upstream.hold(&path(offset));
    }
    setup
}

fn answer(setup: &Setup, offset: usize, len: usize) {
    setup.upstream.answer(&path(offset), page(offset, len));
}

fn names(items: &Value) -> Vec<&str> {
    let items = items.as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap()).collect()
}

/// The first payload, which comes when the first page is there.
async fn first_page(setup: &Setup, query: &str) -> Parts {
    answer(setup, 0, 2);
    setup.defer(query).await
}

#[test]
async fn elements_come_as_their_pages_arrive() {
    let setup = five().await;
    let mut parts = first_page(&setup, WARDS).await;
    let expected = json!({
        "data": {"wards": [{"name": "Ward 0"}]},
        "pending": [{"id": "0", "path": ["wards"]}],
        "hasNext": true,
    });
    assert_eq!(parts.next().await, expected);
    let expected =
        json!({"incremental": [{"id": "0", "items": [{"name": "Ward 1"}]}], "hasNext": true});
    assert_eq!(parts.next().await, expected);
    answer(&setup, 2, 2);
    let next = parts.next().await;
    assert_eq!(
        names(&next["incremental"][0]["items"]),
        ["Ward 2", "Ward 3"]
    );
    answer(&setup, 4, 1);
    let expected = json!({
        "incremental": [{"id": "0", "items": [{"name": "Ward 4"}]}],
        "completed": [{"id": "0"}],
        "hasNext": false,
    });
    assert_eq!(parts.next().await, expected);
}

#[test]
async fn the_older_format_too() {
    let setup = five().await;
    answer(&setup, 0, 2);
    let format = IncrementalFormat::DeferSpec2022;
    let mut parts = setup.ask(WARDS, Some(format)).await;
    let expected = json!({"data": {"wards": [{"name": "Ward 0"}]}, "hasNext": true});
    assert_eq!(parts.next().await, expected);
    parts.next().await;
    answer(&setup, 2, 2);
    let next = parts.next().await;
    assert_eq!(next["incremental"][0]["path"], json!(["wards", 2]));
    answer(&setup, 4, 0);
    assert_eq!(parts.next().await, json!({"hasNext": false}));
}

/// The first payload has as many elements as the client wants first, so it waits for their pages.
#[test]
async fn the_first_payload_waits_for_the_pages_of_its_elements() {
    let setup = five().await;
    let asked = setup.defer("{ wards @stream(initialCount: 3) { name } }");
    let answered = async {
        answer(&setup, 0, 2);
        setup.upstream.until_called("GET /wards/2").await;
        answer(&setup, 2, 2);
    };
    let (mut parts, ()) = tokio::join!(asked, answered);
    let first = parts.next().await;
    assert_eq!(
        names(&first["data"]["wards"]),
        ["Ward 0", "Ward 1", "Ward 2"]
    );
    answer(&setup, 4, 1);
    assert!(parts.left().await >= 1);
}

/// The page has exactly the elements that come first, and whether more follow is not known yet.
#[test]
async fn a_list_that_ends_with_its_first_elements_is_completed() {
    let setup = five().await;
    let mut parts = first_page(&setup, "{ wards @stream(initialCount: 2) { name } }").await;
    assert_eq!(
        names(&parts.next().await["data"]["wards"]),
        ["Ward 0", "Ward 1"]
    );
    answer(&setup, 2, 0);
    let expected = json!({"completed": [{"id": "0"}], "hasNext": false});
    assert_eq!(parts.next().await, expected);
}

#[test]
async fn one_page_is_sent_as_a_whole() {
    let setup = five().await;
    answer(&setup, 0, 1);
    let mut parts = setup.ask(WARDS, Some(IncrementalFormat::V02)).await;
    assert_eq!(parts.delivery, Delivery::Whole);
    assert_eq!(
        parts.next().await,
        json!({"data": {"wards": [{"name": "Ward 0"}]}})
    );
}

#[test]
async fn without_a_format_the_list_is_sent_as_a_whole() {
    let setup = five().await;
    for (offset, len) in [(0, 2), (2, 2), (4, 1)] {
        answer(&setup, offset, len);
    }
    let whole = setup.whole(WARDS).await;
    assert_eq!(whole["data"]["wards"].as_array().unwrap().len(), 5);
    let parts = setup.defer(WARDS).await;
    assert_eq!(parts.merged().await, whole);
}

/// What was sent stays, and the list ends with an error.
#[test]
async fn a_page_that_fails_ends_the_list() {
    let setup = five().await;
    let mut parts = first_page(&setup, "{ wards @stream(initialCount: 2) { name } notice }").await;
    setup
        .upstream
        .answer("/notice", fresh(r#"{"text": "open"}"#));
    parts.next().await;
    setup.upstream.answer(&path(2), http("500 Oops", "", b"x"));
    let last = parts.next().await;
    let failed = &last["completed"][0];
    assert_eq!(failed["errors"][0]["path"], json!(["wards"]), "{last}");
    assert_eq!(failed["errors"][0]["extensions"]["code"], "CONNECTOR_FETCH");
    assert_eq!(last["hasNext"], json!(false));
    assert!(last.get("incremental").is_none(), "{last}");
}

/// A limit of the gateway ends the list as a failed page does: with its own error, and no further page is fetched.
#[test]
async fn a_limit_ends_the_list_and_its_pages() {
    let setup = Setup::with("[limits]\nrows = 3\n").await;
    for offset in [0, 2, 4] {
        setup.upstream.hold(&path(offset));
    }
    let mut parts = first_page(&setup, "{ wards @stream(initialCount: 2) { name } }").await;
    parts.next().await;
    answer(&setup, 2, 2);
    answer(&setup, 4, 1);
    let last = parts.next().await;
    let failed = &last["completed"][0]["errors"][0];
    assert_eq!(failed["path"], json!(["wards"]), "{last}");
    assert_eq!(failed["extensions"]["code"], "LIMIT_EXCEEDED", "{last}");
    assert_eq!(last["hasNext"], json!(false));
    let calls = setup.upstream.calls();
    assert!(
        !calls.iter().any(|call| call.ends_with("/wards/4")),
        "{calls:?}"
    );
}

/// The elements of each page are looked up, before the next page is there.
#[test]
async fn elements_are_looked_up_page_by_page() {
    let setup = five().await;
    for number in 0..5 {
        setup.upstream.hold(&format!("/works/{number}"));
    }
    let works = |number: usize| {
        let body = json!({"count": number}).to_string();
        setup
            .upstream
            .answer(&format!("/works/{number}"), fresh(&body));
    };
    answer(&setup, 0, 2);
    works(0);
    let mut parts = setup
        .defer("{ wards @stream(initialCount: 1) { name works { count } } }")
        .await;
    let first = parts.next().await;
    assert_eq!(
        first["data"]["wards"],
        json!([{"name": "Ward 0", "works": {"count": 0}}])
    );
    works(1);
    let next = parts.next().await;
    let items = &next["incremental"][0]["items"];
    assert_eq!(*items, json!([{"name": "Ward 1", "works": {"count": 1}}]));
    answer(&setup, 2, 2);
    works(3);
    works(2);
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let next = parts.next().await;
        let items = next["incremental"][0]["items"].as_array().unwrap().clone();
        seen.extend(items.iter().map(|item| item["works"]["count"].clone()));
    }
    assert_eq!(seen, [json!(2), json!(3)]);
    answer(&setup, 4, 1);
    works(4);
    let last = parts.next().await;
    let items = &last["incremental"][0]["items"];
    assert_eq!(*items, json!([{"name": "Ward 4", "works": {"count": 4}}]));
    assert_eq!(last["completed"], json!([{"id": "0"}]));
}

/// A fragment in the elements is delivered for those of every page.
#[test]
async fn fragments_in_the_elements_are_deferred() {
    let setup = five().await;
    for number in 0..5 {
        setup.upstream.hold(&format!("/works/{number}"));
    }
    let query = "{ wards @stream(initialCount: 1) { name ... @defer { works { count } } } }";
    let mut parts = first_page(&setup, query).await;
    let first = parts.next().await;
    assert_eq!(first["data"]["wards"], json!([{"name": "Ward 0"}]));
    let mut merged = crate::support::incremental::Merged::default();
    merged.add(&first).unwrap();
    answer(&setup, 2, 2);
    answer(&setup, 4, 1);
    for number in 0..5 {
        let body = json!({"count": number}).to_string();
        setup
            .upstream
            .answer(&format!("/works/{number}"), fresh(&body));
    }
    while let Some(payload) = parts.payloads.next().await {
        merged
            .add(&serde_json::from_slice(&payload.body).unwrap())
            .unwrap();
    }
    let whole = merged.into_answer().unwrap();
    let expected: Vec<Value> = (0..5)
        .map(|number| json!({"name": format!("Ward {number}"), "works": {"count": number}}))
        .collect();
    assert_eq!(whole["data"]["wards"], json!(expected));
}

/// A list that has fewer pages than expected is cut off, which is a warning about the list.
#[test]
async fn a_list_that_is_cut_off_says_so() {
    let setup = five().await;
    let mut parts = first_page(
        &setup,
        "{ few: fewWards @stream(initialCount: 1) { name } }",
    )
    .await;
    let mut payload = parts.next().await;
    answer(&setup, 2, 2);
    while payload["hasNext"] == json!(true) {
        payload = parts.next().await;
    }
    let warning = &payload["extensions"]["warnings"][0];
    assert_eq!(warning["path"], json!(["few"]), "{payload}");
    assert_eq!(warning["extensions"]["code"], "LIST_CUT_OFF");
}

/// A client that leaves ends the fetching of pages.
#[test]
async fn no_page_is_fetched_for_a_client_that_has_left() {
    let setup = five().await;
    let mut parts = first_page(&setup, WARDS).await;
    parts.next().await;
    setup.upstream.until_called("GET /wards/2").await;
    drop(parts);
    answer(&setup, 2, 2);
    answer(&setup, 4, 1);
    while setup.gateway.budget().used() > 0 {
        tokio::task::yield_now().await;
    }
    let calls = setup.upstream.calls();
    assert!(
        !calls.iter().any(|call| call.ends_with("/wards/4")),
        "{calls:?}"
    );
}

/// Several lists of one field, each with pages of its own.
#[test]
async fn each_list_of_a_field_has_its_own_pages() {
    let setup = Setup::start().await;
    let districts = json!([{"code": "a", "name": "A"}, {"code": "b", "name": "B"}]);
    setup
        .upstream
        .answer("/districts", fresh(&districts.to_string()));
    for path in ["/roads/a/0", "/roads/a/2", "/roads/b/0", "/roads/b/2"] {
        setup.upstream.hold(path);
    }
    let roads = |path: &str, names: &[&str]| {
        setup
            .upstream
            .answer(path, fresh(&json!(names).to_string()));
    };
    let asked = setup.defer("{ districts { roads @stream(initialCount: 1) } }");
    let answered = async {
        setup.upstream.until_called("GET /roads/b/0").await;
        roads("/roads/a/0", &["a0", "a1"]);
        roads("/roads/b/0", &["b0"]);
    };
    let (mut parts, ()) = tokio::join!(asked, answered);
    let first = parts.next().await;
    let expected = json!({"districts": [{"roads": ["a0"]}, {"roads": ["b0"]}]});
    assert_eq!(first["data"], expected);
    let expected = json!([{"id": "0", "path": ["districts", 0, "roads"]}]);
    assert_eq!(first["pending"], expected);
    roads("/roads/a/2", &["a2"]);
    let mut merged = crate::support::incremental::Merged::default();
    merged.add(&first).unwrap();
    while let Some(payload) = parts.payloads.next().await {
        let payload = serde_json::from_slice(&payload.body).unwrap();
        merged.add(&payload).unwrap();
    }
    let expected = json!({"districts": [{"roads": ["a0", "a1", "a2"]}, {"roads": ["b0"]}]});
    assert_eq!(merged.into_answer().unwrap()["data"], expected);
}

/// Two fields show the list, and only one of them is streamed.
#[test]
async fn a_list_that_another_field_shows_is_sent_as_a_whole() {
    let setup = five().await;
    for (offset, len) in [(0, 2), (2, 2), (4, 1)] {
        answer(&setup, offset, len);
    }
    let query = "{ wards @stream(initialCount: 1) { name } all: wards { name } }";
    let whole = setup.whole(query).await;
    let mut parts = setup.ask(query, Some(IncrementalFormat::V02)).await;
    assert_eq!(parts.delivery, Delivery::Whole);
    assert_eq!(parts.next().await, whole);
}

/// The list is delivered with a fragment, and its pages arrive after that.
#[test]
async fn a_list_in_a_deferred_fragment_is_streamed() {
    let setup = five().await;
    setup
        .upstream
        .answer("/notice", fresh(r#"{"text": "open"}"#));
    let query = "{ notice ... @defer { wards @stream(initialCount: 1) { name } } }";
    let mut parts = setup.defer(query).await;
    assert_eq!(parts.next().await["data"], json!({"notice": "open"}));
    answer(&setup, 0, 2);
    let fragment = parts.next().await;
    let wards = &fragment["incremental"][0]["data"]["wards"];
    assert_eq!(names(wards), ["Ward 0"], "{fragment}");
    assert_eq!(
        fragment["pending"][0]["path"],
        json!(["wards"]),
        "{fragment}"
    );
    answer(&setup, 2, 1);
    assert!(parts.left().await >= 1);
}

#[test]
async fn the_time_of_the_operation_ends_the_pages() {
    let setup = Setup::with("[limits]\noperation_timeout = \"1s\"\n").await;
    setup.upstream.hold(&path(2));
    let mut parts = first_page(&setup, "{ wards @stream(initialCount: 2) { name } }").await;
    parts.next().await;
    let last = parts.next().await;
    let code = &last["completed"][0]["errors"][0]["extensions"]["code"];
    assert_eq!(*code, json!("GATEWAY_TIMEOUT"), "{last}");
    assert_eq!(last["hasNext"], json!(false));
}

/// The next page is where the last one says.
#[test]
async fn pages_by_cursor_and_by_link() {
    for field in ["byCursor", "byLink"] {
        let setup = Setup::start().await;
        let query = format!("{{ {field} @stream }}");
        let page =
            |names: &[&str], next: &str| fresh(&json!({"all": names, "next": next}).to_string());
        let (second, third) = match field {
            "byCursor" => ("/cursor/at-two", "/cursor/at-three"),
            _ => ("/two", "/three"),
        };
        let named = |path: &'static str| match field {
            "byCursor" => path.trim_start_matches("/cursor/at-"),
            _ => path,
        };
        for path in [second, third] {
            setup.upstream.hold(path);
        }
        setup
            .upstream
            .answer("/cursor/at-", page(&["a"], named(second)));
        setup.upstream.answer("/first", page(&["a"], named(second)));
        let mut parts = setup.defer(&query).await;
        assert_eq!(parts.next().await["data"][field], json!([]));
        assert_eq!(parts.next().await["incremental"][0]["items"], json!(["a"]));
        setup.upstream.answer(second, page(&["b"], named(third)));
        assert_eq!(parts.next().await["incremental"][0]["items"], json!(["b"]));
        let last = json!({"all": ["c"]}).to_string();
        setup.upstream.answer(third, fresh(&last));
        let last = parts.next().await;
        assert_eq!(last["incremental"][0]["items"], json!(["c"]));
        assert_eq!(last["completed"], json!([{"id": "0"}]));
    }
}
