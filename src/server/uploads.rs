//! `POST /graphql` with files: the GraphQL multipart request specification.
//!
//! The parts `operations` and `map` come first and are read within the limits of any other body. Then the operation is
//! executed, and reads the files from the rest of the body ([`crate::files::uploads`]).
//!
//! A page of another origin can send such a request without a CORS preflight, with the cookies of the user. So it needs one of
//! the headers that make browsers ask first.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use hyper::body::Body;
use multer::{Field, Multipart};

use super::client_stream::ClientStream;
use super::decompression;
use super::refusal::HttpRefusal;
use super::request::{self, Posted};
use crate::config::Limits;
use crate::document::Value;
use crate::files::Files;
use crate::files::uploads::{Room, UploadName, Uploads};
use crate::gateway::GraphqlRequest;

/// Headers that a page cannot set without a preflight, and that clients of GraphQL send for this purpose.
const PREFLIGHT: [&str; 4] = [
    "apollo-require-preflight",
    "x-apollo-operation-name",
    "graphql-require-preflight",
    "x-graphql-yoga-csrf",
];

/// The longest `map`, for each file that it may have, in bytes.
const MAP: usize = 1024;

/// Whether a `POST` has files.
pub(super) fn is_multipart(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
    let essence = value.and_then(|value| value.split(|byte| *byte == b';').next());
    essence.is_some_and(|essence| {
        let essence = essence.trim_ascii();
        essence.eq_ignore_ascii_case(b"multipart/form-data")
    })
}

/// Reads a request up to its files. If it has none, the rest of the body is still to be [drained](Uploads::drain).
pub(super) async fn read<B>(
    headers: &HeaderMap,
    body: B,
    files: &Files,
    limits: &Limits,
) -> Result<(GraphqlRequest, Arc<Uploads>), HttpRefusal>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
{
    let mut preflight = PREFLIGHT.iter().filter_map(|name| headers.get(*name));
    if preflight.all(|value| value.is_empty()) {
        return Err(HttpRefusal::without_preflight());
    }
    // It is passed on while it arrives, and a short body must not become a long one on the way.
    if !matches!(decompression::coding(headers), Ok(None)) {
        return Err(HttpRefusal::compressed());
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default());
    let boundary = boundary.map_err(|_| broken("The content type has no boundary"))?;
    let most_of_map = MAP.saturating_mul(files.settings.uploads);
    let room = Room::new(limits.body_bytes.0.saturating_add(most_of_map));
    let stream = ClientStream::new(body, room.clone(), limits);
    let mut parts = Multipart::new(stream, boundary);
    let whole = tokio::time::timeout(limits.request_read_timeout, async {
        let operations = part(&mut parts, "operations", limits.body_bytes.0).await?;
        let map = part(&mut parts, "map", most_of_map).await?;
        Ok::<_, HttpRefusal>((operations, map))
    });
    let whole = whole.await;
    let (operations, map) =
        whole.map_err(|_| HttpRefusal::slow("limits.request_read_timeout"))??;
    if operations.trim_ascii_start().starts_with(b"[") {
        return Err(HttpRefusal::upload_batch());
    }
    let Posted::One(mut graphql) = request::from_json(&operations, 0)? else {
        return Err(HttpRefusal::upload_batch());
    };
    let map = read_map(&map)?;
    if map.len() > files.settings.uploads {
        return Err(HttpRefusal::too_many_files(files.settings.uploads));
    }
    let names = map.iter().map(|(part, paths)| UploadName {
        part: part.clone(),
        variables: paths.iter().filter_map(|path| variable(path)).collect(),
    });
    let spool = Arc::clone(&files.spool);
    let longest = files.settings.upload_bytes.0;
    let uploads = Uploads::new(names.collect(), parts, room, longest, spool);
    let paths = map.iter().map(|(_, paths)| paths);
    for (index, path) in paths
        .enumerate()
        .flat_map(|(index, paths)| paths.iter().map(move |path| (index, path)))
    {
        let marker = uploads.marker(index);
        let mut variables = graphql.variables.as_mut();
        let place = variables
            .as_mut()
            .and_then(|variables| place(variables, path));
        match place {
            Some(place) => *place = Value::from(marker),
            None => return Err(HttpRefusal::upload_map(NOWHERE)),
        }
    }
    Ok((graphql, Arc::new(uploads)))
}

