//! `@file`: a field that yields a file, which clients download from a URL of the gateway.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use apollo_compiler::ast::{Directive, FieldDefinition, Value as Literal};
use apollo_compiler::schema::{ExtendedType, ObjectType};
use apollo_compiler::{Node, Schema};
use http::Method;

use super::definition::{Role, SupportedDirective, SupportedType, unchecked};
use super::{connect, types};
use crate::connector::arguments::key;
use crate::connector::declared::DeclaredSource;
use crate::connector::diagnostic::code;
use crate::connector::expression::{Expressions, Language, ParsedExpression, VariableScope};
use crate::connector::file_field::FileField;
use crate::connector::findings::{Findings, list};
use crate::connector::http::{HttpTemplate, RequestText, UrlParts};

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: NAME,
    since: (0, 1),
    sdl: SDL,
    types: &[
        &types::JSON_SELECTION,
        &types::URL_TEMPLATE,
        &HTTP,
        &types::HTTP_HEADER_MAPPING,
    ],
    additions: &[],
    // Read by [`read`], for the whole folder at once.
    role: Role::Hint,
    check: unchecked,
};

/// The name of the directive in normalised schemas.
const NAME: &str = "file";

const SDL: &str = r#"
"""
The field yields a file. Clients get a URL of the gateway, from which they download it for a short time.

The `selection` maps the field to the file's address at the upstream, which may be relative to the `baseURL` of the source and must
lead to the same host. Clients never see that address. They get `https://graph.example/files/…`, a URL that holds it sealed, with the
time at which it ends. When a client uses the URL, the gateway sends a `GET` with the headers of the source, and passes the bytes on
as they arrive, also in ranges. Such a URL needs no credentials, as a signed URL of a file store needs none: who may see
the field may pass the file on for that time.

    type Certificate {
      number: ID!
      url: URL @file(source: "desk", name: "certificate.pdf", types: ["application/pdf"])
    }

If the upstream gives a number in place of an address, `http` says how the file is fetched. `$this` has this one field:

    scan: URL @file(source: "desk", http: { GET: "/scans/{$this.scan}" })

The type of the field is a scalar such as `URL`, or a list of one. A response with such a field is cached for at most half the time
that its URLs are valid. The field is in no other connector. The limits and the keys are in
[configuration.md](configuration.md#files).
"""
directive @file(
  "The `@source` that has the file. Without it, the URL of `http` is absolute."
  source: String

  "The request. Without it, the value of the field is the address."
  http: FileHTTP

  "The name under which the file is saved: a template. Without it, the name that the upstream gives, or that in the address."
  name: String

  "The content types that are passed on, such as `image/png` or `image/*`. Without it, those of the setting `files.types`."
  types: [String!]

  "Seconds for which a URL is valid; at least 2. Without it, the setting `files.url_lifetime`."
  expires: Int

  "Browsers show the file, if its type is passed on, and do not save it."
  inline: Boolean = false
) on FIELD_DEFINITION
"#;

static HTTP: SupportedType = SupportedType {
    name: "FileHTTP",
    since: (0, 1),
    sdl: r#"
"The request for a file."
input FileHTTP {
  "The URL: what is appended to the base URL of the source, or an absolute URL if there is no source."
  GET: URLTemplate!
  "Headers. They replace headers of the source that have the same name."
  headers: [HTTPHeaderMapping!]
  "Yields a list of path segments, which are appended to the URL."
  path: JSONSelection
  "Yields an object of query parameters. Null is left out; a list repeats the parameter."
  queryParams: JSONSelection
}
"#,
};

/// Reads all uses of the directive in a folder, in the order of their coordinates.
pub(crate) fn read(
    schema: &Schema,
    sources: &[DeclaredSource],
    language: &Language,
    findings: &mut Findings,
) -> Vec<Arc<FileField>> {
    let mut files = BTreeMap::new();
    for ty in schema.types.values() {
        let ExtendedType::Object(object) = ty else {
            continue;
        };
        for field in object.fields.values() {
            if let Some(directive) = field.directives.get(NAME) {
                let mut reader = Reader {
                    object,
                    field,
                    directive,
                    schema,
                    findings,
                };
                let file = reader.file(sources, language);
                files.extend(file.map(|file| (file.coordinate.clone(), Arc::new(file))));
            }
        }
    }
    files.into_values().collect()
}

/// Reports uses in the folder of a GraphQL service.
pub(crate) fn refuse(schema: &Schema, findings: &mut Findings) {
    for ty in schema.types.values() {
        let ExtendedType::Object(object) = ty else {
            continue;
        };
        let uses = object.fields.values();
        for directive in uses.filter_map(|field| field.directives.get(NAME)) {
            let message = "`@file` on a field of a GraphQL service";
            let help = "it is for fields that a `@connect` yields";
            push(directive, message.to_owned(), help, findings);
        }
    }
}

