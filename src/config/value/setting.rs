//! What a type of settings can do.

use std::path::Path;

use toml::de::DeValue;

use crate::config::environment::Environment;

/// A raw value of a setting, parsed from the file, the environment or a flag.
pub trait ParseSetting: Sized + Clone {
    /// Its kind, for the documentation and for error messages (`a duration such as "5s"`).
    const KIND: &'static str;

    /// Parses a TOML value; paths are relative to `base`, the folder of the file.
    fn from_toml(value: &DeValue<'_>, base: &Path) -> Result<Self, String>;

    /// Parses the text of an environment variable or flag.
    fn from_text(text: &str) -> Result<Self, String>;
}

/// A resolved value of a setting.
pub trait Setting: Sized {
    /// The raw type.
    type Raw: ParseSetting;

    /// Resolves the raw value; reads secrets.
    fn resolve(written: Self::Raw, environment: &Environment) -> Result<Self, String>;

    /// The value in TOML, as the documentation shows a default.
    fn show(&self) -> String;
}

impl<T: Setting> Setting for Option<T> {
    type Raw = T::Raw;

    fn resolve(written: T::Raw, environment: &Environment) -> Result<Self, String> {
        T::resolve(written, environment).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map(T::show).unwrap_or_default()
    }
}

/// The message for a TOML value of another kind.
pub(super) fn expected<T: ParseSetting>(value: &DeValue<'_>) -> String {
    format!("expected {}, found {}", T::KIND, described(value))
}

fn described(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Declares types that are their own raw form, parsed from a TOML string like from text.
macro_rules! text_setting {
    ($($type:ty, $kind:literal, $parse:expr, $show:expr;)*) => {$(
        impl $crate::config::value::ParseSetting for $type {
            const KIND: &'static str = $kind;

            fn from_toml(value: &toml::de::DeValue<'_>, _base: &std::path::Path) -> Result<Self, String> {
                match value {
                    toml::de::DeValue::String(text) => Self::from_text(text),
                    other => Err($crate::config::value::setting::expected::<Self>(other)),
                }
            }

            fn from_text(text: &str) -> Result<Self, String> {
                let parse: fn(&str) -> Option<$type> = $parse;
                parse(text).ok_or_else(|| format!("expected {}, found {text:?}", Self::KIND))
            }
        }

        impl $crate::config::value::Setting for $type {
            type Raw = Self;

            fn resolve(written: Self, _environment: &$crate::config::Environment) -> Result<Self, String> {
                Ok(written)
            }

            fn show(&self) -> String {
                let show: fn(&$type) -> String = $show;
                show(self)
            }
        }
    )*};
}

pub(super) use text_setting;
