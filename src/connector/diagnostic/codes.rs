//! The stable codes. One table lists them with their meaning. A code without a golden file fails the tests, so every
//! message is reviewed before users see it.

use std::fmt;

/// The part of the gateway that reports it; also the folder under `tests/` that holds its golden files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// One connector: `tests/connectors/<CODE>*`.
    Connector,
    /// Composition: `tests/composition/<CODE>*`.
    Composition,
    /// The composed graph: the public schema and operations. `tests/process/findings/<CODE>*`.
    Gateway,
    /// The style of what folders declare, for `sangam check` only: `tests/style/<CODE>*`.
    Style,
}

/// A kind of diagnostic.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Its stable name, in capitals.
    pub name: &'static str,
    /// Its area.
    pub area: Area,
    /// Its meaning, in one line.
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

/// The codes of the checks of one connector.
pub mod connector {
    crate::diagnostic_codes! { Connector:
        /// A file of the folder cannot be read
        UNREADABLE;
        /// A name is empty, or is not a valid name of a connector or a mapping
        INVALID_NAME;
        /// The schema is not valid GraphQL
        INVALID_GRAPHQL;
        /// A setting that does not exist, or a value that it cannot have: in connector.toml, in sangam.toml or in a variable
        INVALID_SETTINGS;
        /// An expression reads a value of `$config` or `$env` that the settings do not give
        VALUE_NOT_SET;
        /// A file of the folder contains a text that looks like a secret
        SECRET_IN_FOLDER;
        /// A specification is linked twice
        DUPLICATE_LINK;
        /// A linked specification is required but not supported, or is misspelt
        UNKNOWN_SPECIFICATION;
        /// A version of a specification that this gateway does not support
        UNSUPPORTED_VERSION;
        /// A later minor version of a specification than the latest one that this gateway knows
        NEWER_VERSION;
        /// connect is linked without a Federation version that it works with
        FEDERATION_TOO_OLD;
        /// An import of an element that the specification does not have
        UNKNOWN_IMPORT;
        /// An import is malformed
        INVALID_IMPORT;
        /// An element of a later version of its specification than the linked one
        NEEDS_NEWER_VERSION;
        /// A directive that is neither defined nor imported
        UNKNOWN_DIRECTIVE;
        /// The folder defines a directive with the canonical name of a linked directive that it has renamed
        SHADOWED_DIRECTIVE;
        /// A mapping or template does not parse
        INVALID_MAPPING;
        /// Two named mappings have the same name
        DUPLICATE_MAPPING;
        /// A named mapping spreads itself, directly or through others
        CIRCULAR_MAPPING;
        /// A named mapping that nothing spreads
        UNUSED_MAPPING;
        /// An address or a URL that is not valid
        INVALID_URL;
        /// A header that may not be set, or not in this way
        INVALID_HEADER;
        /// A connect without a request
        NO_REQUEST;
        /// `http` has no method
        NO_METHOD;
        /// `http` has more than one method
        SEVERAL_METHODS;
        /// Two sources have the same name
        DUPLICATE_SOURCE;
        /// A source that is not declared
        UNKNOWN_SOURCE;
        /// `@graphql` together with `@source` or `@connect`, or twice
        GRAPHQL_NOT_ALONE;
        /// A folder without `@connect` and without `@graphql`
        NOTHING_FETCHES;
        /// A variable that does not exist
        UNKNOWN_VARIABLE;
        /// A variable that is not available in this position
        VARIABLE_NOT_AVAILABLE;
        /// An argument, or a field of an input type, that does not exist
        UNKNOWN_ARGUMENT;
        /// A field that does not exist
        UNKNOWN_FIELD;
        /// `$this`, `$batch` or an object in it is read as a whole
        WHOLE_OBJECT_READ;
        /// A selection yields a field with arguments, which it cannot read
        FIELD_WITH_ARGUMENTS;
        /// A selection yields an object without selecting its fields
        OBJECT_WITHOUT_SELECTION;
        /// A selection selects fields of a scalar or enum
        LEAF_WITH_SELECTION;
        /// A selection selects a type inside itself
        CIRCULAR_SELECTION;
        /// A selection yields an interface or union, which needs connect/v0.4
        ABSTRACT_TYPE;
        /// A selection yields an interface or union without `__typename`
        TYPENAME_MISSING;
        /// A field that no connect resolves
        FIELD_NOT_RESOLVED;
        /// A resolvable key without a lookup
        KEY_NOT_RESOLVED;
        /// `entity: true` on an element that is not a field of `Query`
        ENTITY_NOT_ON_QUERY;
        /// `entity: true` on a field whose type is not a nullable object type
        ENTITY_RETURN_TYPE;
        /// An argument of an entity's lookup is not a field of the entity
        ENTITY_ARGUMENT;
        /// `$batch` and `$this` in one connect
        BATCH_WITH_THIS;
        /// A batch does not select its key
        BATCH_KEY_NOT_SELECTED;
        /// `batch` on a connect that is not a batch, or an invalid `maxSize`
        INVALID_BATCH;
        /// A connect on a type does not read a key
        TYPE_CONNECT_WITHOUT_KEY;
        /// A connect on a field of an interface
        CONNECT_ON_INTERFACE;
        /// A connect on a field of the subscription root without `@poll` or `@webhook`, or several connects
        CONNECT_ON_SUBSCRIPTION;
        /// `@poll` elsewhere than beside a request of a subscription, or with an invalid interval
        INVALID_POLL;
        /// `@webhook` elsewhere than beside a mapping of a subscription, or with an `event` that depends on a subscriber
        INVALID_WEBHOOK;
        /// A directive that only GraphQL services can use
        NOT_FOR_CONNECTORS;
        /// Two connects have the same id
        DUPLICATE_ID;
        /// An invalid `@paginate`: the list could not be read to its end
        INVALID_PAGINATION;
        /// An invalid `@connection`: clients could not read the list in parts
        INVALID_CONNECTION;
        /// `@cacheNull` on an element without a connect, or with an invalid `maxAge`
        INVALID_CACHE_NULL;
        /// `@file` on a field that is not a custom scalar, with an unknown source, without a request, or with another variable
        INVALID_FILE;
        /// `@upload` on an element that is not a mutation, beside a request without a body, or missing where an argument has a file
        INVALID_UPLOAD;
        /// `@invalidates` on an element that is no mutation or subscription, or of fields that are not fetched
        INVALID_INVALIDATES;
        /// `@entityList` on an element that is not a list of `Query`, with an unknown key, or a key that is not selected
        INVALID_ENTITY_LIST;
        /// `@constraint` without a constraint, of another type than its argument, or that the default does not satisfy
        INVALID_CONSTRAINT;
        /// `@node` on a type of whose keys no id can be made, or that has a field `id`
        INVALID_NODE;
        /// `@clientErrors` about no response, with a wrong status or a `selection` that has no field, or on an element without a connect
        INVALID_CLIENT_ERRORS;
    }
}

