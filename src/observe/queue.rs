//! The queue between the threads that log and the thread that writes the lines.
//!
//! Writing to a pipe or a terminal blocks while its reader does not read. Only the writer thread of this queue blocks. When
//! the queue is full, a line is dropped and counted; as soon as there is space, a line reports how many were dropped. The
//! lock is held while bytes are copied, never while they are written.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::Counter;

use super::metrics::LOG_LINES_DROPPED;

/// The destination of lines: standard error, or a buffer of a test.
pub type LogSink = Box<dyn Write + Send>;

/// Formats the line that reports dropped lines; it is shorter than [`NOTICE_BYTES`].
pub(super) type Notice = Box<dyn Fn(u64) -> String + Send + Sync>;

/// The space reserved for the line that reports dropped lines.
const NOTICE_BYTES: usize = 256;

/// Lines are written together up to this length. A pipe takes so many bytes atomically, even from several processes.
const WRITE_BYTES: usize = 4096;

/// The capacity that the thread's buffer keeps between writes.
const KEPT_BYTES: usize = 64 * 1024;

/// The queue. Dropping it ends the writer thread after all lines are written.
pub(super) struct LineQueue {
    inner: Arc<QueueInner>,
}

struct QueueInner {
    max_bytes: usize,
    notice: Notice,
    state: Mutex<QueueState>,
    /// Signals the writer thread that there are lines.
    filled: Condvar,
    /// Signals [`LineQueue::flush`] that lines were written.
    emptied: Condvar,
    dropped: Counter,
    failed: Counter,
}

/// `appended` and `written` count bytes since the start, so that a flush can wait for the bytes that were appended before
/// it began.
#[derive(Default)]
struct QueueState {
    /// Lines that the writer thread has not taken yet.
    waiting: Vec<u8>,
    /// Bytes that the writer thread has taken and not written yet.
    taken: usize,
    /// Bytes appended since the start.
    appended: u64,
    /// Bytes written since the start, or lost because writing failed.
    written: u64,
    /// Dropped lines that were not reported yet.
    dropped: u64,
    /// A flush timed out, and nothing was written since.
    stalled: bool,
    closed: bool,
}

impl QueueState {
    fn append(&mut self, line: &str) {
        self.waiting.extend_from_slice(line.as_bytes());
        self.appended += line.len() as u64;
    }
}

impl LineQueue {
    /// Starts the thread that writes to the sink.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn start(
        max_bytes: usize,
        notice: Notice,
        sink: LogSink,
    ) -> std::io::Result<LineQueue> {
        let inner = Arc::new(QueueInner {
            max_bytes,
            notice,
            state: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            dropped: metrics::counter!(LOG_LINES_DROPPED, "reason" => "queue"),
            failed: metrics::counter!(LOG_LINES_DROPPED, "reason" => "failed"),
        });
        let of_thread = Arc::clone(&inner);
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || of_thread.write_to(sink))?;
        Ok(LineQueue { inner })
    }

    /// Appends a line, or drops it if the queue is full. Does not block.
    pub(super) fn push(&self, line: &str) {
        let inner = &self.inner;
        let mut state = inner.lock();
        let held = state.waiting.len() + state.taken;
        let notice = if state.dropped > 0 { NOTICE_BYTES } else { 0 };
        if held + notice + line.len() > inner.max_bytes {
            state.dropped += 1;
            drop(state);
            inner.dropped.increment(1);
            return;
        }
        if state.dropped > 0 {
            let notice = (inner.notice)(std::mem::take(&mut state.dropped));
            state.append(&notice);
        }
        state.append(line);
        drop(state);
        inner.filled.notify_one();
    }

    /// Waits until all lines so far are written, but not longer than `at_most`; false on time-out.
    pub(super) fn flush(&self, at_most: Duration) -> bool {
        let state = self.inner.lock();
        let until = state.appended;
        let is_unwritten = |state: &mut QueueState| state.written < until || state.dropped > 0;
        let waited = self
            .inner
            .emptied
            .wait_timeout_while(state, at_most, is_unwritten);
        let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        state.stalled |= timeout.timed_out();
        !timeout.timed_out()
    }

    /// As [`LineQueue::flush`], but returns false at once if the last flush timed out and nothing was written since.
    pub(super) fn flush_unless_stalled(&self, at_most: Duration) -> bool {
        let stalled = self.inner.lock().stalled;
        !stalled && self.flush(at_most)
    }
}

impl Drop for LineQueue {
    fn drop(&mut self) {
        self.inner.lock().closed = true;
        self.inner.filled.notify_one();
    }
}

impl QueueInner {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The loop of the writer thread: writes lines until the queue is dropped.
    fn write_to(&self, mut sink: LogSink) {
        let mut lines = Vec::new();
        while self.take(&mut lines) {
            let mut rest = &lines[..];
            while !rest.is_empty() {
                let (some, more) = rest.split_at(whole_lines(rest));
                // A failing log must not stop the gateway: the lines are counted as lost.
                if sink.write_all(some).and_then(|()| sink.flush()).is_err() {
                    let count = memchr::memchr_iter(b'\n', some).count();
                    self.failed.increment(count as u64);
                }
                self.wrote(some.len());
                rest = more;
            }
            lines.clear();
            lines.shrink_to(KEPT_BYTES);
        }
    }

