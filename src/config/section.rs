//! The macro that declares a section of settings. One declaration gives the raw type, the resolved type, the defaults, the
//! environment variables and the documentation, so these cannot differ.

use std::ops::{Bound, RangeBounds};
use std::path::Path;

use toml::de::DeValue;

use super::environment::Environment;
use super::value::Setting;

/// The documentation of one setting.
#[derive(Debug, Clone)]
pub struct SettingDoc {
    /// Its key within its section.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: &'static str,
    /// Its default as TOML; empty for none.
    pub default: String,
    /// The values it may have, in words; empty if its kind says all.
    pub range: String,
    /// Its description.
    pub doc: String,
}

/// The raw form of a section: the values that the file, the environment and the flags set; `None` for the others.
pub trait Section: Default + Clone {
    /// The resolved form.
    type Resolved;

    /// The description of the section.
    const ABOUT: &'static str;

    /// The keys, in the order of their declaration.
    const NAMES: &'static [&'static str];

    /// Every setting with its documentation.
    fn entries() -> Vec<SettingDoc>;

    /// Sets a key from TOML. `None` when there is no such key.
    fn set(&mut self, name: &str, value: &DeValue<'_>, base: &Path) -> Option<Result<(), String>>;

    /// Sets a key from the text of an environment variable. `None` when there is no such key.
    fn set_text(&mut self, name: &str, text: &str) -> Option<Result<(), String>>;

    /// Overlays `self` on `lower`.
    fn over(self, lower: Self) -> Self;

    /// Applies the defaults and reads the secrets. Errors are pairs of key and message.
    fn resolve(
        self,
        environment: &Environment,
    ) -> Result<Self::Resolved, Vec<(&'static str, String)>>;
}

/// A range in words: `at least 1`, `1 to 100`.
pub(super) fn range_words<T: Setting>(range: &impl RangeBounds<T>) -> String {
    let bound = |bound: Bound<&T>| match bound {
        Bound::Included(value) | Bound::Excluded(value) => Some(value.show().replace('"', "")),
        Bound::Unbounded => None,
    };
    match (bound(range.start_bound()), bound(range.end_bound())) {
        (Some(least), Some(greatest)) => format!("{least} to {greatest}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(greatest)) => format!("at most {greatest}"),
        (None, None) => String::new(),
    }
}

/// A value that is within its range.
pub(super) fn within<T>(value: T, range: &impl RangeBounds<T>) -> Result<T, String>
where
    T: Setting + PartialOrd,
{
    if range.contains(&value) {
        return Ok(value);
    }
    let value = value.show().replace('"', "");
    Err(format!("{value} is out of range, {}", range_words(range)))
}

/// Declares a section: `section! { /// doc  Limits, RawLimits { /// doc  depth: usize = 15 => 1.., } }`. The range after
/// `=>` may be left out.
macro_rules! section {
    (
        $(#[doc = $doc:literal])*
        $name:ident, $raw:ident {
            $( $(#[doc = $field_doc:literal])* $field:ident : $type:ty = $default:expr $(=> $range:expr)?, )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            $( $(#[doc = $field_doc])* pub $field: $type, )*
        }

        impl Default for $name {
            fn default() -> Self {
                $name { $( $field: $default, )* }
            }
        }

        #[doc = concat!("[`", stringify!($name), "`] as written: `None` for keys that are not set.")]
        #[derive(Debug, Clone, Default)]
        pub struct $raw {
            $( $(#[doc = $field_doc])* pub $field: Option<<$type as $crate::config::value::Setting>::Raw>, )*
        }

        impl $crate::config::section::Section for $raw {
            type Resolved = $name;

            const ABOUT: &'static str = concat!($($doc, "\n"),*);

            const NAMES: &'static [&'static str] = &[$( stringify!($field), )*];

            fn entries() -> Vec<$crate::config::section::SettingDoc> {
                use $crate::config::value::{Setting, ParseSetting};
                let defaults = $name::default();
                vec![$(
                    $crate::config::section::SettingDoc {
                        name: stringify!($field),
                        kind: <<$type as Setting>::Raw as ParseSetting>::KIND,
                        default: Setting::show(&defaults.$field),
                        range: String::new() $(+ &$crate::config::section::range_words::<$type>(&($range)))?,
                        doc: concat!($($field_doc, "\n"),*).trim().to_owned(),
                    },
                )*]
            }

            fn set(
                &mut self,
                name: &str,
                value: &toml::de::DeValue<'_>,
                base: &std::path::Path,
            ) -> Option<Result<(), String>> {
                use $crate::config::value::ParseSetting;
                match name {
                    $( stringify!($field) => {
                        let value = ParseSetting::from_toml(value, base);
                        $( let value = value.and_then(|value| $crate::config::section::within(value, &($range))); )?
                        Some(value.map(|value| self.$field = Some(value)))
                    } )*
                    _ => None,
                }
            }

            fn set_text(&mut self, name: &str, text: &str) -> Option<Result<(), String>> {
                use $crate::config::value::ParseSetting;
                match name {
                    $( stringify!($field) => {
                        let value = ParseSetting::from_text(text);
                        $( let value = value.and_then(|value| $crate::config::section::within(value, &($range))); )?
                        Some(value.map(|value| self.$field = Some(value)))
                    } )*
                    _ => None,
                }
            }

            fn over(self, lower: Self) -> Self {
                $raw { $( $field: self.$field.or(lower.$field), )* }
            }

            fn resolve(
                self,
                environment: &$crate::config::Environment,
            ) -> Result<$name, Vec<(&'static str, String)>> {
                use $crate::config::value::Setting;
                let mut resolved = $name::default();
                let mut problems = Vec::new();
                $(
                    if let Some(written) = self.$field {
                        match <$type as Setting>::resolve(written, environment) {
                            Ok(value) => resolved.$field = value,
                            Err(problem) => problems.push((stringify!($field), problem)),
                        }
                    }
                )*
                if problems.is_empty() { Ok(resolved) } else { Err(problems) }
            }
        }
    };
}

pub(crate) use section;
