//! Equal reads at the same time share one call.

use super::*;
use crate::cache::Sharing;

#[tokio::test]
async fn equal_reads_at_once_make_one_call() {
    let setup = Arc::new(slow_setup());
    let crowd: Vec<_> = (0..20).map(|_| setup.spawn("/a", cached())).collect();
    setup.until_under_way().await;
    settle().await;
    setup.driver.tickets.add_permits(1);
    let mut states = Vec::new();
    for one in crowd {
        states.push(one.await.unwrap());
    }
    states.sort();
    assert_eq!(states[0], "miss 1");
    assert!(states[1..].iter().all(|state| state == "shared 1"));
    assert_eq!(setup.calls(), 1);
}

#[tokio::test]
async fn a_document_that_may_not_be_cached_is_not_shared() {
    let setup = Arc::new(slow_setup());
    let crowd: Vec<_> = (0..5).map(|_| setup.spawn("/a", BY_HEADERS)).collect();
    setup.until_under_way().await;
    settle().await;
    assert_eq!(setup.calls(), 1);
    setup.script(vec![
        Reply::Status(200, vec![("cache-control", "no-store")]);
        5
    ]);
    setup.driver.tickets.add_permits(5);
    let mut states = Vec::new();
    for one in crowd {
        states.push(one.await.unwrap());
    }
    states.sort();
    assert_eq!(
        states,
        ["bypass 2", "bypass 3", "bypass 4", "bypass 5", "miss 1"]
    );
}

#[tokio::test]
async fn a_document_that_varies_on_everything_is_not_shared() {
    let setup = Arc::new(slow_setup());
    setup.script(vec![Reply::Status(200, vec![("vary", "*")]); 2]);
    let crowd = [setup.spawn("/a", cached()), setup.spawn("/a", cached())];
    setup.until_under_way().await;
    settle().await;
    setup.driver.tickets.add_permits(2);
    let mut states = Vec::new();
    for one in crowd {
        states.push(one.await.unwrap());
    }
    states.sort();
    assert_eq!(states, ["bypass 2", "miss 1"]);
}

#[tokio::test]
async fn a_failure_of_a_shared_read_is_shared() {
    let setup = Arc::new(slow_setup());
    setup.script([Reply::Error(SourceErrorKind::Timeout)]);
    let crowd = [setup.spawn("/a", cached()), setup.spawn("/a", cached())];
    setup.until_under_way().await;
    settle().await;
    setup.driver.tickets.add_permits(1);
    for one in crowd {
        assert_eq!(one.await.unwrap(), "Timeout");
    }
    assert_eq!(setup.calls(), 1);
}

#[tokio::test]
async fn the_request_that_started_a_flight_may_end_first() {
    let setup = Arc::new(slow_setup());
    let first = setup.spawn("/a", cached());
    setup.until_under_way().await;
    let second = setup.spawn("/a", cached());
    settle().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    setup.driver.tickets.add_permits(1);
    assert_eq!(second.await.unwrap(), "shared 1");
    // The document is stored even if no request waits any more.
    let third = setup.spawn("/b", cached());
    setup.until_under_way().await;
    third.abort();
    assert!(third.await.unwrap_err().is_cancelled());
    setup.driver.tickets.add_permits(1);
    settle().await;
    assert_eq!(setup.state_of("/b", cached()).await, "hit 2");
}

#[tokio::test]
async fn each_request_has_its_own_deadline() {
    let setup = Arc::new(slow_setup());
    let patient = setup.spawn("/a", cached());
    setup.until_under_way().await;
    let hasty = setup
        .fetch_within("/a", cached(), Duration::from_millis(5), |_| true)
        .await;
    assert_eq!(hasty.unwrap_err().kind, SourceErrorKind::Timeout);
    setup.driver.tickets.add_permits(1);
    assert_eq!(patient.await.unwrap(), "miss 1");
}

#[tokio::test]
async fn a_driver_that_panics_is_an_error() {
    let setup = ready_setup();
    setup.script([Reply::Panic, Reply::Panic]);
    assert_eq!(setup.state_of("/a", cached()).await, "Internal");
    assert_eq!(setup.state_of("/a", Policy::Mutation).await, "Internal");
    assert_eq!(setup.state_of("/a", cached()).await, "miss 3");
}

const PRIVATE: Policy = Policy::Read {
    lifetime: Some(SchemaLifetime {
        max_age: Duration::from_secs(60),
        scope: Some(Scope::Private),
    }),
    subject: None,
};

const NEVER: Policy = Policy::Read {
    lifetime: Some(SchemaLifetime {
        max_age: Duration::ZERO,
        scope: None,
    }),
    subject: None,
};

fn sharing(sharing: Sharing) -> Arc<Setup> {
    Arc::new(slow_setup_with(SharingRules {
        sharing,
        ..SharingRules::default()
    }))
}

impl Setup {
    /// The states of reads that are all under way before the first response.
    async fn crowd(self: &Arc<Self>, readers: usize, policy: Policy) -> Vec<String> {
        let crowd: Vec<_> = (0..readers).map(|_| self.spawn("/a", policy)).collect();
        settle().await;
        self.driver.tickets.add_permits(readers);
        let mut states = Vec::new();
        for one in crowd {
            states.push(one.await.unwrap());
        }
        // What is left of the tickets is for this crowd only.
        self.driver.tickets.forget_permits(readers);
        states.sort();
        states
    }

