//! What every directive that fetches has: `source`, `id`, `entity`, `batch`, `selection`, `errors`, `isSuccess`.

use std::sync::Arc;
use std::time::Duration;

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::Schema;
use apollo_compiler::ast::Directive;
use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::ast::Value;
use apollo_compiler::schema::ExtendedType;

use super::FETCHERS;
use super::Fetch;
use super::Fetcher;
use super::invalidates;
use super::kind;
use super::outcome;
use super::paginate;
use super::reads;
use super::source::Source;
use crate::connector::diagnostic::code;
use crate::connector::expression::Expression;
use crate::connector::expression::Expressions;
use crate::connector::expression::Form;
use crate::connector::expression::Place;
use crate::connector::findings::Findings;
use crate::connector::findings::did_you_mean;
use crate::connector::findings::list;
use crate::connector::model::Connect;
use crate::connector::model::ConnectKind;
use crate::connector::model::Invalidates;
use crate::connector::model::Pagination;
use crate::connector::model::Site;
use crate::connector::model::YieldedType;
use crate::connector::model::Yields;
use crate::connector::schema::ReadSchema;
use crate::mapping::Version;

/// A connect with what checks need to point at its parts.
#[derive(Debug)]
pub(crate) struct Declared {
    /// Where it stands.
    pub(crate) site: Site,
    /// The field that it stands on.
    pub(crate) field: Option<Node<FieldDefinition>>,
    /// The directive.
    pub(crate) directive: Node<Directive>,
    /// Its expressions, without its source's.
    pub(crate) expressions: Vec<Expression>,
    /// `entity: true`
    pub(crate) entity: bool,
    /// `@invalidates` beside it.
    pub(crate) invalidates: Option<Arc<Invalidates>>,
    /// `@cacheNull` beside it.
    pub(crate) null_lifetime: Option<Duration>,
    /// What it is; `None` if it could not be read whole.
    pub(crate) connect: Option<Connect>,
}

/// Reads every directive that fetches, in the order of their coordinates.
pub(crate) fn read_all(
    connector: &str,
    read: &ReadSchema,
    sources: &[Source],
    version: Version,
    findings: &mut Findings,
) -> Vec<Declared> {
    let schema = &read.schema;
    let mut reader = Reader {
        connector,
        schema,
        fetchers: FETCHERS
            .iter()
            .filter(|fetcher| read.links.get(fetcher.spec).is_some())
            .collect(),
        sources,
        version,
        findings,
        declared: Vec::new(),
    };
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
        reader.element(&site, None, directives);
        let mut fields: Vec<_> = object.fields.values().collect();
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        for field in fields {
            let site = Site::Field {
                parent: object.name.clone(),
                field: field.name.clone(),
            };
            reader.element(&site, Some(&field.node), field.directives.iter());
        }
    }
    reader.declared
}

struct Reader<'a> {
    connector: &'a str,
    schema: &'a Schema,
    fetchers: Vec<&'static Fetcher>,
    sources: &'a [Source],
    version: Version,
    findings: &'a mut Findings,
    declared: Vec<Declared>,
}

