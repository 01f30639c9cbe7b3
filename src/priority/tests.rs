//! Tasks on the threads of two runtimes: each says by the thread's priority where it is.

use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::*;

/// Which runtime the calling thread belongs to.
fn here() -> Priority {
    THREAD.with(|thread| thread.get().unwrap().0)
}

/// Runs a task that can move, started on a thread for short work, and gives what it sends.
fn run<T, F>(make: impl FnOnce(oneshot::Sender<T>) -> F + Send + 'static) -> T
where
    T: Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let runtimes = Runtimes::new().unwrap();
    let (sender, receiver) = oneshot::channel();
    // `block_on` runs on the test's own thread, which belongs to neither.
    runtimes.short.spawn(async move { spawn(make(sender)) });
    let result = runtimes.block_on(receiver).unwrap();
    runtimes.shutdown_background();
    result
}

/// Uses so much processor time.
fn work(time: Duration) {
    let begun = cpu_clock::thread_time().unwrap();
    while cpu_clock::thread_time().unwrap() - begun < time {}
}

/// Lets so much wall time pass.
fn pass(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[test]
fn a_task_moves_before_what_takes_long() {
    let priorities = run(|sender| async move {
        let before = here();
        lower().await;
        let after = here();
        // Once is enough.
        lower().await;
        let _ = sender.send([before, after, here()]);
    });
    assert_eq!(
        priorities,
        [Priority::Short, Priority::Long, Priority::Long]
    );
}

#[test]
fn a_task_moves_that_has_taken_long() {
    let moved_after = run(|sender| async move {
        for count in 0_u32.. {
            if here() == Priority::Long {
                let _ = sender.send(count);
                return;
            }
            work(cpu_account::FREE * 2);
            tokio::task::yield_now().await;
        }
    });
    // Fewer where a poll takes longer than the work in it.
    let most = cpu_account::CREDIT
        .div_duration_f64(cpu_account::FREE)
        .ceil() as u32
        * 2;
    assert!((1..=most).contains(&moved_after), "{moved_after}");
}

#[test]
fn a_task_that_only_waits_for_the_processor_does_not_move() {
    let milliseconds = Duration::from_millis;
    let (priority, waited) = run(move |sender| async move {
        let begun = Instant::now();
        for _ in 0..20 {
            // Another thread works meanwhile; this one uses nothing.
            let other = std::thread::spawn(move || pass(milliseconds(2)));
            other.join().unwrap();
            lower_if_used(milliseconds(1)).await;
            tokio::task::yield_now().await;
        }
        let _ = sender.send((here(), begun.elapsed()));
    });
    assert_eq!(priority, Priority::Short);
    assert!(waited >= milliseconds(40));
}

#[test]
fn a_task_moves_if_it_has_used_so_much() {
    let priorities = run(|sender| async move {
        let long = Duration::from_millis(20);
        lower_if_used(long).await;
        let before = here();
        work(long);
        lower_if_used(long).await;
        let _ = sender.send([before, here()]);
    });
    assert_eq!(priorities, [Priority::Short, Priority::Long]);
}

#[test]
fn short_polls_never_move() {
    let priority = run(|sender| async move {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        let _ = sender.send(here());
    });
    assert_eq!(priority, Priority::Short);
}

#[test]
fn a_task_moves_back_when_it_has_been_quiet() {
    let priority = run(|sender| async move {
        lower().await;
        assert_eq!(here(), Priority::Long);
        while here() == Priority::Long {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let _ = sender.send(here());
    });
    assert_eq!(priority, Priority::Short);
}

#[test]
fn a_task_that_moves_inside_of_others_is_polled_again() {
    let sum = run(|sender| async move {
        // Such a set polls only those of its futures that were woken.
        let several: futures_util::stream::FuturesUnordered<_> = (0..4_u32)
            .map(|number| async move {
                lower().await;
                number
            })
            .collect();
        let sum = futures_util::StreamExt::fold(several, 0, async |sum, number| sum + number);
        let _ = sender.send(sum.await);
    });
    assert_eq!(sum, 6);
}

#[test]
fn what_a_moved_task_starts_has_the_higher_priority() {
    let (inner, itself) = run(|sender| async move {
        lower().await;
        let inner = tokio::spawn(async { here() }).await.unwrap();
        let _ = sender.send((inner, here()));
    });
    assert_eq!((inner, itself), (Priority::Short, Priority::Long));
}

#[test]
fn the_system_knows_the_priorities() {
    let nice = || rustix::process::getpriority_process(None).unwrap();
    let (before, after) = run(move |sender| async move {
        let before = nice();
        lower().await;
        let _ = sender.send((before, nice()));
    });
    assert_eq!(after - before, NICE);
}

#[test]
fn where_there_are_no_two_runtimes_nothing_moves() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let (sender, receiver) = mpsc::channel();
    runtime.block_on(async move {
        spawn(async move {
            lower().await;
            sender.send(()).unwrap();
        });
        tokio::task::yield_now().await;
    });
    receiver.try_recv().unwrap();
}

#[test]
fn the_time_that_a_task_waits_for_a_processor_is_not_quiet() {
    let alarm = Arc::new(Alarm::default());
    let waker = std::task::Waker::from(Arc::clone(&alarm));
    let begun = Instant::now();
    alarm.set(std::task::Waker::noop());
    alarm.rest();
    pass(Duration::from_millis(2));
    waker.wake_by_ref();
    let most = begun.elapsed();
    // It is polled late, and woken once more meanwhile.
    pass(Duration::from_millis(2));
    waker.wake_by_ref();
    assert!((Duration::from_millis(2)..=most).contains(&alarm.quiet()));
    // Woken while it is being polled, it is not quiet at all.
    alarm.set(std::task::Waker::noop());
    waker.wake_by_ref();
    alarm.rest();
    assert_eq!(alarm.quiet(), Duration::ZERO);
}

#[test]
fn what_is_owed_is_paid_back() {
    let start = Instant::now();
    let mut account = CpuAccount::default();
    let milliseconds = Duration::from_millis;
    assert!(!account.add(start, Duration::from_micros(150)));
    // However long a poll takes, it alone is within the credit.
    for at in 0..4 {
        assert!(!account.add(start + milliseconds(at), milliseconds(1000)));
    }
    assert!(account.add(start + milliseconds(4), milliseconds(2)));
    assert!(!account.repay(milliseconds(90)));
    assert!(account.repay(milliseconds(20)));
    account.exhaust();
    assert!(!account.repay(milliseconds(150)));
    assert!(account.repay(milliseconds(20)));
}

/// Sends the name of the thread in which it is dropped.
struct Dropped(mpsc::Sender<Option<String>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let name = std::thread::current().name().map(str::to_owned);
        self.0.send(name).unwrap();
    }
}

#[test]
fn a_heavy_value_is_not_dropped_by_a_thread_for_short_work() {
    let (sender, receiver) = mpsc::channel();
    let on_long = sender.clone();
    run(move |done| async move {
        drop(Heavy::new(Dropped(sender)));
        done.send(()).unwrap();
    });
    assert_eq!(receiver.recv().unwrap().as_deref(), Some("sangam-drop"));
    run(move |done| async move {
        lower().await;
        drop(Heavy::new(Dropped(on_long)));
        done.send(()).unwrap();
    });
    assert_eq!(receiver.recv().unwrap().as_deref(), Some("sangam-long"));
}
