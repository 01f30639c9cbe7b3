//! The model of a connector folder: the types that composition, planning and execution read.

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::Schema;

use super::connect_options::ConnectOptions;
use super::field_set::FieldSet;
use super::request::RequestTemplate;
use super::schemes::scheme;
use crate::mapping::Selection;

/// One connector folder (or one subgraph taken from a supergraph SDL): a subgraph for the merge rules.
#[derive(Debug, Clone)]
pub struct Subgraph {
    /// The folder's name, unique in a gateway; the `service` of an error.
    pub name: String,
    /// The schema in normalised form: directives of Federation under their canonical names whatever the folder calls
    /// them, no definitions of linked machinery, no `_service` and `_entities`, Federation 1 SDL in its version 2 form.
    /// Locations still lead to the folder's own text.
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
        /// Every `@connect` (and later every other directive that fetches), in the order of their coordinates.
        connects: Vec<Arc<Connect>>,
    },
    /// By a GraphQL service, over HTTP.
    Service(GraphqlService),
    /// By an `async-graphql` schema mounted in this process under the subgraph's name.
    Native,
}

/// A remote GraphQL service, `@graphql(url:, headers:)`.
#[derive(Debug, Clone)]
pub struct GraphqlService {
    /// The request: `POST`, URL and headers, without body; the executor adds the body.
    pub template: Arc<dyn RequestTemplate>,
    /// Names of the client headers that the template reads (lower case).
    pub reads: Reads,
}

/// One `@source`.
#[derive(Debug, Clone)]
pub struct SourceDeclaration {
    /// Its name.
    pub name: String,
    /// The base URL as it stands in the schema, before settings override it.
    pub base_url: String,
}

impl SourceDeclaration {
    /// Whether its upstream is called over HTTP.
    pub fn is_http(&self) -> bool {
        matches!(scheme(&self.base_url), "https" | "http")
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
    /// A field of a root type; with `entity`, it is also a lookup for the type that it returns: `key` holds the
    /// arguments that are the entity's key fields.
    Root {
        /// `entity: true`: the key, as a field set over the returned type.
        entity_key: Option<FieldSet>,
    },
    /// A field of another type, fetched per parent; `key` is the set of `$this` fields that it reads.
    Implicit {
        /// `$this` fields.
        key: FieldSet,
    },
    /// A type, many at a time: `key` is the set of `$batch` fields.
    Batch {
        /// `$batch` fields.
        key: FieldSet,
        /// At most so many in one call.
        max_size: usize,
    },
    /// A type, one at a time: `key` is the set of `$this` fields.
    Single {
        /// `$this` fields.
        key: FieldSet,
    },
}

/// One connect: a way to fetch part of the graph.
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
    /// The `@source` it uses, by index into the subgraph's sources.
    pub source: Option<usize>,
    /// Renders the request. `None` for a mapping-only connector (v0.4): the selection is evaluated without a call.
    pub template: Option<Arc<dyn RequestTemplate>>,
    /// From the upstream's document to GraphQL fields.
    pub selection: Arc<Selection>,
    /// `isSuccess`, the connect's before its source's. `None`: 2xx is success.
    pub is_success: Option<Arc<Selection>>,
    /// `errors.message`, the connect's before its source's.
    pub error_message: Option<Arc<Selection>>,
    /// `errors.extensions`: the source's, then the connect's; later ones overwrite.
    pub error_extensions: Vec<Arc<Selection>>,
    /// What its field or type can be.
    pub yields: Yields,
    /// The values of the directives beside it: `@paginate`, for example.
    pub options: ConnectOptions,
    /// What all its expressions read.
    pub reads: Reads,
}

/// What a connect's selection has to yield.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yields {
    /// A list of `of`.
    pub list: bool,
    /// The kind of value, or of the list's elements.
    pub of: YieldedType,
}

/// Kinds of types, as far as JSON tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YieldedType {
    /// An object type, interface or union.
    Composite,
    /// An enum or one of GraphQL's own scalars.
    Leaf,
    /// A custom scalar: anything.
    Any,
}

/// What a connect's expressions (request, selection, errors, isSuccess) read besides the document itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Arguments (`$args.x`) by name, sorted.
    pub args: Vec<String>,
    /// Client request headers, lower case, sorted: `from:` and `$request.headers`.
    pub client_headers: Vec<String>,
    /// True when `$request.headers` is read as a whole, so that every client header counts.
    pub all_client_headers: bool,
    /// Upstream response headers, lower case, sorted.
    pub response_headers: Vec<String>,
    /// `$response.headers` read as a whole.
    pub all_response_headers: bool,
    /// `$status` is read by the selection.
    pub status: bool,
    /// `$context` is read.
    pub context: bool,
    /// What is read of `$config`, each as a path of keys, sorted.
    pub config: Vec<Vec<String>>,
    /// The selection (not only the request) reads `$args`, `$this` or `$batch`: the mapped answer depends on them.
    pub selection_reads_inputs: bool,
}
