//! Two priorities: tasks that use much processor time continue at the lower one.
//!
//! The gateway executes most requests within a fraction of a millisecond. Some work takes a thousand times as long:
//! reading a document of 15 MB, writing a response of 5 MB, a connection on which a client only sends pings. On the
//! same threads, short requests would wait behind it, however often it yields. So there are two runtimes, whose threads
//! have different priorities in the operating system: if both want a processor, the threads for *short* work get it
//! first, and the threads for *long* work get about a quarter of it. The system can interrupt long work at any
//! instruction, so no code has to know how long it takes.
//!
//! A task starts in the runtime for short work. It moves to the one for long work
//!
//! - if it declares that its next step takes long ([`lower`]), or
//! - if its polls have used too much processor time (`cpu_account.rs`, `cpu_clock.rs`): each poll may use a third of a
//!   millisecond, and the excess is added up. The sum decreases while the task is idle. A task moves when the sum
//!   exceeds four milliseconds, and moves back when the sum is zero.
//!
//! Only the task moves. What it starts there (tasks, timers, connections to upstreams, which other requests share
//! later) belongs to the runtime for short work.
//!
//! Only tasks that are started by [`spawn`] move, and only if [`Runtimes`] has created the runtimes. Otherwise, as in
//! tests, this module has no effect.

mod alarm;
mod cpu_account;
mod cpu_clock;
mod heavy;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use std::cell::{Cell, OnceCell};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};

use alarm::Alarm;
use cpu_account::CpuAccount;
pub use heavy::Heavy;

/// How much lower the priority of long work is (`nice(2)`): a thread for it gets about a quarter of a processor that a
/// thread for short work wants as well.
const NICE: i32 = 5;

/// The two runtimes of a process.
#[derive(Debug)]
pub struct Runtimes {
    short: Runtime,
    long: Runtime,
}

/// The handles of both runtimes, for every thread of either.
#[derive(Debug, Default)]
struct Pair {
    short: OnceLock<Handle>,
    long: OnceLock<Handle>,
}

/// Which of the two runtimes a thread belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Priority {
    Short,
    Long,
}

thread_local! {
    /// The runtime of this thread; empty for threads of other runtimes.
    static THREAD: OnceCell<(Priority, Arc<Pair>)> = const { OnceCell::new() };
    /// When the current poll began, if it is of a task that can move.
    static POLLED: Cell<Option<Instant>> = const { Cell::new(None) };
    /// Whether the task that is being polled has asked to move.
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

impl Runtimes {
    /// Starts the threads of both runtimes: each has as many as the machine has processors.
    ///
    /// # Errors
    /// The system gives no threads or descriptors.
    pub fn new() -> io::Result<Runtimes> {
        let pair = Arc::new(Pair::default());
        let (for_short, for_long) = (Arc::clone(&pair), Arc::clone(&pair));
        let short = Builder::new_multi_thread()
            .enable_all()
            .on_thread_start(move || belong(Priority::Short, &for_short))
            .build()?;
        // It needs no drivers for IO and time: what its tasks start belongs to the other runtime.
        let long = Builder::new_multi_thread()
            .worker_threads(available_parallelism().map_or(2, usize::from))
            .thread_name("sangam-long")
            .on_thread_start(move || {
                lower_this_thread();
                belong(Priority::Long, &for_long);
            })
            .build()?;
        // They were empty, so both succeed.
        let _ = pair.short.set(short.handle().clone());
        let _ = pair.long.set(long.handle().clone());
        Ok(Runtimes { short, long })
    }

    /// Runs a future to its end, in the runtime for short work.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.short.block_on(future)
    }

    /// Shuts both down without waiting for running tasks.
    pub fn shutdown_background(self) {
        self.short.shutdown_background();
        self.long.shutdown_background();
    }
}

fn belong(priority: Priority, pair: &Arc<Pair>) {
    THREAD.with(|thread| {
        let _ = thread.set((priority, Arc::clone(pair)));
    });
}

/// Lowers the priority of the current thread to that of long work.
pub fn lower_this_thread() {
    // On Linux a thread has its own priority; elsewhere this would lower that of the process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "the priority of a thread cannot be lowered");
    }
}

