//! The directives of connectors: those of `connect` and `wire`, and those that need no link.
//!
//! A directive is one file and one line in the table of its specification. The file holds its SDL, which is also its
//! documentation; how it is read and checked; and the type that the rest of the gateway reads. From the table follow
//! what a folder can link ([`link`](super::link)), the reading and checking of a folder
//! ([`connects`](super::connects)), `docs/directives.md` and the schemas in `schema/`
//! ([`reference`](super::reference)).
//!
//! The directives of Federation are not here: composition reads them.

pub(crate) mod cache_control;
mod cache_null;
mod client_errors;
mod confidential;
mod connect;
pub(crate) mod connection;
mod constraint;
pub(crate) mod definition;
mod entity_list;
pub(crate) mod file;
mod graphql;
mod invalidates;
mod lookup_per_element;
mod mapping;
mod node;
mod paginate;
mod poll;
mod source;
mod style_exception;
mod types;
mod upload;
mod webhook;

pub use cache_null::CacheNull;
pub(crate) use client_errors::{NAME as CLIENT_ERRORS, REFUSAL};
pub(crate) use confidential::is_confidential;
pub use connection::Connection;
pub use constraint::Constraint;
use definition::{SupportedDirective, SupportedType};
pub use entity_list::{AbsentKey, EntityList};
pub use invalidates::Invalidates;
pub(crate) use lookup_per_element::NAME as LOOKUP_PER_ELEMENT;
pub(crate) use node::NodeType;
pub use paginate::{CutOff, LastPage, PageStyle, Pagination};
pub(crate) use poll::NAME as POLL;
pub use poll::Poll;
pub(crate) use style_exception::NAME as STYLE_EXCEPTION;
pub use upload::UploadOption;
pub(crate) use webhook::NAME as WEBHOOK;
pub use webhook::Webhook;

/// `https://specs.apollo.dev/connect`
pub(crate) static CONNECT: &[&SupportedDirective] = &[&source::DIRECTIVE, &connect::DIRECTIVE];

/// `https://specs.sangam.dev/wire`
pub(crate) static WIRE: &[&SupportedDirective] = &[
    &graphql::DIRECTIVE,
    &paginate::DIRECTIVE,
    &connection::DIRECTIVE,
    &cache_null::DIRECTIVE,
    &invalidates::DIRECTIVE,
    &entity_list::DIRECTIVE,
    &lookup_per_element::DIRECTIVE,
    &mapping::DIRECTIVE,
    &constraint::DIRECTIVE,
    &node::DIRECTIVE,
    &client_errors::DIRECTIVE,
    &style_exception::DIRECTIVE,
    &file::DIRECTIVE,
    &upload::DIRECTIVE,
    &poll::DIRECTIVE,
    &webhook::DIRECTIVE,
    &confidential::DIRECTIVE,
];

/// Directives that a folder uses without linking a specification.
pub(crate) static UNLINKED: &[&SupportedDirective] = &[&cache_control::DIRECTIVE];

/// The types of some directives, each once, in the order of their first use.
pub(crate) fn types(directives: &[&'static SupportedDirective]) -> Vec<&'static SupportedType> {
    let mut types: Vec<&SupportedType> = Vec::new();
    for ty in directives.iter().flat_map(|directive| directive.types) {
        if types.iter().all(|listed| listed.name != ty.name) {
            types.push(ty);
        }
    }
    types
}

/// The definitions of some directives and their types, as SDL.
pub(crate) fn sdl(directives: &[&'static SupportedDirective]) -> String {
    let types = types(directives).into_iter().map(|ty| ty.sdl);
    let definitions = directives
        .iter()
        .map(|directive| directive.sdl)
        .chain(types);
    definitions.collect()
}
