//! The stable codes. One table lists them with their meaning. A code without a golden file fails the tests, so every
//! message is reviewed before users see it.

use std::fmt;

/// The part of the gateway that reports it; also the folder under `tests/` that holds its golden files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// One connector by itself: `tests/connectors/<CODE>*`.
    Connector,
    /// Connectors together: `tests/composition/<CODE>*`.
    Composition,
    /// The composed graph against its contract, operations and settings.
    Gateway,
}

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Its stable name, in capitals.
    pub name: &'static str,
    /// Who finds it.
    pub area: Area,
    /// What it means, one line.
    pub summary: &'static str,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Declares the codes of one area: a static per code, documented by its summary, and `ALL`, the table of them.
///
/// ```
/// sangam::diagnostic_codes! { Composition:
///     /// Two subgraphs give one field different types
///     FIELD_TYPE_MISMATCH;
/// }
/// assert_eq!(ALL[0].name, "FIELD_TYPE_MISMATCH");
/// ```
#[macro_export]
macro_rules! diagnostic_codes {
    ($area:ident: $(#[doc = $summary:literal] $name:ident;)*) => {
        $(
            #[doc = $summary]
            pub static $name: $crate::connector::diagnostic::Code = $crate::connector::diagnostic::Code {
                name: stringify!($name),
                area: $crate::connector::diagnostic::Area::$area,
                summary: $summary.trim_ascii(),
            };
        )*
        /// Every code of this area.
        pub static ALL: &[&$crate::connector::diagnostic::Code] = &[$(&$name),*];
    };
}

/// The codes of this module: what can be wrong with one connector by itself.
pub mod connector {
    crate::diagnostic_codes! { Connector:
        /// A file of the folder cannot be read
        UNREADABLE;
        /// A folder's name that cannot be a connector's
        INVALID_NAME;
        /// The schema is not valid GraphQL
        INVALID_GRAPHQL;
        /// connector.toml has a key that does not exist, or a value of the wrong kind
        INVALID_SETTINGS;
        /// A file of the folder holds what looks like a secret
        SECRET_IN_FOLDER;
        /// A specification is linked twice
        DUPLICATE_LINK;
        /// A linked specification must be known but is not, or is misspelt
        UNKNOWN_SPECIFICATION;
        /// A version of a specification that this gateway does not support
        UNSUPPORTED_VERSION;
        /// connect is linked without a Federation version that it works with
        FEDERATION_TOO_OLD;
        /// An import names nothing that the specification has
        UNKNOWN_IMPORT;
        /// An import is malformed
        INVALID_IMPORT;
        /// Something is used that only a later version of its specification has
        NEEDS_NEWER_VERSION;
        /// A directive that is neither defined nor imported
        UNKNOWN_DIRECTIVE;
        /// A directive of the folder's own has the name of a linked one that is called something else here
        SHADOWED_DIRECTIVE;
        /// A mapping or template does not parse
        INVALID_MAPPING;
        /// An address or a URL that cannot be called
        INVALID_URL;
        /// A header that cannot be set, or not so
        INVALID_HEADER;
        /// A connect that says nothing about its request
        NO_REQUEST;
        /// `http` has no method
        NO_METHOD;
        /// `http` has more than one method
        SEVERAL_METHODS;
        /// Two sources have one name
        DUPLICATE_SOURCE;
        /// A source that is not declared
        UNKNOWN_SOURCE;
        /// `@graphql` together with connectors, or twice
        GRAPHQL_NOT_ALONE;
        /// A folder without `@connect` and without `@graphql`
        NOTHING_FETCHES;
        /// A variable that does not exist
        UNKNOWN_VARIABLE;
        /// A variable that exists, but not here
        VARIABLE_NOT_AVAILABLE;
        /// An argument, or a field of an input type, that does not exist
        UNKNOWN_ARGUMENT;
        /// A field that does not exist
        UNKNOWN_FIELD;
        /// `$this`, `$batch` or an object in it is read as a whole
        WHOLE_OBJECT_READ;
        /// A selection gives a field with arguments that it cannot read
        FIELD_WITH_ARGUMENTS;
        /// A selection gives an object type without selecting fields of it
        OBJECT_WITHOUT_SELECTION;
        /// A selection selects fields of a scalar or enum
        LEAF_WITH_SELECTION;
        /// A selection selects a type inside itself
        CIRCULAR_SELECTION;
        /// A selection fills an interface or union before connect/v0.4
        ABSTRACT_TYPE;
        /// A selection does not say which type of an interface or union it is
        TYPENAME_MISSING;
        /// A field that no connect gives
        FIELD_NOT_RESOLVED;
        /// A key by which nothing can be fetched
        KEY_NOT_RESOLVED;
        /// `entity: true` elsewhere than on a field of `Query`
        ENTITY_NOT_ON_QUERY;
        /// `entity: true` on a field that is not nullable, single and an object
        ENTITY_RETURN_TYPE;
        /// An argument of an entity's lookup is no field of the entity
        ENTITY_ARGUMENT;
        /// `$batch` and `$this` in one connect
        BATCH_WITH_THIS;
        /// A batch does not select its key
        BATCH_KEY_NOT_SELECTED;
        /// `batch` where nothing is batched, or of no size
        INVALID_BATCH;
        /// A connect on a type does not read a key
        TYPE_CONNECT_WITHOUT_KEY;
        /// A connect on a field of an interface
        CONNECT_ON_INTERFACE;
        /// A connect on a field of the subscription root
        CONNECT_ON_SUBSCRIPTION;
        /// A directive that only a GraphQL service can follow
        NOT_FOR_CONNECTORS;
        /// Two connects have one id
        DUPLICATE_ID;
        /// `@paginate` cannot be read to its end as written
        INVALID_PAGINATION;
        /// `@cacheNull` where nothing is fetched, or for no time
        INVALID_CACHE_NULL;
        /// `@invalidates` beside what is no mutation, or of what is not fetched
        INVALID_INVALIDATES;
    }
}
