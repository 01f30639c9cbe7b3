//! What is stored, for how long, and for which readers.

use super::*;

#[tokio::test]
async fn a_document_is_stored_for_its_lifetime() {
    let setup = ready_setup();
    assert_eq!(setup.state_of("/a", cached()).await, "miss 1");
    assert_eq!(setup.state_of("/a", cached()).await, "hit 1");
    assert_eq!(setup.state_of("/b", cached()).await, "miss 2");
    setup.clock.advance(Duration::from_secs(59));
    let hit = setup.fetch("/a", cached()).await.unwrap();
    assert_eq!(setup.clock.now().since(hit.born), Duration::from_secs(59));
    assert_eq!(setup.left(&hit), Some(Duration::from_secs(1)));
    setup.clock.advance(Duration::from_secs(1));
    assert_eq!(setup.state_of("/a", cached()).await, "miss 3");
    let figures = setup.documents.figures();
    assert_eq!(figures[0].0, "works");
    assert_eq!((figures[0].1.hits, figures[0].1.misses), (2, 3));
}

#[tokio::test]
async fn a_shorter_lifetime_of_the_reader_counts() {
    let setup = ready_setup();
    let seconds = |seconds| Policy::Read {
        lifetime: Some(SchemaLifetime {
            max_age: Duration::from_secs(seconds),
            scope: None,
        }),
        subject: Some(
            Subject::from_headers(
                &["a"],
                &HeaderMap::from_iter([(
                    HeaderName::from_static("a"),
                    HeaderValue::from_static("b"),
                )]),
            )
            .unwrap(),
        ),
    };
    assert_eq!(setup.state_of("/a", seconds(60)).await, "miss 1");
    setup.clock.advance(Duration::from_secs(20));
    let hit = setup.fetch("/a", seconds(30)).await.unwrap();
    assert_eq!(setup.left(&hit), Some(Duration::from_secs(10)));
    assert_eq!(setup.state_of("/a", seconds(20)).await, "miss 2");
    assert_eq!(setup.state_of("/a", seconds(60)).await, "hit 2");
}

#[tokio::test]
async fn without_a_lifetime_nothing_is_stored() {
    let setup = ready_setup();
    for number in 1..=3 {
        assert_eq!(
            setup.state_of("/a", BY_HEADERS).await,
            format!("miss {number}")
        );
    }
    // By now the endpoint is known to give no lifetimes.
    assert_eq!(setup.state_of("/a", BY_HEADERS).await, "bypass 4");
    // Until a response has a lifetime.
    setup.script([Reply::Status(200, vec![("cache-control", "max-age=9")])]);
    assert_eq!(setup.state_of("/a", BY_HEADERS).await, "bypass 5");
    assert_eq!(setup.state_of("/a", BY_HEADERS).await, "hit 5");
}

#[tokio::test]
async fn a_document_that_is_not_accepted_is_not_stored() {
    let setup = ready_setup();
    setup.script([Reply::Status(500, Vec::new())]);
    let failed = setup.fetch("/a", cached()).await.unwrap();
    assert_eq!(
        failed.document.outcome,
        Outcome::Failed(ErrorKind::Upstream)
    );
    assert_eq!(setup.left(&failed), None);
    assert_eq!(setup.state_of("/a", cached()).await, "miss 2");
    assert_eq!(setup.state_of("/a", cached()).await, "hit 2");
}

#[tokio::test]
async fn errors_are_not_stored() {
    let setup = ready_setup();
    setup.script([Reply::Error(SourceErrorKind::Unreachable)]);
    assert_eq!(setup.state_of("/a", cached()).await, "Unreachable");
    assert_eq!(setup.state_of("/a", cached()).await, "miss 2");
    let figures = setup.documents.figures()[0].1;
    assert_eq!((figures.calls, figures.failures), (2, 1));
}

#[tokio::test]
async fn a_document_to_use_once_is_not_stored() {
    let setup = ready_setup();
    let fetched = setup.judge(cached(), Verdict::UseOnce).await;
    assert_eq!(
        (fetched.state, setup.left(&fetched)),
        (CacheState::Miss, None)
    );
    assert_eq!(setup.state_of("/a", cached()).await, "miss 2");
}

