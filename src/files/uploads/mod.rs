//! The files of a multipart request (the GraphQL multipart request specification), which are passed on while the client sends
//! them.
//!
//! A request has the parts `operations`, `map` and then the files. The first two are read before the operation is executed. Each
//! file is in the variables as a [marker](Uploads::marker), which only this request knows, so that no client can make one.
//! A call that has the file in its request [takes](Uploads::take) it: its content comes from the client's connection as the
//! upstream reads it, and is never held whole. So files are taken in the order in which the client sends them, each once. What
//! needs another order is refused, or read to [disk](spool) before, if the settings allow that.
//!
//! If a client breaks the rules, the call fails, and the [fault](UploadFault) is the error of its field. What is wrong with one
//! file is not the fault of another one; a body that breaks off, or that is none, is the fault of all that follow.

mod fault;
mod spool;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex as StdMutex, OnceLock, PoisonError};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use multer::{Field, Multipart};
use tokio::sync::{Mutex, OwnedMutexGuard};

pub use self::fault::{BrokenBody, UploadFault};
pub use self::spool::Spool;
use self::spool::{SpooledFile, presented};
use super::presentation::is_listed;

/// What the client may send before the content of a part begins, in bytes: its head, and what is read together with it.
const HEAD: usize = 1 << 20;

/// The client's body, after `map`.
type Body = Multipart<'static>;

/// The files of one request.
pub struct Uploads {
    /// Begins each marker.
    secret: String,
    /// The names of the parts, in the order of `map`.
    names: Vec<UploadName>,
    body: Arc<Mutex<Body>>,
    room: Room,
    /// Bytes of a file that may be skipped.
    longest: usize,
    /// Files that were read to disk.
    spooled: StdMutex<HashMap<usize, Arc<SpooledFile>>>,
    taken: StdMutex<Vec<bool>>,
    /// The files that are used more than once.
    repeated: OnceLock<Vec<bool>>,
    /// The part at which the body is, if no call reads it now.
    unread: StdMutex<Option<Unread>>,
    /// Why files could not be read to disk.
    unspooled: StdMutex<HashMap<usize, UploadFault>>,
    spool: Arc<Spool>,
    /// What is wrong with the body.
    fault: OnceLock<UploadFault>,
}

/// A file that `map` names.
#[derive(Debug, Clone)]
pub struct UploadName {
    /// The name of its part.
    pub part: String,
    /// The variable that has it, for each place where it stands.
    pub variables: Vec<String>,
}

/// What a call allows of a file.
#[derive(Debug, Clone)]
pub struct UploadRules {
    /// Its greatest length in bytes.
    pub max_bytes: u64,
    /// Its content types.
    pub types: Arc<[String]>,
    /// The upstream must know the length before.
    pub needs_length: bool,
}

/// A file that is passed on.
pub struct Upload {
    /// The name that the client gives it, without folders.
    pub name: Option<String>,
    /// The content type that the client declares, without parameters.
    pub content_type: String,
    /// The length, if it is known.
    pub length: Option<u64>,
    /// The content.
    pub content: BoxStream<'static, Result<Bytes, UploadFault>>,
}

/// The bytes that may be read before a part begins. The parser buffers the head of a part whole, so the reader of the client's
/// body must end what has no end.
#[derive(Debug, Clone)]
pub struct Room(Arc<AtomicUsize>);

impl Room {
    /// Room for two parts with so many bytes of content.
    pub fn new(content: usize) -> Room {
        Room(Arc::new(AtomicUsize::new(content.saturating_add(HEAD))))
    }

    /// Counts bytes of the body. False if there were too many.
    pub fn count(&self, bytes: usize) -> bool {
        let left = self.0.load(Relaxed);
        if left == usize::MAX {
            return true;
        }
        self.0.store(left.saturating_sub(bytes), Relaxed);
        left >= bytes
    }

    /// The next bytes are those of a head.
    pub fn of_head(&self) {
        self.0.store(HEAD, Relaxed);
    }

    /// So many bytes follow, whatever they are.
    fn of_rest(&self, bytes: usize) {
        self.0.store(bytes, Relaxed);
    }

    /// The next bytes are content, which is passed on at once.
    pub fn of_content(&self) {
        self.0.store(usize::MAX, Relaxed);
    }
}

impl fmt::Debug for Uploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploads")
            .field("names", &self.names.len())
            .finish_non_exhaustive()
    }
}

