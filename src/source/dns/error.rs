//! Why a host has no address.

/// Why there are no addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// No name server responded in time.
    #[error("no name server has answered in time")]
    Timeout,
    /// As many look-ups as allowed are running.
    #[error("too many look-ups of hosts are under way")]
    Busy,
    /// The host has no address, or the look-up failed.
    #[error("the host cannot be found: {0}")]
    Failed(String),
}
