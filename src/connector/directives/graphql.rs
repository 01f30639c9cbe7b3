//! `@graphql`: a folder that is a GraphQL service.

use std::sync::{Arc, OnceLock};

use apollo_compiler::ast::Directive;
use apollo_compiler::{Node, Schema};

use super::definition::{Role, SupportedDirective, SupportedType};
use super::{client_errors, types};
use crate::connector::arguments::{headers, key, outcome, url};
use crate::connector::check::variables;
use crate::connector::declared::Declarations;
use crate::connector::diagnostic::code;
use crate::connector::expression::{Expressions, Language, VariableScope};
use crate::connector::findings::Findings;
use crate::connector::http::{HttpTemplate, RequestText, UrlParts};
use crate::connector::model::{
    ClientErrors, ErrorMappings, GraphqlService, ServiceSubscriptions, SubscriptionProtocol,
};
use crate::connector::reads;
use crate::connector::schemes::Schemes;

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: "graphql",
    since: (0, 1),
    sdl: SDL,
    types: &[
        &types::HTTP_HEADER_MAPPING,
        &ERRORS,
        &types::JSON_SELECTION,
        &SUBSCRIPTIONS,
        &PROTOCOL,
    ],
    additions: &[],
    role: Role::Service(read),
    check,
};

const SDL: &str = r#"
"""
The folder is a GraphQL service: all fields are fetched by GraphQL requests to it.

`connector.graphql` holds the SDL that the service itself publishes (Federation 1 or 2), without `@source` and `@connect`.
The SDL can stay as the service prints it: put the link and the directive into a separate `extend schema`.

    extend schema
      @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql"])
      @graphql(
        url: "https://grievances.example.gov.in/graphql"
        headers: [
          { name: "x-api-key", value: "{$config.api_key}" }
          { name: "accept-language", from: "accept-language" }
        ]
        errors: { message: "message", extensions: "code: extensions.code" }
      )

What the service writes into its errors is shown to clients only by `errors`. To show some messages and no other, name them:
`message: "$.extensions.code->match(['CLOSED', $.message])"`.
"""
directive @graphql(
  """
  The URL of the service: a template that may read `$config` and `$env`. The deployment's `base_url` for this connector
  replaces it.
  """
  url: String!

  """
  Headers sent with every request. Templates may read `$config`, `$context`, `$request` and `$env`. The client's
  own headers are not sent unless they are named here.
  """
  headers: [HTTPHeaderMapping!]

  """
  What clients see of the errors that the service reports. Without it, each says `The service reported an error`. The mappings may
  read `$status`, `$response.headers`, and the variables that `headers` may read.
  """
  errors: ServiceErrors

  "How the service sends the events of its subscriptions. Without it, over a WebSocket at its URL."
  subscriptions: ServiceSubscriptions
) on SCHEMA
"#;

static SUBSCRIPTIONS: SupportedType = SupportedType {
    name: "ServiceSubscriptions",
    since: (0, 1),
    sdl: r#"
"""
How a service sends the events of its subscriptions. Subscribers with the same operation and headers share one subscription of the
service. If its connection is lost, it is opened again, and they do not notice; what the service sends meanwhile is lost.
"""
input ServiceSubscriptions {
  "The protocol."
  protocol: SubscriptionProtocol = WEBSOCKET
  "The URL, if it is not that of the service: `wss://…` or `https://…`. The deployment's `subscriptions_url` replaces it."
  url: String
}
"#,
};

static PROTOCOL: SupportedType = SupportedType {
    name: "SubscriptionProtocol",
    since: (0, 1),
    sdl: r#"
"A protocol for the events of subscriptions."
enum SubscriptionProtocol {
  "A WebSocket with the subprotocol `graphql-transport-ws`."
  WEBSOCKET
  "Server-sent events, as `graphql-sse` has them in its distinct connections mode."
  SSE
  "`multipart/mixed` with `subscriptionSpec=\"1.0\"`."
  MULTIPART
}
"#,
};

