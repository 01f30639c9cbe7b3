//! A text of a received document.

use std::borrow::Cow;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// Borrowed where nothing in it is escaped, also in an `Option`: an `Option<Cow<str>>` is always copied, because serde borrows only
/// for a field whose type is `Cow<str>` itself.
#[derive(Clone, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_is_borrowed() -> Result<(), serde_json::Error> {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            name: Option<Text<'a>>,
        }
        for (document, is_borrowed) in [(r#"{"name":"a"}"#, true), (r#"{"name":"\n"}"#, false)] {
            let named: Named<'_> = serde_json::from_str(document)?;
            let borrowed = named.name.map(|text| matches!(text.0, Cow::Borrowed(_)));
            assert_eq!(borrowed, Some(is_borrowed), "{document}");
        }
        Ok(())
    }
}
