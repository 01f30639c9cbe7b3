//! Origins of web pages, for CORS.

use super::setting::text_setting;

/// The origins that one entry of `cors.origins` allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// `*`: any.
    Any,
    /// This one, as browsers write it.
    One(String),
    /// This scheme and host with any port, and without one: `http://localhost:*`.
    AnyPort(String),
}

impl AllowedOrigin {
    /// Parses an entry; `None` when it has a path, or is no origin for another reason.
    pub fn new(text: &str) -> Option<AllowedOrigin> {
        match text {
            "*" => return Some(AllowedOrigin::Any),
            // What browsers send for pages without an origin, such as files.
            "null" => return Some(AllowedOrigin::One(text.to_owned())),
            _ => {}
        }
        match text.strip_suffix(":*") {
            Some(host) => {
                let without_port = host.rsplit(':').next()?;
                let digits = without_port.bytes().all(|byte| byte.is_ascii_digit());
                (!digits).then_some(())?;
                Some(AllowedOrigin::AnyPort(as_browsers_write(host)?))
            }
            None => Some(AllowedOrigin::One(as_browsers_write(text)?)),
        }
    }

    /// Whether it allows the value of a header `Origin`.
    pub fn allows(&self, origin: &[u8]) -> bool {
        match self {
            AllowedOrigin::Any => true,
            AllowedOrigin::One(one) => origin == one.as_bytes(),
            AllowedOrigin::AnyPort(host) => match origin.strip_prefix(host.as_bytes()) {
                Some([]) => true,
                Some([b':', port @ ..]) => port.iter().all(u8::is_ascii_digit),
                _ => false,
            },
        }
    }

    fn show(&self) -> String {
        match self {
            AllowedOrigin::Any => "\"*\"".to_owned(),
            AllowedOrigin::One(one) => format!("{one:?}"),
            AllowedOrigin::AnyPort(host) => format!("{:?}", format!("{host}:*")),
        }
    }
}

/// The origin without the default port of its scheme, and with its host in ASCII.
fn as_browsers_write(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let plain = matches!(url.path(), "" | "/")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && !text.contains('*');
    if !plain {
        return None;
    }
    Some(match url.origin() {
        // Of an application or a browser's extension: `capacitor://localhost`.
        url::Origin::Opaque(_) => text.trim_end_matches('/').to_owned(),
        origin => origin.ascii_serialization(),
    })
}

text_setting! {
    AllowedOrigin, "an origin without a path such as \"https://dashboard.example.gov.in\" or \"http://localhost:*\"",
        AllowedOrigin::new, AllowedOrigin::show;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::AllowedOrigin;

    fn allows(entry: &str, origin: &str) -> bool {
        AllowedOrigin::new(entry).unwrap().allows(origin.as_bytes())
    }

    #[test]
    fn an_entry_allows_one_origin_or_its_ports() {
        for (entry, origin) in [
            ("*", "https://a.example"),
            ("null", "null"),
            ("https://a.example", "https://a.example"),
            ("https://a.example/", "https://a.example"),
            ("HTTPS://A.example:443", "https://a.example"),
            ("https://a.example:8443", "https://a.example:8443"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("http://localhost:*", "http://localhost:5173"),
            ("http://localhost:*", "http://localhost"),
            ("http://[::1]:*", "http://[::1]:3000"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert!(allows(entry, origin), "{entry} {origin}");
        }
        for (entry, origin) in [
            ("https://a.example", "http://a.example"),
            ("https://a.example", "https://a.example.evil.example"),
            ("http://localhost:*", "https://localhost:5173"),
            ("http://localhost:*", "http://localhost.evil.example"),
            ("http://localhost:*", "http://localhost:80.evil.example"),
            ("http://localhost:*", "http://localhostx"),
        ] {
            assert!(!allows(entry, origin), "{entry} {origin}");
        }
    }

    #[test]
    fn an_entry_is_an_origin() {
        for entry in [
            "",
            "a.example",
            "https://a.example/path",
            "https://a.example?query",
            "https://user@a.example",
            "https://*.example",
            "http://localhost:80:*",
            "http://localhost:*/",
            "https://",
        ] {
            assert_eq!(AllowedOrigin::new(entry), None, "{entry}");
        }
    }
}
