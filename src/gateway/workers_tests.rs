//! Jobs block on a channel until the test releases them, so that no test depends on time.

use std::sync::mpsc;
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::poll_immediate;

use super::*;

const SHORT: usize = 8 * 1024;

const LONG: usize = SHORT + 1;

/// How long a test waits for an event that should happen at once.
const PATIENCE: Duration = Duration::from_secs(60);

impl Workers {
    /// Occupies a thread until the returned value is dropped.
    pub(in crate::gateway) fn occupy(&self) -> mpsc::Sender<()> {
        let (gate, opened) = mpsc::channel();
        let (running, runs) = mpsc::channel();
        let job = move || {
            running.send(()).unwrap();
            let _ = opened.recv();
        };
        self.pool.add(false, Box::new(job)).unwrap();
        runs.recv().unwrap();
        gate
    }
}

fn workers(threads: usize, queue: usize) -> Workers {
    Workers::new(WorkerLimits {
        threads,
        queue,
        wait: Duration::from_secs(3600),
        short: SHORT,
    })
}

/// Releases a blocked job.
struct Gate(mpsc::Sender<()>);

impl Gate {
    fn open(self) {
        self.0.send(()).unwrap();
    }
}

type Running = std::pin::Pin<Box<dyn Future<Output = Result<u32, JobError>> + Send>>;

/// A job that reports that it runs and then waits until its gate is opened.
fn blocked(workers: &Workers, length: usize, value: u32) -> (Running, mpsc::Receiver<()>, Gate) {
    let (running, runs) = mpsc::channel();
    let (gate, opened) = mpsc::channel();
    let job = workers.run(length, move |_| {
        running.send(()).unwrap();
        opened.recv().unwrap();
        value
    });
    (Box::pin(job), runs, Gate(gate))
}

/// A job that records its number.
fn writing(workers: &Workers, length: usize, value: u32, into: &mpsc::Sender<u32>) -> Running {
    let into = into.clone();
    Box::pin(workers.run(length, move |_| {
        into.send(value).unwrap();
        value
    }))
}

/// Adds a job to the queue.
async fn begin(job: &mut Running) {
    assert!(poll_immediate(job).await.is_none());
}

#[tokio::test]
async fn no_more_run_than_there_are_threads() {
    let workers = workers(2, 10);
    let (mut first, first_runs, first_gate) = blocked(&workers, 10, 1);
    let (mut second, second_runs, second_gate) = blocked(&workers, 10, 2);
    let (mut third, third_runs, third_gate) = blocked(&workers, 10, 3);
    for job in [&mut first, &mut second, &mut third] {
        begin(job).await;
    }
    first_runs.recv().unwrap();
    second_runs.recv().unwrap();
    {
        let queue = workers.pool.lock();
        assert_eq!((queue.threads, queue.short.len()), (2, 1));
    }
    assert!(third_runs.try_recv().is_err());
    first_gate.open();
    assert_eq!(first.await, Ok(1));
    third_runs.recv().unwrap();
    second_gate.open();
    third_gate.open();
    assert_eq!((second.await, third.await), (Ok(2), Ok(3)));
    assert_eq!(workers.pool.lock().threads, 2);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let workers = workers(1, 2);
    let (mut first, runs, gate) = blocked(&workers, 10, 1);
    begin(&mut first).await;
    runs.recv().unwrap();
    let (into, _written) = mpsc::channel();
    let mut waiting: Vec<Running> = (2..4)
        .map(|value| writing(&workers, 10, value, &into))
        .collect();
    for job in &mut waiting {
        begin(job).await;
    }
    let refused = writing(&workers, 10, 4, &into);
    assert_eq!(refused.now_or_never(), Some(Err(JobError::Busy)));
    gate.open();
    assert_eq!(first.await, Ok(1));
    let done = futures_util::future::join_all(waiting).await;
    assert_eq!(done, [Ok(2), Ok(3)]);
}

#[tokio::test]
async fn long_ones_leave_half_of_the_queue_to_short_ones() {
    let workers = workers(1, 4);
    let (mut first, runs, gate) = blocked(&workers, LONG, 1);
    begin(&mut first).await;
    runs.recv().unwrap();
    let (into, written) = mpsc::channel();
    let mut long: Vec<Running> = (2..4)
        .map(|value| writing(&workers, LONG, value, &into))
        .collect();
    for job in &mut long {
        begin(job).await;
    }
    let refused = writing(&workers, LONG, 4, &into);
    assert_eq!(refused.now_or_never(), Some(Err(JobError::Busy)));
    let mut short = writing(&workers, 10, 5, &into);
    begin(&mut short).await;
    gate.open();
    assert_eq!(short.await, Ok(5));
    futures_util::future::join_all(long).await;
    let order: Vec<u32> = written.try_iter().collect();
    assert_eq!(order, [5, 2, 3], "the short one did not wait for its turn");
}

