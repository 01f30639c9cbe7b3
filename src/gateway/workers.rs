//! Threads for work that takes long and waits for nothing: compiling operations, writing large introspection answers.
//!
//! They are shared with nothing else: not with the threads that serve, and not with the runtime's blocking threads, on
//! which names are looked up. There are few of them, so that however many operations are to be compiled, the other cores
//! go on serving; what does not get a thread at once waits in a queue with a bound, and no longer than a set time. A
//! thread is started when it is needed and ends when it has had nothing to do for a while.
//!
//! Cheap work does not wait behind a queue of expensive work: there are two lanes, by the length of the operation's text.
//! Short texts go first and have one thread to themselves where there are several; long ones may fill half of the queue.
//! So that long ones are not put off for ever, one of them runs after [`SHORT_IN_A_ROW`] short ones.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::priority;

/// Up to this many bytes of text an operation is in the short lane. Operations that people write are shorter, and take a
/// few milliseconds at the most.
pub(super) const SHORT_TEXT_BYTES: usize = 8 * 1024;

/// How many short ones run in a row while a long one waits.
const SHORT_IN_A_ROW: usize = 8;

/// How long a thread waits for something to do before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// The stack of a thread: what the runtime's threads have.
const STACK: usize = 2 * 1024 * 1024;

/// The bounds of [`Workers`].
#[derive(Debug, Clone, Copy)]
pub(super) struct WorkerLimits {
    /// Jobs at the same time; at least one.
    pub(super) threads: usize,
    /// Jobs that wait.
    pub(super) queue: usize,
    /// How long one may wait.
    pub(super) wait: Duration,
}

/// Why a job gave no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum JobError {
    /// The queue was full, or the job's turn did not come in time.
    #[error("there is too much to do")]
    Busy,
    /// The job panicked.
    #[error("the job ended abnormally")]
    Panicked,
}

/// The threads and their queue. When it is dropped, what waits is dropped too, and the threads end.
#[derive(Debug)]
pub(super) struct Workers {
    pool: Arc<WorkerPool>,
}

#[derive(Debug)]
struct WorkerPool {
    limits: WorkerLimits,
    queue: Mutex<JobQueue>,
    /// A job was added, or the queue was closed.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct JobQueue {
    short: VecDeque<Job>,
    long: VecDeque<Job>,
    next_id: u64,
    /// Threads that there are, and those of them that wait for a job.
    threads: usize,
    idle: usize,
    /// Long jobs that run.
    long_running: usize,
    /// Short jobs since the last long one.
    short_in_a_row: usize,
    closed: bool,
}

struct Job {
    id: u64,
    is_long: bool,
    work: Box<dyn FnOnce() + Send>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Job({})", self.id)
    }
}

impl Workers {
    /// No threads yet.
    pub(super) fn new(limits: WorkerLimits) -> Workers {
        let threads = limits.threads.max(1);
        Workers {
            pool: Arc::new(WorkerPool {
                limits: WorkerLimits { threads, ..limits },
                queue: Mutex::default(),
                changed: Condvar::new(),
            }),
        }
    }

    /// Has a job done for an operation whose text has `length` bytes. Dropping the future gives the job's place in the
    /// queue up; a job that runs goes on, and can ask what it is given whether anyone still waits for it.
    pub(super) fn run<T, F>(
        &self,
        length: usize,
        job: F,
    ) -> impl Future<Output = Result<T, JobError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
    {
        let pool = Arc::clone(&self.pool);
        async move {
            let (sender, receiver) = oneshot::channel();
            let work = move || {
                let is_awaited = || !sender.is_closed();
                let done = std::panic::catch_unwind(AssertUnwindSafe(|| job(&is_awaited)));
                if let Ok(done) = done {
                    let _ = sender.send(done);
                }
            };
            let wait = pool.limits.wait;
            let id = pool.add(length > SHORT_TEXT_BYTES, Box::new(work))?;
            let mut queued = QueuedJob { pool, id, receiver };
            let result = match tokio::time::timeout(wait, &mut queued.receiver).await {
                Ok(result) => result,
                Err(_) if queued.pool.remove(id) => return Err(JobError::Busy),
                Err(_) => (&mut queued.receiver).await,
            };
            result.map_err(|_| JobError::Panicked)
        }
    }
}

/// A job's place in the queue, for as long as it is there.
struct QueuedJob<T> {
    pool: Arc<WorkerPool>,
    id: u64,
    receiver: oneshot::Receiver<T>,
}

