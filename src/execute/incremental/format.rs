//! The JSON of the payloads of an incremental response, in each format.

use crate::document::write_json_string;
use crate::response::write::{KeptElement, write_kept};

/// How the parts of an incremental response are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncrementalFormat {
    /// `pending`, `incremental` and `completed` (`incrementalSpec=v0.2`).
    V02,
    /// `incremental` with paths and labels, and `hasNext` (`deferSpec=20220824`).
    DeferSpec2022,
}

/// A deferred fragment of an object, or a list of which elements follow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'t> {
    pub(super) id: u32,
    pub(super) path: &'t [KeptElement],
    pub(super) label: Option<&'t str>,
}

/// Data of a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartData<'t> {
    pub(super) part: Part<'t>,
    /// Where the data belongs, from the root of the response.
    pub(super) path: &'t [KeptElement],
    pub(super) value: PartValue<'t>,
    /// The elements of `errors`.
    pub(super) errors: &'t [u8],
}

/// JSON of a part.
#[derive(Debug, Clone, Copy)]
pub(super) enum PartValue<'t> {
    /// An object.
    Data(&'t [u8]),
    /// A list of elements, of which the first has this index; null if there are none.
    Items { first: u32, text: &'t [u8] },
}

/// The end of a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending<'t> {
    pub(super) part: Part<'t>,
    /// If it has failed: the elements of `errors`.
    pub(super) errors: Option<&'t [u8]>,
    /// Of a list: the index of the element that failed.
    pub(super) at: Option<u32>,
}

/// A payload after the first one.
#[derive(Debug, Default)]
pub(super) struct NextPayload<'t> {
    pub(super) pending: Vec<Part<'t>>,
    pub(super) incremental: Vec<PartData<'t>>,
    /// Complete parts, and parts that have failed.
    pub(super) completed: Vec<Ending<'t>>,
    pub(super) has_next: bool,
}

/// Appends the members of the first payload that follow its data and errors.
pub(super) fn write_first(format: IncrementalFormat, pending: &[Part<'_>], out: &mut Vec<u8>) {
    if format == IncrementalFormat::V02 {
        out.extend_from_slice(b",\"pending\":");
        write_list(pending, out, write_pending);
    }
    out.extend_from_slice(b",\"hasNext\":true");
}

impl NextPayload<'_> {
    /// Appends the payload up to its `extensions`, without the closing brace.
    pub(super) fn write(&self, format: IncrementalFormat, out: &mut Vec<u8>) {
        out.push(b'{');
        match format {
            IncrementalFormat::V02 => self.write_v02(out),
            IncrementalFormat::DeferSpec2022 => self.write_2022(out),
        }
        out.extend_from_slice(b"\"hasNext\":");
        out.extend_from_slice(if self.has_next { b"true" } else { b"false" });
    }

    fn write_v02(&self, out: &mut Vec<u8>) {
        if !self.pending.is_empty() {
            out.extend_from_slice(b"\"pending\":");
            write_list(&self.pending, out, write_pending);
            out.push(b',');
        }
        if !self.incremental.is_empty() {
            out.extend_from_slice(b"\"incremental\":");
            write_list(&self.incremental, out, |one, out| {
                write_id(&one.part, out);
                let below = &one.path[one.part.path.len()..];
                if !below.is_empty() {
                    write_path("subPath", below, out);
                }
                write_value(one, out);
                out.push(b'}');
            });
            out.push(b',');
        }
        if !self.completed.is_empty() {
            out.extend_from_slice(b"\"completed\":");
            write_list(&self.completed, out, |ending, out| {
                write_id(&ending.part, out);
                if let Some(errors) = ending.errors {
                    write_errors(errors, out);
                }
                out.push(b'}');
            });
            out.push(b',');
        }
    }

    fn write_2022(&self, out: &mut Vec<u8>) {
        let failed = self.completed.iter().filter_map(|ending| {
            let text = b"null";
            Some(PartData {
                part: ending.part,
                path: ending.part.path,
                value: match ending.at {
                    Some(first) => PartValue::Items { first, text },
                    None => PartValue::Data(text),
                },
                errors: ending.errors?,
            })
        });
        let all: Vec<PartData<'_>> = self.incremental.iter().copied().chain(failed).collect();
        if all.is_empty() {
            return;
        }
        out.extend_from_slice(b"\"incremental\":");
        write_list(&all, out, |one, out| {
            out.extend_from_slice(b"{\"path\":[");
            write_kept(one.path, out);
            if let PartValue::Items { first, .. } = one.value {
                out.extend_from_slice(format!(",{first}").as_bytes());
            }
            out.push(b']');
            write_label(one.part.label, out);
            write_value(one, out);
            out.push(b'}');
        });
        out.push(b',');
    }
}

