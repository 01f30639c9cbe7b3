//! Lists: arrays in TOML, and texts with commas in environment variables.

use std::net::SocketAddr;
use std::path::Path;

use toml::de::DeValue;

use super::setting::{ParseSetting, Setting, expected};
use crate::config::environment::Environment;

impl ParseSetting for Vec<String> {
    const KIND: &'static str = "a list of texts";

    fn from_toml(value: &DeValue<'_>, _base: &Path) -> Result<Self, String> {
        let items = value.as_array().ok_or_else(|| expected::<Self>(value))?;
        items
            .iter()
            .map(|item| {
                item.get_ref()
                    .as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| expected::<String>(item.get_ref()))
            })
            .collect()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let items = text.split(',').map(str::trim);
        Ok(items
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect())
    }
}

impl Setting for Vec<String> {
    type Raw = Vec<String>;

    fn resolve(written: Vec<String>, _environment: &Environment) -> Result<Self, String> {
        Ok(written)
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl ParseSetting for Vec<SocketAddr> {
    const KIND: &'static str = "a list of addresses such as [\"10.0.0.2:53\"]";

    fn from_toml(value: &DeValue<'_>, base: &Path) -> Result<Self, String> {
        let items = value.as_array().ok_or_else(|| expected::<Self>(value))?;
        items
            .iter()
            .map(|item| SocketAddr::from_toml(item.get_ref(), base))
            .collect()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let items = text.split(',').map(str::trim);
        items
            .filter(|item| !item.is_empty())
            .map(SocketAddr::from_text)
            .collect()
    }
}

impl Setting for Vec<SocketAddr> {
    type Raw = Vec<SocketAddr>;

    fn resolve(written: Vec<SocketAddr>, _environment: &Environment) -> Result<Self, String> {
        Ok(written)
    }

    fn show(&self) -> String {
        let all: Vec<String> = self.iter().map(SocketAddr::to_string).collect();
        format!("{all:?}")
    }
}
