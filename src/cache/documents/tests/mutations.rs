//! Mutations invalidate what was read before.

use super::*;

#[tokio::test]
async fn a_mutation_invalidates_what_was_read_before() {
    let setup = ready_setup();
    assert_eq!(setup.state_of("/a", cached()).await, "miss 1");
    assert_eq!(setup.state_of("/pay", Policy::Mutation).await, "bypass 2");
    assert_eq!(setup.state_of("/a", cached()).await, "miss 3");
    assert_eq!(setup.state_of("/a", cached()).await, "hit 3");
    // Also one without a response: it may have been carried out.
    setup.script([Reply::Error(SourceErrorKind::Timeout)]);
    assert_eq!(setup.state_of("/pay", Policy::Mutation).await, "Timeout");
    assert_eq!(setup.state_of("/a", cached()).await, "miss 5");
}

#[tokio::test]
async fn a_mutation_that_is_provably_refused_invalidates_nothing() {
    let replies = [
        (Reply::Status(400, Vec::new()), "hit 1"),
        (Reply::Status(401, Vec::new()), "hit 1"),
        (Reply::Status(403, Vec::new()), "hit 1"),
        (Reply::Status(409, Vec::new()), "hit 1"),
        (Reply::Status(422, Vec::new()), "hit 1"),
        (Reply::Status(429, Vec::new()), "hit 1"),
        (Reply::Status(200, Vec::new()), "miss 3"),
        (Reply::Status(302, Vec::new()), "miss 3"),
        (Reply::Status(408, Vec::new()), "miss 3"),
        (Reply::Status(499, Vec::new()), "miss 3"),
        (Reply::Status(500, Vec::new()), "miss 3"),
        (Reply::Status(503, Vec::new()), "miss 3"),
        (Reply::Error(SourceErrorKind::Timeout), "miss 3"),
        (Reply::Error(SourceErrorKind::Unreachable), "miss 3"),
        (Reply::Error(SourceErrorKind::BadAnswer), "miss 3"),
        (Reply::Panic, "miss 3"),
    ];
    for (reply, then) in replies {
        let setup = ready_setup();
        assert_eq!(setup.state_of("/a", cached()).await, "miss 1");
        setup.script([reply.clone()]);
        let _ = setup.state_of("/pay", Policy::Mutation).await;
        assert_eq!(setup.state_of("/a", cached()).await, then, "{reply:?}");
    }
    // A 4xx that is a success to its connector has been carried out.
    let setup = ready_setup();
    assert_eq!(setup.state_of("/a", cached()).await, "miss 1");
    setup.script([Reply::Status(404, Vec::new())]);
    let timeout = Duration::from_secs(60);
    let gone = setup.fetch_within("/a", Policy::Mutation, timeout, |_| true);
    assert_eq!(describe(gone.await), "bypass 2");
    assert_eq!(setup.state_of("/a", cached()).await, "miss 3");
}

#[tokio::test]
async fn refused_mutations_cause_no_further_calls() {
    let setup = ready_setup();
    let pages = ["/a", "/b", "/c", "/d"];
    for _ in 0..50 {
        for page in pages {
            setup.fetch(page, cached()).await.unwrap();
        }
        setup.script([Reply::Status(403, Vec::new())]);
        setup.fetch("/pay", Policy::Mutation).await.unwrap();
    }
    assert_eq!(setup.calls(), pages.len() + 50);
}

#[tokio::test]
async fn a_read_during_a_mutation_counts_as_before_it() {
    let setup = Arc::new(slow_setup());
    setup.driver.tickets.add_permits(1);
    assert_eq!(setup.state_of("/a", cached()).await, "miss 1");
    setup.until_under_way().await;
    setup.script([
        Reply::Status(403, Vec::new()),
        Reply::Status(200, Vec::new()),
    ]);
    for _ in 0..2 {
        let mutation = setup.spawn("/pay", Policy::Mutation);
        setup.until_under_way().await;
        assert_eq!(setup.state_of("/a", cached()).await, "hit 1");
        setup.driver.tickets.add_permits(1);
        mutation.await.unwrap();
    }
    // The second was not refused.
    setup.driver.tickets.add_permits(1);
    assert_eq!(setup.state_of("/a", cached()).await, "miss 4");
}

