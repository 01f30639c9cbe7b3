//! What can be wrong with an upload.

use crate::errors::{ErrorCode, ErrorKind, code};

/// Why a file cannot be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UploadFault {
    /// The body ended in the middle, or is not `multipart/form-data`.
    Broken,
    /// The body has no part for a file that `map` names.
    Missing,
    /// A part that `map` does not name.
    NotInMap,
    /// A part without a file name and without a content type.
    NotAFile,
    /// A file is used twice, or before one that is sent before it, or the upstream needs its length; and there is no disk for it.
    Order,
    /// The file is too long.
    TooLarge,
    /// The content type is not allowed.
    Type,
    /// The client sends too slowly.
    Slow,
    /// The disk for files is full, or cannot be written.
    Spool,
}

impl UploadFault {
    /// Whether nothing can be read after it, so that it is the fault of all files that follow.
    pub(super) fn is_of_body(self) -> bool {
        matches!(
            self,
            UploadFault::Broken | UploadFault::Slow | UploadFault::NotInMap | UploadFault::NotAFile
        )
    }

    /// The code for clients.
    pub fn code(self) -> ErrorCode {
        match self {
            UploadFault::Broken | UploadFault::NotAFile => code::UPLOAD_BROKEN,
            UploadFault::Missing => code::UPLOAD_MISSING,
            UploadFault::NotInMap => code::UPLOAD_NOT_IN_MAP,
            UploadFault::Order => code::UPLOAD_ORDER,
            UploadFault::TooLarge => code::UPLOAD_TOO_LARGE,
            UploadFault::Type => code::UPLOAD_TYPE,
            UploadFault::Slow => code::REQUEST_TIMEOUT,
            UploadFault::Spool => code::OVERLOADED,
        }
    }

    /// The kind for clients.
    pub fn kind(self) -> ErrorKind {
        match self {
            UploadFault::TooLarge => ErrorKind::Limit,
            UploadFault::Slow => ErrorKind::Timeout,
            UploadFault::Spool => ErrorKind::Busy,
            _ => ErrorKind::Invalid,
        }
    }

    /// What is wrong, for the client's developer.
    pub fn message(self) -> &'static str {
        match self {
            UploadFault::Broken => "The upload ended before the file did, or is no multipart body",
            UploadFault::Missing => "The upload has no part for this file, although `map` names it",
            UploadFault::NotInMap => "The upload has a part that `map` does not name",
            UploadFault::NotAFile => {
                "The part has neither a file name nor a content type: it is no file"
            }
            UploadFault::Order => {
                "Send the files in the order in which the operation uses them, and each once: a file is passed on while it is sent"
            }
            UploadFault::TooLarge => "The file is longer than allowed",
            UploadFault::Type => {
                "The content type of the file is not one of those that are allowed"
            }
            UploadFault::Slow => "The file did not arrive in time",
            UploadFault::Spool => "The gateway has no room for this file at the moment",
        }
    }

    /// The fault behind an error of the parser. The reader of the body gives its own as the cause.
    pub(super) fn of(error: &multer::Error) -> UploadFault {
        if let multer::Error::StreamReadFailed(cause) = error
            && let Some(BrokenBody(fault)) = cause.downcast_ref()
        {
            return *fault;
        }
        UploadFault::Broken
    }
}

/// The error of a reader of a client's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenBody(pub UploadFault);

impl std::fmt::Display for BrokenBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.message())
    }
}

impl std::error::Error for BrokenBody {}
