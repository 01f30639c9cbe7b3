//! Where the compressed package is written: bytes that are charged before they are held.

use std::io::{self, Seek, SeekFrom, Write};

use zip::result::ZipError;

use super::super::error::FormatError;
use super::super::output::Output;
use crate::budget::Exceeded;

/// The package in memory. After each part, the zip format writes its length before the part: a sink can seek.
#[derive(Debug)]
pub(super) struct Sink<'a> {
    output: Output<'a>,
    at: usize,
    /// A write was refused. The library finishes the archive when it is dropped, and prints an error: it sees none.
    is_refused: bool,
}

impl<'a> Sink<'a> {
    pub(super) fn new(output: Output<'a>) -> Sink<'a> {
        Sink {
            output,
            at: 0,
            is_refused: false,
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.output.finish()
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_refused {
            return Ok(bytes.len());
        }
        match self.output.write_at(self.at, bytes) {
            Ok(()) => {
                self.at += bytes.len();
                Ok(bytes.len())
            }
            Err(exceeded) => {
                self.is_refused = true;
                Err(io::Error::other(exceeded))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Sink<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, offset) = match to {
            SeekFrom::Start(offset) => (0, i64::try_from(offset).ok()),
            SeekFrom::Current(offset) => (self.at, Some(offset)),
            SeekFrom::End(offset) => (self.output.length(), Some(offset)),
        };
        let at = offset.and_then(|offset| from.checked_add_signed(isize::try_from(offset).ok()?));
        let at = at.filter(|at| *at <= self.output.length());
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at as u64)
    }
}

/// Why the package could not be written: the sink's reason if it is one.
pub(super) fn refused(error: io::Error) -> FormatError {
    let exceeded = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Exceeded>());
    match exceeded {
        Some(exceeded) => FormatError::TooLarge(*exceeded),
        None => FormatError::Workbook(error.to_string()),
    }
}

/// The same of the library's error.
pub(super) fn failed(error: ZipError) -> FormatError {
    match error {
        ZipError::Io(error) => refused(error),
        error => FormatError::Workbook(error.to_string()),
    }
}
