//! `@upload`: files of a client that are passed on with the request of a mutation.

use std::sync::Arc;

use apollo_compiler::ast::{Directive, Type, Value as Literal};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema};

use super::definition::{Role, SupportedDirective, SupportedType};
use super::types;
use crate::connector::connect_options::{ConnectOption, ConnectOptions};
use crate::connector::declared::Declarations;
use crate::connector::diagnostic::code;
use crate::connector::expression::{Expressions, Form, VariableScope};
use crate::connector::findings::Findings;
use crate::connector::http_request::{HttpRequest, UploadBody};
use crate::connector::request::{RenderError, Request};
use crate::document::Value;
use crate::mapping::{Selection, Variables};

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: NAME,
    since: (0, 1),
    sdl: SDL,
    types: &[&types::JSON_SELECTION, &AS],
    additions: &[],
    role: Role::ConnectOption(read),
    check,
};

const NAME: &str = "upload";

/// The scalar of files, by the GraphQL multipart request specification.
const SCALAR: &str = "Upload";

const SDL: &str = r#"
"""
Passes files of the client on with the request of a mutation.

The files are arguments of the scalar `Upload`, which clients send by the GraphQL multipart request specification, as Apollo Client
and urql do. The directive is written beside the `@connect`. Without `as`, the request is `multipart/form-data`: first the members of
`body` as fields of the form, named as in a form body, and then the file. With `as: RAW`, the file is the body, with its content type.

    scalar Upload

    type Mutation {
      attachPhotograph(application: ID!, photograph: Upload!): Attached
        @connect(
          source: "desk"
          http: { POST: "/photographs", body: "application: $args.application" }
          selection: "id"
        )
        @upload(file: "$args.photograph", field: "photo", types: ["image/jpeg", "image/png"], maxBytes: 5000000)
    }

The gateway passes a file on while the client sends it, and never holds it whole. So an operation takes its files in the order in
which the client sends them, and each once. A file that is needed earlier or twice, or by an upstream that must know the length
(`needsLength`), is refused, unless the setting `files.spool_bytes` lets the gateway keep it on disk. A call with a file is never
repeated. Without a file, the request is that of the `@connect` alone. The content type is the one that the client declares: the gateway does not look into
the file. The limits are in [configuration.md](configuration.md#files).
"""
directive @upload(
  "Yields the file, or a list of files: `$args.photograph`."
  file: JSONSelection!

  "How the file is sent."
  as: UploadAs = MULTIPART

  "The name of the file's field in the form. Without it, the last name in `file`."
  field: String

  "The name of the file in the form. Without it, the name that the client gives it, without folders."
  name: String

  "The content types that are allowed, such as `image/png` or `image/*`. Without it, those of the setting `files.upload_types`."
  types: [String!]

  "The greatest length of one file in bytes. It is never more than the setting `files.upload_bytes`."
  maxBytes: Int

  "The greatest number of files in one call."
  max: Int

  "The upstream must know the length of the request before: the file is kept on disk until it has arrived."
  needsLength: Boolean = false
) on FIELD_DEFINITION
"#;

static AS: SupportedType = SupportedType {
    name: "UploadAs",
    since: (0, 1),
    sdl: r#"
"How a file is sent."
enum UploadAs {
  "As a part of `multipart/form-data`."
  MULTIPART
  "As the body."
  RAW
}
"#,
};

/// `@upload`: how files are passed on.
#[derive(Debug)]
pub struct UploadOption {
    file: Arc<Selection>,
    raw: bool,
    field: String,
    name: Option<String>,
    types: Arc<[String]>,
    max_bytes: Option<u64>,
    max: Option<usize>,
    needs_length: bool,
}

impl ConnectOption for UploadOption {}