    /// Lets the endpoint learn that its documents have no lifetime.
    async fn learn(&self, headers: &[(&'static str, &'static str)]) {
        self.driver.tickets.add_permits(4);
        for _ in 0..4 {
            self.script([Reply::Status(200, headers.to_vec())]);
            self.fetch("/other", BY_HEADERS).await.unwrap();
        }
    }
}

#[tokio::test]
async fn reads_without_a_lifetime_share_a_call() {
    let setup = sharing(Sharing::Auto);
    assert_eq!(
        setup.crowd(3, BY_HEADERS).await,
        ["miss 1", "shared 1", "shared 1"]
    );
    setup.learn(&[]).await;
    assert_eq!(
        setup.crowd(3, BY_HEADERS).await,
        ["bypass 6", "shared 6", "shared 6"]
    );
    // They share what is under way, and nothing is stored.
    assert_eq!(setup.crowd(1, BY_HEADERS).await, ["bypass 7"]);
    assert_eq!(setup.documents.size().entries, 0);
    assert_eq!(setup.documents.shared.flights.running(), 0);
}

#[tokio::test]
async fn after_no_store_each_read_makes_a_call_until_a_response_without_it() {
    for headers in [
        ("cache-control", "no-store"),
        ("cache-control", "no-cache"),
        ("cache-control", "private"),
        ("vary", "*"),
    ] {
        let setup = sharing(Sharing::Auto);
        setup.learn(&[headers]).await;
        assert_eq!(
            setup.crowd(2, BY_HEADERS).await,
            ["bypass 5", "bypass 6"],
            "{headers:?}"
        );
        // The responses before had no such header.
        assert_eq!(
            setup.crowd(2, BY_HEADERS).await,
            ["bypass 7", "shared 7"],
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn a_response_for_one_request_is_for_the_first_one_only() {
    let setup = sharing(Sharing::Auto);
    setup.learn(&[]).await;
    setup.script(vec![
        Reply::Status(200, vec![("cache-control", "no-store")]);
        3
    ]);
    assert_eq!(
        setup.crowd(3, BY_HEADERS).await,
        ["bypass 5", "bypass 6", "bypass 7"]
    );
}

#[tokio::test]
async fn a_source_is_shared_always_or_never() {
    let no_store = ("cache-control", "no-store");
    let on = sharing(Sharing::On);
    on.learn(&[no_store]).await;
    on.script([Reply::Status(200, vec![no_store])]);
    assert_eq!(on.crowd(2, BY_HEADERS).await, ["bypass 5", "shared 5"]);
    assert_eq!(on.crowd(2, NEVER).await, ["bypass 6", "shared 6"]);
    let off = sharing(Sharing::Off);
    off.learn(&[]).await;
    assert_eq!(off.crowd(2, BY_HEADERS).await, ["bypass 5", "bypass 6"]);
    // What may be cached is shared all the same.
    assert_eq!(off.crowd(2, cached()).await, ["miss 7", "shared 7"]);
}

#[tokio::test]
async fn what_the_schema_says_is_not_shared() {
    let auto = sharing(Sharing::Auto);
    assert_eq!(auto.crowd(2, NEVER).await, ["bypass 1", "bypass 2"]);
    for setup in [auto, sharing(Sharing::On)] {
        let calls = setup.calls();
        let states = setup.crowd(2, PRIVATE).await;
        assert_eq!(setup.calls(), calls + 2, "{states:?}");
    }
}

#[tokio::test]
async fn a_call_that_is_too_old_is_not_joined() {
    let setup = Arc::new(slow_setup_with(SharingRules {
        joinable_for: Duration::ZERO,
        ..SharingRules::default()
    }));
    setup.learn(&[]).await;
    // The third finds two calls under way, as many as may be joined, and makes one of its own.
    assert_eq!(
        setup.crowd(3, BY_HEADERS).await,
        ["bypass 5", "bypass 6", "bypass 7"]
    );
}

#[tokio::test]
async fn a_call_from_before_a_mutation_is_not_joined() {
    let setup = sharing(Sharing::Auto);
    setup.learn(&[]).await;
    let before = [setup.spawn("/a", BY_HEADERS), setup.spawn("/a", BY_HEADERS)];
    settle().await;
    assert_eq!(setup.calls(), 5);
    setup.endpoint.connector().state().advance_epoch();
    let after = [setup.spawn("/a", BY_HEADERS), setup.spawn("/a", BY_HEADERS)];
    settle().await;
    assert_eq!(setup.calls(), 6);
    setup.driver.tickets.add_permits(2);
    let mut states = Vec::new();
    for one in before.into_iter().chain(after) {
        states.push(one.await.unwrap());
    }
    assert_eq!(states, ["bypass 5", "shared 5", "bypass 6", "shared 6"]);
}

#[tokio::test]
async fn a_call_whose_document_is_not_stored_ends_with_its_last_request() {
    let setup = sharing(Sharing::Auto);
    setup.learn(&[]).await;
    let first = setup.spawn("/a", BY_HEADERS);
    setup.until_under_way().await;
    let second = setup.spawn("/a", BY_HEADERS);
    settle().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    settle().await;
    assert_eq!(setup.documents.shared.flights.running(), 1);
    second.abort();
    assert!(second.await.unwrap_err().is_cancelled());
    settle().await;
    assert_eq!(setup.documents.shared.flights.running(), 0);
    // No call takes the ticket.
    setup.driver.tickets.add_permits(1);
    assert_eq!(setup.driver.tickets.available_permits(), 1);
    assert_eq!(setup.state_of("/a", BY_HEADERS).await, "bypass 6");
}