#[tokio::test]
async fn a_verdict_shortens_the_lifetime() {
    let setup = ready_setup();
    let short = Verdict::StoreFor(Duration::from_secs(5));
    let fetched = setup.judge(cached(), short).await;
    assert_eq!(setup.left(&fetched), Some(Duration::from_secs(5)));
    setup.clock.advance(Duration::from_secs(4));
    assert_eq!(setup.state_of("/a", cached()).await, "hit 1");
    setup.clock.advance(Duration::from_secs(1));
    assert_eq!(setup.state_of("/a", cached()).await, "miss 2");
    // Never for longer than its own lifetime.
    let long = Verdict::StoreFor(Duration::from_secs(500));
    setup.clock.advance(Duration::from_secs(60));
    let fetched = setup.judge(cached(), long).await;
    assert_eq!(setup.left(&fetched), Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn a_document_that_bypasses_the_cache_is_judged_too() {
    let setup = ready_setup();
    for _ in 0..3 {
        setup.fetch("/a", BY_HEADERS).await.unwrap();
    }
    // The endpoint is known for answers without a lifetime; this one has one, and cannot be read.
    let lifetime = || Reply::Status(200, vec![("cache-control", "max-age=9")]);
    setup.script([lifetime(), lifetime()]);
    let fetched = setup.judge(BY_HEADERS, Verdict::UseOnce).await;
    assert_eq!(
        (fetched.state, setup.left(&fetched)),
        (CacheState::Bypass, None)
    );
    let fetched = setup.judge(BY_HEADERS, Verdict::Store).await;
    assert_eq!(setup.left(&fetched), Some(Duration::from_secs(9)));
}

#[tokio::test]
async fn a_document_that_cannot_be_used_is_removed() {
    let setup = ready_setup();
    assert_eq!(setup.state_of("/a", cached()).await, "miss 1");
    let first = setup.fetch("/a", cached()).await.unwrap();
    setup.documents.forget(&first);
    assert_eq!(setup.state_of("/a", cached()).await, "miss 2");
    // Another has taken its place.
    setup.documents.forget(&first);
    assert_eq!(setup.state_of("/a", cached()).await, "hit 2");
}

#[tokio::test]
async fn an_uncached_read_calls_the_upstream() {
    let setup = ready_setup();
    assert_eq!(setup.state_of("/a", cached()).await, "miss 1");
    assert_eq!(setup.state_of("/a", Policy::Uncached).await, "bypass 2");
    assert_eq!(setup.state_of("/a", cached()).await, "hit 1");
    let never = Policy::Read {
        lifetime: Some(SchemaLifetime {
            max_age: Duration::ZERO,
            scope: None,
        }),
        subject: None,
    };
    assert_eq!(setup.state_of("/a", never).await, "bypass 3");
}

#[tokio::test]
async fn private_documents_are_for_one_subject() {
    let setup = ready_setup();
    let private = |subject| Policy::Read {
        lifetime: Some(SchemaLifetime {
            max_age: Duration::from_secs(60),
            scope: Some(Scope::Private),
        }),
        subject,
    };
    let subject = |token: &'static str| {
        let mut client = HeaderMap::new();
        client.insert("authorization", HeaderValue::from_static(token));
        Subject::from_headers(&["authorization"], &client)
    };
    let (asha, ravi) = (subject("Bearer asha"), subject("Bearer ravi"));
    assert_eq!(setup.state_of("/me", private(asha)).await, "miss 1");
    assert_eq!(setup.state_of("/me", private(ravi)).await, "miss 2");
    assert_eq!(setup.state_of("/me", private(asha)).await, "hit 1");
    assert_eq!(setup.state_of("/me", private(None)).await, "bypass 3");
    assert_eq!(setup.state_of("/me", private(None)).await, "bypass 4");
}

#[tokio::test]
async fn stored_headers_are_part_of_the_key() {
    let setup = ready_setup();
    assert_eq!(setup.state_of("/a", cached()).await, "miss 1");
    setup.script([Reply::Status(
        200,
        vec![("x-total", "20"), ("x-other", "1")],
    )]);
    let stored_headers = StoredHeaders::Named(vec!["x-total".to_owned()]);
    let upstream = setup.endpoint.connector();
    let endpoint = upstream.endpoint(
        setup.endpoint.source(),
        "works:Query.works[0]",
        stored_headers,
        "",
    );
    let call = UpstreamCall {
        endpoint: &endpoint,
        request: request("/a"),
        options: CallOptions {
            timeout: Duration::from_secs(60),
            max_bytes: 1000,
            ..CallOptions::default()
        },
        policy: cached(),
        admissions: &Admissions::new(),
    };
    let fetched = setup.documents.fetch(call, |_| true).await.unwrap();
    assert_eq!(fetched.state, CacheState::Miss);
    let total = (
        HeaderName::from_static("x-total"),
        HeaderValue::from_static("20"),
    );
    assert_eq!(
        fetched.document.envelope,
        http_response(200, HeaderMap::from_iter([total]), Bytes::new(), 0).envelope
    );
}

/// Most documents of an endpoint may not be stored; one may, and is found although the endpoint has learnt that.
#[tokio::test]
async fn a_document_among_others_that_may_not_be_stored_is_found() {
    let setup = ready_setup();
    let reply = |value| Reply::Status(200, vec![("cache-control", value)]);
    setup.script([
        reply("no-store"),
        reply("no-store"),
        reply("no-store"),
        reply("max-age=60"),
        reply("max-age=60"),
        reply("no-store"),
        reply("no-store"),
        reply("no-store"),
    ]);
    for call in 1..=3 {
        let expected = format!("miss {call}");
        assert_eq!(setup.state_of("/other", BY_HEADERS).await, expected);
    }
    assert_eq!(setup.state_of("/kept", BY_HEADERS).await, "bypass 4");
    assert_eq!(setup.state_of("/kept", BY_HEADERS).await, "miss 5");
    for call in 6..=8 {
        let expected = format!("miss {call}");
        assert_eq!(setup.state_of("/other", BY_HEADERS).await, expected);
        assert_eq!(setup.state_of("/kept", BY_HEADERS).await, "hit 5");
    }
    assert_eq!(setup.calls(), 8);
    // When it is stale, no document can be found.
    setup.clock.advance(Duration::from_secs(60));
    assert_eq!(setup.state_of("/other", BY_HEADERS).await, "bypass 9");
}
