//! Lists: arrays in TOML, and texts with commas in environment variables.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use http::HeaderName;
use toml::de::DeValue;

use super::origin::AllowedOrigin;
use super::setting::{ParseSetting, Setting, expected};
use crate::config::environment::Environment;

/// Declares which types have lists.
macro_rules! list_setting {
    ($($type:ty, $kind:literal;)*) => {$(
        impl ParseSetting for Vec<$type> {
            const KIND: &'static str = $kind;

            fn from_toml(value: &DeValue<'_>, base: &Path) -> Result<Self, String> {
                let items = value.as_array().ok_or_else(|| expected::<Self>(value))?;
                items
                    .iter()
                    .map(|item| <$type>::from_toml(item.get_ref(), base))
                    .collect()
            }

            fn from_text(text: &str) -> Result<Self, String> {
                let items = text.split(',').map(str::trim);
                items
                    .filter(|item| !item.is_empty())
                    .map(<$type>::from_text)
                    .collect()
            }
        }

        impl Setting for Vec<$type> {
            type Raw = Vec<$type>;

            fn resolve(written: Vec<$type>, _environment: &Environment) -> Result<Self, String> {
                Ok(written)
            }

            fn show(&self) -> String {
                let all: Vec<String> = self.iter().map(Setting::show).collect();
                format!("[{}]", all.join(", "))
            }
        }
    )*};
}

list_setting! {
    String, "a list of texts";
    PathBuf, "a list of paths (relative to the settings file)";
    SocketAddr, "a list of addresses such as [\"10.0.0.2:53\"]";
    AllowedOrigin, "a list of origins";
    HeaderName, "a list of names of headers";
}
