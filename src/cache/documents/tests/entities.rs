//! Entities are stored one by one.

use super::*;

/// Reads entities of one selection. A document of the upstream is the part for the only entity of its call.
async fn read_entities(setup: &Setup, ids: &[&str], policy: Policy) -> String {
    let representation = |id: &&str| Representation {
        list: 0,
        selection: 0,
        text: id.as_bytes().to_vec(),
    };
    let representations: Vec<Representation> = ids.iter().map(representation).collect();
    let selections = [EntitySelection {
        text: "{name}".to_owned(),
        variables: b"{}".to_vec(),
    }];
    let call = UpstreamCall {
        endpoint: &setup.endpoint,
        request: request("/graphql"),
        options: CallOptions {
            timeout: Duration::from_secs(60),
            max_bytes: 1000,
            ..CallOptions::default()
        },
        policy,
        admissions: &Admissions::new(),
    };
    let asked = EntitiesCall {
        selections: &selections,
        representations: &representations,
        parts: |document, _| {
            let whole = crate::document::ValueSpan {
                start: 0,
                end: document.body.len() as u32,
            };
            (document.outcome == Outcome::Success).then(|| vec![whole])
        },
    };
    let of = |elements: &[usize]| request(&format!("/graphql?{elements:?}"));
    let entities = setup.documents.entities(call, asked, of).await;
    let cached = entities.cached.into_iter().map(|cached| match cached {
        Some(cached) => describe(Ok(cached)),
        None => "-".to_owned(),
    });
    let mut states: Vec<String> = cached.collect();
    states.extend(entities.called.map(describe));
    states.join(", ")
}

#[tokio::test]
async fn entities_are_stored_one_by_one() {
    let setup = ready_setup();
    assert_eq!(read_entities(&setup, &["a"], cached()).await, "-, miss 1");
    assert_eq!(read_entities(&setup, &["b"], cached()).await, "-, miss 2");
    let both = read_entities(&setup, &["b", "a"], cached()).await;
    assert_eq!(both, "hit 2, hit 1");
    let other = read_entities(&setup, &["a", "c", "b"], cached()).await;
    assert_eq!(other, "hit 1, -, hit 2, miss 3");
    setup.clock.advance(Duration::from_secs(60));
    assert_eq!(read_entities(&setup, &["a"], cached()).await, "-, miss 4");
}

#[tokio::test]
async fn entities_that_cannot_be_separated_are_not_stored() {
    let setup = ready_setup();
    // The answer has one part.
    let both = read_entities(&setup, &["a", "b"], cached()).await;
    assert_eq!(both, "-, -, miss 1");
    assert_eq!(read_entities(&setup, &["a"], cached()).await, "-, miss 2");
    setup.script([Reply::Status(500, Vec::new())]);
    assert_eq!(read_entities(&setup, &["c"], cached()).await, "-, miss 3");
    assert_eq!(read_entities(&setup, &["c"], cached()).await, "-, miss 4");
}

#[tokio::test]
async fn entities_are_not_older_than_a_mutation() {
    let setup = ready_setup();
    assert_eq!(read_entities(&setup, &["a"], cached()).await, "-, miss 1");
    assert_eq!(
        setup.state_of("/change", Policy::Mutation).await,
        "bypass 2"
    );
    assert_eq!(read_entities(&setup, &["a"], cached()).await, "-, miss 3");
    assert_eq!(
        read_entities(&setup, &["a"], Policy::Uncached).await,
        "-, bypass 4"
    );
    assert_eq!(read_entities(&setup, &["a"], cached()).await, "hit 3");
}

#[tokio::test]
async fn entities_of_one_subject_are_for_no_other() {
    let setup = ready_setup();
    let private = |subject: Option<&str>| Policy::Read {
        lifetime: Some(SchemaLifetime {
            max_age: Duration::from_secs(60),
            scope: Some(Scope::Private),
        }),
        subject: subject.and_then(|token| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", HeaderValue::from_str(token).unwrap());
            Subject::from_headers(&["authorization"], &headers)
        }),
    };
    let ask = async |subject| read_entities(&setup, &["a"], private(subject)).await;
    assert_eq!(ask(Some("one")).await, "-, miss 1");
    assert_eq!(ask(Some("two")).await, "-, miss 2");
    assert_eq!(ask(Some("one")).await, "hit 1");
    assert_eq!(ask(None).await, "-, bypass 3");
}

#[tokio::test]
async fn equal_entity_reads_at_once_make_one_call() {
    let setup = Arc::new(slow_setup());
    let ask = |ids: &'static [&'static str]| {
        let setup = Arc::clone(&setup);
        tokio::spawn(async move { read_entities(&setup, ids, cached()).await })
    };
    let first = ask(&["a"]);
    setup.until_under_way().await;
    let second = ask(&["a"]);
    settle().await;
    setup.driver.tickets.add_permits(10);
    assert_eq!(first.await.unwrap(), "-, miss 1");
    assert_eq!(second.await.unwrap(), "-, shared 1");
    assert_eq!(setup.calls(), 1);
}
