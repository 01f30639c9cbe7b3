//! Reads all uses of directives that fetch: their common arguments (`source`, `id`, `entity`, `batch`, `selection`, `errors`,
//! `isSuccess`), and the directives beside them.

use std::sync::Arc;

use apollo_compiler::ast::{Directive, FieldDefinition, Value};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Node, Schema};

use super::{kind, references};
use crate::connector::arguments::outcome;
use crate::connector::connect_options::ConnectOptions;
use crate::connector::declared::{DeclaredConnect, DeclaredFetch, DeclaredSource, is_root};
use crate::connector::diagnostic::code;
use crate::connector::directives::definition::{Role, SupportedDirective};
use crate::connector::directives::{CLIENT_ERRORS, Connection, Invalidates, PageStyle, Pagination};
use crate::connector::expression::{Expressions, Form, Language, ParsedExpression, VariableScope};
use crate::connector::findings::{Findings, did_you_mean, list};
use crate::connector::model::{
    ClientErrors, Connect, ConnectKind, ErrorMappings, Refusal, Site, YieldedType, Yields,
};
use crate::connector::reads;
use crate::mapping::Selection;

/// Whether an expression that is evaluated when the upstream reports success reads the document.
fn reads_document(connect: &Connect) -> bool {
    // Without `isSuccess` and `when`, `errors` is evaluated only if the upstream reports a failure.
    let client_errors = connect.options.get::<ClientErrors>();
    let when = client_errors.and_then(|it| it.when.as_ref());
    let errors = connect.errors.all();
    let errors = errors.filter(|_| connect.is_success.is_some() || when.is_some());
    let invalidates = connect.options.get::<Invalidates>();
    let unless = invalidates.and_then(|it| it.unless.as_ref());
    let refusal = client_errors.and_then(|it| it.selection.as_ref());
    let on_success = errors.chain(&connect.is_success).chain(unless);
    let mut on_success = on_success.chain(when).chain(refusal);
    connect.selection.reads_input()
        || on_success.any(|mapping| mapping.reads_input())
        || connect.options.get::<Pagination>().is_some()
}

/// Reads the request of a directive that fetches.
type ReadRequest =
    fn(&Node<Directive>, Option<&DeclaredSource>, &mut Expressions, &mut Findings) -> DeclaredFetch;

/// An option of all connects that have none of their own.
pub(super) struct SharedOption {
    /// The directive's name.
    pub(super) name: &'static str,
    pub(super) options: ConnectOptions,
    pub(super) expressions: Vec<ParsedExpression>,
}

/// Reads the directives of one folder.
pub(super) struct DirectiveReader<'a> {
    /// The folder's name.
    pub(super) connector: &'a str,
    /// Its schema.
    pub(super) schema: &'a Schema,
    /// The directives that are available to it.
    pub(super) directives: &'a [&'static SupportedDirective],
    /// Its sources.
    pub(super) sources: &'a [DeclaredSource],
    /// The options on the schema.
    pub(super) shared: &'a [SharedOption],
    /// What its texts may be.
    pub(super) language: &'a Language,
    /// Its diagnostics.
    pub(super) findings: &'a mut Findings,
}

