//! Numbers of bytes.

use std::path::Path;

use toml::de::DeValue;

use super::setting::{ParseSetting, Setting, expected};
use crate::config::environment::Environment;

/// A number of bytes: written as a number, or with `KB`, `MB`, `GB` (thousands) or `KiB`, `MiB`, `GiB` (1024s).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub struct ByteSize(pub usize);

const UNITS: [(&str, usize); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

impl ParseSetting for ByteSize {
    const KIND: &'static str = "a size such as \"8MB\"";

    fn from_toml(value: &DeValue<'_>, base: &Path) -> Result<Self, String> {
        match value {
            DeValue::String(text) => Self::from_text(text),
            DeValue::Integer(_) => usize::from_toml(value, base).map(ByteSize),
            other => Err(expected::<Self>(other)),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let (number, unit) = UNITS
            .iter()
            .find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))
            .unwrap_or((text, 1));
        number
            .trim()
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_mul(unit))
            .map(ByteSize)
            .ok_or_else(|| format!("expected {}, found {text:?}", Self::KIND))
    }
}

impl Setting for ByteSize {
    type Raw = ByteSize;

    fn resolve(written: ByteSize, _environment: &Environment) -> Result<Self, String> {
        Ok(written)
    }

    fn show(&self) -> String {
        let units = [
            ("GB", 1_000_000_000),
            ("MB", 1_000_000),
            ("KB", 1_000),
            ("GiB", 1 << 30),
            ("MiB", 1 << 20),
            ("KiB", 1 << 10),
        ];
        for (name, unit) in units {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return format!("\"{}{name}\"", self.0 / unit);
            }
        }
        self.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("12", 12),
            ("12B", 12),
            ("8MB", 8_000_000),
            ("8 MiB", 8 << 20),
            ("3KB", 3000),
        ] {
            assert_eq!(ByteSize::from_text(text), Ok(ByteSize(bytes)), "{text}");
        }
        assert!(ByteSize::from_text("many").is_err());
        assert!(ByteSize::from_text("-1MB").is_err());
        assert!(ByteSize::from_text("99999999999999999GB").is_err());
        assert_eq!(ByteSize(8_000_000).show(), "\"8MB\"");
    }
}