/// The codes of the composed graph and what is named in it.
pub mod gateway {
    crate::diagnostic_codes! { Gateway:
        /// A connector, a type, a query field, a named operation or its variable has a name that is reserved for the gateway
        RESERVED_NAME;
        /// A named operation that the gateway would refuse
        INVALID_OPERATION;
        /// A named operation that can make more calls than the comment above it says
        TOO_MANY_CALLS;
        /// A manifest of trusted documents that cannot be read, or has two texts for one id
        INVALID_MANIFEST;
        /// A change of the public schema after which operations of clients may fail
        BREAKING_CHANGE;
        /// A change of the public schema after which operations of clients may return what they do not expect
        DANGEROUS_CHANGE;
    }
}

/// The codes of the style. `@styleException` names them.
pub mod style {
    crate::diagnostic_codes! { Style:
        /// An entity without `@node`: it has no id that is unique in the graph
        STYLE_NO_ID;
        /// A field `id` that the folder declares itself
        STYLE_OWN_ID;
        /// A key of an entity that is not `ID!` and no enum
        STYLE_KEY_TYPE;
        /// An argument with a key of an entity that is not named after both: `districtLgdCode`
        STYLE_KEY_ARGUMENT;
        /// A type, field, argument or enum value without description
        STYLE_DESCRIPTION;
        /// A list that is read in parts in another way than as a connection (`first`, `after`)
        STYLE_PAGING;
        /// A list of objects without `@listSize`: the cost limit takes it for a list of ten
        STYLE_LIST_SIZE;
        /// A list whose filter is not `filter: <Type>Filter`, or whose order is not `orderBy: <Type>Order`
        STYLE_FILTER;
        /// A name that is not `PascalCase` (types), `camelCase` (fields and arguments) or `UPPER_CASE` (enum values)
        STYLE_CASE;
        /// A field or an enum value that repeats the name of its type
        STYLE_REPEATED_NAME;
        /// A field `state` that says where something stands: `status` does, and `state` is a state of India
        STYLE_STATUS;
        /// An amount of money that is no `Decimal`, or whose name does not say the currency: `feeInRupees`
        STYLE_MONEY;
        /// A point in time as a number
        STYLE_EPOCH;
        /// A day, a time, a month or an address as `String`
        STYLE_TEXT;
        /// A scalar without `@specifiedBy`, or with another address than that of docs/scalars.md
        STYLE_SPECIFIED_BY;
        /// A default text that stands for an absent argument: `latest`
        STYLE_LATEST;
        /// A field that is not null although a call of its own can fail: a root field, or one of another connector's entity
        STYLE_NON_NULL;
        /// A mutation with other arguments than `input: <Mutation>Input!`
        STYLE_MUTATION_INPUT;
        /// A mutation that does not return `<Mutation>Payload` with typed `userErrors`
        STYLE_MUTATION_PAYLOAD;
        /// A summary without the day that its figures are as of
        STYLE_AS_OF;
        /// A `@styleException` that accepts nothing
        STYLE_EXCEPTION;
    }
}