    /// Waits for lines and moves them to `lines`; false when the queue is closed and empty.
    fn take(&self, lines: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        loop {
            if state.waiting.is_empty() && state.dropped > 0 {
                let notice = (self.notice)(std::mem::take(&mut state.dropped));
                state.append(&notice);
            }
            if !state.waiting.is_empty() {
                std::mem::swap(&mut state.waiting, lines);
                state.taken = lines.len();
                return true;
            }
            if state.closed {
                return false;
            }
            let waited = self.filled.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn wrote(&self, bytes: usize) {
        let mut state = self.lock();
        state.taken -= bytes;
        state.written += bytes as u64;
        state.stalled = false;
        drop(state);
        self.emptied.notify_all();
    }
}

/// The length of the whole lines that are written together; at least one line.
fn whole_lines(bytes: &[u8]) -> usize {
    if bytes.len() <= WRITE_BYTES {
        return bytes.len();
    }
    let end =
        memchr::memrchr(b'\n', &bytes[..WRITE_BYTES]).or_else(|| memchr::memchr(b'\n', bytes));
    end.map_or(bytes.len(), |end| end + 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::time::Instant;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// A sink whose every write waits until the test takes it.
    struct Slow(SyncSender<String>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            self.0.send(text).map_err(std::io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn slow(max_bytes: usize) -> (LineQueue, Receiver<String>) {
        let (sender, receiver) = sync_channel(0);
        let notice: Notice = Box::new(|count| format!("{count} dropped\n"));
        let queue = LineQueue::start(max_bytes, notice, Box::new(Slow(sender))).unwrap();
        (queue, receiver)
    }

    /// Waits until the writer thread has taken all lines and is about to write them. It signals nothing before it has
    /// written, so the test polls the state.
    fn taken(queue: &LineQueue) {
        let begun = Instant::now();
        while !queue.inner.lock().waiting.is_empty() {
            assert!(begun.elapsed() < PATIENCE, "nothing is taken");
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_finds_no_space_is_dropped_and_counted() {
        let (queue, written) = slow(NOTICE_BYTES + 20);
        queue.push("first\n");
        taken(&queue);
        // The sink accepts nothing. The queue holds the lines that fit beside the one that is being written.
        for number in 0..1_000 {
            queue.push(&format!("line {number:3}\n"));
        }
        let held = (NOTICE_BYTES + 20 - "first\n".len()) / "line   0\n".len();
        assert_eq!(queue.inner.lock().dropped, 1_000 - held as u64);
        assert!(!queue.flush(Duration::from_millis(1)));
        let mut text = String::new();
        for _ in 0..3 {
            text += &written.recv_timeout(PATIENCE).unwrap();
        }
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + held + 1);
        assert_eq!(lines[0..2], ["first", "line   0"]);
        assert_eq!(lines[1 + held], format!("{} dropped", 1_000 - held));
        // There is space again.
        queue.push("last\n");
        assert_eq!(written.recv_timeout(PATIENCE).unwrap(), "last\n");
        assert!(queue.flush(PATIENCE));
    }

    #[test]
    fn the_notice_stands_where_the_lines_are_missing() {
        let (queue, written) = slow(NOTICE_BYTES + 100);
        queue.push(&"a".repeat(NOTICE_BYTES + 99));
        taken(&queue);
        queue.push("dropped\n");
        // Space is free again, and a line is pushed before the thread takes more.
        queue.inner.lock().taken = 0;
        queue.push("after\n");
        queue.inner.lock().taken = NOTICE_BYTES + 99;
        written.recv_timeout(PATIENCE).unwrap();
        assert_eq!(
            written.recv_timeout(PATIENCE).unwrap(),
            "1 dropped\nafter\n"
        );
    }

    #[test]
    fn a_reader_that_does_not_read_is_waited_for_once() {
        let (queue, written) = slow(1_000);
        queue.push("first\n");
        assert!(!queue.flush_unless_stalled(Duration::from_millis(1)));
        // Would wait for ever.
        assert!(!queue.flush_unless_stalled(Duration::MAX));
        assert_eq!(written.recv_timeout(PATIENCE).unwrap(), "first\n");
        assert!(queue.flush(PATIENCE));
        assert!(queue.flush_unless_stalled(PATIENCE));
    }

    #[test]
    fn a_sink_that_fails_blocks_no_writer() {
        let (queue, written) = slow(1_000);
        drop(written);
        queue.push("first\n");
        queue.push("second\n");
        assert!(queue.flush(PATIENCE));
    }

    #[test]
    fn whole_lines_are_written_together() {
        let line = format!("{}\n", "a".repeat(999));
        assert_eq!(whole_lines(line.repeat(4).as_bytes()), 4_000);
        assert_eq!(whole_lines(line.repeat(9).as_bytes()), 4_000);
        let long = "a".repeat(10_000);
        assert_eq!(whole_lines(format!("{long}\nb\n").as_bytes()), 10_001);
        assert_eq!(whole_lines(long.as_bytes()), 10_000);
    }
}
