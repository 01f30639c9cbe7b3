//! How long, and for which clients, a response may be cached according to the schema: the `@cacheControl` hints of its
//! parts, combined.

use std::time::Duration;

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use serde::{Deserialize, Serialize};

pub use super::directives::cache_control::{Hint, Scope};
use super::model::{Connect, ConnectKind, Site, Subgraph};
use crate::mapping::Shape;

/// The lifetime that the schema gives one response, after inheritance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaLifetime {
    /// Counted from the arrival of the response; zero: never stored.
    pub max_age: Duration,
    /// `None` without a scope in the schema: then `private` of the upstream counts.
    pub scope: Option<Scope>,
}

impl SchemaLifetime {
    /// A year, for every client.
    pub const ALWAYS: SchemaLifetime = SchemaLifetime {
        max_age: Duration::from_secs(365 * 24 * 60 * 60),
        scope: Some(Scope::Public),
    };

    /// Never stored.
    pub const NEVER: SchemaLifetime = SchemaLifetime {
        max_age: Duration::ZERO,
        scope: None,
    };
}

/// The combined hints of the parts of a response: its lifetime is the shortest one, and it is private if one part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Together {
    shortest: Option<Duration>,
    public: bool,
    private: bool,
    unknown: bool,
}

impl Together {
    /// Adds a part. Returns whether its lifetime is given; `inherited` says whether that of its parent is, for a part that
    /// inherits it.
    pub fn add(&mut self, hint: Option<Hint>, inherited: Option<bool>) -> bool {
        self.add_scope(hint);
        let max_age = hint.and_then(|hint| hint.max_age);
        if let Some(max_age) = max_age {
            let shortest = self
                .shortest
                .map_or(max_age, |shortest| shortest.min(max_age));
            self.shortest = Some(shortest);
        }
        let inherits = hint.is_some_and(|hint| hint.inherits);
        let is_given = max_age.is_some() || (inherits && inherited == Some(true));
        self.unknown |= !is_given;
        is_given
    }

    /// Adds only the scope of a hint.
    pub fn add_scope(&mut self, hint: Option<Hint>) {
        let scope = hint.and_then(|hint| hint.scope);
        self.private |= scope == Some(Scope::Private);
        self.public |= scope == Some(Scope::Public);
    }

    /// Adds a leaf: without a lifetime of its own, it has that of its parent.
    pub fn add_leaf(&mut self, hint: Option<Hint>, parent_known: bool) {
        match hint {
            Some(hint) if hint.max_age.is_some() => {
                self.add(Some(hint), None);
            }
            hint => {
                self.add_scope(hint);
                self.unknown |= !parent_known;
            }
        }
    }

    /// The lifetime of all parts together. If a part has none, the upstream's headers decide about the whole. But they
    /// may not make public what the schema calls private, so that is then not stored at all.
    pub fn lifetime(self) -> Option<SchemaLifetime> {
        match self.shortest {
            Some(max_age) if !self.unknown => Some(SchemaLifetime {
                max_age,
                scope: match (self.private, self.public) {
                    (true, _) => Some(Scope::Private),
                    (false, true) => Some(Scope::Public),
                    (false, false) => None,
                },
            }),
            _ if self.private => Some(SchemaLifetime::NEVER),
            _ => None,
        }
    }
}

/// The lifetime of a connect's response: that of its field, else that of the type that it yields. For a connect on a
/// type without a lifetime, it is the shortest among the objects that the connect contributes.
pub fn of_connect(subgraph: &Subgraph, connect: &Connect) -> Option<SchemaLifetime> {
    let mut together = Together::default();
    if let (
        Site::Type { name },
        ConnectKind::Batch {
            field: Some(field), ..
        },
    ) = (&connect.site, &connect.kind)
    {
        together.add(Hint::of_field(&subgraph.schema, name, field), None);
        return together.lifetime();
    }
    match &connect.site {
        Site::Field { parent, field } => {
            together.add(Hint::of_field(&subgraph.schema, parent, field), None);
        }
        Site::Type { name } => match Hint::of_type(&subgraph.schema, name) {
            Some(hint) => {
                together.add(Some(hint), None);
            }
            None => contributions(subgraph, name, connect, &mut together),
        },
    }
    together.lifetime()
}

fn contributions(subgraph: &Subgraph, name: &str, connect: &Connect, together: &mut Together) {
    let Shape::Object { fields, .. } = connect.selection.shape() else {
        return;
    };
    for (field, _) in fields {
        let hint = Hint::of_field(&subgraph.schema, name, field);
        if hint.is_some() || is_composite(&subgraph.schema, name, field) {
            together.add(hint, None);
        }
    }
}

fn is_composite(schema: &Schema, parent: &str, field: &str) -> bool {
    let definition = schema.type_field(parent, field);
    definition.is_ok_and(|definition| {
        matches!(
            schema.types.get(definition.ty.inner_named_type()),
            Some(ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_))
        )
    })
}
