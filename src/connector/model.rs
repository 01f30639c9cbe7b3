//! The model of a connector folder: the types that composition, planning and execution read.

use std::sync::Arc;

use apollo_compiler::{Name, Schema};

use super::connect_options::{ConnectOption, ConnectOptions};
use super::diagnostic::Span;
use super::field_set::FieldSet;
use super::file_field::FileField;
use super::request::RequestTemplate;
use super::schemes::scheme;
use crate::document::Str;
use crate::mapping::{Selection, Template};

/// A connector, or a subgraph of a supergraph SDL, as composition sees it.
#[derive(Debug, Clone)]
pub struct Subgraph {
    /// The name of the folder, which is unique in a gateway and is the `service` of an error.
    pub name: String,
    /// The schema in normalised form: directives have canonical names; there are no definitions of linked specifications,
    /// and no `_service` and `_entities`; Federation 1 is converted to version 2. Locations refer to the folder's text.
    pub schema: Schema,
    /// The linked Federation version, `(2, 11)` for `v2.11`; `(1, 0)` when nothing is linked.
    pub federation: (u16, u16),
    /// How its fields are fetched.
    pub kind: SubgraphKind,
}

/// How a subgraph's fields are fetched.
#[derive(Debug, Clone)]
pub enum SubgraphKind {
    /// By the connects of the folder.
    Connectors {
        /// The `@source`s.
        sources: Vec<Arc<SourceDeclaration>>,
        /// The connects, in the order of their coordinates.
        connects: Vec<Arc<Connect>>,
        /// The fields with `@file`, in the order of their coordinates.
        files: Vec<Arc<FileField>>,
    },
    /// By a GraphQL service, over HTTP.
    Service(GraphqlService),
    /// By an `async-graphql` schema mounted in this process under the subgraph's name.
    Native,
}

/// A remote GraphQL service, `@graphql(url:, headers:, errors:)`.
#[derive(Debug, Clone)]
pub struct GraphqlService {
    /// The request: `POST`, URL and headers, without body; the executor adds the body.
    pub template: Arc<dyn RequestTemplate>,
    /// `errors`, for each error that the service reports.
    pub errors: ErrorMappings,
    /// Which errors are the client's.
    pub client_errors: Option<ClientErrors>,
    /// What the template and the mappings read.
    pub reads: Reads,
    /// How it sends the events of its subscriptions.
    pub subscriptions: ServiceSubscriptions,
}

/// How a GraphQL service sends the events of its subscriptions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceSubscriptions {
    /// The protocol.
    pub protocol: SubscriptionProtocol,
    /// The address, if it is not that of the service.
    pub url: Option<String>,
}

/// A protocol for the events of subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SubscriptionProtocol {
    /// A WebSocket with `graphql-transport-ws`.
    #[default]
    WebSocket,
    /// Server-sent events, as `graphql-sse` has them in its distinct connections mode.
    Sse,
    /// `multipart/mixed` with `subscriptionSpec="1.0"`.
    Multipart,
}

/// What an error says to the client: `errors` of connects, of their sources and of GraphQL services.
#[derive(Debug, Clone, Default)]
pub struct ErrorMappings {
    /// `errors.message`: of the connect, or else of its source.
    pub message: Option<Arc<Selection>>,
    /// `errors.extensions`: of the source, then of the connect, which overwrites.
    pub extensions: Vec<Arc<Selection>>,
}

impl ErrorMappings {
    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Selection>> {
        self.message.iter().chain(&self.extensions)
    }
}

/// One `@source`.
#[derive(Debug, Clone)]
pub struct SourceDeclaration {
    /// Its name.
    pub name: String,
    /// The base URL of the schema, before settings override it.
    pub base_url: String,
    /// The same, if only settings of the deployment say the address: `{$env.BASE_URL}`.
    pub address: Option<Template>,
}

impl SourceDeclaration {
    /// Whether its upstream is called over HTTP.
    pub fn is_http(&self) -> bool {
        self.address.is_some() || matches!(scheme(&self.base_url), "https" | "http")
    }
}

/// The schema element that has a connect.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Site {
    /// On a field.
    Field {
        /// The parent type.
        parent: Name,
        /// The field.
        field: Name,
    },
    /// On an object type.
    Type {
        /// The type.
        name: Name,
    },
}

/// How the planner can enter a connect: at which type, and with which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectKind {
    /// A field of a root type; with `entity: true`, also a lookup of the type that it returns, whose key are the arguments.
    Root {
        /// The key with `entity: true`, as a field set on the returned type.
        entity_key: Option<FieldSet>,
    },
    /// A field of another type, fetched per parent.
    Implicit {
        /// `$this` fields.
        key: FieldSet,
    },
    /// A type, several objects per call.
    Batch {
        /// `$batch` fields.
        key: FieldSet,
        /// The maximum number of objects per call.
        max_size: usize,
        /// The field that it fetches, with the arguments of that; `None` if it is on the type.
        field: Option<Name>,
    },
    /// A type, one object per call.
    Single {
        /// `$this` fields.
        key: FieldSet,
    },
}

impl ConnectKind {
    /// Whether it is a batch for one field, with the arguments of that.
    pub fn is_of_field(&self) -> bool {
        matches!(self, ConnectKind::Batch { field: Some(_), .. })
    }
}

