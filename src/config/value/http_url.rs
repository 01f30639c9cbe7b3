//! URLs of upstreams.

use super::setting::text_setting;

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

text_setting! {
    HttpUrl, "an absolute URL such as \"https://host/path\"", HttpUrl::new, |value| format!("\"{}\"", value.as_str());
}

#[cfg(test)]
mod tests {
    use super::HttpUrl;
    use crate::config::value::ParseSetting;

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
