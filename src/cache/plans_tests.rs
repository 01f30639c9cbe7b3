//! Tests of the cache of compiled operations.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::poll_immediate;

use super::*;

impl Weighs for usize {
    fn weight(&self) -> usize {
        *self
    }
}

type Numbers = Plans<usize, &'static str>;

/// Compiles at once.
async fn compiled(plans: &Numbers, text: &str, name: Option<&str>, value: usize) -> usize {
    let start = |compilation: Compilation<usize>| async move { Ok(compilation.store(value)) };
    *plans.get_or_compile(text, name, start).await.unwrap()
}

#[tokio::test]
async fn compiles_once() {
    let plans = Numbers::new(10_000);
    let runs = Arc::new(AtomicUsize::new(0));
    let ask = |text: &'static str, name: Option<&'static str>| {
        let runs = Arc::clone(&runs);
        let plans = &plans;
        async move {
            let compile = move |compilation: Compilation<usize>| async move {
                tokio::task::yield_now().await;
                Ok(compilation.store(runs.fetch_add(1, Ordering::SeqCst)))
            };
            *plans.get_or_compile(text, name, compile).await.unwrap()
        }
    };
    let all = futures_util::future::join_all((0..20).map(|_| ask("{a}", None))).await;
    assert_eq!(all, [0; 20]);
    assert_eq!(ask("{a}", None).await, 0);
    assert_eq!(ask("{a}", Some("")).await, 1);
    assert_eq!(ask("{a}", Some("A")).await, 2);
    assert_eq!(ask("{b}", None).await, 3);
    assert_eq!(plans.get("{a}", Some("A")).as_deref(), Some(&2));
    assert_eq!(plans.get("{c}", None), None);
    let given = |compilation: Compilation<usize>| async move {
        let length = compilation.text().len() + compilation.name().map_or(0, str::len);
        Ok(compilation.store(length))
    };
    let compiled = plans.get_or_compile("{abc}", Some("Name"), given).await;
    assert_eq!(compiled.as_deref(), Ok(&9));
    assert!(plans.under_way.lock().is_empty());
}

#[tokio::test]
async fn a_hash_and_its_text_are_different_keys() {
    let plans = Numbers::new(10_000);
    let hash = [7; 32];
    assert_eq!(compiled(&plans, "{a}", None, 1).await, 1);
    assert_eq!(plans.get_hashed(&hash, None), None);
    let store = |compilation: Compilation<usize>| async move { Ok(compilation.store(2)) };
    let stored = plans
        .compile_hashed((&hash, "{a}".into()), None, store)
        .await;
    assert_eq!(stored.as_deref(), Ok(&2));
    assert_eq!(plans.get_hashed(&hash, None).as_deref(), Some(&2));
    assert_eq!(plans.get_hashed(&hash, Some("A")), None);
    assert_eq!(plans.get_hashed(&[8; 32], None), None);
    assert_eq!(plans.get("{a}", None).as_deref(), Some(&1));
    let mut hashes: Vec<_> = plans.iter().map(|(origin, _)| origin.sha256).collect();
    hashes.sort_unstable();
    assert_eq!(hashes, [None, Some(hash)]);
}

#[tokio::test]
async fn what_was_not_compiled_is_not_kept() {
    let plans = Numbers::new(10_000);
    let busy = plans
        .get_or_compile("{a}", None, |_| async { Err("busy") })
        .await;
    assert_eq!(busy, Err("busy"));
    assert!(plans.under_way.lock().is_empty());
    assert_eq!(compiled(&plans, "{a}", None, 7).await, 7);
}

#[tokio::test]
async fn is_given_up_when_the_last_leaves() {
    let plans = Numbers::new(10_000);
    let held = Arc::new(());
    let start = |_: Compilation<usize>| {
        let held = Arc::clone(&held);
        async move {
            std::future::pending::<()>().await;
            drop(held);
            Err("never")
        }
    };
    let mut first = Box::pin(plans.get_or_compile("{a}", None, start));
    let mut second = Box::pin(plans.get_or_compile("{a}", None, start));
    assert!(poll_immediate(&mut first).await.is_none());
    assert!(poll_immediate(&mut second).await.is_none());
    assert_eq!(Arc::strong_count(&held), 2, "one compilation for both");
    drop(first);
    assert_eq!(Arc::strong_count(&held), 2, "the second still waits");
    drop(second);
    assert_eq!(Arc::strong_count(&held), 1);
    assert!(plans.under_way.lock().is_empty());
    assert_eq!(compiled(&plans, "{a}", None, 7).await, 7);
}

#[tokio::test]
async fn stays_within_its_bytes() {
    let plans = Numbers::new(5_000);
    for number in 0..100 {
        compiled(&plans, &format!("{{a{number}}}"), None, 840).await;
    }
    assert!(plans.weight() <= 5_000);
    assert!(plans.len() <= 5, "{}", plans.len());
    assert!(!plans.is_empty());
}

#[tokio::test]
async fn operations_that_are_sent_once_leave_those_that_are_there() {
    let plans = Numbers::new(1_000_000);
    let text = |number: usize| format!("{{a{number}}}");
    for number in 0..1000 {
        assert_eq!(compiled(&plans, &text(number), None, 500).await, 500);
        assert!(plans.weight() <= 1_000_000);
    }
    assert!(plans.len() > 900, "{}", plans.len());
    for number in 10_000..20_000 {
        compiled(&plans, &text(number), None, 501).await;
    }
    // But for a few that went while the last ones were being counted.
    let still = (0..900).filter(|number| plans.get(&text(*number), None).is_some());
    assert!(still.count() > 750);
    // One that is sent again is stored.
    for sent in 0..3 {
        assert_eq!(compiled(&plans, "{again}", None, sent).await, sent.min(1));
        plans.weight();
    }
}