#[tokio::test]
async fn short_ones_do_not_put_long_ones_off_for_ever() {
    let workers = workers(1, 100);
    let (mut first, runs, gate) = blocked(&workers, 10, 0);
    begin(&mut first).await;
    runs.recv().unwrap();
    let (into, written) = mpsc::channel();
    let mut jobs = vec![writing(&workers, LONG, 100, &into)];
    jobs.extend((1..20).map(|value| writing(&workers, 10, value, &into)));
    for job in &mut jobs {
        begin(job).await;
    }
    gate.open();
    futures_util::future::join_all(jobs).await;
    let order: Vec<u32> = written.try_iter().collect();
    let before = order.iter().position(|value| *value == 100).unwrap();
    assert_eq!(before, SHORT_IN_A_ROW);
}

#[tokio::test]
async fn one_of_several_threads_is_for_short_ones() {
    let workers = workers(2, 10);
    let (mut first, runs, gate) = blocked(&workers, LONG, 1);
    let (mut second, second_runs, second_gate) = blocked(&workers, LONG, 2);
    begin(&mut first).await;
    runs.recv().unwrap();
    begin(&mut second).await;
    let (into, _written) = mpsc::channel();
    assert_eq!(writing(&workers, 10, 3, &into).await, Ok(3));
    assert!(second_runs.try_recv().is_err(), "it waits for the first");
    gate.open();
    second_gate.open();
    assert_eq!((first.await, second.await), (Ok(1), Ok(2)));
}

#[tokio::test]
async fn a_caller_that_leaves_gives_its_turn_up() {
    let workers = workers(1, 1);
    let (mut first, runs, gate) = blocked(&workers, 10, 1);
    begin(&mut first).await;
    runs.recv().unwrap();
    let (into, written) = mpsc::channel();
    let mut leaves = writing(&workers, 10, 2, &into);
    begin(&mut leaves).await;
    drop(leaves);
    assert_eq!(workers.pool.lock().waiting(), 0);
    let mut stays = writing(&workers, 10, 3, &into);
    begin(&mut stays).await;
    gate.open();
    assert_eq!(stays.await, Ok(3));
    assert_eq!(written.try_iter().collect::<Vec<_>>(), [3]);
}

#[tokio::test]
async fn a_job_that_runs_can_ask_whether_anyone_waits() {
    let workers = workers(1, 1);
    let (running, runs) = mpsc::channel();
    let (gate, opened) = mpsc::channel();
    let (awaited, answers) = mpsc::channel();
    let mut job = Box::pin(workers.run(10, move |is_awaited| {
        awaited.send(is_awaited()).unwrap();
        running.send(()).unwrap();
        opened.recv().unwrap();
        awaited.send(is_awaited()).unwrap();
    }));
    assert!(poll_immediate(&mut job).await.is_none());
    runs.recv().unwrap();
    drop(job);
    gate.send(()).unwrap();
    assert_eq!((answers.recv(), answers.recv()), (Ok(true), Ok(false)));
}

#[tokio::test]
async fn a_turn_that_does_not_come_in_time_is_refused() {
    let workers = Workers::new(WorkerLimits {
        threads: 1,
        queue: 10,
        wait: Duration::ZERO,
        short: SHORT,
    });
    let gate = workers.occupy();
    let (into, written) = mpsc::channel();
    let late = writing(&workers, 10, 2, &into).await;
    assert_eq!(late, Err(JobError::Busy));
    assert_eq!(workers.pool.lock().waiting(), 0);
    drop(gate);
    assert!(written.try_iter().next().is_none());
}

#[tokio::test]
async fn a_panic_is_that_jobs_alone() {
    let workers = workers(1, 10);
    let lost = workers.run(10, |_| -> u32 { panic!("a bug") }).await;
    assert_eq!(lost, Err(JobError::Panicked));
    let (into, _written) = mpsc::channel();
    assert_eq!(writing(&workers, 10, 7, &into).await, Ok(7));
}

#[tokio::test]
async fn threads_end_with_the_workers() {
    let workers = workers(1, 10);
    let (mut first, runs, gate) = blocked(&workers, 10, 1);
    begin(&mut first).await;
    runs.recv().unwrap();
    let (into, written) = mpsc::channel();
    let mut waiting = writing(&workers, 10, 2, &into);
    begin(&mut waiting).await;
    let pool = Arc::downgrade(&workers.pool);
    drop(workers);
    assert_eq!(waiting.await, Err(JobError::Panicked));
    gate.open();
    assert_eq!(first.await, Ok(1));
    assert!(written.try_iter().next().is_none());
    // No code joins the threads. That they have ended shows in what they held.
    let begun = Instant::now();
    while pool.strong_count() > 0 {
        assert!(begun.elapsed() < PATIENCE, "threads go on");
        std::thread::yield_now();
    }
}
