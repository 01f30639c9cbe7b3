//! What the token of a file's URL holds.

/// What a token holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// When it ends, in seconds since 1970.
    pub expires: u64,
    /// The connector whose upstream has the file.
    pub connector: String,
    /// The field with `@file`: `Type.field`.
    pub coordinate: String,
    /// The value that the upstream gave for the field, as JSON.
    pub value: Vec<u8>,
}

/// Why a token cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketError {
    /// No gateway with these keys has made it.
    Unknown,
    /// Its time is over.
    Expired,
}

/// A ticket as it is sealed. Names have no zero byte.
pub(super) fn write(expires: u64, connector: &str, coordinate: &str, value: &[u8]) -> Vec<u8> {
    let names = [connector.as_bytes(), &[0], coordinate.as_bytes(), &[0]];
    [&expires.to_be_bytes()[..], &names.concat(), value].concat()
}

impl Ticket {
    /// Reads what [`write()`] has written.
    pub(super) fn read(text: &[u8]) -> Option<Ticket> {
        let (expires, rest) = text.split_first_chunk()?;
        let mut parts = rest.splitn(3, |byte| *byte == 0);
        let mut name = || String::from_utf8(parts.next()?.to_vec()).ok();
        let (connector, coordinate) = (name()?, name()?);
        Some(Ticket {
            expires: u64::from_be_bytes(*expires),
            connector,
            coordinate,
            value: parts.next()?.to_vec(),
        })
    }
}
