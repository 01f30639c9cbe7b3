//! `@connect`: how a field or type is fetched over HTTP.
//!
//! This module reads its request. [`connects`](crate::connector::connects) reads the arguments that all directives that fetch
//! share, and [`check`](crate::connector::check) checks them.

use std::sync::{Arc, OnceLock};

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, DirectiveLocation, Value};
use http::Method;

use super::definition::{
    Addition, DirectivePart, Role, SupportedDirective, SupportedType, unchecked,
};
use super::types;
use crate::connector::arguments::{headers, key, url};
use crate::connector::declared::{DeclaredFetch, DeclaredSource, FetchRequest};
use crate::connector::diagnostic::code;
use crate::connector::expression::{Expressions, Form};
use crate::connector::findings::{Findings, list};
use crate::connector::http::{HeaderTemplate, HttpTemplate};
use crate::mapping::{Piece, Template, Version};

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: "connect",
    since: (0, 1),
    sdl: SDL,
    types: &[
        &types::JSON_SELECTION,
        &types::URL_TEMPLATE,
        &HTTP,
        &types::HTTP_HEADER_MAPPING,
        &BATCH,
        &types::CONNECTOR_ERRORS,
    ],
    additions: &[
        Addition {
            part: DirectivePart::Location(DirectiveLocation::Object),
            since: (0, 2),
        },
        Addition {
            part: DirectivePart::Argument("id"),
            since: (0, 2),
        },
        Addition {
            part: DirectivePart::Argument("batch"),
            since: (0, 2),
        },
        Addition {
            part: DirectivePart::Argument("errors"),
            since: (0, 2),
        },
        Addition {
            part: DirectivePart::Argument("isSuccess"),
            since: (0, 2),
        },
        Addition {
            part: DirectivePart::Key("http", "path"),
            since: (0, 2),
        },
        Addition {
            part: DirectivePart::Key("http", "queryParams"),
            since: (0, 2),
        },
    ],
    role: Role::Fetch(read),
    check: unchecked,
};

const SDL: &str = r#"
"""
How a field is fetched from an upstream, or, on an object type, how its objects are looked up by their key.

On a field of `Query` or `Mutation`, the call depends on `$args`. With `entity: true`, other connectors can look the
returned type up by the arguments of the field. On a field of another type, a call is made for each object, which it reads
from `$this`. On a type, `$batch` fetches many objects with one call, and `$this` one object with each call.

A field with arguments can be fetched for many objects, too: a connect on the field that reads `$batch` has the field's arguments in
`$args`, and yields a list of the objects with their key and the field, as one on the type does. This is an extension of the gateway.

    type Query {
      works(status: String): [Work!]
        @connect(
          source: "works"
          http: { GET: "/works", queryParams: "status: $args.status" }
          selection: "$.rows { id: work_id title }"
        )
      work(id: ID!): Work
        @connect(source: "works", http: { GET: "/works/{$args.id}" }, selection: "id: work_id title", entity: true)
    }

    type Work
      @key(fields: "id")
      @connect(
        source: "works"
        http: { POST: "/works/search", body: "ids: $batch.id" }
        selection: "$.rows { id: work_id title }"
        batch: { maxSize: 100 }
      ) {
      id: ID!
      title: String
      photos(year: Int): [Photo!]
        @connect(
          source: "works"
          http: { POST: "/photos/search", body: "ids: $batch.id year: $args.year" }
          selection: "$.rows { id: work_id photos: images { url } }"
        )
    }

Every field of the folder must be selected by some `@connect`, or have one. If a field has several, planning chooses one.
"""
directive @connect(
  "The `@source` to call. Without it, the URL of `http` is absolute."
  source: String

  "A name for this connect, unique in the folder."
  id: String

  "The request. It may be left out since v0.4: then the selection is evaluated without a call."
  http: ConnectHTTP

  "Limits of a batch; for a connect that reads `$batch`."
  batch: ConnectBatch

  "What an error says if the call failed. It replaces that of the source."
  errors: ConnectorErrors

  "Maps the body of the response to the fields of the type."
  selection: JSONSelection!

  """
  The field is also the way to look up the type that it returns, by its key: each argument of the field is a field of the
  key. For fields of `Query` that return a nullable object.
  """
  entity: Boolean = false

  """
  Whether the call succeeded: a mapping that yields `true`. Without it, that of the source, and without that, a status of
  2xx.
  """
  isSuccess: JSONSelection
) repeatable on FIELD_DEFINITION | OBJECT
"#;

static HTTP: SupportedType = SupportedType {
    name: "ConnectHTTP",
    since: (0, 1),
    sdl: r#"
"The request of a `@connect`: exactly one method with its URL."
input ConnectHTTP {
  "The URL: what is appended to the base URL of the source, or an absolute URL if there is no source."
  GET: URLTemplate
  "As `GET`."
  POST: URLTemplate
  "As `GET`."
  PUT: URLTemplate
  "As `GET`."
  PATCH: URLTemplate
  "As `GET`."
  DELETE: URLTemplate
  "Yields the body: JSON, or a form if the header `content-type` says so."
  body: JSONSelection
  "Headers. They replace headers of the source that have the same name."
  headers: [HTTPHeaderMapping!]
  "Yields a list of path segments, which are appended to the URL."
  path: JSONSelection
  "Yields an object of query parameters. Null is left out; a list repeats the parameter."
  queryParams: JSONSelection
}
"#,
};

