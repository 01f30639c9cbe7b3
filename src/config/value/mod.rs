//! The types of settings: how each is parsed from TOML and from text, and how the documentation shows it.

mod byte_size;
mod http_url;
mod list;
mod names;
mod number;
mod origin;
mod passed_file;
mod secret;
mod setting;
mod text;

pub use byte_size::ByteSize;
pub use http_url::HttpUrl;
pub use names::{
    Audience, CostMode, DnsResolver, LogFormat, LogLevel, LogRequests, ResponseFormat,
    ShareInFlight, StyleMode, TrustMode, WebhookProof,
};
pub use number::{Percentage, Ratio};
pub use origin::AllowedOrigin;
pub use passed_file::PassedFile;
pub(super) use setting::{ParseSetting, Setting};
