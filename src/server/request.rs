//! Parses an HTTP request into a [`GraphqlRequest`]: GraphQL over HTTP, "Request".
//!
//! This runs for every request: the pull reader reads the body once and builds only the known members. Numbers in
//! variables keep their digits.
//!
//! Instead of `query`, a request may have the id or the hash of an operation text: `documentId`, as in the draft of GraphQL over
//! HTTP; `doc_id` or `id`, as in Relay's examples; or `extensions.persistedQuery`, which the gateway reads.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::query_string;
use super::refusal::HttpRefusal;
use crate::document::{JsonReader, Kind, ReadError, Reader, Scalar, Value, unescape};
use crate::gateway::{ErrorBehavior, GraphqlRequest};

/// Whether a `POST` carries JSON in UTF-8.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return false;
    };
    if value.as_bytes() == b"application/json" {
        return true;
    }
    let Ok(value) = value.to_str() else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let mut charsets = parts.filter_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.eq_ignore_ascii_case("charset")
            .then(|| value.trim_matches('"'))
    });
    name.eq_ignore_ascii_case("application/json")
        && charsets.all(|charset| charset.eq_ignore_ascii_case("utf-8"))
}

/// Some editors and HTTP libraries begin a text with it. It is no JSON, but a reader may ignore it (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What the body of a `POST` holds.
#[derive(Debug)]
pub(super) enum Posted {
    One(GraphqlRequest),
    /// A list. An element that is no request does not affect the others.
    Batch(Vec<Result<GraphqlRequest, HttpRefusal>>),
}

/// Reads the JSON body of a `POST`. A batch may have at most `most` requests; with 0 there are no batches.
pub(super) fn from_json(body: &[u8], most: usize) -> Result<Posted, HttpRefusal> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(HttpRefusal::malformed(
            "The request has no body; send {\"query\": \"…\"}",
        ));
    }
    let mut reader = JsonReader::new(body).map_err(|error| not_json(&error))?;
    match reader.peek().map_err(|error| not_json(&error))? {
        Kind::Object => {
            let request = one(&mut reader).and_then(|request| reader.finish().map(|()| request));
            request.map_err(|error| not_json(&error))?.map(Posted::One)
        }
        Kind::List if most > 0 => batch(&mut reader, most),
        Kind::List => Err(HttpRefusal::malformed(
            "The body is a list, and batches of requests are off (limits.batch)",
        )),
        _ => Err(HttpRefusal::malformed("The body is not a JSON object")),
    }
}

/// Reads a list of requests.
fn batch(reader: &mut JsonReader<'_>, most: usize) -> Result<Posted, HttpRefusal> {
    let mut requests = Vec::new();
    let mut read = || {
        reader.enter_list()?;
        while requests.len() <= most && reader.next_element()? {
            requests.push(match reader.peek()? {
                Kind::Object => one(reader)?,
                _ => {
                    reader.skip()?;
                    Err(HttpRefusal::malformed("The request is not a JSON object"))
                }
            });
        }
        match requests.len() > most {
            true => Ok(()),
            false => reader.finish(),
        }
    };
    read().map_err(|error| not_json(&error))?;
    match requests.len() {
        0 => Err(HttpRefusal::malformed("The batch has no requests")),
        count if count > most => Err(HttpRefusal::long_batch(most)),
        _ => Ok(Posted::Batch(requests)),
    }
}

/// Reads a request. The outer error means that the body is not JSON, the inner one that the object is no request.
fn one(reader: &mut JsonReader<'_>) -> Result<Result<GraphqlRequest, HttpRefusal>, ReadError> {
    let mut request = GraphqlRequest::default();
    Ok(match members(reader, &mut request)? {
        Ok(()) => with_query(request),
        Err(wrong) => Err(HttpRefusal::malformed(wrong)),
    })
}

