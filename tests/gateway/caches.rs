//! Each cache can be turned off by settings.

use super::world::World;

const QUERY: &str = "{ districts { name } }";

/// The calls to the directory for two executions of the same query.
async fn calls(settings: &str) -> u64 {
    let world = World::start(settings).await;
    let first = world.ask(QUERY).await;
    assert_eq!(first.get("errors"), None, "{first:#}");
    assert_eq!(world.ask(QUERY).await, first);
    world.standin("lgd").call_count()
}

#[test]
async fn nothing_is_kept_without_both() {
    assert_eq!(
        calls("[cache]\ndocuments = \"0MB\"\nresponses = \"0MB\"").await,
        2
    );
}

#[test]
async fn either_keeps_what_it_holds() {
    assert_eq!(calls("[cache]\ndocuments = \"0MB\"").await, 1);
    assert_eq!(calls("[cache]\nresponses = \"0MB\"").await, 1);
}

/// With the response cache, the second request is not executed, so it looks up no documents.
#[test]
async fn without_answers_a_request_is_executed() {
    for (settings, hits) in [("", 0), ("[cache]\nresponses = \"0MB\"", 1)] {
        let world = World::start(settings).await;
        let first = world.ask(QUERY).await;
        assert_eq!(world.ask(QUERY).await, first);
        let figures = world.gateway.documents().figures();
        let (_, lgd) = figures.iter().find(|(name, _)| name == "lgd").unwrap();
        assert_eq!((lgd.misses, lgd.hits), (1, hits), "{settings}");
    }
}