impl DirectiveReader<'_> {
    /// Reads every directive that fetches, in the order of their coordinates.
    pub(super) fn read(&mut self) -> Vec<DeclaredConnect> {
        let schema = self.schema;
        let mut declared = Vec::new();
        let mut types: Vec<_> = schema.types.values().collect();
        types.sort_by(|a, b| a.name().cmp(b.name()));
        for ty in types {
            let ExtendedType::Object(object) = ty else {
                continue;
            };
            let site = Site::Type {
                name: object.name.clone(),
            };
            let directives = object.directives.iter().map(|directive| &directive.node);
            declared.extend(self.element(&site, None, directives));
            let mut fields: Vec<_> = object.fields.values().collect();
            fields.sort_by(|a, b| a.name.cmp(&b.name));
            for field in fields {
                let site = Site::Field {
                    parent: object.name.clone(),
                    field: field.name.clone(),
                };
                declared.extend(self.element(&site, Some(&field.node), field.directives.iter()));
            }
        }
        declared
    }

    /// Reads the directives of a field or type: a connect for each directive that fetches.
    fn element<'d>(
        &mut self,
        site: &Site,
        field: Option<&Node<FieldDefinition>>,
        directives: impl Iterator<Item = &'d Node<Directive>> + Clone,
    ) -> Vec<DeclaredConnect> {
        let mut connects = Vec::new();
        for directive in directives.clone() {
            let named = |row: &&&SupportedDirective| directive.name == row.name;
            let Some(row) = self.directives.iter().find(named) else {
                continue;
            };
            let Role::Fetch(read_request) = row.role else {
                continue;
            };
            let mut expressions = Expressions::new(self.language, VariableScope::Request);
            let mut options = self.options(directives.clone(), &mut expressions);
            let own = |option: &&SharedOption| {
                let mut beside = directives.clone();
                beside.any(|directive| directive.name == option.name)
            };
            let shared: Vec<_> = self.shared.iter().filter(|it| !own(it)).collect();
            for option in &shared {
                options.add_all(&option.options);
            }
            let batched = self.batched(site, directive);
            let mut declared = DeclaredConnect {
                site: batched.clone().unwrap_or_else(|| site.clone()),
                field: field.filter(|_| batched.is_none()).cloned(),
                batched: field.filter(|_| batched.is_some()).cloned(),
                directive: directive.clone(),
                expressions: Vec::new(),
                entity: is_true(directive.specified_argument_by_name("entity")),
                options,
                connect: None,
            };
            let coordinate = coordinate(self.connector, site, connects.len());
            self.connect(read_request, coordinate, expressions, &mut declared);
            let shared = shared.iter().flat_map(|option| &option.expressions);
            if let Some(connect) = &mut declared.connect {
                connect.reads.add(shared, self.findings);
            }
            connects.push(declared);
        }
        connects
    }

    /// The site of a batch on a field, which is the type of the objects: a directive on a field that mentions `$batch`.
    fn batched(&self, site: &Site, directive: &Directive) -> Option<Site> {
        let Site::Field { parent, .. } = site else {
            return None;
        };
        let is_batch = !is_root(self.schema, parent)
            && directive
                .arguments
                .iter()
                .any(|argument| mentions_batch(&argument.value));
        is_batch.then(|| Site::Type {
            name: parent.clone(),
        })
    }

    /// Reads the directives beside one that fetches, in the order of the table.
    fn options<'d>(
        &mut self,
        directives: impl Iterator<Item = &'d Node<Directive>> + Clone,
        expressions: &mut Expressions,
    ) -> ConnectOptions {
        let mut options = ConnectOptions::default();
        for row in self.directives {
            let (Role::ConnectOption(read) | Role::SharedConnectOption(read)) = row.role else {
                continue;
            };
            let mut directives = directives.clone();
            if let Some(directive) = directives.find(|directive| directive.name == row.name) {
                read(directive, &mut options, expressions, self.findings);
            }
        }
        options
    }

    fn connect(
        &mut self,
        read_request: ReadRequest,
        coordinate: String,
        mut expressions: Expressions,
        declared: &mut DeclaredConnect,
    ) {
        let directive = declared.directive.clone();
        let argument = |name: &str| directive.specified_argument_by_name(name);
        let source = self.source(argument("source"));
        expressions.in_scope(VariableScope::Request);
        let fetch = match &source {
            Ok(source) => {
                let source = source.and_then(|index| self.sources.get(index));
                read_request(&directive, source, &mut expressions, self.findings)
            }
            Err(UnknownSource) => DeclaredFetch::Broken,
        };
        expressions.in_scope(VariableScope::Response);
        let form = match yielded_type(declared, self.schema) {
            YieldedType::Leaf => Form::Leaf,
            YieldedType::Composite | YieldedType::Any => Form::Object,
        };
        let selection = argument("selection")
            .and_then(|literal| expressions.mapping("selection", literal, form, self.findings));
        let (selection, list) = self.of_connection(declared, selection);
        let outcome = outcome::read(&directive, &mut expressions, self.findings);
        declared.expressions = expressions.parsed;
        let kind = kind::kind(declared, self.schema);
        let (Ok(source), Some(selection)) = (source, selection) else {
            return;
        };
        let (template, client_headers) = match fetch {
            DeclaredFetch::Call(request) => (Some(request.template), request.client_headers),
            DeclaredFetch::Nothing => (None, Vec::new()),
            DeclaredFetch::Broken => return,
        };
        let references = references::references(declared, &selection, self.schema);
        let refusal = self.refusal(declared);
        let shared = source.and_then(|index| self.sources.get(index));
        let reads = reads::reads(declared, shared, client_headers, self.findings);
        let inherited = |of: fn(&DeclaredSource) -> &Option<Arc<Selection>>| {
            shared.and_then(|source| of(source).clone())
        };
        let is_success = outcome
            .is_success
            .or_else(|| inherited(|source| &source.is_success));
        let message = outcome
            .error_message
            .or_else(|| inherited(|source| &source.error_message));
        let extensions = inherited(|source| &source.error_extensions)
            .into_iter()
            .chain(outcome.error_extensions)
            .collect();
        let mut connect = Connect {
            coordinate,
            id: argument("id").and_then(|id| id.as_str()).map(str::to_owned),
            site: declared.site.clone(),
            source,
            template,
            selection,
            list,
            refusal,
            is_success,
            errors: ErrorMappings {
                message,
                extensions,
            },
            yields: yields(declared, &kind, self.schema),
            references,
            options: declared.options.clone(),
            kind,
            reads,
        };
        connect.reads.document = reads_document(&connect);
        if let Some(pagination) = connect.options.get::<Pagination>()
            && pagination.style == PageStyle::Link
            && pagination.next.is_none()
        {
            connect.reads.add_response_header("link");
        }
        declared.connect = Some(connect);
    }

    /// What the responses become that refuse the client's input.
    fn refusal(&self, declared: &DeclaredConnect) -> Option<Refusal> {
        // On a type or on the schema it is reported: it has no field.
        let field = declared.field.as_ref()?;
        let client_errors = declared.options.get::<ClientErrors>()?;
        field.directives.get(CLIENT_ERRORS)?;
        let selection = client_errors.selection.clone()?;
        let references = references::references(declared, &selection, self.schema);
        Some(Refusal {
            selection,
            references,
        })
    }

    /// The selection of a connection from that of its list, which is returned too; without `@connection`, the selection as
    /// it is.
    fn of_connection(
        &mut self,
        declared: &DeclaredConnect,
        selection: Option<Arc<Selection>>,
    ) -> (Option<Arc<Selection>>, Option<Arc<Selection>>) {
        if declared.options.get::<Connection>().is_none() {
            return (selection, None);
        }
        let Some(list) = selection else {
            return (None, None);
        };
        let connection = list.as_connection().map(Arc::new);
        if connection.is_none() {
            let literal = declared.directive.specified_argument_by_name("selection");
            let location = literal.and_then(|literal| literal.location());
            self.findings.push(
                self.findings
                    .error(
                        &code::INVALID_CONNECTION,
                        "the selection of a `@connection` does not end with braces",
                    )
                    .at(self.findings.span(location))
                    .help("write the fields of an element between braces: `$.items { id name }`"),
            );
        }
        (connection, Some(list))
    }

    /// The index of a named source.
    fn source(&mut self, argument: Option<&Node<Value>>) -> Result<Option<usize>, UnknownSource> {
        let Some((literal, name)) = argument.and_then(|value| Some((value, value.as_str()?)))
        else {
            return Ok(None);
        };
        let names = || {
            self.sources
                .iter()
                .map(|source| source.declaration.name.as_str())
        };
        if let Some(index) = names().position(|declared| declared == name) {
            return Ok(Some(index));
        }
        let help = did_you_mean(name, names()).unwrap_or_else(|| match self.sources {
            [] => format!(
                "declare it: `extend schema @source(name: \"{name}\", http: {{ baseURL: \"…\" }})`"
            ),
            _ => format!("this connector has {}", list(names())),
        });
        self.findings.push(
            self.findings
                .error(
                    &code::UNKNOWN_SOURCE,
                    format!("there is no source `{name}`"),
                )
                .at(self.findings.span(literal.location()))
                .help(help),
        );
        Err(UnknownSource)
    }
}