/// Starts a task that moves between the priorities.
pub fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    let task = Task {
        future: Some(Box::pin(future)),
        account: CpuAccount::default(),
        alarm: None,
    };
    tokio::spawn(task);
}

/// Declares that the next step takes long: the current task moves to the runtime for long work, if it is not there yet.
pub async fn lower() {
    if POLLED.get().is_some() {
        ASKED.set(true);
        // The task can only move after its poll has ended, so return `Pending` once. It is polled again after the move.
        let mut has_moved = false;
        poll_fn(|context| {
            if std::mem::replace(&mut has_moved, true) {
                return Poll::Ready(());
            }
            // Wake this future: combinators such as `FuturesUnordered` only poll futures that were woken.
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// As [`lower`], if the current poll of the task has used at least so much processor time.
pub async fn lower_if_used(least: Duration) {
    let used = POLLED
        .get()
        .map(|begun| cpu_clock::used_since(begun.elapsed()));
    if used.is_some_and(|used| used >= least) {
        lower().await;
    }
}

/// Whether the current thread is one for long work, which delays no short work.
pub fn is_low() -> bool {
    THREAD.with(|thread| matches!(thread.get(), Some((Priority::Long, _))))
}

/// Whether the current thread is one for short work.
fn is_short() -> bool {
    THREAD.with(|thread| matches!(thread.get(), Some((Priority::Short, _))))
}

/// The processor time of a poll that has just ended.
fn used_by_poll(begun: Instant) -> Duration {
    let passed = begun.elapsed();
    // The usual case: so short that it does not count, whatever it has used.
    if passed <= cpu_account::FREE {
        return passed;
    }
    cpu_clock::used_since(passed)
}

/// A task, in either runtime.
struct Task {
    /// `None` after the task has moved: then the task in the other runtime has it.
    future: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    account: CpuAccount,
    /// Measures how long the task is idle; only for long work.
    alarm: Option<Arc<Alarm>>,
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        THREAD.with(|thread| match thread.get() {
            None => self.poll_here(context),
            Some((Priority::Short, pair)) => self.poll_short(context, pair),
            Some((Priority::Long, pair)) => self.poll_long(context, pair),
        })
    }
}

impl Task {
    fn poll_here(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.future {
            Some(future) => future.as_mut().poll(context),
            None => Poll::Ready(()),
        }
    }

    fn poll_short(&mut self, context: &mut Context<'_>, pair: &Pair) -> Poll<()> {
        ASKED.set(false);
        let begun = Instant::now();
        cpu_clock::mark(begun);
        POLLED.set(Some(begun));
        let polled = self.poll_here(context);
        POLLED.set(None);
        if polled.is_ready() {
            return polled;
        }
        if ASKED.take() {
            self.account.exhaust();
            return self.move_to(&pair.long);
        }
        match self.account.add(begun, used_by_poll(begun)) {
            true => self.move_to(&pair.long),
            false => Poll::Pending,
        }
    }

    fn poll_long(&mut self, context: &mut Context<'_>, pair: &Pair) -> Poll<()> {
        let alarm = Arc::clone(self.alarm.get_or_insert_default());
        // Only idle time counts. If the time in which a task waits for a processor counted too, long work would move
        // back because it was delayed.
        if self.account.repay(alarm.quiet()) {
            return self.move_to(&pair.short);
        }
        let begun = Instant::now();
        cpu_clock::mark(begun);
        alarm.set(context.waker());
        // What the task starts belongs to the other runtime.
        let entered = pair.short.get().map(Handle::enter);
        let polled = self.poll_here(&mut Context::from_waker(&Arc::clone(&alarm).into()));
        drop(entered);
        self.account.owe(used_by_poll(begun));
        alarm.rest();
        polled
    }

    /// Continues as a task of another runtime. That polls it at once, so no wake-up is lost.
    fn move_to(&mut self, runtime: &OnceLock<Handle>) -> Poll<()> {
        let Some(handle) = runtime.get() else {
            // Unreachable: both are set before the first task is started.
            return Poll::Pending;
        };
        handle.spawn(Task {
            future: self.future.take(),
            account: std::mem::take(&mut self.account),
            alarm: None,
        });
        Poll::Ready(())
    }
}
