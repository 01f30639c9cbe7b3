//! Documents that upstreams allow to be served stale (`stale-while-revalidate`), which the gateway does not do.

use super::*;

#[test]
async fn a_document_is_fetched_again_when_it_is_not_fresh_any_more() {
    let world = World::start(QUICK).await;
    let headers = "cache-control: max-age=1, stale-while-revalidate=3600\r\n";
    world.upstream.answer("/figure", figure(headers, 1));
    let mut watching = world.watch(LIVE).await;
    assert_eq!(watching.figure().await, 1);
    for n in 2..4 {
        world.upstream.answer("/figure", figure(headers, n));
        assert_eq!(watching.figure().await, n);
    }
    assert_eq!(world.reads(), 3);
}

#[test]
async fn a_document_that_is_never_fresh_is_fetched_at_the_interval() {
    let world = World::start(QUICK).await;
    let headers = "cache-control: max-age=0, stale-while-revalidate=3600\r\n";
    world.upstream.answer("/figure", figure(headers, 1));
    let mut watching = world.watch(LIVE).await;
    assert_eq!(watching.figure().await, 1);
    world.reads();
    let (begun, mut fetched) = (Instant::now(), 0);
    while fetched < 5 {
        world.upstream.until_called("GET /figure").await;
        fetched += world.reads();
    }
    // `live.interval` is 100 ms.
    assert!(begun.elapsed() > Duration::from_millis(300));
    world.upstream.answer("/figure", figure(headers, 2));
    assert_eq!(watching.figure().await, 2);
}
