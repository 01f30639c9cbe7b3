//! Files on disk, for as long as their request runs.
//!
//! A file has no name in its folder from the beginning, so the system removes it when the request, or the process, ends.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use multer::Field;

use super::fault::UploadFault;
use crate::files::presentation::{UNKNOWN_TYPE, essence, plain_name};

/// Bytes that are read from disk at once.
const PIECE: u64 = 64 * 1024;

/// The disk for the files of all requests.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    limit: u64,
    used: AtomicU64,
}

impl Spool {
    /// At most `limit` bytes in `folder`; none if it is zero.
    pub fn new(folder: PathBuf, limit: u64) -> Spool {
        Spool {
            folder,
            limit,
            used: AtomicU64::new(0),
        }
    }

    /// Whether there is a disk for files.
    pub(super) fn has_disk(&self) -> bool {
        self.limit > 0
    }

    /// The bytes that are used.
    pub fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }
}

/// The bytes of one file; dropping it makes room for another.
#[derive(Debug)]
struct Used {
    spool: Arc<Spool>,
    bytes: u64,
}

impl Used {
    fn add(&mut self, bytes: u64) -> Result<(), UploadFault> {
        let before = self.spool.used.fetch_add(bytes, Relaxed);
        self.bytes += bytes;
        match before + bytes <= self.spool.limit {
            true => Ok(()),
            false => Err(UploadFault::Spool),
        }
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        self.spool.used.fetch_sub(self.bytes, Relaxed);
    }
}

/// A file on disk.
#[derive(Debug)]
pub(super) struct SpooledFile {
    file: Arc<File>,
    pub(super) name: Option<String>,
    pub(super) content_type: String,
    pub(super) length: u64,
    _used: Used,
}

impl SpooledFile {
    /// Reads a part to disk. In error, the part is given back, of which something may be left.
    pub(super) async fn read(
        mut field: Field<'static>,
        spool: &Arc<Spool>,
    ) -> Result<SpooledFile, (UploadFault, Field<'static>)> {
        match SpooledFile::read_to_end(&mut field, spool).await {
            Ok(file) => Ok(file),
            Err(fault) => Err((fault, field)),
        }
    }

    async fn read_to_end(
        field: &mut Field<'static>,
        spool: &Arc<Spool>,
    ) -> Result<SpooledFile, UploadFault> {
        if !spool.has_disk() {
            return Err(UploadFault::Order);
        }
        let (name, content_type) = presented(field);
        let mut used = Used {
            spool: Arc::clone(spool),
            bytes: 0,
        };
        let folder = spool.folder.clone();
        let file = on_disk(move || tempfile::tempfile_in(folder)).await?;
        let file = Arc::new(file);
        loop {
            let piece = field.chunk().await;
            let Some(piece) = piece.map_err(|error| UploadFault::of(&error))? else {
                break;
            };
            used.add(piece.len() as u64)?;
            let file = Arc::clone(&file);
            on_disk(move || (&*file).write_all(&piece)).await?;
        }
        Ok(SpooledFile {
            file,
            name,
            content_type,
            length: used.bytes,
            _used: used,
        })
    }

    /// Its content, from the beginning.
    pub(super) fn content(self: &Arc<Self>) -> BoxStream<'static, Result<Bytes, UploadFault>> {
        let next = |(file, at): (Arc<SpooledFile>, u64)| async move {
            let length = PIECE.min(file.length.checked_sub(at).filter(|left| *left > 0)?);
            let disk = Arc::clone(&file.file);
            let read = move || {
                let mut piece = vec![0; length as usize];
                disk.read_exact_at(&mut piece, at)?;
                Ok(Bytes::from(piece))
            };
            Some((on_disk(read).await, (file, at + length)))
        };
        stream::unfold((Arc::clone(self), 0), next).boxed()
    }
}

/// The name and the type that the client gives a file.
pub(super) fn presented(field: &Field<'static>) -> (Option<String>, String) {
    let content_type = field.content_type().map(ToString::to_string);
    let content_type = content_type.and_then(|declared| essence(&declared));
    let name = field.file_name().and_then(plain_name);
    let unknown = || UNKNOWN_TYPE.to_owned();
    (name, content_type.unwrap_or_else(unknown))
}

/// Runs what waits for the disk on a thread that may wait.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, UploadFault> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|_| UploadFault::Spool)?;
    done.map_err(|error| {
        tracing::error!(
            error = error.kind().to_string(),
            "a file cannot be kept in files.spool"
        );
        UploadFault::Spool
    })
}
