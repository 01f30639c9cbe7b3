//! Tests with a gateway whose only worker thread is blocked by the test until it releases it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{join_all, poll_immediate};

use super::super::{ClientContext, RequestOutcome, ResponseCachePolicy};
use super::*;
use crate::cache::PayloadMemo;
use crate::config::{Environment, RawSettings, Settings};

/// A part of the usual introspection query of tools.
const USUAL: &str = "query IntrospectionQuery { __schema { queryType { name } types { ...FullType } directives { name \
    locations args { ...Input } } } } fragment FullType on __Type { kind name description fields(includeDeprecated: true) \
    { name description args { ...Input } type { ...Ref } isDeprecated deprecationReason } inputFields { ...Input } \
    interfaces { ...Ref } enumValues(includeDeprecated: true) { name } possibleTypes { ...Ref } } fragment Input on \
    __InputValue { name description type { ...Ref } defaultValue } fragment Ref on __Type { kind name ofType { kind name \
    ofType { kind name ofType { kind name } } } }";

/// A gateway with no connectors but its own.
fn gateway(change: impl FnOnce(&mut Settings)) -> Gateway {
    let settings = Settings::load(None, &Environment::default(), RawSettings::default());
    let mut settings = settings.unwrap();
    settings.limits.compilations = 1;
    change(&mut settings);
    Gateway::new(Vec::new(), &settings).unwrap()
}

/// A response with one payload.
#[derive(Debug)]
struct Answered {
    outcome: RequestOutcome,
    cache: ResponseCachePolicy,
    body: Bytes,
    memo: Option<Arc<PayloadMemo>>,
}

async fn ask(gateway: &Gateway, text: &str) -> Answered {
    let request = GraphqlRequest {
        query: Some(text.to_owned()),
        ..GraphqlRequest::default()
    };
    let mut response = gateway.execute(request, &ClientContext::default()).await;
    let payload = response.payloads.next().await.unwrap();
    Answered {
        outcome: response.outcome,
        cache: response.cache,
        body: payload.body,
        memo: payload.memo,
    }
}

fn text(response: &Answered) -> &str {
    std::str::from_utf8(&response.body).unwrap()
}

const BUSY: &str = r#"{"errors":[{"message":"The gateway is busy; try again in a moment","extensions":{"code":"OVERLOADED","sangam":{"kind":"BUSY"}}}]}"#;