impl Uploads {
    /// The files that follow in a body. `longest` is the greatest length of a file in bytes.
    pub fn new(
        names: Vec<UploadName>,
        body: Body,
        room: Room,
        longest: usize,
        spool: Arc<Spool>,
    ) -> Uploads {
        let secret: u128 = rand::random();
        Uploads {
            secret: format!("upload-{secret:032x}-"),
            taken: StdMutex::new(vec![false; names.len()]),
            names,
            body: Arc::new(Mutex::new(body)),
            room,
            longest,
            spooled: StdMutex::default(),
            repeated: OnceLock::new(),
            unread: StdMutex::default(),
            unspooled: StdMutex::default(),
            spool,
            fault: OnceLock::new(),
        }
    }

    /// Whether `map` names files.
    pub fn has_files(&self) -> bool {
        !self.names.is_empty()
    }

    /// The text in the variables that represents a file.
    pub fn marker(&self, index: usize) -> String {
        format!("{}{index}", self.secret)
    }

    /// The file that a text of the variables stands for.
    pub fn marked(&self, text: &str) -> Option<usize> {
        let index = text.strip_prefix(&self.secret)?.parse().ok()?;
        (index < self.names.len()).then_some(index)
    }

    /// Whether a text contains a marker.
    pub fn is_in(&self, text: &[u8]) -> bool {
        memchr::memmem::find(text, self.secret.as_bytes()).is_some()
    }

    /// Says how often the operation uses each variable. A file that is used more than once is read to disk before the first
    /// use.
    ///
    /// # Errors
    /// There is such a file, and no disk for it.
    pub fn plan(&self, uses: impl Fn(&str) -> usize) -> Result<(), UploadFault> {
        let of = |name: &UploadName| name.variables.iter().map(|variable| uses(variable)).sum();
        let counts: Vec<usize> = self.names.iter().map(of).collect();
        let repeated: Vec<bool> = counts.iter().map(|count| *count > 1).collect();
        let fits = self.spool.has_disk() || !repeated.contains(&true);
        let _ = self.repeated.set(repeated);
        fits.then_some(()).ok_or(UploadFault::Order)
    }

    fn is_repeated(&self, index: usize) -> bool {
        let repeated = self.repeated.get().and_then(|repeated| repeated.get(index));
        repeated.copied().unwrap_or(false)
    }

    fn failed<T>(&self, fault: UploadFault) -> Result<T, UploadFault> {
        if fault.is_of_body() {
            let _ = self.fault.set(fault);
        }
        Err(fault)
    }