static BATCH: SupportedType = SupportedType {
    name: "ConnectBatch",
    since: (0, 2),
    sdl: r#"
"Limits of a batch."
input ConnectBatch {
  "The largest number of objects in one call; 1,000 unless given."
  maxSize: Int
}
"#,
};

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Reads the request, which is optional since v0.4.
fn read(
    directive: &Node<Directive>,
    source: Option<&DeclaredSource>,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> DeclaredFetch {
    match directive.specified_argument_by_name("http") {
        Some(http) => match request(http, source, expressions, findings) {
            Some(request) => DeclaredFetch::Call(request),
            None => DeclaredFetch::Broken,
        },
        None if expressions.version() >= Version::V0_4 => DeclaredFetch::Nothing,
        None => {
            findings.push(
                findings
                    .error(&code::NO_REQUEST, "this connect has no `http`")
                    .at(findings.span(directive.location()))
                    .help(
                        "say what to call, or link connect/v0.4, where a selection alone will do",
                    ),
            );
            DeclaredFetch::Broken
        }
    }
}

/// Reads the `http:` argument of a connect into a request.
pub(super) fn request(
    http: &Node<Value>,
    source: Option<&DeclaredSource>,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> Option<FetchRequest> {
    let (method, literal) = method(http, findings)?;
    let template = expressions.url(method, literal, findings);
    match (&template, source) {
        (Some(template), None) => {
            url::check_absolute(template, literal, expressions.schemes(), findings);
        }
        (Some(template), Some(source)) => check_relative(template, literal, source, findings),
        (None, _) => {}
    }
    let connect = url::parts(http, expressions, findings);
    let headers = headers::read(key(http, "headers"), expressions, findings);
    let body = key(http, "body")
        .and_then(|body| expressions.mapping("body", body, Form::Object, findings));
    let base = match source {
        Some(source) => Some(source.base.clone()?),
        None => None,
    };
    let template = HttpTemplate {
        method: Method::from_bytes(method.as_bytes()).ok()?,
        base,
        declared_base: None,
        source: source.map(|source| source.url.clone()).unwrap_or_default(),
        url: url::text(template?),
        connect,
        headers: merge(source, headers),
        body,
        address: OnceLock::new(),
        fixed_start: OnceLock::new(),
    };
    let client_headers = headers::passed_on(&template.headers);
    Some(FetchRequest {
        template: Arc::new(template),
        client_headers,
    })
}

/// Headers of a connect replace those of its source with the same name.
fn merge(source: Option<&DeclaredSource>, headers: Vec<HeaderTemplate>) -> Vec<HeaderTemplate> {
    let inherited = source.map(|source| source.headers.as_slice());
    let mut merged: Vec<HeaderTemplate> = inherited
        .unwrap_or_default()
        .iter()
        .filter(|header| headers.iter().all(|other| other.name != header.name))
        .cloned()
        .collect();
    merged.extend(headers);
    merged
}

/// The method of a `http:` argument, with its URL.
fn method<'a>(
    http: &'a Node<Value>,
    findings: &mut Findings,
) -> Option<(&'static str, &'a Node<Value>)> {
    let methods: Vec<_> = METHODS
        .iter()
        .filter_map(|method| key(http, method).map(|url| (*method, url)))
        .collect();
    match methods.as_slice() {
        [one] => Some(*one),
        [] => {
            findings.push(
                findings
                    .error(&code::NO_METHOD, "`http` has no method and URL")
                    .at(findings.span(http.location()))
                    .help(format!("add one of {}", list(METHODS))),
            );
            None
        }
        [(first, first_url), (second, second_url), ..] => {
            findings.push(
                findings
                    .error(
                        &code::SEVERAL_METHODS,
                        format!("`http` has two methods, `{first}` and `{second}`"),
                    )
                    .label(findings.span(second_url.location()), "remove one")
                    .label(findings.span(first_url.location()), "the other")
                    .help("a connect makes one call; write a second `@connect` for a second one"),
            );
            None
        }
    }
}

/// A URL that is appended to that of a source must be relative.
fn check_relative(
    template: &Template,
    literal: &Node<Value>,
    source: &DeclaredSource,
    findings: &mut Findings,
) {
    let first = match template.pieces().first() {
        Some(Piece::Literal(text)) => &**text,
        _ => "",
    };
    if first.starts_with("http://") || first.starts_with("https://") {
        findings.push(
            findings
                .error(&code::INVALID_URL, "this URL has an address of its own")
                .label(
                    findings.span(literal.location()),
                    format!(
                        "it is appended to the one of source `{}`",
                        source.declaration.name
                    ),
                )
                .help("write only the path, or leave `source` out"),
        );
        return;
    }
    url::check_literal_parts(template, literal, findings);
}
