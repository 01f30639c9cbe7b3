//! Work on long documents is done beside the threads that serve.
//!
//! A document is read, judged and mapped in one go, since the mapping language knows no pauses. For a short one that is a
//! matter of microseconds. Work on a long one is done at the lower [`priority`]. Where there is no other one, its thread
//! hands its other tasks over to another thread before it begins, and as many work at once as the machine has processors.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::runtime::Handle;
use tokio::runtime::RuntimeFlavor;
use tokio::sync::Semaphore;

use crate::priority;

/// A document of fewer bytes is worked on at once: that takes a few milliseconds at the most.
const LONG: usize = 256 * 1024;

/// How much of such work is done at once in this process.
static PERMITS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, usize::from)));

/// Whether work on so many bytes is done aside.
pub fn is_long(bytes: usize) -> bool {
    bytes >= LONG
}

/// Does work on so many bytes.
pub async fn off_worker<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if !is_long(bytes) {
        return work();
    }
    priority::lower().await;
    if priority::is_low() || !has_other_workers() {
        return work();
    }
    // It is never closed.
    let _permit = PERMITS.acquire().await;
    tokio::task::block_in_place(work)
}

/// Whether another thread can take over; none can where a runtime has one only, as in tests.
fn has_other_workers() -> bool {
    Handle::try_current()
        .is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}
