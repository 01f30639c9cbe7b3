//! The types of settings: how each is parsed from TOML and from text, and how the documentation shows it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;

use super::secret::{Secret, SecretRef};
use super::{Environment, toml_value};

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

fn expected<T: ParseSetting>(value: &DeValue<'_>) -> String {
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
        impl ParseSetting for $type {
            const KIND: &'static str = $kind;

            fn from_toml(value: &DeValue<'_>, _base: &Path) -> Result<Self, String> {
                match value {
                    DeValue::String(text) => Self::from_text(text),
                    other => Err(expected::<Self>(other)),
                }
            }

            fn from_text(text: &str) -> Result<Self, String> {
                let parse: fn(&str) -> Option<$type> = $parse;
                parse(text).ok_or_else(|| format!("expected {}, found {text:?}", Self::KIND))
            }
        }

        impl Setting for $type {
            type Raw = Self;

            fn resolve(written: Self, _environment: &Environment) -> Result<Self, String> {
                Ok(written)
            }

            fn show(&self) -> String {
                let show: fn(&$type) -> String = $show;
                show(self)
            }
        }
    )*};
}

text_setting! {
    String, "a text", |text| Some(text.to_owned()), |value| format!("{value:?}");
    SocketAddr, "an address such as \"127.0.0.1:4000\"", |text| text.parse().ok(), |value| format!("\"{value}\"");
    Duration, "a duration such as \"5s\" or \"200ms\"", |text| humantime::parse_duration(text).ok(),
        |value| format!("\"{}\"", humantime::format_duration(*value));
    HttpUrl, "an absolute URL such as \"https://host/path\"", HttpUrl::new, |value| format!("\"{}\"", value.0);
    LogLevel, "one of \"error\", \"warn\", \"info\", \"debug\"", LogLevel::parse, |value| format!("\"{}\"", value.name());
    LogFormat, "one of \"json\", \"text\"", LogFormat::parse, |value| format!("\"{}\"", value.name());
    Audience, "one of \"public\", \"operators\"", Audience::parse, |value| format!("\"{}\"", value.name());
    CostMode, "one of \"enforce\", \"log\", \"off\"", CostMode::parse, |value| format!("\"{}\"", value.name());
    LogRequests, "one of \"none\", \"problems\", \"all\"", LogRequests::parse, |value| format!("\"{}\"", value.name());
    DnsResolver, "one of \"builtin\", \"system\"", DnsResolver::parse, |value| format!("\"{}\"", value.name());
}

/// Declares an enum of names.
macro_rules! names {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $variant_doc:literal])* $variant:ident = $text:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[doc = $variant_doc])* $variant,)* }

        impl $name {
            /// The name in settings.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            fn parse(text: &str) -> Option<$name> {
                match text { $($text => Some($name::$variant),)* _ => None }
            }
        }
    };
}

names! {
    /// How much is logged.
    LogLevel {
        /// Failures that an operator must look at.
        Error = "error",
        /// Conditions that may need attention.
        Warn = "warn",
        /// Normal events, such as start and stop.
        Info = "info",
        /// Details for finding a fault.
        Debug = "debug",
    }
}

names! {
    /// Who may see call statistics.
    Audience {
        /// Every client, and operators.
        Public = "public",
        /// Operators only.
        Operators = "operators",
    }
}

names! {
    /// What happens to operations that cost more than the maximum.
    CostMode {
        /// They are refused.
        Enforce = "enforce",
        /// They are executed and counted.
        Log = "log",
        /// Costs are not computed.
        Off = "off",
    }
}

names! {
    /// The format of log lines.
    LogFormat {
        /// One JSON object per line.
        Json = "json",
        /// For reading at a terminal.
        Text = "text",
    }
}

names! {
    /// Which requests get a log line.
    LogRequests {
        /// None of them.
        None = "none",
        /// Those that were refused or that failed.
        Problems = "problems",
        /// Every request.
        All = "all",
    }
}

names! {
    /// How host names are resolved.
    DnsResolver {
        /// The gateway queries the name servers itself.
        Builtin = "builtin",
        /// The C library, as configured in `/etc/nsswitch.conf`.
        System = "system",
    }
}

/// An absolute `http` or `https` URL without user name, password or fragment, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl(String);

impl HttpUrl {
    /// Parses a URL; `None` when it is not valid here.
    pub fn new(text: &str) -> Option<HttpUrl> {
        let url = url::Url::parse(text).ok()?;
        let fits = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        fits.then(|| HttpUrl(text.to_owned()))
    }

    /// The URL as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

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

impl ParseSetting for SecretRef {
    const KIND: &'static str = "a secret by reference: { env = \"NAME\" } or { file = \"path\" }";

    fn from_toml(value: &DeValue<'_>, base: &Path) -> Result<Self, String> {
        match value {
            DeValue::Table(table) => toml_value::secret_ref(table, base)
                .ok_or_else(|| format!("expected {}", Self::KIND)),
            other => Err(expected::<Self>(other)),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(SecretRef::Given(Secret::new(text)))
    }
}

impl Setting for Secret {
    type Raw = SecretRef;

    fn resolve(written: SecretRef, environment: &Environment) -> Result<Self, String> {
        written.resolve(environment)
    }

    fn show(&self) -> String {
        super::secret::MASK.to_owned()
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
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

    #[test]
    fn urls_hold_no_credentials() {
        assert!(HttpUrl::from_text("https://dggi.example.gov.in/api").is_ok());
        for text in [
            "dggi.example",
            "ftp://x/",
            "https://user:pass@host/",
            "/path",
        ] {
            assert!(HttpUrl::from_text(text).is_err(), "{text}");
        }
    }
}
