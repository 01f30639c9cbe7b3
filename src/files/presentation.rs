//! How a file is declared to a browser: its content type, and `Content-Disposition` with its name.
//!
//! What an upstream declares is not trusted: a type that can run scripts in the gateway's origin, or one that is not on the
//! list, becomes `application/octet-stream`, which browsers save and do not show. A name loses everything that could lead out
//! of a folder or deceive a reader.

use http::HeaderValue;

/// The type of a file of which nothing else is known.
pub const UNKNOWN_TYPE: &str = "application/octet-stream";

/// The longest name, in characters.
const LONGEST_NAME: usize = 120;

/// A media type without its parameters, in lower case; `None` if it is none.
pub fn essence(content_type: &str) -> Option<String> {
    let essence = content_type.split(';').next()?.trim();
    let (kind, subtype) = essence.split_once('/')?;
    let is_token = |text: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !text.is_empty() && text.len() <= 127 && text.bytes().all(allowed)
    };
    (is_token(kind) && is_token(subtype)).then(|| essence.to_ascii_lowercase())
}

/// Whether a list of types (`image/png`, `image/*`) has a media type.
pub fn is_listed<T: AsRef<str>>(types: &[T], essence: &str) -> bool {
    types.iter().any(|listed| {
        let listed = listed.as_ref();
        let of_kind = listed.strip_suffix('*').and_then(|kind| {
            let rest = essence.get(..kind.len())?;
            Some(kind.ends_with('/') && rest.eq_ignore_ascii_case(kind))
        });
        of_kind.unwrap_or(listed.eq_ignore_ascii_case(essence))
    })
}

/// The content type to send, with the charset of texts; `None` if it is not on the list.
pub fn listed_type<T: AsRef<str>>(types: &[T], declared: Option<&str>) -> Option<String> {
    let declared = declared?;
    let essence = essence(declared).filter(|essence| is_listed(types, essence))?;
    let charset = declared.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let fits = name.trim().eq_ignore_ascii_case("charset")
            && (1..=40).contains(&value.len())
            && value.bytes().all(is_plain);
        fits.then(|| value.to_owned())
    });
    match charset {
        Some(charset) if essence.starts_with("text/") => {
            Some(format!("{essence}; charset={charset}"))
        }
        _ => Some(essence),
    }
}

/// A file name without folders, control characters and characters that are special somewhere; `None` if nothing is left.
pub fn plain_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_plain = |c: &char| {
        // Marks of direction can make `exe.pdf` of `fdp.exe`.
        let turns = matches!(*c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        !c.is_control() && !turns && !"\"<>:|?*".contains(*c)
    };
    let name: String = last.chars().filter(is_plain).collect();
    let name = name.trim_matches([' ', '.']);
    let extension = name.rfind('.').filter(|at| name.len() - at <= 10);
    let (stem, extension) = name.split_at(extension.unwrap_or(name.len()));
    let room = LONGEST_NAME.saturating_sub(extension.chars().count());
    let stem: String = stem.chars().take(room).collect();
    (!stem.is_empty()).then(|| format!("{stem}{extension}"))
}

/// The file name in a `Content-Disposition` (RFC 6266): `filename*` if it is UTF-8, else `filename`.
pub fn name_in(disposition: &str) -> Option<String> {
    let mut plain = None;
    let mut rest = disposition;
    // Parameters are separated by semicolons, which a quoted text may have too.
    while let Some(at) = rest.find(';') {
        let after = rest[at + 1..].trim_start();
        let (name, value) = after.split_once('=')?;
        let (value, left) = match value.trim_start().strip_prefix('"') {
            Some(quoted) => quoted_text(quoted)?,
            None => {
                let end = value.find(';').unwrap_or(value.len());
                (value[..end].trim().to_owned(), &value[end..])
            }
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "filename*" => {
                let encoded = value
                    .get(..7)
                    .filter(|it| it.eq_ignore_ascii_case("utf-8''"));
                if encoded.is_some() {
                    let name = percent_encoding::percent_decode_str(&value[7..]).decode_utf8();
                    return plain_name(&name.ok()?);
                }
            }
            "filename" => plain = Some(value),
            _ => {}
        }
        rest = left;
    }
    plain_name(&plain?)
}

/// A quoted text after its first quotation mark, and what follows it.
fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

/// `Content-Disposition` with a name: `filename` for old clients, and `filename*` (RFC 8187) if that cannot say it.
pub fn disposition(inline: bool, name: &str) -> HeaderValue {
    let kind = if inline { "inline" } else { "attachment" };
    let is_simple = |c: char| c.is_ascii_graphic() && !"\"\\%".contains(c) || c == ' ';
    let simple: String = name
        .chars()
        .map(|c| if is_simple(c) { c } else { '_' })
        .collect();
    let mut text = format!("{kind}; filename=\"{simple}\"");
    if simple != name {
        text.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            match byte.is_ascii_alphanumeric() || b"-._~!#$&+^`|".contains(&byte) {
                true => text.push(char::from(byte)),
                false => text.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_types_are_passed_on() {
        let types = ["application/pdf", "image/*", "text/plain"];
        for (declared, expected) in [
            (Some("application/pdf"), Some("application/pdf")),
            (Some("Application/PDF; x=y"), Some("application/pdf")),
            (Some("image/png"), Some("image/png")),
            (Some("imagex/png"), None),
            (Some("text/html"), None),
            (
                Some("text/plain; charset=\"UTF-8\""),
                Some("text/plain; charset=UTF-8"),
            ),
            (Some("text/plain; charset=a\"b"), Some("text/plain")),
            (Some("application/pdf\u{e9}"), None),
            (Some("multipart/form-data"), None),
            (Some("/"), None),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(
                listed_type(&types, declared).as_deref(),
                expected,
                "{declared:?}"
            );
        }
    }

    #[test]
    fn names_lead_nowhere() {
        let long = format!("{}.pdf", "a".repeat(300));
        let cut = format!("{}.pdf", "a".repeat(116));
        for (name, expected) in [
            ("certificate.pdf", Some("certificate.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\files\\a.pdf", Some("a.pdf")),
            ("..", None),
            ("", None),
            (".htaccess", Some("htaccess")),
            ("a\r\nSet-Cookie: b.pdf", Some("aSet-Cookie b.pdf")),
            ("fdp\u{202e}.exe", Some("fdp.exe")),
            ("प्रमाण पत्र.pdf", Some("प्रमाण पत्र.pdf")),
            (&long, Some(&*cut)),
        ] {
            assert_eq!(plain_name(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn names_of_upstreams_are_read() {
        for (header, expected) in [
            ("attachment; filename=\"a b.pdf\"", Some("a b.pdf")),
            ("attachment; filename=a.pdf; size=3", Some("a.pdf")),
            (
                "inline; filename=\"x\"; filename*=UTF-8''%e0%a4%95.pdf",
                Some("क.pdf"),
            ),
            ("attachment; filename=\"a;b\\\"c.pdf\"", Some("a;bc.pdf")),
            ("attachment; filename=\"../../x.sh\"", Some("x.sh")),
            ("attachment; filename=\"open", None),
            ("attachment", None),
        ] {
            assert_eq!(name_in(header).as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn a_disposition_has_the_name_in_both_forms() {
        let shown = |inline, name| disposition(inline, name).to_str().unwrap().to_owned();
        assert_eq!(shown(true, "a b.pdf"), "inline; filename=\"a b.pdf\"");
        assert_eq!(
            shown(false, "क%.pdf"),
            "attachment; filename=\"__.pdf\"; filename*=UTF-8''%E0%A4%95%25.pdf"
        );
    }
}