impl Reader<'_> {
    /// Reads what stands on one field or type.
    fn element<'d>(
        &mut self,
        site: &Site,
        field: Option<&Node<FieldDefinition>>,
        directives: impl Iterator<Item = &'d Node<Directive>> + Clone,
    ) {
        let mut index = 0;
        for directive in directives.clone() {
            let known = |fetcher: &&&'static Fetcher| directive.name == fetcher.directive;
            let Some(fetcher) = self.fetchers.iter().find(known).copied() else {
                continue;
            };
            let mut expressions = Expressions::new(self.version, Place::Request);
            let pagination = directives
                .clone()
                .find(|other| other.name == "paginate")
                .and_then(|directive| paginate::read(directive, &mut expressions, self.findings));
            let invalidates = directives
                .clone()
                .find(|other| other.name == "invalidates")
                .map(|directive| invalidates::read(directive, &mut expressions, self.findings));
            let cache_null = directives.clone().find(|other| other.name == "cacheNull");
            let mut declared = Declared {
                site: site.clone(),
                field: field.cloned(),
                directive: directive.clone(),
                expressions: Vec::new(),
                entity: is_true(directive.specified_argument_by_name("entity")),
                null_lifetime: cache_null.and_then(|directive| seconds(directive, "maxAge")),
                invalidates: invalidates.map(Arc::new),
                connect: None,
            };
            let coordinate = coordinate(self.connector, site, index);
            self.connect(fetcher, coordinate, pagination, expressions, &mut declared);
            self.declared.push(declared);
            index += 1;
        }
    }

    fn connect(
        &mut self,
        fetcher: &Fetcher,
        coordinate: String,
        pagination: Option<Pagination>,
        mut expressions: Expressions,
        declared: &mut Declared,
    ) {
        let directive = declared.directive.clone();
        let argument = |name: &str| directive.specified_argument_by_name(name);
        let source = self.source(argument("source"));
        let fetch = match &source {
            Ok(source) => {
                let source = source.and_then(|index| self.sources.get(index));
                (fetcher.request)(&directive, source, &mut expressions, self.findings)
            }
            Err(UnknownSource) => Fetch::Broken,
        };
        expressions.at(Place::Response);
        let selection = argument("selection").and_then(|literal| {
            expressions.mapping("selection", literal, Form::Object, self.findings)
        });
        let outcome = outcome::read(&directive, &mut expressions, self.findings);
        declared.expressions = expressions.parsed;
        let kind = kind::kind(declared, self.schema);
        let (Ok(source), Some(selection)) = (source, selection) else {
            return;
        };
        let (template, client_headers) = match fetch {
            Fetch::Call(request) => (Some(request.template), request.client_headers),
            Fetch::Nothing => (None, Vec::new()),
            Fetch::Broken => return,
        };
        let shared = source.and_then(|index| self.sources.get(index));
        let reads = reads::reads(declared, shared, client_headers);
        let inherited = |of: fn(&Source) -> &Option<Arc<crate::mapping::Selection>>| {
            shared.and_then(|source| of(source).clone())
        };
        declared.connect = Some(Connect {
            coordinate,
            id: argument("id").and_then(|id| id.as_str()).map(str::to_owned),
            site: declared.site.clone(),
            source,
            template,
            selection,
            is_success: outcome
                .is_success
                .or_else(|| inherited(|source| &source.is_success)),
            error_message: outcome
                .error_message
                .or_else(|| inherited(|source| &source.error_message)),
            error_extensions: inherited(|source| &source.error_extensions)
                .into_iter()
                .chain(outcome.error_extensions)
                .collect(),
            yields: yields(declared, &kind, self.schema),
            null_lifetime: declared.null_lifetime,
            invalidates: declared.invalidates.clone(),
            pagination: pagination.map(Arc::new),
            kind,
            reads,
        });
    }

    /// The source that is named, by its index.
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
        if let Some(index) = names().position(|known| known == name) {
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

/// What a connect's selection has to yield, by the type of its field.
fn yields(declared: &Declared, kind: &ConnectKind, schema: &Schema) -> Yields {
    let Some(field) = &declared.field else {
        return Yields {
            list: matches!(kind, ConnectKind::Batch { .. }),
            of: YieldedType::Composite,
        };
    };
    let of = match schema.types.get(field.ty.inner_named_type()) {
        Some(ExtendedType::Scalar(scalar)) if !scalar.is_built_in() => YieldedType::Any,
        Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_)) => YieldedType::Leaf,
        _ => YieldedType::Composite,
    };
    let list = field.ty.is_list();
    Yields { list, of }
}

/// An argument that is a number of seconds; less than none is none.
fn seconds(directive: &Directive, name: &str) -> Option<Duration> {
    let seconds = directive.specified_argument_by_name(name)?.to_i32()?;
    let seconds = u64::try_from(seconds).unwrap_or_default();
    Some(Duration::from_secs(seconds)).filter(|seconds| !seconds.is_zero())
}

/// A source that is named but not declared, which has been said.
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

/// True for the name of a root operation type.
pub(crate) fn is_root(schema: &Schema, name: &Name) -> bool {
    let definition = &schema.schema_definition;
    [
        &definition.query,
        &definition.mutation,
        &definition.subscription,
    ]
    .into_iter()
    .flatten()
    .any(|root| root.name == *name)
}
