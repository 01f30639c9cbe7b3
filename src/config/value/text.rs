//! Settings that are written as a text, and have types of the standard library.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderName;
use toml::de::DeValue;

use super::setting::{ParseSetting, Setting, expected, text_setting};
use crate::config::environment::Environment;

text_setting! {
    String, "a text", |text| Some(text.to_owned()), |value| format!("{value:?}");
    HeaderName, "the name of a header such as \"content-type\"", |text| text.parse().ok(), |value| format!("{:?}", value.as_str());
    SocketAddr, "an address such as \"127.0.0.1:4000\"", |text| text.parse().ok(), |value| format!("\"{value}\"");
    Duration, "a duration such as \"5s\" or \"200ms\"", |text| humantime::parse_duration(text).ok(),
        |value| format!("\"{}\"", humantime::format_duration(*value));
}

impl ParseSetting for PathBuf {
    const KIND: &'static str = "a path (relative to the settings file)";

    fn from_toml(value: &DeValue<'_>, base: &Path) -> Result<Self, String> {
        match value.as_str() {
            Some(text) => Ok(base.join(text)),
            None => Err(expected::<Self>(value)),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(PathBuf::from(text))
    }
}

impl Setting for PathBuf {
    type Raw = PathBuf;

    fn resolve(written: PathBuf, _environment: &Environment) -> Result<Self, String> {
        Ok(written)
    }

    fn show(&self) -> String {
        format!("{:?}", self.display().to_string())
    }
}
