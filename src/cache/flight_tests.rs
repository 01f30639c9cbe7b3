//! Joins, starts and ends flights.

use std::convert::Infallible;
use std::future::Ready;
use std::sync::atomic::AtomicUsize;

use tokio::sync::Notify;

use super::*;

/// Joins a flight, or starts one; nothing is ever stored.
fn join_or<T, F, E>(
    flights: &Arc<Flights<u8, T>>,
    epoch: u64,
    start: impl FnOnce() -> Result<F, E>,
) -> Result<Waiter<T>, NotJoined<T, E>>
where
    T: Clone + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let no_start = || -> Result<F, E> { panic!("started without a look") };
    match flights.join_since(7, terms(epoch, None), no_start) {
        Err(NotJoined::Look(mark)) => flights.join_since(7, terms(epoch, Some(mark)), start),
        joined => joined,
    }
}

fn terms(epoch: u64, looked: Option<FlightMark>) -> FlightTerms {
    FlightTerms {
        epoch,
        looked,
        not_before: None,
        is_stored: true,
    }
}

fn join<T, F>(flights: &Arc<Flights<u8, T>>, start: impl FnOnce() -> F) -> Waiter<T>
where
    T: Clone + Send + Sync + std::fmt::Debug + 'static,
    F: Future<Output = T> + Send + 'static,
{
    join_or(flights, 0, || Ok::<_, Infallible>(start())).unwrap()
}

#[tokio::test]
async fn one_computation_for_all_waiters() {
    let flights = Flights::new();
    let runs = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(Notify::new());
    let waiters: Vec<_> = (0..50)
        .map(|_| {
            let (runs, gate) = (runs.clone(), gate.clone());
            join(&flights, || async move {
                gate.notified().await;
                runs.fetch_add(1, Ordering::SeqCst)
            })
        })
        .collect();
    assert_eq!(waiters.iter().filter(|waiter| waiter.first).count(), 1);
    gate.notify_one();
    for waiter in waiters {
        assert_eq!(waiter.wait().await, Ok(0));
    }
    assert_eq!(flights.running(), 0);
}

#[tokio::test]
async fn the_first_waiter_may_leave() {
    let flights = Flights::new();
    let gate = Arc::new(Notify::new());
    let wait = gate.clone();
    let first = join(&flights, || async move {
        wait.notified().await;
        42
    });
    let second = join(&flights, || async { 0 });
    assert!(!second.first);
    drop(first);
    gate.notify_one();
    assert_eq!(second.wait().await, Ok(42));
}

#[tokio::test]
async fn all_waiters_get_an_error_for_a_panic() {
    let flights: Arc<Flights<u8, ()>> = Flights::new();
    let gate = Arc::new(Notify::new());
    let wait = gate.clone();
    let first = join(&flights, || async move {
        wait.notified().await;
        panic!("a bug")
    });
    let second = join(&flights, || async {});
    gate.notify_one();
    assert_eq!(first.wait().await, Err(Lost));
    assert_eq!(second.wait().await, Err(Lost));
    assert_eq!(flights.running(), 0);
    // The next one starts another flight.
    assert!(join(&flights, || async {}).first);
}

#[test]
fn all_waiters_get_an_error_for_a_cancelled_task() {
    let flights: Arc<Flights<u8, ()>> = Flights::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let waiting = {
        let _context = runtime.enter();
        join(&flights, std::future::pending::<()>)
    };
    runtime.shutdown_background();
    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    assert_eq!(other.block_on(waiting.wait()), Err(Lost));
    assert_eq!(flights.running(), 0);
}

#[tokio::test]
async fn few_flights_run_however_often_the_epoch_advances() {
    let flights: Arc<Flights<u8, u64>> = Flights::new();
    let gates: Vec<_> = (0..10).map(|_| Arc::new(Notify::new())).collect();
    let join_in = |epoch: u64| {
        let gate = gates[epoch as usize].clone();
        let flight = async move {
            gate.notified().await;
            epoch
        };
        join_or(&flights, epoch, || Ok::<_, Infallible>(flight))
    };
    let first = join_in(1).unwrap();
    let second = join_in(2).unwrap();
    assert!(first.first && second.first);
    // Older requests join the newer flight or their own; newer ones wait.
    assert!(!join_in(1).unwrap().first);
    let NotJoined::Crowded(crowded) = join_in(3).unwrap_err() else {
        panic!("too many flights");
    };
    for epoch in 4..9 {
        join_in(epoch).unwrap_err();
    }
    assert_eq!(flights.running(), MAX_FLIGHTS_PER_KEY);
    gates[1].notify_one();
    crowded.wait().await;
    assert_eq!(first.wait().await, Ok(1));
    let last = join_in(9).unwrap();
    assert!(last.first);
    // Requests that waited in the meantime share it.
    let shared = join_in(3).unwrap();
    assert!(!shared.first);
    gates[2].notify_one();
    gates[9].notify_one();
    assert_eq!(second.wait().await, Ok(2));
    assert_eq!((last.wait().await, shared.wait().await), (Ok(9), Ok(9)));
    assert_eq!(flights.running(), 0);
}

#[tokio::test]
async fn a_flight_that_is_refused_leaves_nothing_behind() {
    let flights: Arc<Flights<u8, u8>> = Flights::new();
    let refuse = || Err::<std::future::Ready<u8>, _>("no");
    let refused = join_or(&flights, 0, refuse).unwrap_err();
    assert!(matches!(refused, NotJoined::NotStarted("no")));
    assert_eq!(flights.running(), 0);
    // A running flight is joined: `start` is not called.
    let first = join(&flights, || async { 1 });
    let second = join_or(&flights, 0, refuse).unwrap();
    assert!(first.first && !second.first);
    assert_eq!(second.wait().await, Ok(1));
}

#[tokio::test]
async fn a_caller_that_looked_before_a_flight_ended_looks_again() {
    let flights: Arc<Flights<u8, u8>> = Flights::new();
    let start = || Ok::<_, Infallible>(async { 1 });
    let NotJoined::Look(before) = flights.join_since(7, terms(0, None), start).unwrap_err() else {
        panic!("no look was required");
    };
    let meanwhile = flights
        .join_since(7, terms(0, Some(before)), start)
        .unwrap();
    assert_eq!(meanwhile.wait().await, Ok(1));
    let NotJoined::Look(after) = flights
        .join_since(7, terms(0, Some(before)), start)
        .unwrap_err()
    else {
        panic!("no look was required");
    };
    assert_ne!(before, after);
    assert_eq!(flights.running(), 0);
    assert!(
        flights
            .join_since(7, terms(0, Some(after)), start)
            .unwrap()
            .first
    );
}

#[tokio::test]
async fn a_caller_that_took_a_mark_looks_again_only_if_a_flight_ended_since() {
    let flights: Arc<Flights<u8, u8>> = Flights::new();
    let start = || Ok::<_, Infallible>(async { 1 });
    let before = flights.mark();
    // It has looked after its mark, and nothing has ended.
    let first = flights.join_since(7, terms(0, Some(before)), start);
    assert_eq!(first.unwrap().wait().await, Ok(1));
    // Since then a flight has ended, which may have stored what it looked for.
    let NotJoined::Look(of_shard) = flights
        .join_since(7, terms(0, Some(before)), start)
        .unwrap_err()
    else {
        panic!("no look was required");
    };
    for mark in [of_shard, flights.mark()] {
        let joined = flights.join_since(7, terms(0, Some(mark)), || Err::<Ready<u8>, _>("start"));
        assert!(matches!(joined, Err(NotJoined::NotStarted("start"))));
    }
}