impl UploadOption {
    /// The request with the files. `marked` says which file of the client's request a text of the variables stands for.
    ///
    /// # Errors
    /// A value is not a file, or there are too many; or the request is not one that can have files.
    pub fn with_files(
        &self,
        request: Request,
        variables: &Variables,
        marked: &dyn Fn(&str) -> Option<usize>,
    ) -> Result<Request, RenderError> {
        let evaluated = self.file.evaluate(None, variables);
        let value = evaluated.value.unwrap_or(Value::Null);
        let all = match &value {
            Value::Null => &[][..],
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        let given = all.iter().filter(|value| !value.is_null());
        let files: Option<Vec<usize>> = given.map(|value| marked(value.as_str()?)).collect();
        let files = files.ok_or_else(|| {
            RenderError::new("a file is not text: send it as a part of a multipart request")
        })?;
        let most = if self.raw {
            1
        } else {
            self.max.unwrap_or(usize::MAX)
        };
        if files.len() > most {
            return Err(RenderError::new(format!(
                "there are more than {most} files"
            )));
        }
        let request = request.into_own::<HttpRequest>();
        let mut request =
            request.map_err(|_| RenderError::new("this request cannot have files"))?;
        if files.is_empty() {
            return match self.raw {
                true => Err(RenderError::new("there is no file")),
                false => Ok(Request::new(request)),
            };
        }
        let fields = match (self.raw, request.body.is_empty()) {
            (false, false) => form_fields(&request)?,
            _ => Vec::new(),
        };
        request.body = bytes::Bytes::new();
        request
            .headers
            .retain(|(name, _)| *name != http::header::CONTENT_TYPE);
        request.upload = Some(Arc::new(UploadBody {
            fields,
            files,
            raw: self.raw,
            field: self.field.clone(),
            name: self.name.clone(),
            types: Arc::clone(&self.types),
            max_bytes: self.max_bytes,
            needs_length: self.needs_length,
        }));
        Ok(Request::new(request))
    }
}

/// The fields of the form, from a rendered body.
fn form_fields(request: &HttpRequest) -> Result<Vec<(String, String)>, RenderError> {
    let value = Value::parse_json(&request.body);
    let value = value.map_err(|_| RenderError::new("body: a form needs an object"))?;
    let text = crate::connector::http::encode_form(&value)?;
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    Ok(pairs.into_owned().collect())
}

fn read(
    directive: &Node<Directive>,
    options: &mut ConnectOptions,
    expressions: &mut Expressions,
    findings: &mut Findings,
) {
    let argument = |name: &str| {
        let value = directive.specified_argument_by_name(name);
        value.filter(|value| !value.is_null())
    };
    let text = |name: &str| argument(name).and_then(|value| value.as_str());
    let Some(literal) = argument("file") else {
        return;
    };
    let expressions = expressions.in_scope(VariableScope::Request);
    let Some(file) = expressions.mapping("file", literal, Form::Value, findings) else {
        return;
    };
    let number = |name: &str| argument(name).and_then(|value| value.to_i32());
    let last = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let named = literal.as_str().unwrap_or_default().trim_end();
    let field = text("field").or_else(|| named.rsplit(last).find(|name| !name.is_empty()));
    let types = argument("types").and_then(|types| types.as_list());
    let types = types.unwrap_or_default().iter();
    options.add(UploadOption {
        file,
        raw: is_raw(directive),
        field: field.unwrap_or("file").to_owned(),
        name: text("name").map(str::to_owned),
        types: types
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect(),
        max_bytes: number("maxBytes").and_then(|bytes| u64::try_from(bytes).ok()),
        max: number("max").and_then(|max| usize::try_from(max).ok()),
        needs_length: matches!(
            argument("needsLength").map(|value| &**value),
            Some(Literal::Boolean(true))
        ),
    });
}

fn is_raw(directive: &Directive) -> bool {
    let value = directive.specified_argument_by_name("as");
    matches!(value.map(|value| &**value), Some(Literal::Enum(name)) if name == "RAW")
}

/// Checks that the directive is beside a mutation's connect with a body, and that no file is left without it.
fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    let schema = declarations.schema;
    let mutation = schema.schema_definition.mutation.as_ref();
    let is_mutation = |object: &Name| mutation.is_some_and(|root| root.name == *object);
    let mut push = |location, message: String, help: &str| {
        findings.push(
            findings
                .error(&code::INVALID_UPLOAD, message)
                .at(findings.span(location))
                .help(help),
        );
    };
    for upload in declarations.uses(NAME) {
        let directive = upload.directive;
        let location = directive.location();
        if !is_mutation(&upload.object.name) || !upload.is_beside_fetch(declarations) {
            let message = "`@upload` elsewhere than beside a mutation's `@connect`";
            let help = "a call with a file is made once: put it on the field of the mutation";
            push(location, message.to_owned(), help);
            continue;
        }
        let connect = upload
            .field
            .and_then(|field| field.directives.get("connect"));
        let http = connect.and_then(|connect| connect.specified_argument_by_name("http"));
        let has = |name: &str| {
            http.is_some_and(|http| crate::connector::arguments::key(http, name).is_some())
        };
        if has("GET") || has("DELETE") || http.is_none() {
            let message = "`@upload` beside a request that has no body";
            push(
                location,
                message.to_owned(),
                "write `POST`, `PUT` or `PATCH`",
            );
        } else if is_raw(directive) && has("body") {
            let message = "`@upload(as: RAW)` beside a `body`";
            push(location, message.to_owned(), "the file is the body");
        }
        for name in ["maxBytes", "max"] {
            let value = directive.specified_argument_by_name(name);
            if value
                .and_then(|value| value.to_i32())
                .is_some_and(|it| it < 1)
            {
                let message = format!("`{name}` of `@upload` is at least 1");
                push(
                    location,
                    message,
                    "leave it out for the limit of the settings",
                );
            }
        }
    }
    for object in schema.types.values() {
        let ExtendedType::Object(object) = object else {
            continue;
        };
        for field in object.fields.values() {
            let mut seen = Vec::new();
            let mut arguments = field.arguments.iter();
            let file = arguments.find(|argument| has_file(&argument.ty, schema, &mut seen));
            if let Some(file) = file
                && !field.directives.has(NAME)
            {
                let message = format!(
                    "the argument `{}` has a file, and nothing passes it on",
                    file.name
                );
                let help = "add `@upload(file: \"$args.…\")` to the field";
                push(file.location(), message, help);
            }
        }
    }
}

/// Whether a value of a type can have a file.
fn has_file(ty: &Type, schema: &Schema, seen: &mut Vec<Name>) -> bool {
    let name = ty.inner_named_type();
    match schema.types.get(name) {
        Some(ExtendedType::Scalar(_)) => name == SCALAR,
        Some(ExtendedType::InputObject(input)) if !seen.contains(name) => {
            seen.push(name.clone());
            let mut fields = input.fields.values();
            fields.any(|field| has_file(&field.ty, schema, seen))
        }
        _ => false,
    }
}