/// Reads the members of a request. The inner error means that a member has the wrong type; the rest is read all the same.
fn members(
    reader: &mut JsonReader<'_>,
    request: &mut GraphqlRequest,
) -> Result<Result<(), &'static str>, ReadError> {
    let mut read = Ok(());
    let mut ids = RelayId::default();
    reader.enter_object()?;
    while let Some(key) = reader.next_key()? {
        let member = match key.as_str() {
            "query" => match text(reader)? {
                Ok(text) => {
                    request.query = text;
                    continue;
                }
                Err(()) => "`query` must be a string",
            },
            "documentId" => match text(reader)? {
                Ok(text) => {
                    request.document_id = text;
                    continue;
                }
                Err(()) => "`documentId` must be a string or null",
            },
            // Names of other things in some clients' requests, so not every value is wrong.
            "doc_id" | "id" => {
                ids.read(reader)?;
                continue;
            }
            "operationName" => match text(reader)? {
                Ok(text) => {
                    request.operation_name = text.filter(|name| !name.is_empty());
                    continue;
                }
                Err(()) => "`operationName` must be a string or null",
            },
            "variables" => match object(reader)? {
                Ok(value) => {
                    request.variables = value;
                    continue;
                }
                Err(()) => "`variables` must be an object or null",
            },
            "onError" => match text(reader)?.map(error_behavior) {
                Ok(Ok(behavior)) => {
                    request.on_error = behavior;
                    continue;
                }
                _ => ON_ERROR,
            },
            "extensions" => match object(reader)? {
                Ok(value) => {
                    request.extensions = value;
                    continue;
                }
                Err(()) => "`extensions` must be an object or null",
            },
            _ => {
                reader.skip()?;
                continue;
            }
        };
        read = read.and(Err(member));
    }
    ids.put_into(request);
    Ok(read)
}

/// What is wrong with another value of `onError`.
const ON_ERROR: &str = "`onError` must be \"NULL\", \"PROPAGATE\" or \"HALT\"";

/// The error behavior that a request names, or the default.
fn error_behavior(name: Option<String>) -> Result<ErrorBehavior, ()> {
    let name = name.as_deref();
    name.map_or(Ok(ErrorBehavior::default()), |name| {
        ErrorBehavior::of_name(name).ok_or(())
    })
}

/// `doc_id` or `id`.
#[derive(Default)]
struct RelayId(Option<String>);

impl RelayId {
    fn read(&mut self, reader: &mut JsonReader<'_>) -> Result<(), ReadError> {
        match reader.peek()? {
            Kind::String => self.0 = text(reader)?.ok().flatten(),
            _ => reader.skip()?,
        }
        Ok(())
    }

    /// It counts only in a request that has no text.
    fn put_into(self, request: &mut GraphqlRequest) {
        if request.query.is_none() && request.document_id.is_none() {
            request.document_id = self.0;
        }
    }
}

/// A string or null.
fn text(reader: &mut JsonReader<'_>) -> Result<Result<Option<String>, ()>, ReadError> {
    if matches!(reader.peek()?, Kind::Object | Kind::List) {
        reader.skip()?;
        return Ok(Err(()));
    }
    Ok(match reader.scalar()? {
        Scalar::Null => Ok(None),
        Scalar::String(span) => Ok(Some(unescape(reader.slice(span)).into_owned())),
        _ => Err(()),
    })
}

/// An object or null.
fn object(reader: &mut JsonReader<'_>) -> Result<Result<Option<Value>, ()>, ReadError> {
    Ok(match reader.peek()? {
        Kind::Object => Ok(Some(Value::read(reader)?)),
        Kind::Null => {
            reader.skip()?;
            Ok(None)
        }
        _ => {
            reader.skip()?;
            Err(())
        }
    })
}

fn not_json(error: &ReadError) -> HttpRefusal {
    HttpRefusal::malformed(format!("The body is not JSON: {error}"))
}

/// Reads the parameters of a `GET`.
pub(super) fn from_query_string(query: &str) -> Result<GraphqlRequest, HttpRefusal> {
    let mut request = GraphqlRequest::default();
    let mut seen = [false; 7];
    let mut id = RelayId::default();
    for (key, value) in query_string::parameters(query)? {
        let index = match key.as_ref() {
            "query" => 0,
            "operationName" => 1,
            "variables" => 2,
            "extensions" => 3,
            "onError" => 4,
            "documentId" => 5,
            "doc_id" | "id" => 6,
            _ => continue,
        };
        if std::mem::replace(&mut seen[index], true) {
            return Err(HttpRefusal::malformed(format!("`{key}` is given twice")));
        }
        match index {
            0 => request.query = Some(value.into_owned()),
            1 => request.operation_name = Some(value.into_owned()).filter(|name| !name.is_empty()),
            2 => request.variables = parameter("variables", &value)?,
            3 => request.extensions = parameter("extensions", &value)?,
            4 => {
                let given = Some(value.into_owned()).filter(|name| !name.is_empty());
                let behavior = error_behavior(given);
                request.on_error = behavior.map_err(|()| HttpRefusal::malformed(ON_ERROR))?;
            }
            5 => request.document_id = Some(value.into_owned()),
            _ => id.0 = Some(value.into_owned()),
        }
    }
    id.put_into(&mut request);
    with_query(request)
}

