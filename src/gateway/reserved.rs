//! The names that connectors may not use, because they are those of the gateway's own connector: its folder, its types, and
//! its query fields if clients see them.
//!
//! All types with the prefix are reserved, not only those that exist: a version of the gateway that adds one conflicts with no
//! connector.

use apollo_compiler::Schema;
use apollo_compiler::schema::{ExtendedType, ObjectType};

use super::native::OWN_CONNECTOR;
use crate::connector::diagnostic::{SourceFiles, gateway_code};
use crate::connector::{Diagnostic, Subgraph};
use crate::graph::NODE_CONNECTOR;

/// What the names of the gateway's own types begin with.
pub(super) const OWN_PREFIX: &str = "Sangam";

/// An error for each reserved name that a connector uses. `own` is the gateway's own connector if its fields are public.
pub(super) fn reserved_names(own: Option<&Subgraph>, connectors: &[Subgraph]) -> Vec<Diagnostic> {
    let of_connector = |connector| Names { connector, own }.errors();
    connectors.iter().flat_map(of_connector).collect()
}

/// The names of a connector.
struct Names<'a> {
    connector: &'a Subgraph,
    own: Option<&'a Subgraph>,
}

impl Names<'_> {
    fn errors(&self) -> Vec<Diagnostic> {
        let mut errors = Vec::new();
        let name = self.connector.name.as_str();
        if [OWN_CONNECTOR, NODE_CONNECTOR].contains(&name) {
            let what = format!("the name `{name}` of a connector");
            errors.push(self.error(&what, "rename the folder; of a supergraph, the graph"));
        }
        let sources = SourceFiles::new(self.connector.schema.sources.clone());
        let types = self.connector.schema.types.values();
        let types = types.filter(|ty| is_reserved(ty));
        errors.extend(types.map(|ty| {
            let what = format!("the type name `{}`", ty.name());
            let help = format!("choose a name that does not begin with `{OWN_PREFIX}`");
            self.error(&what, &help)
                .at(sources.span(ty.name().location()))
        }));
        errors.extend(self.query_fields().into_iter().map(|name| {
            let what = format!("the field name `Query.{name}`");
            let help = "choose another name, or hide the gateway's own fields from clients with the setting \
                        `own_fields = \"operators\"`";
            self.error(&what, help).at(sources.span(name.location()))
        }));
        errors
    }

    /// The query fields that the gateway's own connector has, too.
    fn query_fields(&self) -> Vec<&apollo_compiler::Name> {
        let own = self.own.and_then(|own| query(&own.schema));
        let Some((own, query)) = own.zip(query(&self.connector.schema)) else {
            return Vec::new();
        };
        let names = query.fields.values().map(|field| &field.name);
        names
            .filter(|name| own.fields.contains_key(*name))
            .collect()
    }

    fn error(&self, what: &str, help: &str) -> Diagnostic {
        let message = format!("{what} is reserved for the gateway");
        let error = Diagnostic::error(&gateway_code::RESERVED_NAME, &self.connector.name, message);
        error.help(help)
    }
}

fn is_reserved(ty: &ExtendedType) -> bool {
    !ty.is_built_in() && ty.name().starts_with(OWN_PREFIX)
}

fn query(schema: &Schema) -> Option<&ObjectType> {
    schema.get_object("Query").map(|query| &**query)
}