#[tokio::test]
async fn what_finds_no_place_in_the_queue_is_busy() {
    let gateway = gateway(|settings| settings.limits.compilation_queue = 1);
    let kept = ask(&gateway, "{ a: __typename }").await;
    let gate = gateway.shared.workers.occupy();
    let mut waiting = Box::pin(ask(&gateway, "{ b: __typename }"));
    assert!(poll_immediate(&mut waiting).await.is_none());
    let refused = ask(&gateway, "{ c: __typename }").await;
    assert_eq!(
        (text(&refused), refused.outcome),
        (BUSY, RequestOutcome::Busy)
    );
    assert_eq!(refused.cache.max_age, None);
    let again = ask(&gateway, "{ a: __typename }").await;
    assert_eq!(
        again.body, kept.body,
        "what is compiled is not in the queue"
    );
    drop(gate);
    assert_eq!(text(&waiting.await), r#"{"data":{"b":"Query"}}"#);
    // The refusal is not cached.
    let later = ask(&gateway, "{ c: __typename }").await;
    assert_eq!(text(&later), r#"{"data":{"c":"Query"}}"#);
}

#[tokio::test]
async fn a_compilation_goes_on_while_one_of_those_who_share_it_waits() {
    let gateway = gateway(|settings| settings.limits.compilation_queue = 1);
    let gate = gateway.shared.workers.occupy();
    let mut first = Box::pin(ask(&gateway, "{ b: __typename }"));
    let mut second = Box::pin(ask(&gateway, "{ b: __typename }"));
    assert!(poll_immediate(&mut first).await.is_none());
    assert!(poll_immediate(&mut second).await.is_none());
    drop(first);
    let refused = ask(&gateway, "{ c: __typename }").await;
    assert_eq!(
        refused.outcome,
        RequestOutcome::Busy,
        "the permit is still held"
    );
    drop(second);
    let mut third = Box::pin(ask(&gateway, "{ d: __typename }"));
    assert!(poll_immediate(&mut third).await.is_none());
    drop(gate);
    assert_eq!(text(&third.await), r#"{"data":{"d":"Query"}}"#);
    assert!(gateway.plans.get("{ b: __typename }", None).is_none());
}

#[tokio::test]
async fn compiling_is_charged_while_it_is_done_and_given_back() {
    let gateway = gateway(|settings| {
        settings.limits.operations_bytes.0 = bytes_to_compile(100_000);
    });
    let budget = Arc::clone(&gateway.runtime.budget);
    let text_of = |index: usize| {
        format!(
            "{{ a{index}: __schema {{ {} }} }}",
            "description ".repeat(2_000)
        )
    };
    let texts: Vec<String> = (0..8).map(text_of).collect();
    let all = join_all(texts.iter().map(|text| ask(&gateway, text))).await;
    for answer in &all {
        assert_eq!(answer.outcome, RequestOutcome::Executed, "{}", text(answer));
    }
    assert_eq!(budget.used(), 0);
    let held = budget.account(usize::MAX);
    // Nearly all memory that large accounts may take together: less is left than another text needs.
    held.charge(bytes_to_compile(60_000)).unwrap();
    let refused = ask(&gateway, &text_of(9)).await;
    assert_eq!(
        (text(&refused), refused.outcome),
        (BUSY, RequestOutcome::Busy)
    );
    drop(held);
    assert_eq!(
        ask(&gateway, &text_of(9)).await.outcome,
        RequestOutcome::Executed
    );
    assert_eq!(budget.used(), 0);
}

#[tokio::test]
async fn a_text_that_is_too_long_is_neither_queued_nor_kept() {
    let gateway = gateway(|settings| settings.limits.compilation_queue = 0);
    let gate = gateway.shared.workers.occupy();
    let long = format!("{{ __typename }} # {}", "x".repeat(100_000));
    let refused = ask(&gateway, &long).await;
    assert_eq!(refused.outcome, RequestOutcome::Refused);
    assert!(text(&refused).contains("limits.document_bytes"));
    assert!(gateway.plans.get(&long, None).is_none());
    drop(gate);
}

#[tokio::test]
async fn fields_are_bounded_with_fragments_expanded() {
    let gateway = gateway(|settings| settings.limits.fields = 3_000);
    let operations: String = (0..300)
        .map(|index| format!("query Q{index} {{ ...F }} "))
        .collect();
    let fragment = format!("fragment F on Query {{ {} }}", "__typename ".repeat(10));
    let refused = ask(&gateway, &(operations + &fragment)).await;
    let expected = r#"{"errors":[{"message":"The operation has more than 3000 fields, arguments and values, fragments expanded (limits.fields)","extensions":{"code":"LIMIT_EXCEEDED","sangam":{"kind":"LIMIT"}}}]}"#;
    assert_eq!(text(&refused), expected);
}

/// Whether two responses share the same bytes in memory.
fn same(first: &Bytes, second: &Bytes) -> bool {
    first.as_ptr() == second.as_ptr() && first.len() == second.len()
}

#[tokio::test]
async fn usual_introspection_is_answered_from_kept_bytes() {
    let gateway = gateway(|_| {});
    let first = ask(&gateway, USUAL).await;
    assert!(
        text(&first).starts_with(r#"{"data":{"__schema":{"queryType":{"name":"Query"},"types":["#)
    );
    assert!(first.body.len() > 10_000, "{}", first.body.len());
    // From here on no response can be written.
    let gate = gateway.shared.workers.occupy();
    let second = ask(&gateway, USUAL).await;
    assert_eq!(first.body, second.body);
    assert!(same(&second.body, &ask(&gateway, USUAL).await.body));
    assert_eq!(
        (first.cache.max_age, second.cache.max_age),
        (None, None),
        "clients do not keep it"
    );
    assert!(second.memo.is_some());
    drop(gate);
}

#[tokio::test]
async fn kept_introspection_differs_by_variables() {
    let gateway = gateway(|_| {});
    let query = "query ($name: String!) { __type(name: $name) { name } }";
    let named = async |name: &str| {
        let variables =
            crate::document::Value::parse_json(format!(r#"{{"name":"{name}"}}"#).as_bytes());
        let request = GraphqlRequest {
            query: Some(query.to_owned()),
            variables: Some(variables.unwrap()),
            ..GraphqlRequest::default()
        };
        gateway
            .execute(request, &ClientContext::default())
            .await
            .body()
            .await
    };
    let (query, connector) = (named("Query").await, named("SangamConnector").await);
    assert_eq!(query, r#"{"data":{"__type":{"name":"Query"}}}"#);
    assert_eq!(
        connector,
        r#"{"data":{"__type":{"name":"SangamConnector"}}}"#
    );
    let kept = named("Query").await;
    assert_eq!(query, kept);
    assert!(same(&kept, &named("Query").await));
}

/// An operation that selects all types this many times.
fn repeated(times: usize) -> String {
    let each =
        (0..times).map(|index| format!("a{index}: types {{ fields {{ name type {{ name }} }} }} "));
    format!("{{ __schema {{ {} }} }}", each.collect::<String>())
}

#[tokio::test]
async fn long_introspection_is_written_by_the_workers() {
    let gateway = gateway(|settings| {
        settings.limits.compilation_queue = 1;
        settings.cache.responses.0 = 0;
    });
    let whole = ask(&gateway, USUAL).await;
    let short = ask(&gateway, "{ __type(name: \"Query\") { name } }").await;
    let long = repeated(100);
    assert_eq!(ask(&gateway, &long).await.outcome, RequestOutcome::Executed);
    let gate = gateway.shared.workers.occupy();
    let mut waiting = Box::pin(ask(&gateway, &long));
    assert!(poll_immediate(&mut waiting).await.is_none());
    assert_eq!(ask(&gateway, &long).await.outcome, RequestOutcome::Busy);
    let again = ask(&gateway, "{ __type(name: \"Query\") { name } }").await;
    assert_eq!(again.body, short.body, "what is short is written at once");
    drop(gate);
    assert_eq!(waiting.await.outcome, RequestOutcome::Executed);
    assert_eq!(ask(&gateway, USUAL).await.body, whole.body);
    assert_eq!(gateway.runtime.budget.used(), 0);
}

#[tokio::test]
async fn introspection_ends_at_the_bound_of_an_answer() {
    let gateway = gateway(|settings| settings.limits.answer_bytes.0 = 100_000);
    let refused = ask(&gateway, &repeated(190)).await;
    let expected = r#"{"errors":[{"message":"The response is longer than allowed (100000 bytes)","extensions":{"code":"LIMIT_EXCEEDED","sangam":{"kind":"LIMIT"}}}]}"#;
    assert_eq!(text(&refused), expected);
    assert_eq!(gateway.runtime.budget.used(), 0);
}

#[tokio::test]
async fn nested_introspection_is_refused_by_its_depth() {
    let gateway = gateway(|_| {});
    let refused = ask(
        &gateway,
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
    )
    .await;
    let expected = r#"{"errors":[{"message":"Maximum introspection depth exceeded","locations":[{"line":1,"column":3}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED","sangam":{"kind":"INVALID"}}}]}"#;
    assert_eq!(text(&refused), expected);
}

#[tokio::test]
async fn compiled_operations_stay_within_their_bytes() {
    let bound = 3_000_000;
    let gateway = gateway(|settings| settings.cache.plans.0 = bound);
    for index in 0..8 {
        let fields = "description ".repeat(4_000);
        let answer = ask(
            &gateway,
            &format!("{{ a{index}: __schema {{ {fields} }} }}"),
        )
        .await;
        assert_eq!(answer.outcome, RequestOutcome::Executed);
    }
    // Each needs more than two megabytes.
    assert!(
        gateway.plans.weight() <= bound as u64,
        "{}",
        gateway.plans.weight()
    );
    assert_eq!(gateway.plans.len(), 1);
}

#[tokio::test]
async fn the_wait_for_a_turn_is_bounded() {
    let gateway = gateway(|settings| settings.limits.compilation_wait = Duration::ZERO);
    let gate = gateway.shared.workers.occupy();
    let late = ask(&gateway, "{ a: __typename }").await;
    assert_eq!((text(&late), late.outcome), (BUSY, RequestOutcome::Busy));
    drop(gate);
}
