//! Which documents a full cache stores.

use super::*;

/// Fetches so many documents, and returns how many were in the cache.
async fn found(setup: &Setup, paths: impl IntoIterator<Item = String>) -> usize {
    let mut found = 0;
    for path in paths {
        let fetched = setup.fetch(&path, cached()).await.unwrap();
        found += usize::from(fetched.state == CacheState::Hit);
    }
    found
}

fn paths(first: usize, number: usize) -> impl Iterator<Item = String> {
    (first..first + number).map(|number| format!("/{number}"))
}

#[tokio::test]
async fn a_full_cache_stores_what_is_asked_for_again() {
    let setup = ready_setup();
    setup.driver.tickets.add_permits(100_000);
    // Until it is full.
    let room = setup.documents.size().max_bytes;
    let mut stored = 0;
    while setup.documents.size().bytes + 2 * 1000 < room {
        found(&setup, paths(stored, 100)).await;
        stored += 100;
    }
    let entries = setup.documents.size().entries;
    assert!(entries > 1000, "{entries}");
    // Requests for others leave what is there, but for a few that came while the last ones were being counted.
    found(&setup, paths(1_000_000, 5_000)).await;
    let still = found(&setup, paths(0, 1000)).await;
    assert!(still > 750, "{still}");
    // What is asked for again and again is stored.
    assert_eq!(found(&setup, paths(2_000_000, 10)).await, 0);
    for _ in 0..5 {
        found(&setup, paths(2_000_000, 10)).await;
        setup.documents.size();
    }
    let stored = found(&setup, paths(2_000_000, 10)).await;
    assert!(stored > 7, "{stored}");
    // A document from before a mutation makes room for the one from after it.
    let kept = found(&setup, paths(1_000, 100)).await;
    assert!(kept > 50, "{kept}");
    setup.endpoint.invalidate().await;
    assert_eq!(found(&setup, paths(1_000, 100)).await, 0);
    assert!(found(&setup, paths(1_000, 100)).await + 5 >= kept);
}