fn write_list<T>(all: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (index, one) in all.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(one, out);
    }
    out.push(b']');
}

fn write_pending(part: &Part<'_>, out: &mut Vec<u8>) {
    write_id(part, out);
    write_path("path", part.path, out);
    write_label(part.label, out);
    out.push(b'}');
}

/// Opens an object with the id of a part.
fn write_id(part: &Part<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{{\"id\":\"{}\"", part.id).as_bytes());
}

fn write_path(name: &str, path: &[KeptElement], out: &mut Vec<u8>) {
    out.extend_from_slice(format!(",\"{name}\":[").as_bytes());
    write_kept(path, out);
    out.push(b']');
}

fn write_label(label: Option<&str>, out: &mut Vec<u8>) {
    if let Some(label) = label {
        out.extend_from_slice(b",\"label\":");
        write_json_string(label, out);
    }
}

fn write_value(one: &PartData<'_>, out: &mut Vec<u8>) {
    let (name, text) = match one.value {
        PartValue::Data(text) => (&b",\"data\":"[..], text),
        PartValue::Items { text, .. } => (&b",\"items\":"[..], text),
    };
    out.extend_from_slice(name);
    out.extend_from_slice(text);
    if !one.errors.is_empty() {
        write_errors(one.errors, out);
    }
}

fn write_errors(errors: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"errors\":[");
    out.extend_from_slice(errors);
    out.push(b']');
}

/// Appends the elements of a JSON list to those of another one.
pub(super) fn join(all: &mut Vec<u8>, more: &[u8]) {
    if !all.is_empty() && !more.is_empty() {
        all.push(b',');
    }
    all.extend_from_slice(more);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn path() -> Vec<KeptElement> {
        let name = |name: &str| KeptElement::Field(Arc::from(name));
        vec![name("a"), KeptElement::Index(2), name("b")]
    }

    fn text(payload: &NextPayload<'_>, format: IncrementalFormat) -> String {
        let mut out = Vec::new();
        payload.write(format, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn payloads_have_the_members_of_their_format() {
        let path = path();
        let part = |id, length: usize, label| Part {
            id,
            path: &path[..length],
            label,
        };
        let ended = |part, errors, at| Ending { part, errors, at };
        let payload = NextPayload {
            pending: vec![part(3, 0, None)],
            incremental: vec![PartData {
                part: part(1, 2, Some("x")),
                path: &path,
                value: PartValue::Data(b"{\"c\":1}"),
                errors: b"{}",
            }],
            completed: vec![
                ended(part(1, 2, Some("x")), None, None),
                ended(part(2, 2, None), Some(b"{}"), None),
            ],
            has_next: true,
        };
        assert_eq!(
            text(&payload, IncrementalFormat::V02),
            concat!(
                r#"{"pending":[{"id":"3","path":[]}],"#,
                r#""incremental":[{"id":"1","subPath":["b"],"data":{"c":1},"errors":[{}]}],"#,
                r#""completed":[{"id":"1"},{"id":"2","errors":[{}]}],"hasNext":true"#
            )
        );
        assert_eq!(
            text(&payload, IncrementalFormat::DeferSpec2022),
            concat!(
                r#"{"incremental":[{"path":["a",2,"b"],"label":"x","data":{"c":1},"errors":[{}]},"#,
                r#"{"path":["a",2],"data":null,"errors":[{}]}],"hasNext":true"#
            )
        );
        let items = NextPayload {
            incremental: vec![PartData {
                part: part(1, 3, Some("x")),
                path: &path,
                value: PartValue::Items {
                    first: 5,
                    text: b"[1,2]",
                },
                errors: b"",
            }],
            completed: vec![ended(part(1, 3, None), Some(b"{}"), Some(7))],
            ..NextPayload::default()
        };
        assert_eq!(
            text(&items, IncrementalFormat::V02),
            concat!(
                r#"{"incremental":[{"id":"1","items":[1,2]}],"#,
                r#""completed":[{"id":"1","errors":[{}]}],"hasNext":false"#
            )
        );
        assert_eq!(
            text(&items, IncrementalFormat::DeferSpec2022),
            concat!(
                r#"{"incremental":[{"path":["a",2,"b",5],"label":"x","items":[1,2]},"#,
                r#"{"path":["a",2,"b",7],"items":null,"errors":[{}]}],"hasNext":false"#
            )
        );
        let last = NextPayload::default();
        assert_eq!(
            text(&last, IncrementalFormat::DeferSpec2022),
            r#"{"hasNext":false"#
        );
        let mut first = Vec::new();
        write_first(IncrementalFormat::V02, &[part(0, 2, Some("l"))], &mut first);
        assert_eq!(
            String::from_utf8_lossy(&first),
            r#","pending":[{"id":"0","path":["a",2],"label":"l"}],"hasNext":true"#
        );
    }
}