impl<T> Drop for QueuedJob<T> {
    fn drop(&mut self) {
        self.pool.remove(self.id);
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let mut queue = self.pool.lock();
        queue.closed = true;
        let waiting = (
            std::mem::take(&mut queue.short),
            std::mem::take(&mut queue.long),
        );
        drop(queue);
        self.pool.changed.notify_all();
        // Not under the lock: what a job holds may lock it when it is dropped.
        drop(waiting);
    }
}

impl WorkerPool {
    fn lock(&self) -> MutexGuard<'_, JobQueue> {
        // No job runs under the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job, and sees to it that there is a thread for it.
    fn add(
        self: &Arc<Self>,
        is_long: bool,
        work: Box<dyn FnOnce() + Send>,
    ) -> Result<u64, JobError> {
        let mut queue = self.lock();
        if queue.closed || !queue.has_room(is_long, &self.limits) {
            return Err(JobError::Busy);
        }
        let id = queue.next_id;
        queue.next_id += 1;
        queue.lane(is_long).push_back(Job { id, is_long, work });
        if queue.idle >= queue.waiting() || queue.threads >= self.limits.threads {
            drop(queue);
            self.changed.notify_one();
            return Ok(id);
        }
        queue.threads += 1;
        drop(queue);
        let pool = Arc::clone(self);
        let thread = std::thread::Builder::new()
            .name("sangam-compile".to_owned())
            .stack_size(STACK);
        if let Err(error) = thread.spawn(move || pool.work()) {
            let mut queue = self.lock();
            queue.threads -= 1;
            let alone = queue.threads == 0;
            drop(queue);
            tracing::error!(%error, "a thread for compiling cannot be started");
            if alone {
                self.remove(id);
                return Err(JobError::Busy);
            }
            self.changed.notify_one();
        }
        Ok(id)
    }

    /// Takes a job that has not begun out of the queue; false when it is not there.
    fn remove(&self, id: u64) -> bool {
        let mut queue = self.lock();
        let mut removed = None;
        for lane in [true, false] {
            let lane = queue.lane(lane);
            if let Some(at) = lane.iter().position(|job| job.id == id) {
                removed = lane.remove(at);
            }
        }
        drop(queue);
        removed.is_some()
    }

    /// What a thread does.
    fn work(&self) {
        priority::lower_this_thread();
        let mut queue = self.lock();
        loop {
            if queue.closed {
                break;
            }
            if let Some(job) = queue.take(&self.limits) {
                drop(queue);
                let is_long = job.is_long;
                (job.work)();
                queue = self.lock();
                queue.long_running -= usize::from(is_long);
                continue;
            }
            queue.idle += 1;
            let waited = self.changed.wait_timeout(queue, IDLE);
            let (locked, time) = waited.unwrap_or_else(PoisonError::into_inner);
            queue = locked;
            queue.idle -= 1;
            if time.timed_out() && queue.waiting() == 0 {
                break;
            }
        }
        queue.threads -= 1;
    }
}

impl JobQueue {
    fn lane(&mut self, is_long: bool) -> &mut VecDeque<Job> {
        match is_long {
            true => &mut self.long,
            false => &mut self.short,
        }
    }

    fn waiting(&self) -> usize {
        self.short.len() + self.long.len()
    }

    /// Whether one more may wait. Jobs for which there is a thread do not wait, though they stand in the queue until it
    /// has taken them.
    fn has_room(&self, is_long: bool, limits: &WorkerLimits) -> bool {
        let running = self.threads - self.idle;
        let free = limits.threads.saturating_sub(running);
        let has_room = self.waiting() < limits.queue.saturating_add(free);
        let long = limits.queue.div_ceil(2).saturating_add(free);
        has_room && (!is_long || self.long.len() < long)
    }

    /// The job that is next.
    fn take(&mut self, limits: &WorkerLimits) -> Option<Job> {
        let may_be_long = self.long_running < limits.threads.saturating_sub(1).max(1);
        let long_is_due = self.short.is_empty() || self.short_in_a_row >= SHORT_IN_A_ROW;
        let long = match may_be_long && long_is_due {
            true => self.long.pop_front(),
            false => None,
        };
        if let Some(job) = long {
            self.long_running += 1;
            self.short_in_a_row = 0;
            return Some(job);
        }
        let job = self.short.pop_front()?;
        match self.long.is_empty() {
            true => self.short_in_a_row = 0,
            false => self.short_in_a_row += 1,
        }
        Some(job)
    }
}

#[cfg(test)]
#[path = "workers_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
