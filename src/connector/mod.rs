//! Reads and checks one connector folder.
//!
//! A folder becomes a [`Subgraph`]: its schema in normalised form, and either the connects that fetch its parts or the
//! GraphQL service that resolves all of it. Problems of a folder are reported as [`diagnostic`]s, all of them at once.
//! This room never looks at another folder (composition does) and never calls an upstream (`source` does).

mod arguments;
mod base_url;
mod check;
mod connect_options;
mod connections;
mod connects;
mod cursor;
mod declared;
mod deployment_errors;
pub mod diagnostic;
mod directives;
mod expression;
mod federation1;
mod field_directives;
pub mod field_set;
mod file_field;
mod findings;
mod fingerprint;
mod folder;
mod graphql_errors;
mod http;
mod http_request;
pub mod lifetime;
mod link;
mod mapping_text;
pub mod model;
mod provides;
mod reads;
pub mod reference;
pub mod request;
mod schema;
mod schemes;
mod set_aside;
mod settings;
mod unknown_directives;
mod unset;

pub use connect_options::{ConnectOption, ConnectOptions};
pub(crate) use cursor::{Cursor, PageStart};
pub use diagnostic::Diagnostic;
pub use directives::{
    AbsentKey, CacheNull, Connection, Constraint, CutOff, EntityList, Invalidates, LastPage,
    PageStyle, Pagination, Poll, UploadOption, Webhook,
};
pub(crate) use directives::{LOOKUP_PER_ELEMENT, NodeType, STYLE_EXCEPTION, is_confidential};
pub use field_set::{FieldSet, FieldSetItem};
pub use file_field::FileField;
pub(crate) use findings::{closest, did_you_mean, list};
pub use fingerprint::Fingerprint;
pub use folder::{Folder, normalise, read_sdl, read_sdl_with};
pub use graphql_errors::invalid_schema;
pub(crate) use graphql_errors::readable as syntax_error_in_words;
pub(crate) use http_request::is_trace_header;
pub use http_request::{HttpRequest, UploadBody};
pub use lifetime::{SchemaLifetime, Scope};
pub use model::{
    ClientErrors, Connect, ConnectKind, DeploymentValue, ErrorMappings, GraphqlService, Reads,
    Reference, Refusal, ServiceSubscriptions, Site, SourceDeclaration, Subgraph, SubgraphKind,
    SubscriptionProtocol, YieldedType, Yields,
};
pub(crate) use provides::leave_out_own;
pub use request::{
    RenderError, RenderErrorPlace, Request, RequestTemplate, ShownRequest, WireRequest,
};
pub use schemes::Schemes;
pub use set_aside::set_aside;
pub use settings::FolderSettings;
pub(crate) use settings::is_secret_name;
pub use unset::{refuse as refuse_unset, unset_values};