/// A connect: a way to fetch a field or an object.
#[derive(Debug, Clone)]
pub struct Connect {
    /// `subgraph:Query.works[0]`, or `subgraph:District[0]` for a type.
    pub coordinate: String,
    /// `id:` of the directive.
    pub id: Option<String>,
    /// The field or type that has it.
    pub site: Site,
    /// How the planner can enter it.
    pub kind: ConnectKind,
    /// Its `@source`, as an index into the sources of the subgraph.
    pub source: Option<usize>,
    /// Renders the request. `None` for a connect without a request (v0.4): the selection is evaluated without a call.
    pub template: Option<Arc<dyn RequestTemplate>>,
    /// Maps the upstream's document to GraphQL fields.
    pub selection: Arc<Selection>,
    /// With `@connection`: the selection of the list alone, as written.
    pub list: Option<Arc<Selection>>,
    /// Maps a document that refuses the client's input, by `@clientErrors(selection:)`.
    pub refusal: Option<Refusal>,
    /// `isSuccess` of the connect, or else of its source. `None`: the upstream decides.
    pub is_success: Option<Arc<Selection>>,
    /// `errors` of the source and of the connect.
    pub errors: ErrorMappings,
    /// The value that its selection must yield.
    pub yields: Yields,
    /// Objects of its selection that are null if their keys are.
    pub references: Vec<Reference>,
    /// The values of the directives beside it: `@paginate`, for example.
    pub options: ConnectOptions,
    /// What its expressions read.
    pub reads: Reads,
}

/// What a response that refuses the client's input becomes, if that is a value and not an error.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Maps the document to GraphQL fields.
    pub selection: Arc<Selection>,
    /// As for the connect's selection.
    pub references: Vec<Reference>,
}

/// The value that the selection of a connect must yield.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yields {
    /// A list of `of`.
    pub list: bool,
    /// The kind of the value, or of the elements of the list.
    pub of: YieldedType,
}

/// An object of an entity of which a selection gives only a key. It is null if its key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The names of the fields that lead to it, from the selection's value on.
    pub path: Vec<Str>,
    /// The fields of the key.
    pub key: Vec<Str>,
}

/// The kinds of types that JSON distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YieldedType {
    /// An object type, interface or union.
    Composite,
    /// An enum or a built-in scalar.
    Leaf,
    /// A custom scalar: any value.
    Any,
}

/// What the expressions of a connect (request, selection, errors, isSuccess) read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Arguments (`$args.x`) by name, sorted.
    pub args: Vec<String>,
    /// Client request headers, lower case, sorted: `from:` and `$request.headers`.
    pub client_headers: Vec<String>,
    /// `$request.headers` is read as a whole, so that all client headers count.
    pub all_client_headers: bool,
    /// `$request.instant` is read.
    pub instant: bool,
    /// Upstream response headers, lower case, sorted.
    pub response_headers: Vec<String>,
    /// `$response.headers` read as a whole.
    pub all_response_headers: bool,
    /// `$status` is read by the selection.
    pub status: bool,
    /// `$context` is read.
    pub context: bool,
    /// The paths of `$config` that are read, sorted.
    pub config: Vec<Vec<String>>,
    /// What the deployment must give: reads of `$config` and `$env` that do not allow for its absence.
    pub deployment: Vec<DeploymentValue>,
    /// An expression that is evaluated when the upstream reports success reads the document. Always true with pages.
    pub document: bool,
    /// The selection reads `$args`, `$this` or `$batch`, so the mapped value depends on them.
    pub selection_reads_inputs: bool,
    /// The request reads `$this`. Otherwise it is the same for all objects.
    pub request_reads_this: bool,
}

/// A read of a value that the deployment must give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentValue {
    /// `$config` or `$env`.
    pub variable: &'static str,
    /// The keys below it.
    pub path: Vec<String>,
    /// A request is made of it, which cannot be sent without it.
    pub in_request: bool,
    /// The base URL is made of it: a `base_url` of the deployment takes its place.
    pub in_base_url: bool,
    /// Where it is read.
    pub span: Option<Span>,
}

impl Reads {
    /// Adds a header of the response, in lower case.
    pub(crate) fn add_response_header(&mut self, name: &str) {
        let names = &mut self.response_headers;
        if let Err(at) = names.binary_search_by(|known| known.as_str().cmp(name)) {
            names.insert(at, name.to_owned());
        }
    }
}

/// `@clientErrors`: which responses are errors of the client.
#[derive(Debug, Clone)]
pub struct ClientErrors {
    /// Their statuses.
    pub status: Vec<u16>,
    /// Yields `true` for a response, or for an error of a GraphQL service.
    pub when: Option<Arc<Selection>>,
    /// Maps such a response of a connect to the value of its field.
    pub selection: Option<Arc<Selection>>,
    /// Yields `true` for the value of a mutation's field that a GraphQL service gives for a refused input.
    pub payload: Option<Arc<Selection>>,
}

impl ConnectOption for ClientErrors {}

impl ClientErrors {
    /// Whether a response with this status is an error of the client, whatever its content is.
    pub(crate) fn has_status(&self, status: Option<u16>) -> bool {
        status.is_some_and(|status| self.status.contains(&status))
    }
}
