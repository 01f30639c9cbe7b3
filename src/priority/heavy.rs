//! A value that takes long to drop, such as a plan of many thousand parts.

use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender};
use std::thread;

use super::{is_short, lower_this_thread};

/// What is waiting to be dropped.
type Discarded = Box<dyn Send>;

/// A value on the heap. A thread for short work does not drop it: the last owner of a cached value is any request that
/// looks into the cache, and the drop of a large one would hold up all requests of its thread. A thread of low priority
/// drops it instead.
#[derive(Debug)]
pub struct Heavy<T: Send + 'static> {
    /// Always there; `None` only in `drop`.
    value: Option<Box<T>>,
}

impl<T: Send + 'static> Heavy<T> {
    /// Moves a value to the heap.
    pub fn new(value: T) -> Heavy<T> {
        Heavy {
            value: Some(Box::new(value)),
        }
    }
}

impl<T: Send + 'static> Deref for Heavy<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.value {
            Some(value) => value,
            None => unreachable!("only `drop` takes the value"),
        }
    }
}

impl<T: Send + 'static> Drop for Heavy<T> {
    fn drop(&mut self) {
        let Some(value) = self.value.take() else {
            return;
        };
        if is_short() {
            discard(value);
        }
    }
}

/// Drops a value on the thread for that, or here if there can be none.
fn discard(value: Discarded) {
    static THREAD: OnceLock<Option<Sender<Discarded>>> = OnceLock::new();
    let sender = THREAD.get_or_init(|| {
        let (sender, receiver) = mpsc::channel::<Discarded>();
        let run = move || {
            lower_this_thread();
            receiver.iter().for_each(drop);
        };
        let thread = thread::Builder::new().name("sangam-drop".to_owned());
        thread.spawn(run).ok().map(|_| sender)
    });
    if let Some(sender) = sender {
        // If the thread has ended, the error has the value, and drops it here.
        let _ = sender.send(value);
    }
}
