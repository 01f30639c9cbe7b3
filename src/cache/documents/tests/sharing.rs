//! Equal reads at the same time share one call.

use super::*;

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
