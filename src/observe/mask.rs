//! Masks known secrets in a text. This is a second line of defence: the first is the list of allowed fields.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Shorter secrets are not masked: they would match ordinary words.
const SHORTEST: usize = 6;

/// The characters that are percent-encoded in a URL.
const RESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Texts that must not be shown.
#[derive(Clone, Default)]
pub struct Masker {
    /// Longest first, so that a secret which contains another one is masked completely.
    texts: Vec<String>,
}

impl Masker {
    /// Masks these secrets, also in their JSON and URL encodings.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Masker {
        let mut texts = Vec::new();
        for secret in secrets {
            if secret.len() < SHORTEST {
                continue;
            }
            let json = serde_json::Value::from(secret).to_string();
            texts.push(json[1..json.len() - 1].to_owned());
            texts.push(utf8_percent_encode(secret, &RESERVED).to_string());
            texts.push(secret.to_owned());
        }
        texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        texts.dedup();
        Masker { texts }
    }

    /// The text with `***` in place of every secret.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut masked = Cow::Borrowed(text);
        for secret in &self.texts {
            if masked.contains(secret) {
                masked = Cow::Owned(masked.replace(secret, crate::config::MASK));
            }
        }
        masked
    }
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Masker({} texts)", self.texts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_a_secret_however_it_is_written() {
        let masker = Masker::new(["can/ary \"7\"", "canary", "abc"]);
        assert_eq!(
            masker.mask(
                r#"a can/ary "7" b {"k":"can/ary \"7\""} ?k=can%2Fary%20%227%22 xcanaryx abc"#
            ),
            r#"a *** b {"k":"***"} ?k=*** x***x abc"#
        );
        assert!(matches!(masker.mask("nothing"), Cow::Borrowed(_)));
    }
}
