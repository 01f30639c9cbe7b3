//! Numbers, shares of a whole, and booleans.

use std::path::Path;

use toml::de::DeValue;

use super::setting::{ParseSetting, Setting, expected};
use crate::config::environment::Environment;

macro_rules! number_setting {
    ($($type:ty),*) => {$(
        impl ParseSetting for $type {
            const KIND: &'static str = "a whole number";

            fn from_toml(value: &DeValue<'_>, _base: &Path) -> Result<Self, String> {
                let DeValue::Integer(number) = value else {
                    return Err(expected::<Self>(value));
                };
                <$type>::from_str_radix(number.as_str(), number.radix())
                    .map_err(|_| format!("{number} is out of range, 0 to {}", <$type>::MAX))
            }

            fn from_text(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| format!("expected {}, found {text:?}", Self::KIND))
            }
        }

        impl Setting for $type {
            type Raw = Self;

            fn resolve(written: Self, _environment: &Environment) -> Result<Self, String> {
                Ok(written)
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

number_setting!(u32, usize);

impl ParseSetting for bool {
    const KIND: &'static str = "true or false";

    fn from_toml(value: &DeValue<'_>, _base: &Path) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| expected::<Self>(value))
    }

    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(format!("expected {}, found {text:?}", Self::KIND)),
        }
    }
}

impl Setting for bool {
    type Raw = bool;

    fn resolve(written: bool, _environment: &Environment) -> Result<Self, String> {
        Ok(written)
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A percentage of requests; `true` is 100 and `false` is 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentage(pub f64);

impl ParseSetting for Percentage {
    const KIND: &'static str = "true, false or a percentage from 0 to 100";

    fn from_toml(value: &DeValue<'_>, _base: &Path) -> Result<Self, String> {
        match value {
            DeValue::Float(number) => Self::from_text(number.as_str()),
            DeValue::Integer(number) => Self::from_text(number.as_str()),
            DeValue::Boolean(true) => Ok(Percentage(100.0)),
            DeValue::Boolean(false) => Ok(Percentage(0.0)),
            other => Err(expected::<Self>(other)),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number) if (0.0..=100.0).contains(&number) => Ok(Percentage(number)),
            _ => Err(format!("expected {}, found {text}", Self::KIND)),
        }
    }
}

/// A share, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio(pub f64);

impl ParseSetting for Ratio {
    const KIND: &'static str = "a number from 0 to 1";

    fn from_toml(value: &DeValue<'_>, _base: &Path) -> Result<Self, String> {
        match value {
            DeValue::Float(number) => Self::from_text(number.as_str()),
            DeValue::Integer(number) => Self::from_text(number.as_str()),
            other => Err(expected::<Self>(other)),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number) if (0.0..=1.0).contains(&number) => Ok(Ratio(number)),
            _ => Err(format!("expected {}, found {text}", Self::KIND)),
        }
    }
}

impl Setting for Ratio {
    type Raw = Ratio;

    fn resolve(written: Ratio, _environment: &Environment) -> Result<Self, String> {
        Ok(written)
    }

    fn show(&self) -> String {
        format!("{:?}", self.0)
    }
}