/// Whether a text in an argument has `$batch`.
fn mentions_batch(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("$batch"),
        Value::List(items) => items.iter().any(|item| mentions_batch(item)),
        Value::Object(fields) => fields.iter().any(|(_, value)| mentions_batch(value)),
        _ => false,
    }
}

/// The value that the selection of a connect must yield, by the type of its field.
fn yields(declared: &DeclaredConnect, kind: &ConnectKind, schema: &Schema) -> Yields {
    let list = match &declared.field {
        Some(field) => field.ty.is_list(),
        None => matches!(kind, ConnectKind::Batch { .. }),
    };
    let of = yielded_type(declared, schema);
    Yields { list, of }
}

fn yielded_type(declared: &DeclaredConnect, schema: &Schema) -> YieldedType {
    let Some(field) = &declared.field else {
        return YieldedType::Composite;
    };
    match schema.types.get(field.ty.inner_named_type()) {
        Some(ExtendedType::Scalar(scalar)) if !scalar.is_built_in() => YieldedType::Any,
        Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_)) => YieldedType::Leaf,
        _ => YieldedType::Composite,
    }
}

/// A source that is not declared, which has been reported.
struct UnknownSource;

fn coordinate(connector: &str, site: &Site, index: usize) -> String {
    match site {
        Site::Field { parent, field } => format!("{connector}:{parent}.{field}[{index}]"),
        Site::Type { name } => format!("{connector}:{name}[{index}]"),
    }
}

fn is_true(argument: Option<&Node<Value>>) -> bool {
    argument.and_then(|value| value.to_bool()) == Some(true)
}
