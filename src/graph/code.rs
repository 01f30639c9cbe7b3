//! The codes of composition: one table, which the documentation and the tests read too.
//!
//! They carry the names under which they are known to everyone who has composed a federated graph before.

crate::diagnostic_codes! { Composition:
    /// Two connectors have one name, or a name that no graph can have
    INVALID_SUBGRAPH_NAME;
    /// No connector offers a query
    NO_QUERIES;
    /// A type is called `Query` but is not the connector's query root
    ROOT_QUERY_USED;
    /// A type is called `Mutation` but is not the connector's mutation root
    ROOT_MUTATION_USED;
    /// A type is called `Subscription` but is not the connector's subscription root
    ROOT_SUBSCRIPTION_USED;
    /// The merged schema breaks a rule of GraphQL
    INVALID_GRAPHQL;
    /// One name is used for types of different kinds
    TYPE_KIND_MISMATCH;
    /// A type is only ever extended, nowhere defined
    EXTENSION_WITH_NO_BASE;
    /// An input enum has no value that all its connectors know
    EMPTY_MERGED_ENUM_TYPE;
    /// An input type has no field that all its connectors know
    EMPTY_MERGED_INPUT_TYPE;
    /// An enum that goes in and comes out has different values in its connectors
    ENUM_VALUE_MISMATCH;
    /// A field's types in its connectors have no common type
    FIELD_TYPE_MISMATCH;
    /// An argument's types in its connectors have no common type
    FIELD_ARGUMENT_TYPE_MISMATCH;
    /// An argument has different default values
    FIELD_ARGUMENT_DEFAULT_MISMATCH;
    /// A required argument is unknown to a connector that also resolves the field
    REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH;
    /// An input field has different default values
    INPUT_FIELD_DEFAULT_MISMATCH;
    /// A required input field is unknown to a connector that has the type
    REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH;
    /// Several connectors resolve a field that is not shareable
    INVALID_FIELD_SHARING;
    /// `@shareable` stands where nothing can be shared
    INVALID_SHAREABLE_USAGE;
    /// A field is external everywhere, so no subgraph resolves it
    EXTERNAL_MISSING_ON_BASE;
    /// An external field is used by no key, requirement, provision or interface
    EXTERNAL_UNUSED;
    /// An external field has another type than where it is resolved
    EXTERNAL_TYPE_MISMATCH;
    /// An external field lacks an argument that it has where it is resolved
    EXTERNAL_ARGUMENT_MISSING;
    /// An external field's argument has another type than where it is resolved
    EXTERNAL_ARGUMENT_TYPE_MISMATCH;
    /// An external field's argument has another default than where it is resolved
    EXTERNAL_ARGUMENT_DEFAULT_MISMATCH;
    /// `@external` stands on an interface's field
    EXTERNAL_ON_INTERFACE;
    /// An external field carries a directive that only a resolver can
    EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE;
    /// A field's types differ but have a common type
    INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE;
    /// An argument's types differ but have a common type
    INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE;
    /// Only some connectors give a default value; none is used
    INCONSISTENT_DEFAULT_VALUE_PRESENCE;
    /// Only some connectors know an optional argument; it is not offered
    INCONSISTENT_ARGUMENT_PRESENCE;
    /// Only some connectors know an optional input field; it is not offered
    INCONSISTENT_INPUT_OBJECT_FIELD;
    /// Only some connectors know a value of an input enum; it is not offered
    INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM;
    /// An element is described differently
    INCONSISTENT_DESCRIPTION;
    /// A directive that stands once is given different arguments
    INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS;
    /// Only some connectors define a directive for operations; it is not offered
    INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE;
    /// An interface's field carries @override
    OVERRIDE_ON_INTERFACE;
    /// An override label is neither a name nor a percentage
    OVERRIDE_LABEL_INVALID;
    /// A field overrides itself
    OVERRIDE_FROM_SELF_ERROR;
    /// An overridden field is an override itself
    OVERRIDE_SOURCE_HAS_OVERRIDE;
    /// An override meets @external, @requires or @provides
    OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE;
    /// A field overrides that of a connector that is not there
    FROM_SUBGRAPH_DOES_NOT_EXIST;
    /// An override has nothing to override
    OVERRIDE_DIRECTIVE_CAN_BE_REMOVED;
    /// An overridden field is no longer asked for
    OVERRIDDEN_FIELD_CAN_BE_REMOVED;
    /// @composeDirective names what cannot be composed
    DIRECTIVE_COMPOSITION_ERROR;
    /// An implementation lacks a field of its interface
    INTERFACE_FIELD_NO_IMPLEM;
    /// An implementation's field does not fit its interface's
    INTERFACE_FIELD_IMPLEM_TYPE_MISMATCH;
    /// The fields of a @key are no string
    KEY_INVALID_FIELDS_TYPE;
    /// The fields of a @key do not fit the type
    KEY_INVALID_FIELDS;
    /// A directive stands in the fields of a @key
    KEY_HAS_DIRECTIVE_IN_FIELDS_ARGS;
    /// A key selects a field with arguments
    KEY_FIELDS_HAS_ARGS;
    /// A key selects an interface
    KEY_FIELDS_SELECT_INVALID_TYPE;
    /// The fields of a @requires are no string
    REQUIRES_INVALID_FIELDS_TYPE;
    /// The fields of a @requires do not fit the type
    REQUIRES_INVALID_FIELDS;
    /// A directive stands in the fields of a @requires
    REQUIRES_HAS_DIRECTIVE_IN_FIELDS_ARGS;
    /// A @requires stands on an interface's field
    REQUIRES_UNSUPPORTED_ON_INTERFACE;
    /// A required field is the connector's own
    REQUIRES_FIELDS_MISSING_EXTERNAL;
    /// The fields of a @provides are no string
    PROVIDES_INVALID_FIELDS_TYPE;
    /// The fields of a @provides do not fit the type
    PROVIDES_INVALID_FIELDS;
    /// A directive stands in the fields of a @provides
    PROVIDES_HAS_DIRECTIVE_IN_FIELDS_ARGS;
    /// A @provides selects a field with arguments
    PROVIDES_FIELDS_HAS_ARGS;
    /// A @provides stands on an interface's field
    PROVIDES_UNSUPPORTED_ON_INTERFACE;
    /// A @provides stands on a field that has nothing below it
    PROVIDES_ON_NON_OBJECT_FIELD;
    /// A provided field is the connector's own
    PROVIDES_FIELDS_MISSING_EXTERNAL;
    /// An external field carries a directive that belongs where it is resolved
    MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL;
    /// An implementation lacks a key of its interface
    INTERFACE_KEY_NOT_ON_IMPLEMENTATION;
    /// A connector with a keyed interface does not know all implementations
    INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE;
    /// An interface object has no interface, no key, or company that it must not have
    INTERFACE_OBJECT_USAGE_ERROR;
    /// A shared field's connectors have no object in common
    SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES;
    /// A shared field's connectors know different objects
    INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN;
    /// The query root is hidden
    QUERY_ROOT_TYPE_INACCESSIBLE;
    /// A visible type has hidden children only
    ONLY_INACCESSIBLE_CHILDREN;
    /// Something visible is of a hidden type
    REFERENCED_INACCESSIBLE;
    /// A hidden argument or input field is required
    REQUIRED_INACCESSIBLE;
    /// A visible interface promises what an implementation hides
    IMPLEMENTED_BY_INACCESSIBLE;
    /// A visible default value shows something hidden
    DEFAULT_VALUE_USES_INACCESSIBLE;
    /// A field requires what it takes authorization to read, and demands none
    MISSING_TRANSITIVE_AUTH_REQUIREMENTS;
    /// A @cost stands on an interface's field
    COST_APPLIED_TO_INTERFACE_FIELD;
    /// A @listSize stands on something that is no list
    LIST_SIZE_APPLIED_TO_NON_LIST;
    /// A list is assumed to have fewer than no items
    LIST_SIZE_INVALID_ASSUMED_SIZE;
    /// A slicing argument is no argument of type Int
    LIST_SIZE_INVALID_SLICING_ARGUMENT;
    /// A sized field is no list
    LIST_SIZE_INVALID_SIZED_FIELD;
    /// A cache tag reads what is not there when it is made
    CACHE_TAG_INVALID_FORMAT;
    /// A directive that is known but not supported yet
    UNSUPPORTED_FEATURE;
    /// A connector adds a non-null field to an entity that it does not own
    CONTRIBUTED_FIELD_NOT_NULLABLE;
    /// Something that can be asked cannot be answered
    SATISFIABILITY_ERROR;
    /// A text is no supergraph SDL that can be read
    INVALID_FEDERATION_SUPERGRAPH;
}
