//! Keys: whatever is varied alone, either nothing that matters has changed, or the key has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use proptest::prelude::*;

use super::*;
use crate::connector::HttpRequest;

/// Headers of a client, by name.
type Headers = BTreeMap<&'static str, Vec<String>>;

const NAMES: [&str; 6] = [
    "accept-language",
    "authorization",
    "traceparent",
    "x-b3-traceid",
    "x-district",
    "x-key",
];

/// Short texts over few letters, so that different parts often meet in one concatenation.
fn text() -> impl Strategy<Value = String> {
    "[ab]{0,3}"
}

fn headers() -> impl Strategy<Value = Headers> {
    let name = prop::sample::select(NAMES.to_vec());
    prop::collection::btree_map(name, prop::collection::vec(text(), 1..3), 0..5)
}

fn map(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, values) in headers {
        for value in values {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            );
        }
    }
    map
}

/// A connector, as far as rendering goes: which client headers it passes on, where a variable goes.
#[derive(Debug, Clone)]
struct Connector {
    passes: Vec<&'static str>,
    variable_in: VariablePosition,
}

#[derive(Debug, Clone, Copy)]
enum VariablePosition {
    Path,
    Query,
    Header,
    Body,
    Nowhere,
}

fn connector() -> impl Strategy<Value = Connector> {
    let variable_in = prop::sample::select(vec![
        VariablePosition::Path,
        VariablePosition::Query,
        VariablePosition::Header,
        VariablePosition::Body,
        VariablePosition::Nowhere,
    ]);
    let passes = prop::sample::subsequence(NAMES.to_vec(), 0..4);
    (passes, variable_in).prop_map(|(passes, variable_in)| Connector {
        passes,
        variable_in,
    })
}

impl Connector {
    fn render(&self, client: &Headers, variable: &str) -> HttpRequest {
        let at = |is_here: bool| if is_here { variable } else { "" };
        let path = at(matches!(self.variable_in, VariablePosition::Path));
        let query = at(matches!(self.variable_in, VariablePosition::Query));
        let header = at(matches!(self.variable_in, VariablePosition::Header));
        let body = at(matches!(self.variable_in, VariablePosition::Body));
        let mut headers = vec![(
            HeaderName::from_static("x-variable"),
            HeaderValue::from_str(header).unwrap(),
        )];
        let client = map(client);
        for name in &self.passes {
            for value in client.get_all(*name) {
                headers.push((HeaderName::from_static(name), value.clone()));
            }
        }
        HttpRequest {
            method: Method::POST,
            url: format!("http://works.example/{path}?q={query}"),
            headers,
            body: Bytes::from(body.to_owned()),
            ..HttpRequest::default()
        }
    }
}

/// Without the identifiers of traces, which no answer may depend on.
fn without_traces(mut request: HttpRequest) -> HttpRequest {
    request
        .headers
        .retain(|(name, _)| !is_trace_header(name.as_str()));
    request
}

fn endpoint(coordinate: &str) -> EndpointKey {
    EndpointKeyParts {
        service: "works",
        coordinate,
        stored_headers: &StoredHeaders::NONE,
        acceptance: "",
    }
    .key()
}

fn document_key(request: &HttpRequest, subject: Option<&Subject>) -> DocumentKey {
    DocumentKeyParts {
        endpoint: &endpoint("works:Query.works[0]"),
        request: &Request::new(request.clone()),
        subject,
    }
    .key()
}

/// What a response key is made of, owned.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    variables: String,
    client: Headers,
    reads: Option<Vec<&'static str>>,
    conditions: Vec<bool>,
    media_type: String,
}

fn asked() -> impl Strategy<Value = Asked> {
    let reads = prop::option::of(prop::sample::subsequence(NAMES.to_vec(), 0..4));
    let conditions = prop::collection::vec(any::<bool>(), 0..4);
    (text(), headers(), reads, conditions, text()).prop_map(
        |(variables, client, reads, conditions, media_type)| Asked {
            variables,
            client,
            reads,
            conditions,
            media_type,
        },
    )
}

impl Asked {
    fn key(&self) -> ResponseKey {
        let names: Vec<String> = self
            .reads
            .iter()
            .flatten()
            .map(|name| (*name).to_owned())
            .collect();
        ResponseKeyParts {
            generation: &Generation::new(&[b"graph", b"settings"]),
            operation: &OperationKey::new("{a}", None),
            variables: self.variables.as_bytes(),
            headers: match self.reads {
                Some(_) => HeadersRead::Named(&names),
                None => HeadersRead::All,
            },
            client: &map(&self.client),
            conditions: &self.conditions,
            media_type: &self.media_type,
        }
        .key()
    }

    /// Only what an answer can depend on.
    fn relevant(&self) -> Asked {
        let mut relevant = self.clone();
        relevant.client.retain(|name, _| match &self.reads {
            Some(names) => names.contains(name),
            None => !is_trace_header(name),
        });
        relevant
    }
}