fn push(directive: &Node<Directive>, message: String, help: &str, findings: &mut Findings) {
    findings.push(
        findings
            .error(&code::INVALID_FILE, message)
            .at(findings.span(directive.location()))
            .help(help),
    );
}

/// Reads one use.
struct Reader<'a> {
    object: &'a ObjectType,
    field: &'a FieldDefinition,
    directive: &'a Node<Directive>,
    schema: &'a Schema,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn file(&mut self, sources: &[DeclaredSource], language: &Language) -> Option<FileField> {
        let directive = self.directive;
        let argument = |name: &str| {
            let value = directive.specified_argument_by_name(name);
            value.filter(|value| !value.is_null())
        };
        let ty = self.schema.types.get(self.field.ty.inner_named_type());
        if !matches!(ty, Some(ExtendedType::Scalar(scalar)) if !scalar.is_built_in()) {
            let message = format!("`@file` on a field of the type `{}`", self.field.ty);
            let help = "the field yields a URL: give it a scalar such as `URL`";
            push(directive, message, help, self.findings);
            return None;
        }
        let expires = argument("expires").and_then(|value| value.to_i32());
        if expires.is_some_and(|seconds| seconds < 2) {
            let message = "`expires` of `@file` is at least 2".to_owned();
            let help = "it is the time in seconds that a client has to begin the download";
            push(directive, message, help, self.findings);
        }
        let source = match argument("source").and_then(|value| value.as_str()) {
            None => None,
            Some(name) => {
                let mut declared = sources.iter();
                let index = declared.position(|source| source.declaration.name == name);
                if index.is_none() {
                    let names = sources.iter().map(|source| &source.declaration.name);
                    let help = format!("this connector has {}", list(names));
                    let message = format!("`@file`: there is no source `{name}`");
                    push(directive, message, &help, self.findings);
                    return None;
                }
                index
            }
        };
        let mut expressions = Expressions::new(language, VariableScope::Request);
        let declared = source.and_then(|index| sources.get(index));
        let template = match (argument("http"), declared) {
            (Some(http), declared) => {
                if key(http, "GET").is_none() {
                    let help = "add `GET` with a URL";
                    push(
                        directive,
                        "`http` of `@file` has no URL".to_owned(),
                        help,
                        self.findings,
                    );
                    return None;
                }
                let request = connect::request(http, declared, &mut expressions, self.findings);
                request?.template
            }
            (None, Some(source)) => Arc::new(base_request(source)?),
            (None, None) => {
                let help = "name the source of the file, or write `http` with an absolute URL";
                let message = "`@file` has neither `source` nor `http`".to_owned();
                push(directive, message, help, self.findings);
                return None;
            }
        };
        let name = argument("name").and_then(|name| expressions.header(name, self.findings));
        self.check_variables(&expressions.parsed);
        let types = argument("types").and_then(|types| types.as_list());
        let types = types.unwrap_or_default().iter();
        Some(FileField {
            coordinate: format!("{}.{}", self.object.name, self.field.name),
            source,
            template,
            is_address: argument("http").is_none(),
            name,
            types: types
                .filter_map(|text| text.as_str().map(str::to_owned))
                .collect(),
            lifetime: expires
                .and_then(|seconds| u64::try_from(seconds).ok())
                .map(Duration::from_secs),
            inline: matches!(
                argument("inline").map(|value| &**value),
                Some(Literal::Boolean(true))
            ),
        })
    }

    /// A download knows the value of the field, and nothing else of the operation.
    fn check_variables(&mut self, expressions: &[ParsedExpression]) {
        for used in expressions.iter().flat_map(|expression| &expression.uses) {
            let first = used.path.first().map(|key| &**key);
            let is_known = match &*used.name {
                "$config" | "$env" | "$request" => true,
                "$this" => first == Some(self.field.name.as_str()),
                _ => false,
            };
            if !is_known {
                let message = format!("`@file` reads `{}`", shown(&used.name, first));
                let help = format!(
                    "a download knows `$this.{}`, `$config`, `$env` and `$request`",
                    self.field.name
                );
                push(self.directive, message, &help, self.findings);
            }
        }
    }
}

fn shown(variable: &str, key: Option<&str>) -> String {
    match key {
        Some(key) => format!("{variable}.{key}"),
        None => variable.to_owned(),
    }
}

/// The request for the base URL of a source; `None` if that could not be read.
fn base_request(source: &DeclaredSource) -> Option<HttpTemplate> {
    Some(HttpTemplate {
        method: Method::GET,
        base: Some(source.base.clone()?),
        declared_base: None,
        source: source.url.clone(),
        url: RequestText::Fixed(String::new()),
        connect: UrlParts::default(),
        headers: source.headers.clone(),
        body: None,
        address: OnceLock::new(),
        fixed_start: OnceLock::new(),
    })
}