/// A parameter that holds a JSON object.
fn parameter(name: &str, text: &str) -> Result<Option<Value>, HttpRefusal> {
    if text.is_empty() {
        return Ok(None);
    }
    match Value::parse_json(text.as_bytes()) {
        Ok(Value::Null) => Ok(None),
        Ok(value @ Value::Object(_)) => Ok(Some(value)),
        Ok(_) => Err(HttpRefusal::malformed(format!(
            "`{name}` must be a JSON object"
        ))),
        Err(error) => Err(HttpRefusal::malformed(format!(
            "`{name}` is not JSON: {error}"
        ))),
    }
}

fn with_query(request: GraphqlRequest) -> Result<GraphqlRequest, HttpRefusal> {
    if request.query.is_none() && !request.is_reference() {
        return Err(HttpRefusal::malformed(
            "The request has no `query`; send {\"query\": \"…\"}",
        ));
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use http::HeaderValue;

    /// The only request of a body.
    fn one_of(body: &[u8]) -> Result<GraphqlRequest, HttpRefusal> {
        match from_json(body, 0)? {
            Posted::One(request) => Ok(request),
            Posted::Batch(_) => panic!("a batch"),
        }
    }

    #[test]
    fn reads_what_a_client_sends() {
        let body = br#" {"operationName": "A", "query": "query A { a }\n# \u0915", "unknown": [1, {"a": 2}],
            "variables": {"n": 1.10, "big": 123456789012345678901234567890}, "extensions": null} "#;
        let request = one_of(body).unwrap();
        assert_eq!(request.query.as_deref(), Some("query A { a }\n# क"));
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(
            request.variables.unwrap().to_json(),
            r#"{"n":1.10,"big":123456789012345678901234567890}"#
        );
        assert_eq!(request.extensions, None);
    }

    #[test]
    fn ignores_a_byte_order_mark() {
        let request = one_of("\u{feff} {\"query\": \"{a}\"}".as_bytes()).unwrap();
        assert_eq!(request.query.as_deref(), Some("{a}"));
        assert!(one_of("\u{feff}\u{feff}{}".as_bytes()).is_err());
    }

    #[test]
    fn tells_what_is_wrong() {
        let cases = [
            ("", "The request has no body; send {\"query\": \"…\"}"),
            (
                "[]",
                "The body is a list, and batches of requests are off (limits.batch)",
            ),
            ("5", "The body is not a JSON object"),
            ("{}", "The request has no `query`; send {\"query\": \"…\"}"),
            (
                r#"{"query": null}"#,
                "The request has no `query`; send {\"query\": \"…\"}",
            ),
            (r#"{"query": 5}"#, "`query` must be a string"),
            (r#"{"query": ["{a}"]}"#, "`query` must be a string"),
            (
                r#"{"query": "{a}", "operationName": 5}"#,
                "`operationName` must be a string or null",
            ),
            (
                r#"{"query": "{a}", "variables": "x"}"#,
                "`variables` must be an object or null",
            ),
            (
                r#"{"query": "{a}", "variables": []}"#,
                "`variables` must be an object or null",
            ),
            (
                r#"{"query": "{a}", "extensions": 0}"#,
                "`extensions` must be an object or null",
            ),
        ];
        for (body, message) in cases {
            assert_eq!(
                one_of(body.as_bytes()).unwrap_err().message,
                message,
                "{body}"
            );
        }
        for body in [
            "{",
            "{\"query\": \"{a}\"} x",
            "query { a }",
            "{\"query\": \"\u{1}\"}",
        ] {
            let message = one_of(body.as_bytes()).unwrap_err().message;
            assert!(
                message.starts_with("The body is not JSON: "),
                "{body}: {message}"
            );
        }
        let message = one_of(b"{\"query\": \"\xff\"}").unwrap_err().message;
        assert!(message.starts_with("The body is not JSON: "), "{message}");
    }

    #[test]
    fn reads_the_error_behavior() {
        let cases = [
            (r#""NULL""#, Some(ErrorBehavior::Null)),
            (r#""PROPAGATE""#, Some(ErrorBehavior::Propagate)),
            (r#""HALT""#, Some(ErrorBehavior::Halt)),
            ("null", Some(ErrorBehavior::Propagate)),
            (r#""null""#, None),
            ("\"\"", None),
            ("1", None),
            (r#"["NULL"]"#, None),
        ];
        for (given, expected) in cases {
            let body = format!(r#"{{"query": "{{a}}", "onError": {given}}}"#);
            let read = one_of(body.as_bytes()).map(|request| request.on_error);
            let refused = read.as_ref().err().map(|refusal| &*refusal.message);
            assert_eq!(refused, expected.is_none().then_some(ON_ERROR), "{given}");
            assert_eq!(read.ok(), expected, "{given}");
        }
        let get = |query| from_query_string(query).map(|request| request.on_error);
        assert_eq!(get("query=a&onError=NULL"), Ok(ErrorBehavior::Null));
        assert_eq!(get("query=a&onError="), Ok(ErrorBehavior::Propagate));
        assert_eq!(get("query=a&onError=x").unwrap_err().message, ON_ERROR);
    }

    #[test]
    fn reads_a_batch() {
        let body = br#" [{"query": "{a}", "variables": {"n": [1]}}, {"query": ["{a}", {}], "extensions": 5, "more": {}},
            7, {}, [{"query": "{b}"}], {"query": "{c}"}] "#;
        let Posted::Batch(requests) = from_json(body, 6).unwrap() else {
            panic!("no batch");
        };
        let read: Vec<_> = requests
            .iter()
            .map(|request| match request {
                Ok(request) => request.query.as_deref().unwrap(),
                Err(refusal) => &refusal.message,
            })
            .collect();
        let object = "The request is not a JSON object";
        let query = "The request has no `query`; send {\"query\": \"…\"}";
        let expected = [
            "{a}",
            "`query` must be a string",
            object,
            query,
            object,
            "{c}",
        ];
        assert_eq!(read, expected);
        for (body, most, message) in [
            (
                &body[..],
                5,
                "The batch has more than 5 requests (limits.batch)",
            ),
            (&b"[]"[..], 5, "The batch has no requests"),
            (&b" [ ] "[..], 5, "The batch has no requests"),
        ] {
            assert_eq!(from_json(body, most).unwrap_err().message, message);
        }
        for broken in [
            "[",
            "[{\"query\": \"{a}\"}",
            "[{\"query\": \"{a}\"}] x",
            "[{},]",
            "[{\"query\": }]",
        ] {
            let message = from_json(broken.as_bytes(), 5).unwrap_err().message;
            assert!(
                message.starts_with("The body is not JSON: "),
                "{broken}: {message}"
            );
        }
    }

    #[test]
    fn reads_the_parameters_of_a_get() {
        let request =
            from_query_string("query=%7Ba%7D&variables=%7B%22n%22%3A1.0%7D&operationName=&x=1");
        let request = request.unwrap();
        assert_eq!(request.query.as_deref(), Some("{a}"));
        assert_eq!(request.operation_name, None);
        assert_eq!(request.variables.unwrap().to_json(), r#"{"n":1.0}"#);
        for (query, message) in [
            ("", "The request has no `query`; send {\"query\": \"…\"}"),
            ("query=a&query=b", "`query` is given twice"),
            ("query=a&variables=5", "`variables` must be a JSON object"),
        ] {
            assert_eq!(from_query_string(query).unwrap_err().message, message);
        }
    }

    #[test]
    fn a_reference_may_replace_the_text() {
        let hash = r#"{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "a"}}}"#;
        assert_eq!(one_of(hash.as_bytes()).unwrap().query, None);
        for (body, id) in [
            (r#"{"documentId": "sha256:a"}"#, Some("sha256:a")),
            (
                r#"{"documentId": "a", "query": "{a}", "id": "b"}"#,
                Some("a"),
            ),
            (r#"{"doc_id": "a", "variables": {}}"#, Some("a")),
            (r#"{"id": "a"}"#, Some("a")),
            // Not of this protocol.
            (r#"{"id": 7, "doc_id": [1], "query": "{a}"}"#, None),
            (r#"{"id": "7", "query": "{a}"}"#, None),
        ] {
            let request = one_of(body.as_bytes()).unwrap();
            assert_eq!(request.document_id.as_deref(), id, "{body}");
        }
        let request = from_query_string("documentId=sha256%3Aa&id=b").unwrap();
        assert_eq!(request.document_id.as_deref(), Some("sha256:a"));
        let request = from_query_string("id=b&variables=%7B%7D").unwrap();
        assert_eq!(request.document_id.as_deref(), Some("b"));
        for (body, message) in [
            (
                r#"{"documentId": 5}"#,
                "`documentId` must be a string or null",
            ),
            (
                r#"{"id": 5}"#,
                "The request has no `query`; send {\"query\": \"…\"}",
            ),
            (
                r#"{"extensions": {}}"#,
                "The request has no `query`; send {\"query\": \"…\"}",
            ),
        ] {
            assert_eq!(one_of(body.as_bytes()).unwrap_err().message, message);
        }
        let message = from_query_string("documentId=a&documentId=b")
            .unwrap_err()
            .message;
        assert_eq!(message, "`documentId` is given twice");
    }

    #[test]
    fn only_json_is_json() {
        let cases = [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("Application/JSON;charset=\"UTF-8\"", true),
            ("application/json; charset=iso-8859-1", false),
            ("text/plain", false),
            ("multipart/form-data; boundary=x", false),
            ("application/x-www-form-urlencoded", false),
        ];
        for (value, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            assert_eq!(is_json(&headers), expected, "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
