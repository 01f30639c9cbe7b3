//! Checks that every variable exists, is available in its position, and has the keys that are read.

use apollo_compiler::ast::InputValueDefinition;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema};

use crate::connector::declared::{DeclaredConnect, is_root};
use crate::connector::diagnostic::{Code, code};
use crate::connector::expression::{ParsedExpression, VariableScope};
use crate::connector::findings::{Findings, did_you_mean, list};
use crate::connector::model::Site;
use crate::mapping::VariableUse;

/// All variables.
const ALL: [&str; 10] = [
    "$args",
    "$this",
    "$batch",
    "$config",
    "$context",
    "$request",
    "$env",
    "$status",
    "$response",
    "$page",
];

/// Checks all expressions of a connect.
pub(super) fn connect(declared: &DeclaredConnect, schema: &Schema, findings: &mut Findings) {
    for expression in &declared.expressions {
        for used in &expression.uses {
            let checked = VariableCheck {
                expression,
                used,
                schema,
                findings,
            };
            checked.in_connect(declared);
        }
    }
}

/// Checks expressions of a source or of `@graphql`.
pub(crate) fn source(expressions: &[ParsedExpression], schema: &Schema, findings: &mut Findings) {
    for expression in expressions {
        for used in &expression.uses {
            let mut checked = VariableCheck {
                expression,
                used,
                schema,
                findings,
            };
            if checked.is_known() && checked.is_available(None) {
                checked.headers();
            }
        }
    }
}

/// The variables that an expression may read.
fn available(
    scope: VariableScope,
    declared: Option<&DeclaredConnect>,
    schema: &Schema,
) -> Vec<&'static str> {
    if scope == VariableScope::BaseUrl {
        return vec!["$config", "$env"];
    }
    let mut names = vec!["$config", "$context", "$request", "$env"];
    match declared.map(|declared| &declared.site) {
        Some(Site::Field { parent, .. }) => {
            names.push("$args");
            if !is_root(schema, parent) {
                names.push("$this");
            }
        }
        Some(Site::Type { .. }) => {
            names.extend(["$this", "$batch"]);
            if declared.is_some_and(|declared| declared.batched.is_some()) {
                names.push("$args");
            }
        }
        None => {}
    }
    let paged = declared.is_some_and(|declared| {
        let field = declared.field.as_ref();
        field.is_some_and(|field| field.directives.has("paginate"))
    });
    if paged && scope != VariableScope::Limit {
        names.push("$page");
    }
    if matches!(
        scope,
        VariableScope::SourceResponse | VariableScope::Response | VariableScope::Page
    ) {
        names.extend(["$status", "$response"]);
    }
    names
}

/// A use of a variable that is being checked.
struct VariableCheck<'a> {
    expression: &'a ParsedExpression,
    used: &'a VariableUse,
    schema: &'a Schema,
    findings: &'a mut Findings,
}

