//! Notices that files have changed.
//!
//! The files are looked at regularly. Notifications of the operating system would be faster, but there are none on many
//! network file systems, and a mounted configuration of a container is replaced by changing a link.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// After a change was noticed, the files are looked at again after at most this time: a change is reported when they have
/// stayed the same in between, so that a file is not read while it is written.
const SETTLED: Duration = Duration::from_millis(200);

/// Files, and their state when they were looked at.
#[derive(Debug)]
pub(super) struct WatchedFiles {
    files: Vec<PathBuf>,
    /// How often they are looked at; never if zero.
    every: Duration,
    seen: u64,
}

impl WatchedFiles {
    /// Watches these files and folders from now on. Of a folder, the names in it count.
    pub(super) fn new(files: Vec<PathBuf>, every: Duration) -> WatchedFiles {
        WatchedFiles {
            seen: state(&files),
            files,
            every,
        }
    }

    /// Takes the state of the files as it is now for the one that is served.
    pub(super) fn accept(&mut self) {
        self.seen = state(&self.files);
    }

    /// Waits until a file has changed, and has then stayed the same for a moment.
    pub(super) async fn changed(&self) {
        if self.every.is_zero() {
            return std::future::pending().await;
        }
        let mut last = self.seen;
        loop {
            let has_changed = last != self.seen;
            let wait = if has_changed {
                self.every.min(SETTLED)
            } else {
                self.every
            };
            tokio::time::sleep(wait).await;
            let files = self.files.clone();
            let now = tokio::task::spawn_blocking(move || state(&files)).await;
            let now = now.unwrap_or(last);
            if now != self.seen && now == last {
                return;
            }
            last = now;
        }
    }
}

/// A hash of the state of files: which exist, their lengths and times, and the names in folders.
fn state(files: &[PathBuf]) -> u64 {
    let mut state = DefaultHasher::new();
    for file in files {
        hash_file(file, &mut state);
    }
    state.finish()
}

fn hash_file(file: &Path, state: &mut DefaultHasher) {
    let Ok(metadata) = std::fs::metadata(file) else {
        return false.hash(state);
    };
    if metadata.is_dir() {
        let entries = std::fs::read_dir(file).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        return names.hash(state);
    }
    // The inode differs if the file was replaced by one of the same length within the precision of the times.
    (
        metadata.ino(),
        metadata.len(),
        metadata.mtime(),
        metadata.mtime_nsec(),
    )
        .hash(state);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_written_replaced_removed_or_added_changes_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        let files = [folder.path().to_owned(), file.clone()];
        let mut states = vec![state(&files)];
        let mut record = || states.push(state(&files));
        std::fs::write(&file, "1").unwrap();
        record();
        std::fs::write(&file, "12").unwrap();
        record();
        let other = folder.path().join("b");
        std::fs::write(&other, "34").unwrap();
        record();
        std::fs::rename(&other, &file).unwrap();
        record();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(state(&files), states[0]);
        states.sort_unstable();
        states.dedup();
        assert_eq!(states.len(), 5);
    }
}
