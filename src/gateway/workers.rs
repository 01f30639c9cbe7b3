//! A small thread pool for CPU-bound work: compiling operations, and writing large introspection responses.
//!
//! The pool is separate from the runtime's threads, which serve requests, and from its blocking threads, which resolve host
//! names. It has few threads, so the other cores continue to serve however many operations must be compiled. A job
//! without a free thread waits in a bounded queue for a limited time; then it fails as busy. A thread starts on demand and
//! ends after [`IDLE`] without a job.
//!
//! **Two lanes.** A cheap job must not wait behind a queue of expensive ones, so there is a lane for short operation texts
//! and one for long texts. Short jobs go first. With several threads, one is reserved for short jobs, and long jobs may
//! fill only half of the queue. To prevent starvation, one long job runs after [`SHORT_IN_A_ROW`] short ones. Example:
//! with two threads and 100 long jobs in the queue, one thread compiles long texts, and a short text is compiled by the
//! other at once.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::priority;

/// The number of short jobs that run in a row while a long job waits.
const SHORT_IN_A_ROW: usize = 8;

/// How long a thread waits for a job before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// The stack size of a thread, the same as of the runtime's threads.
const STACK: usize = 2 * 1024 * 1024;

/// The limits of [`Workers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WorkerLimits {
    /// The number of jobs that run at the same time; at least one.
    pub(super) threads: usize,
    /// The number of jobs that may wait.
    pub(super) queue: usize,
    /// How long a job may wait.
    pub(super) wait: Duration,
    /// The longest operation text in the short lane. Operations that people write are shorter and compile in a few
    /// milliseconds.
    pub(super) short: usize,
}

/// Why a job gave no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum JobError {
    /// The queue was full, or the job did not start in time.
    #[error("there is too much to do")]
    Busy,
    /// The job panicked.
    #[error("the job ended abnormally")]
    Panicked,
}

/// The pool. Dropping it drops the waiting jobs and ends the threads after their current jobs.
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
    /// The number of threads, and of those that wait for a job.
    threads: usize,
    idle: usize,
    /// The number of long jobs that run.
    long_running: usize,
    /// The number of short jobs since the last long one, while long ones waited.
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
    /// A pool without threads; they start on demand.
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

    /// The number of jobs that run, and of those that wait.
    pub(super) fn load(&self) -> (usize, usize) {
        let queue = self.pool.lock();
        (queue.threads - queue.idle, queue.waiting())
    }

    /// The number of jobs that may wait.
    pub(super) fn longest_queue(&self) -> usize {
        self.pool.limits.queue
    }

    /// Runs a job for an operation whose text has `length` bytes. Dropping the future removes the job from the queue. A
    /// running job continues; it gets a function that tells whether a caller still waits for its result.
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
            let WorkerLimits { wait, short, .. } = pool.limits;
            let id = pool.add(length > short, Box::new(work))?;
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

/// A job in the queue; dropping this removes the job if it has not started.
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
        // Dropped without the lock: dropping a job may take the lock.
        drop(waiting);
    }
}

impl WorkerPool {
    fn lock(&self) -> MutexGuard<'_, JobQueue> {
        // No job runs under the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job to the queue, and starts a thread if no idle one can take it.
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

    /// Removes a job from the queue; false when it has started or ended.
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

    /// The loop of a thread: runs jobs until the pool is dropped or the thread was idle for too long.
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

    /// Whether one more job may be added. Jobs that a free thread is about to take are in the queue but do not count as
    /// waiting.
    fn has_room(&self, is_long: bool, limits: &WorkerLimits) -> bool {
        let running = self.threads - self.idle;
        let free = limits.threads.saturating_sub(running);
        let has_room = self.waiting() < limits.queue.saturating_add(free);
        let long = limits.queue.div_ceil(2).saturating_add(free);
        has_room && (!is_long || self.long.len() < long)
    }

    /// Takes the next job: a short one, unless a long one is due.
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