    /// Takes a file, whose content can then be read.
    ///
    /// # Errors
    /// The client does not send it now, or not as `rules` allow.
    pub async fn take(
        self: &Arc<Self>,
        index: usize,
        rules: &UploadRules,
    ) -> Result<Upload, UploadFault> {
        if index >= self.names.len() {
            return Err(UploadFault::Missing);
        }
        let taken = {
            let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut taken[index], true)
        };
        if let Some(spooled) = self.spooled(index) {
            return of_disk(&spooled, rules);
        }
        if taken && !self.is_repeated(index) {
            return Err(UploadFault::Order);
        }
        // Waits until the file before has been read.
        let mut body = Arc::clone(&self.body).lock_owned().await;
        loop {
            // Another call may have read it to disk meanwhile.
            if let Some(spooled) = self.spooled(index) {
                return of_disk(&spooled, rules);
            }
            if let Some(fault) = self.unspooled(index).or(self.fault.get().copied()) {
                return Err(fault);
            }
            let (at, field) = match self.next(&mut body).await {
                Ok(Some(next)) => next,
                Ok(None) => return Err(UploadFault::Missing),
                Err(fault) => return self.failed(fault),
            };
            if at == index && !self.is_repeated(index) && !rules.needs_length {
                return self.streamed(field, body, rules);
            }
            if !self.spool.has_disk() {
                // The call that it is for can still have it.
                self.leave(Some(at), field);
                return Err(UploadFault::Order);
            }
            self.to_disk(at, field).await;
        }
    }

    /// Reads a file to disk, or notes why it cannot be.
    async fn to_disk(&self, at: usize, field: Field<'static>) {
        match SpooledFile::read(field, &self.spool).await {
            Ok(file) => {
                let mut spooled = self.spooled.lock().unwrap_or_else(PoisonError::into_inner);
                spooled.insert(at, Arc::new(file));
            }
            Err((fault, field)) => {
                self.leave(None, field);
                let _ = self.failed::<()>(fault);
                let faults = self.unspooled.lock();
                faults
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(at, fault);
            }
        }
    }

    /// Reads what is left of the body, at most so many bytes, and keeps nothing of it: a client that still sends would not read
    /// the response, and its connection could not be used for another request. What is left are files that no call has taken,
    /// and parts that `map` does not name: when a response is complete, they can no longer be refused.
    pub async fn drain(&self, most: usize) {
        if let Some(UploadFault::Broken | UploadFault::Slow) = self.fault.get() {
            // Nothing follows.
            return;
        }
        let mut body = self.body.lock().await;
        self.room.of_rest(most);
        // The parser skips what is left of it.
        drop(self.left());
        while let Ok(Some(mut part)) = body.next_field().await {
            while let Ok(Some(_)) = part.chunk().await {}
        }
    }

    fn spooled(&self, index: usize) -> Option<Arc<SpooledFile>> {
        let spooled = self.spooled.lock().unwrap_or_else(PoisonError::into_inner);
        spooled.get(&index).cloned()
    }

    /// The next part of the body, and the number of its file.
    async fn next(&self, body: &mut Body) -> Result<Option<(usize, Field<'static>)>, UploadFault> {
        if let Some(mut unread) = self.left() {
            if let Some(at) = unread.file {
                return Ok(Some((at, unread.field)));
            }
            // As long as a file may be. It is skipped here, and not by the parser, which holds a head whole.
            self.room.of_rest(self.longest);
            while let Some(_skipped) = unread
                .field
                .chunk()
                .await
                .map_err(|error| UploadFault::of(&error))?
            {}
        }
        self.room.of_head();
        let field = body.next_field().await;
        let Some(field) = field.map_err(|error| UploadFault::of(&error))? else {
            return Ok(None);
        };
        self.room.of_content();
        let named = |name: &UploadName| Some(&*name.part) == field.name();
        let at = self.names.iter().position(named);
        let at = at.ok_or(UploadFault::NotInMap)?;
        // A file has a name or a type; without both it is a field of a form.
        match field.file_name().is_some() || field.content_type().is_some() {
            true => Ok(Some((at, field))),
            false => Err(UploadFault::NotAFile),
        }
    }

    /// Leaves a part to the next call: `file` if nothing of it was read, so that it can be taken.
    fn leave(&self, file: Option<usize>, field: Field<'static>) {
        let mut unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        *unread = Some(Unread { file, field });
    }

    fn left(&self) -> Option<Unread> {
        let mut unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        unread.take()
    }

    fn unspooled(&self, index: usize) -> Option<UploadFault> {
        let faults = self
            .unspooled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        faults.get(&index).copied()
    }

    fn streamed(
        self: &Arc<Self>,
        field: Field<'static>,
        body: OwnedMutexGuard<Body>,
        rules: &UploadRules,
    ) -> Result<Upload, UploadFault> {
        let (name, content_type) = presented(&field);
        if !is_listed(&rules.types, &content_type) {
            self.leave(None, field);
            return Err(UploadFault::Type);
        }
        let reading = Reading {
            uploads: Arc::clone(self),
            field: Some(field),
            _body: body,
            left: rules.max_bytes,
        };
        let next = |reading: Option<Reading>| async move {
            let mut reading = reading?;
            match reading.piece().await {
                Ok(Some(piece)) => Some((Ok(piece), Some(reading))),
                Ok(None) => None,
                Err(fault) => {
                    let failed = reading.uploads.failed(fault);
                    Some((failed, None))
                }
            }
        };
        Ok(Upload {
            name,
            content_type,
            length: None,
            content: stream::unfold(Some(reading), next).boxed(),
        })
    }
}

/// A part of which no call reads.
struct Unread {
    /// Its file, if nothing of it was read.
    file: Option<usize>,
    field: Field<'static>,
}

/// A file that is being read. It holds the body, of which one part can be read at a time.
struct Reading {
    uploads: Arc<Uploads>,
    /// `None` at its end.
    field: Option<Field<'static>>,
    _body: OwnedMutexGuard<Body>,
    left: u64,
}

impl Reading {
    async fn piece(&mut self) -> Result<Option<Bytes>, UploadFault> {
        let Some(field) = &mut self.field else {
            return Ok(None);
        };
        let piece = field.chunk().await;
        let Some(piece) = piece.map_err(|error| UploadFault::of(&error))? else {
            self.field = None;
            return Ok(None);
        };
        let left = self.left.checked_sub(piece.len() as u64);
        self.left = left.ok_or(UploadFault::TooLarge)?;
        Ok(Some(piece))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        // The upstream has not taken all of it.
        if let Some(field) = self.field.take() {
            self.uploads.leave(None, field);
        }
    }
}

fn of_disk(file: &Arc<SpooledFile>, rules: &UploadRules) -> Result<Upload, UploadFault> {
    if file.length > rules.max_bytes {
        return Err(UploadFault::TooLarge);
    }
    if !is_listed(&rules.types, &file.content_type) {
        return Err(UploadFault::Type);
    }
    Ok(Upload {
        name: file.name.clone(),
        content_type: file.content_type.clone(),
        length: Some(file.length),
        content: file.content(),
    })
}
