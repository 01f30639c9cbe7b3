//! Work on long documents, without delaying short requests.
//!
//! A document is read, judged and mapped without a pause, since the mapping language has none. That takes microseconds
//! for a short document. Work on a long one is done at the lower [`priority`]. If the process has only one priority,
//! the worker thread hands its other tasks to another thread first (`block_in_place`), and as many such jobs run at
//! once as the machine has processors.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

use crate::priority;

/// Work on fewer bytes is done in place: it takes at most a few milliseconds.
const LONG: usize = 256 * 1024;

/// The permits for such work, in a process with only one priority.
static PERMITS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, usize::from)));

/// Whether work on so many bytes is long.
pub fn is_long(bytes: usize) -> bool {
    bytes >= LONG
}

/// Does work on so many bytes; at the lower priority if it is long.
pub async fn off_worker<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if !is_long(bytes) {
        return work();
    }
    priority::lower().await;
    if priority::is_low() || !has_other_workers() {
        return work();
    }
    // The semaphore is never closed.
    let _permit = PERMITS.acquire().await;
    tokio::task::block_in_place(work)
}

/// Whether the runtime has other worker threads; it has none in tests.
fn has_other_workers() -> bool {
    Handle::try_current()
        .is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}