/// Reads `subscriptions`.
fn subscriptions(directive: &Directive, findings: &mut Findings) -> ServiceSubscriptions {
    let given = directive.specified_argument_by_name("subscriptions");
    let part = |name: &str| given.and_then(|given| key(given, name));
    let protocol = part("protocol").and_then(|value| value.as_enum());
    let literal = part("url");
    let url = literal.and_then(|literal| literal.as_str());
    let is_address = |url: &str| {
        let known = ["ws", "wss", "http", "https"];
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        known.contains(&scheme) && !rest.is_empty()
    };
    if let (Some(literal), Some(false)) = (literal, url.map(is_address)) {
        let error = findings.error(&code::INVALID_URL, "this is no address of subscriptions");
        let error = error.at(findings.span(literal.location()));
        findings.push(error.help("write `wss://…`, `ws://…`, `https://…` or `http://…`"));
    }
    ServiceSubscriptions {
        protocol: match protocol.map(|name| name.as_str()) {
            Some("SSE") => SubscriptionProtocol::Sse,
            Some("MULTIPART") => SubscriptionProtocol::Multipart,
            _ => SubscriptionProtocol::WebSocket,
        },
        url: url.map(str::to_owned),
    }
}

static ERRORS: SupportedType = SupportedType {
    name: "ServiceErrors",
    since: (0, 1),
    sdl: r#"
"""
What an error says to the client for an error of the service. `$` is that error, as the service wrote it: it has `message`, and
usually `path` and `extensions`. Its place in the client's operation is found by the gateway.
"""
input ServiceErrors {
  "Yields the message. Where it yields nothing, clients see the gateway's own."
  message: JSONSelection
  "Yields an object that is added to `extensions`. It may replace `code`."
  extensions: JSONSelection
}
"#,
};

/// Reads the service.
fn read(
    directive: &Node<Directive>,
    schema: &Schema,
    language: &Language,
    findings: &mut Findings,
) -> Option<GraphqlService> {
    let literal = directive.specified_argument_by_name("url")?;
    let mut expressions = Expressions::new(language, VariableScope::BaseUrl);
    let url = expressions.url("url", literal, findings)?;
    url::check_absolute(&url, literal, &Schemes::default(), findings);
    expressions.in_scope(VariableScope::SourceRequest);
    let headers = directive.specified_argument_by_name("headers");
    let headers = headers::read(headers, &mut expressions, findings);
    expressions.in_scope(VariableScope::SourceResponse);
    let outcome = outcome::read(directive, &mut expressions, findings);
    let client_errors = schema.schema_definition.directives.get(client_errors::NAME);
    let client_errors =
        client_errors.map(|directive| ClientErrors::read(directive, &mut expressions, findings));
    variables::source(&expressions.parsed, schema, findings);
    let client_headers = headers::passed_on(&headers);
    let reads = reads::of(expressions.parsed.iter(), client_headers, findings);
    let template = HttpTemplate {
        headers,
        ..post_to(url::text(url))
    };
    Some(GraphqlService {
        template: Arc::new(template),
        errors: ErrorMappings {
            message: outcome.error_message,
            extensions: outcome.error_extensions.into_iter().collect(),
        },
        client_errors,
        reads,
        subscriptions: subscriptions(directive, findings),
    })
}

/// A folder has either connects or one GraphQL service.
fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    let [directive, others @ ..] = declarations.services.as_slice() else {
        return;
    };
    let connect = declarations.connects.first();
    let source = declarations.sources.first();
    let other = others
        .first()
        .and_then(|second| second.location())
        .or_else(|| connect.and_then(|connect| connect.directive.location()))
        .or_else(|| source.and_then(|source| source.name.location()));
    let Some(other) = other else {
        return;
    };
    findings.push(
        findings
            .error(
                &code::GRAPHQL_NOT_ALONE,
                "a folder with `@graphql` is that service and nothing else",
            )
            .label(findings.span(Some(other)), "this does not belong to it")
            .label(findings.span(directive.location()), "the service")
            .help("move one of them into a folder of its own"),
    );
}

impl GraphqlService {
    /// A service at this address, without headers.
    pub fn at(url: &str) -> Self {
        Self {
            template: Arc::new(post_to(RequestText::Fixed(url.to_owned()))),
            errors: ErrorMappings::default(),
            client_errors: None,
            reads: Default::default(),
            subscriptions: ServiceSubscriptions::default(),
        }
    }
}

/// A `POST` to an address, without headers and body.
fn post_to(url: RequestText) -> HttpTemplate {
    HttpTemplate {
        method: http::Method::POST,
        base: Some(url),
        declared_base: None,
        source: UrlParts::default(),
        url: RequestText::Fixed(String::new()),
        connect: UrlParts::default(),
        headers: Vec::new(),
        body: None,
        address: OnceLock::new(),
        fixed_start: OnceLock::new(),
    }
}