impl VariableCheck<'_> {
    fn in_connect(mut self, declared: &DeclaredConnect) {
        if !self.is_known() || !self.is_available(Some(declared)) {
            return;
        }
        match (&*self.used.name, &declared.site) {
            ("$args", _) => self.arguments(declared),
            ("$this", Site::Field { parent, .. }) => self.fields(parent),
            ("$this" | "$batch", Site::Type { name }) => self.fields(name),
            ("$page", _) => self.page(),
            _ => self.headers(),
        }
    }

    fn is_known(&mut self) -> bool {
        let name = &*self.used.name;
        if ALL.contains(&name) {
            return true;
        }
        let bound = &self.expression.bound;
        let help = if bound.iter().any(|bound| **bound == *name) {
            format!("`->as({name})` binds it for the rest of its path only")
        } else {
            let known = ALL.into_iter().chain(bound.iter().map(|bound| &**bound));
            did_you_mean(name, known).unwrap_or_else(|| format!("there are {}", list(ALL)))
        };
        self.refuse(
            &code::UNKNOWN_VARIABLE,
            format!("there is no variable `{name}`"),
            String::new(),
            Some(help),
        );
        false
    }

    fn is_available(&mut self, declared: Option<&DeclaredConnect>) -> bool {
        let name = &*self.used.name;
        let names = available(self.expression.scope, declared, self.schema);
        if names.contains(&name) {
            return true;
        }
        let reader = match (self.expression.scope, declared.map(|it| &it.site)) {
            (VariableScope::BaseUrl, _) => "an address",
            (VariableScope::SourceRequest, _) => "what all requests of a source share",
            (VariableScope::SourceResponse, _) => "what all responses of a source share",
            (VariableScope::Limit, _) => "`limit`",
            (VariableScope::Response, None) => "what all responses share",
            (_, Some(Site::Type { .. })) => "a connect on a type",
            (VariableScope::Request, _) => "this request",
            _ => "this connect",
        };
        let help = match (name, declared.map(|it| &it.site)) {
            ("$this", Some(Site::Field { parent, .. })) => {
                format!(
                    "a field of `{parent}` has no parent object; available here: {}",
                    list(names)
                )
            }
            ("$args", Some(Site::Type { .. })) => {
                "a type has no arguments: read its key from `$this` or `$batch`".to_owned()
            }
            ("$batch", Some(Site::Field { .. })) => {
                "`$batch` is there for a `@connect` on a type, or on a field of one".to_owned()
            }
            ("$page", Some(_)) => "`$page` is there for a field with `@paginate`".to_owned(),
            ("$status" | "$response", _) => {
                format!(
                    "a request has no response yet; available here: {}",
                    list(names)
                )
            }
            _ => format!("available here: {}", list(names)),
        };
        self.refuse(
            &code::VARIABLE_NOT_AVAILABLE,
            format!("`{name}` is not available in {reader}"),
            self.expression.text.place(&self.used.span),
            Some(help),
        );
        false
    }

    /// `$args.name…`: an argument, then fields of its input type.
    fn arguments(&mut self, declared: &DeclaredConnect) {
        let Some((first, rest)) = self.used.path.split_first() else {
            return;
        };
        let Some(field) = declared.field_with_arguments() else {
            return;
        };
        let argument = field
            .arguments
            .iter()
            .find(|argument| *argument.name == **first);
        let names: Vec<&str> = field
            .arguments
            .iter()
            .map(|argument| argument.name.as_str())
            .collect();
        let Some(argument) = argument else {
            let message = format!("`{}` has no argument `{first}`", field.name);
            self.unknown(&code::UNKNOWN_ARGUMENT, message, first, &names, "arguments");
            return;
        };
        let mut parent: Node<InputValueDefinition> = argument.clone();
        for key in rest {
            let ty = parent.ty.inner_named_type();
            let Some(ExtendedType::InputObject(input)) = self.schema.types.get(ty) else {
                // A custom scalar may have any keys, a built-in one has none.
                self.below_leaf(ty, key);
                return;
            };
            let Some(next) = input.fields.get(&**key) else {
                let names: Vec<&str> = input.fields.keys().map(Name::as_str).collect();
                let message = format!("`{ty}` has no field `{key}`");
                self.unknown(&code::UNKNOWN_ARGUMENT, message, key, &names, "fields");
                return;
            };
            parent = next.node.clone();
        }
    }

    /// `$this.field…` and `$batch.field…`: a path of fields to a leaf, which can be a key.
    fn fields(&mut self, of: &Name) {
        let variable = &*self.used.name;
        if self.used.path.is_empty() {
            let help = format!("write `{variable}.id`: what is read becomes the key");
            self.refuse(
                &code::WHOLE_OBJECT_READ,
                format!("`{variable}` cannot be read as a whole"),
                String::new(),
                Some(help),
            );
            return;
        }
        let mut parent = of.clone();
        for (depth, key) in self.used.path.iter().enumerate() {
            let Some(fields) = fields_of(self.schema, &parent) else {
                self.below_leaf(&parent, key);
                return;
            };
            let Some((_, field)) = fields.iter().find(|(name, _)| **name == **key) else {
                let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
                let message = format!("`{parent}` has no field `{key}`");
                self.unknown(&code::UNKNOWN_FIELD, message, key, &names, "fields");
                return;
            };
            parent = field.clone();
            let last = depth + 1 == self.used.path.len();
            if last && fields_of(self.schema, &parent).is_some() {
                let help = format!(
                    "read its fields: `{variable}.{}.…`",
                    self.used.path.join(".")
                );
                self.refuse(
                    &code::WHOLE_OBJECT_READ,
                    format!("`{key}` is a `{parent}`, which cannot be read as a whole"),
                    String::new(),
                    Some(help),
                );
            }
        }
    }

    /// `$page.key`.
    fn page(&mut self) {
        const KEYS: [&str; 5] = ["index", "offset", "number", "cursor", "size"];
        match self.used.path.first() {
            Some(key) if !KEYS.contains(&&**key) => {
                let message = format!("`$page` has no `{key}`");
                self.unknown(&code::UNKNOWN_VARIABLE, message, key, &KEYS, "keys");
            }
            _ => {}
        }
    }

    /// `$request` and `$response` have only headers; in requests, `$request` of the `wire` namespace has the instant too.
    fn headers(&mut self) {
        let name = &*self.used.name;
        let first = self.used.path.first();
        if let ("$request", Some(key)) = (name, first)
            && **key == *"instant"
        {
            return self.instant();
        }
        if let ("$request" | "$response", Some(key)) = (name, first)
            && **key != *"headers"
        {
            let message = format!("`{name}` has no `{key}`");
            let help = did_you_mean(key, ["headers"]).unwrap_or_else(|| match name {
                "$response" => "it has only `headers`; the body is `$`".to_owned(),
                _ => "it has only `headers`".to_owned(),
            });
            // Fields that are selected from it are read too, but the key is wrong once: the location is the same for all.
            let text = self.expression.text.text();
            let before = text.get(..self.used.span.end).unwrap_or(text);
            let path = format!("{name}.{key}");
            let start = before.rfind(&path);
            let range = start.map_or(self.used.span.clone(), |start| start..start + path.len());
            let error = self.findings.error(&code::UNKNOWN_VARIABLE, message);
            let text = &self.expression.text;
            let error = text.mark_as(error.help(help), range, "", self.findings);
            self.findings.push(error);
        }
    }

    /// `$request.instant`: only in requests, so that nothing in a cache depends on a clock.
    fn instant(&mut self) {
        let scope = self.expression.scope;
        let help = match scope {
            VariableScope::Request | VariableScope::SourceRequest if self.expression.wire => return,
            VariableScope::Request | VariableScope::SourceRequest => {
                "link the `wire` namespace: `extend schema @link(url: \"https://specs.sangam.dev/wire/v0.1\")`"
            }
            _ => {
                "it is there for requests: a response may be cached, and does not depend on a clock"
            }
        };
        self.refuse(
            &code::VARIABLE_NOT_AVAILABLE,
            "`$request.instant` is not available here".to_owned(),
            self.expression.text.place(&self.used.span),
            Some(help.to_owned()),
        );
    }

    fn below_leaf(&mut self, ty: &Name, key: &str) {
        let built_in = matches!(ty.as_str(), "Int" | "Float" | "String" | "Boolean" | "ID");
        let is_enum = matches!(self.schema.types.get(ty), Some(ExtendedType::Enum(_)));
        if built_in || is_enum {
            self.refuse(
                &code::UNKNOWN_FIELD,
                format!("`{ty}` has no field `{key}`"),
                String::new(),
                Some("it is a single value".to_owned()),
            );
        }
    }

    fn unknown(
        &mut self,
        code: &'static Code,
        message: String,
        written: &str,
        names: &[&str],
        what: &str,
    ) {
        let help = did_you_mean(written, names.iter().copied()).or_else(|| match names {
            [] => Some(format!("it has no {what}")),
            _ => Some(format!("it has {what} {}", list(names))),
        });
        self.refuse(code, message, String::new(), help);
    }

    fn refuse(
        &mut self,
        code: &'static Code,
        message: String,
        label: String,
        help: Option<String>,
    ) {
        let error = self.findings.error(code, message).help_opt(help);
        let (text, span) = (&self.expression.text, self.used.span.clone());
        let error = text.mark_as(error, span, label, self.findings);
        self.findings.push(error);
    }
}

/// The names and types of the fields of a composite type; `None` for other types.
fn fields_of(schema: &Schema, ty: &Name) -> Option<Vec<(Name, Name)>> {
    let fields = match schema.types.get(ty)? {
        ExtendedType::Object(object) => &object.fields,
        ExtendedType::Interface(interface) => &interface.fields,
        ExtendedType::Union(_) => return Some(Vec::new()),
        _ => return None,
    };
    let names = fields
        .iter()
        .map(|(name, field)| (name.clone(), field.ty.inner_named_type().clone()));
    Some(names.collect())
}
