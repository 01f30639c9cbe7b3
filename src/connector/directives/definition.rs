//! The row of a directive in the table of directives: its definition, and what reading a folder does with it.

use std::fmt;

use apollo_compiler::ast::{Directive, DirectiveLocation};
use apollo_compiler::{Node, Schema};

use crate::connector::connect_options::ConnectOptions;
use crate::connector::declared::{Declarations, DeclaredFetch, DeclaredMapping, DeclaredSource};
use crate::connector::expression::{Expressions, Language};
use crate::connector::findings::Findings;
use crate::connector::model::GraphqlService;

/// A version of a specification, `(2, 11)` for `v2.11`.
pub(crate) type LinkVersion = (u16, u16);

/// A directive: a static `DIRECTIVE` in its file, with a line in the table of its specification.
#[derive(Debug)]
pub(crate) struct SupportedDirective {
    /// The canonical name, without `@`.
    pub(crate) name: &'static str,
    /// The version of the specification that introduces it.
    pub(crate) since: LinkVersion,
    /// Its definition in SDL with descriptions, which are its documentation: the first paragraph is a summary. Names of
    /// types are without prefix.
    pub(crate) sdl: &'static str,
    /// The types of its arguments, and the types of their fields. Directives of one specification may share a type.
    pub(crate) types: &'static [&'static SupportedType],
    /// Additions in later versions than `since`.
    pub(crate) additions: &'static [Addition],
    /// How its uses are read.
    pub(crate) role: Role,
    /// Checks all its uses in a folder, after everything has been read.
    pub(crate) check: fn(&Declarations<'_>, &mut Findings),
}

/// A type of arguments of directives.
#[derive(Debug)]
pub(crate) struct SupportedType {
    /// Its name, without prefix.
    pub(crate) name: &'static str,
    /// The version of the specification that introduces it.
    pub(crate) since: LinkVersion,
    /// Its definition in SDL with descriptions.
    pub(crate) sdl: &'static str,
}

/// An addition to a directive.
#[derive(Debug)]
pub(crate) struct Addition {
    /// The added part.
    pub(crate) part: DirectivePart,
    /// The version that introduces it.
    pub(crate) since: LinkVersion,
}

/// A part of a directive's definition.
#[derive(Debug)]
pub(crate) enum DirectivePart {
    /// An argument.
    Argument(&'static str),
    /// A key of an argument that is an input object.
    Key(&'static str, &'static str),
    /// A kind of element that it applies to.
    Location(DirectiveLocation),
}

/// How a directive is read. A reader reports faults and then returns `None`.
pub(crate) enum Role {
    /// On the schema: names a mapping.
    Mapping(fn(&Node<Directive>, &mut Findings) -> Option<DeclaredMapping>),
    /// On the schema: declares a source.
    Source(fn(&Node<Directive>, &Language, &mut Findings) -> Option<DeclaredSource>),
    /// On the schema: the folder is a GraphQL service.
    Service(fn(&Node<Directive>, &Schema, &Language, &mut Findings) -> Option<GraphqlService>),
    /// On a field or type: fetches it. The function reads the request; the common arguments (`selection`, `entity`, `batch`,
    /// `errors`, `isSuccess`) are read elsewhere.
    Fetch(
        fn(
            &Node<Directive>,
            Option<&DeclaredSource>,
            &mut Expressions,
            &mut Findings,
        ) -> DeclaredFetch,
    ),
    /// Beside a directive that fetches: the function adds an option to the connect, and its mappings to those of the connect.
    ConnectOption(fn(&Node<Directive>, &mut ConnectOptions, &mut Expressions, &mut Findings)),
    /// The same; on the schema, it is the option of all connects that have none of their own.
    SharedConnectOption(fn(&Node<Directive>, &mut ConnectOptions, &mut Expressions, &mut Findings)),
    /// Stays in the schema, where planning reads it.
    Hint,
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Mapping(_) => "Mapping",
            Role::Source(_) => "Source",
            Role::Service(_) => "Service",
            Role::Fetch(_) => "Fetch",
            Role::ConnectOption(_) => "ConnectOption",
            Role::SharedConnectOption(_) => "SharedConnectOption",
            Role::Hint => "Hint",
        })
    }
}

/// The check of a directive that needs none.
pub(crate) fn unchecked(_: &Declarations<'_>, _: &mut Findings) {}