proptest! {
    #[test]
    fn a_document_key_follows_the_request(
        connector in connector(),
        before in headers(),
        after in headers(),
        variable in text(),
        other in text(),
    ) {
        // One header alone, then the variable alone, then everything.
        let mut variations = vec![(before.clone(), other.clone()), (after.clone(), other)];
        for name in NAMES {
            let mut varied = before.clone();
            match after.get(name) {
                Some(values) => varied.insert(name, values.clone()),
                None => varied.remove(name),
            };
            variations.push((varied, variable.clone()));
        }
        let request = connector.render(&before, &variable);
        for (client, variable) in variations {
            let varied = connector.render(&client, &variable);
            let same_request = without_traces(request.clone()) == without_traces(varied.clone());
            let same_key = document_key(&request, None) == document_key(&varied, None);
            prop_assert_eq!(same_request, same_key);
        }
    }

    #[test]
    fn a_response_key_follows_all_that_matters(before in asked(), after in asked()) {
        let mut variations = vec![after.clone()];
        let mut vary = |change: &dyn Fn(&mut Asked)| {
            let mut varied = before.clone();
            change(&mut varied);
            variations.push(varied);
        };
        vary(&|asked| asked.variables.clone_from(&after.variables));
        vary(&|asked| asked.conditions.clone_from(&after.conditions));
        vary(&|asked| asked.media_type.clone_from(&after.media_type));
        for name in NAMES {
            vary(&|asked| {
                match after.client.get(name) {
                    Some(values) => asked.client.insert(name, values.clone()),
                    None => asked.client.remove(name),
                };
            });
        }
        for varied in variations {
            // What is read belongs to the operation; two that read differently are two operations.
            if varied.reads == before.reads {
                let same = before.relevant() == varied.relevant();
                prop_assert_eq!(same, before.key() == varied.key());
            }
        }
    }

    #[test]
    fn parts_do_not_run_into_each_other(a in text(), b in text(), c in text(), d in text()) {
        let request = |url: &str, header: &str| HttpRequest {
            url: url.to_owned(),
            headers: vec![(
                HeaderName::from_static("x-key"),
                HeaderValue::from_str(header).unwrap(),
            )],
            ..HttpRequest::default()
        };
        let (one, two) = (request(&a, &b), request(&c, &d));
        prop_assert_eq!((&a, &b) == (&c, &d), document_key(&one, None) == document_key(&two, None));
        let entity = |representation: &str, selection: &str| {
            EntitiesKeyParts {
                endpoint: &endpoint("works"),
                request: &Request::new(one.clone()),
                selection,
                variables: b"",
                subject: None,
            }
            .key()
            .entity(representation.as_bytes())
        };
        prop_assert_eq!((&a, &b) == (&c, &d), entity(&a, &b) == entity(&c, &d));
    }
}

#[test]
fn subjects_are_apart() {
    let subject = |headers: &[(&'static str, &str)]| {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, vec![(*value).to_owned()]))
            .collect();
        Subject::from_headers(&["authorization", "x-key"], &map(&headers))
    };
    let all = [
        subject(&[]),
        subject(&[("authorization", "a")]),
        subject(&[("authorization", "b")]),
        subject(&[("x-key", "a")]),
        subject(&[("authorization", "a"), ("x-key", "a")]),
    ];
    assert_eq!(all[0], None);
    assert_eq!(subject(&[("accept-language", "hi")]), None);
    let languages = map(&Headers::from([("accept-language", vec!["hi".to_owned()])]));
    assert_eq!(
        Subject::from_headers(&["accept-language"], &languages),
        None
    );
    let traced = map(&Headers::from([("traceparent", vec!["00-1".to_owned()])]));
    assert_eq!(Subject::from_headers(&["traceparent"], &traced), None);
    let request = Connector {
        passes: Vec::new(),
        variable_in: VariablePosition::Nowhere,
    }
    .render(&Headers::new(), "");
    for (i, one) in all.iter().enumerate() {
        for (j, other) in all.iter().enumerate() {
            let same =
                document_key(&request, one.as_ref()) == document_key(&request, other.as_ref());
            assert_eq!(same, i == j, "{i} {j}");
        }
    }
}

#[test]
fn endpoints_are_apart() {
    let named =
        |names: &[&str]| StoredHeaders::Named(names.iter().map(|n| (*n).to_owned()).collect());
    let parts = [
        ("a", "b", StoredHeaders::NONE, ""),
        ("ab", "", StoredHeaders::NONE, ""),
        ("a", "b", StoredHeaders::All, ""),
        ("a", "b", named(&["x"]), ""),
        ("a", "b", named(&["x", "y"]), ""),
        ("a", "b", named(&["xy"]), ""),
        ("a", "b", StoredHeaders::NONE, "$status->eq(404)"),
    ];
    let keys: std::collections::HashSet<_> = parts
        .iter()
        .map(|(service, coordinate, stored_headers, acceptance)| {
            EndpointKeyParts {
                service,
                coordinate,
                stored_headers,
                acceptance,
            }
            .key()
        })
        .collect();
    assert_eq!(keys.len(), parts.len());
}

#[test]
fn kinds_never_meet() {
    assert_ne!(
        Key::from(OperationKey::new("", None)),
        Key::from(Generation::new(&[]))
    );
    assert_ne!(
        OperationKey::new("a", None),
        OperationKey::new("a", Some(""))
    );
}