#[tokio::test]
async fn a_mutation_whose_client_leaves_invalidates_at_once() {
    let setup = Arc::new(slow_setup());
    setup.driver.tickets.add_permits(1);
    assert_eq!(setup.state_of("/a", cached()).await, "miss 1");
    setup.until_under_way().await;
    let mutation = setup.spawn("/pay", Policy::Mutation);
    setup.until_under_way().await;
    mutation.abort();
    assert!(mutation.await.unwrap_err().is_cancelled());
    setup.driver.tickets.add_permits(2);
    assert_eq!(setup.state_of("/a", cached()).await, "miss 3");
}

#[tokio::test]
async fn many_mutations_cause_few_calls_for_one_document() {
    let setup = Arc::new(slow_setup());
    let mut readers = Vec::new();
    for _ in 0..50 {
        readers.push(setup.spawn("/a", cached()));
        settle().await;
        setup.endpoint.connector().state().advance_epoch();
    }
    settle().await;
    assert_eq!(setup.calls(), crate::cache::flight::MAX_FLIGHTS_PER_KEY);
    setup.driver.tickets.add_permits(50);
    for reader in readers {
        let state = reader.await.unwrap();
        assert!(
            state.starts_with("miss") || state.starts_with("shared"),
            "{state}"
        );
    }
    // The last readers share one call that began after the last mutation.
    assert_eq!(setup.calls(), crate::cache::flight::MAX_FLIGHTS_PER_KEY + 1);
    assert_eq!(setup.state_of("/a", cached()).await, "hit 3");
}

#[tokio::test]
async fn a_mutation_of_another_connector_invalidates_nothing() {
    let setup = ready_setup();
    assert_eq!(setup.state_of("/a", cached()).await, "miss 1");
    let other = setup.documents.connector("other");
    other.state().advance_epoch();
    assert_eq!(setup.state_of("/a", cached()).await, "hit 1");
    // The same name under a new configuration is the same connector.
    let again = setup.documents.connector("works");
    again.state().advance_epoch();
    assert_eq!(setup.state_of("/a", cached()).await, "miss 2");
}

#[tokio::test]
async fn no_read_joins_a_flight_older_than_a_mutation() {
    let setup = Arc::new(slow_setup());
    let old = setup.spawn("/a", cached());
    setup.until_under_way().await;
    setup.endpoint.connector().state().advance_epoch();
    let new = setup.spawn("/a", cached());
    setup.until_under_way().await;
    setup.driver.tickets.add_permits(2);
    assert_eq!(old.await.unwrap(), "miss 1");
    assert_eq!(new.await.unwrap(), "miss 2");
    assert_eq!(setup.state_of("/a", cached()).await, "hit 2");
}

#[tokio::test]
async fn a_read_during_a_mutation_is_not_used_after_it() {
    let setup = Arc::new(slow_setup());
    let mutation = setup.spawn("/pay", Policy::Mutation);
    setup.until_under_way().await;
    let during = setup.spawn("/a", cached());
    setup.until_under_way().await;
    setup.driver.tickets.add_permits(2);
    assert_eq!(mutation.await.unwrap(), "bypass 1");
    assert_eq!(during.await.unwrap(), "miss 2");
    setup.driver.tickets.add_permits(1);
    assert_eq!(setup.state_of("/a", cached()).await, "miss 3");
}

#[tokio::test]
async fn a_mutation_continues_without_its_client() {
    let setup = Arc::new(slow_setup());
    let mutation = setup.spawn("/pay", Policy::Mutation);
    setup.until_under_way().await;
    let before = setup.endpoint.connector().state().epoch();
    mutation.abort();
    assert!(mutation.await.unwrap_err().is_cancelled());
    // Its client may read at once, and what it changes may show by now.
    assert_eq!(setup.endpoint.connector().state().epoch(), before + 1);
    setup.driver.tickets.add_permits(1);
    settle().await;
    assert_eq!(setup.endpoint.connector().state().epoch(), before + 2);
    assert_eq!(setup.documents.figures()[0].1.last_success, Some(NOW));
}
