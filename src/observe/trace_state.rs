//! The `tracestate` header of W3C Trace Context (level 1), which vendors of tracing systems use beside `traceparent`.
//!
//! The gateway does not read its members and adds none. It passes complete members on to upstreams, and never logs them.

use http::{HeaderMap, HeaderValue};

/// The longest value that is passed on: the minimum that the specification requires.
const LONGEST: usize = 512;
/// When the value is too long, members longer than this are dropped first.
const LONG_MEMBER: usize = 128;
/// The most members of a valid value.
const MEMBERS: usize = 32;

/// The value to pass on: all members in their order; when they are too long, without long members and then without the
/// last ones. `None` when the header is missing or invalid.
pub fn passed_on(client: &HeaderMap) -> Option<HeaderValue> {
    let mut members = Vec::new();
    for value in client.get_all("tracestate") {
        let value = value.to_str().ok()?;
        let of_header = value
            .split(',')
            .map(|member| member.trim_matches([' ', '\t']));
        members.extend(
            of_header
                .filter(|member| !member.is_empty())
                .take(MEMBERS + 1),
        );
        if members.len() > MEMBERS {
            return None;
        }
    }
    if !members.iter().all(|member| is_member(member)) {
        return None;
    }
    if length(&members) > LONGEST {
        members.retain(|member| member.len() <= LONG_MEMBER);
    }
    while length(&members) > LONGEST {
        members.pop();
    }
    let text = members.join(",");
    (!text.is_empty()).then(|| HeaderValue::try_from(text).ok())?
}

fn length(members: &[&str]) -> usize {
    members
        .iter()
        .map(|member| member.len() + 1)
        .sum::<usize>()
        .saturating_sub(1)
}

/// `key=value`.
fn is_member(text: &str) -> bool {
    let key_byte =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte);
    text.split_once('=').is_some_and(|(key, value)| {
        !key.is_empty()
            && key.bytes().all(key_byte)
            && !value.is_empty()
            && value
                .bytes()
                .all(|byte| matches!(byte, b' '..=b'~') && byte != b'=')
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn passed(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("tracestate", HeaderValue::from_str(value).unwrap());
        }
        Some(passed_on(&headers)?.to_str().unwrap().to_owned())
    }

    #[test]
    fn one_list_in_its_order() {
        for (values, expected) in [
            (&["a=1,b@c=2"][..], Some("a=1,b@c=2")),
            (&["a=1 , b=x y", "", "c=3,,"], Some("a=1,b=x y,c=3")),
            (&[], None),
            (&[" , "], None),
            (&["a"], None),
            (&["a=1,b"], None),
            (&["A=1"], None),
            (&["a=1=2"], None),
            (&["a=\u{e9}"], None),
        ] {
            assert_eq!(passed(values).as_deref(), expected, "{values:?}");
        }
    }

    #[test]
    fn what_is_too_long_loses_whole_members() {
        let member = |key: &str, length: usize| format!("{key}={}", "v".repeat(length - 2));
        let fitting = [member("a", 256), member("b", 255)].join(",");
        assert_eq!(passed(&[&fitting]), Some(fitting.clone()));
        // One byte too many: long members are dropped first, in any position.
        let (short, last) = (member("a", 100), member("z", 3));
        let long = [short.clone(), member("b", 409), last.clone()].join(",");
        assert_eq!(passed(&[&long]), Some([short.clone(), last].join(",")));
        // Then the last ones.
        let many = [&*short; 6].join(",");
        assert_eq!(passed(&[&many]), Some([&*short; 5].join(",")));
        let most: Vec<String> = (0..32).map(|n| format!("k{n}=1")).collect();
        assert!(passed(&[&most.join(",")]).is_some());
        assert_eq!(passed(&[&most.join(","), "k=1"]), None);
    }
}