const NOWHERE: &str = "A path of `map` leads to no variable, or to one that is not null";

/// The content of the next part, which must have this name.
async fn part(
    parts: &mut Multipart<'static>,
    name: &str,
    most: usize,
) -> Result<Vec<u8>, HttpRefusal> {
    let missing = || {
        broken(&format!(
            "The part `{name}` is missing: `operations`, `map` and the files come in this order"
        ))
    };
    let next = parts.next_field().await;
    let next = next.map_err(|_| broken("The body is not multipart/form-data, or broke off"))?;
    let mut field: Field<'static> = next.ok_or_else(missing)?;
    if field.name() != Some(name) {
        return Err(missing());
    }
    let mut content = Vec::new();
    loop {
        let piece = field.chunk().await;
        let piece =
            piece.map_err(|_| broken("The body is not multipart/form-data, or broke off"))?;
        let Some(piece) = piece else {
            return Ok(content);
        };
        if content.len() + piece.len() > most {
            return Err(HttpRefusal::too_large(most));
        }
        content.extend_from_slice(&piece);
    }
}

fn broken(message: &str) -> HttpRefusal {
    HttpRefusal::malformed(message)
}

/// The parts that `map` names, each with the paths of its places.
fn read_map(map: &[u8]) -> Result<Vec<(String, Vec<String>)>, HttpRefusal> {
    let refused = || HttpRefusal::upload_map("`map` is not an object of lists of paths");
    let map = Value::parse_json(map).map_err(|_| refused())?;
    let map = map.as_object().ok_or_else(refused)?;
    let read = map.iter().map(|(part, paths)| {
        let paths = paths.as_array().filter(|paths| !paths.is_empty())?;
        let paths: Option<Vec<String>> = paths
            .iter()
            .map(|path| path.as_str().map(str::to_owned))
            .collect();
        Some((part.to_string(), paths?))
    });
    let read: Option<Vec<_>> = read.collect();
    read.ok_or_else(refused)
}

/// The variable of a path such as `variables.input.files.0`.
fn variable(path: &str) -> Option<String> {
    let path = path.strip_prefix("variables.")?;
    path.split('.').next().map(str::to_owned)
}

/// The place of a path such as `variables.input.files.0`, if there is null.
fn place<'v>(variables: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    let mut steps = path.split('.');
    if steps.next() != Some("variables") {
        return None;
    }
    let mut place = variables;
    let mut is_variable = false;
    for step in steps {
        is_variable = true;
        place = match place {
            Value::Object(members) => {
                let members = Arc::make_mut(members);
                members.get_mut(step)?
            }
            Value::Array(items) => Arc::make_mut(items).get_mut(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    (is_variable && place.is_null()).then_some(place)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::errors::code;

    #[test]
    fn only_null_is_a_place() {
        let json = br#"{"a": null, "b": {"c": [null, 1]}, "d": "x"}"#;
        for (path, expected) in [
            ("variables.a", true),
            ("variables.b.c.0", true),
            ("variables.b.c.1", false),
            ("variables.b.c.2", false),
            ("variables.b.c.x", false),
            ("variables.b", false),
            ("variables.d", false),
            ("variables.d.e", false),
            ("variables.z", false),
            ("variables.../../a", false),
            ("variables.__proto__", false),
            ("variables", false),
            ("query", false),
            ("0.variables.a", false),
            ("", false),
        ] {
            let mut variables = Value::parse_json(json).unwrap();
            assert_eq!(place(&mut variables, path).is_some(), expected, "{path}");
        }
    }

    #[test]
    fn a_map_has_lists_of_paths() {
        let map = read_map(br#"{"1": ["variables.a"], "0": ["variables.b", "variables.c"]}"#);
        let map = map.unwrap();
        assert_eq!(map[0], ("1".to_owned(), vec!["variables.a".to_owned()]));
        assert_eq!(map[1].1.len(), 2);
        for wrong in [
            "",
            "[]",
            "null",
            r#"{"0": "variables.a"}"#,
            r#"{"0": []}"#,
            r#"{"0": [1]}"#,
        ] {
            let refusal = read_map(wrong.as_bytes()).unwrap_err();
            assert_eq!(refusal.code, code::UPLOAD_MAP, "{wrong}");
        }
    }
}
