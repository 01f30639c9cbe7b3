//! The codes of composition: one table, from which the documentation is generated and the tests take their list.
//!
//! Codes for the rules of Federation have the names that other composers use.

crate::diagnostic_codes! { Composition:
    /// Two connectors have the same name, or a name is not valid for a subgraph
    INVALID_SUBGRAPH_NAME;
    /// No connector has a query field
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
    /// A type is extended, but not defined in any connector
    EXTENSION_WITH_NO_BASE;
    /// An input enum has no value that all its connectors define
    EMPTY_MERGED_ENUM_TYPE;
    /// An input type has no field that all its connectors define
    EMPTY_MERGED_INPUT_TYPE;
    /// An enum that is used in input and output has different values in its connectors
    ENUM_VALUE_MISMATCH;
    /// A field's types in its connectors have no common type
    FIELD_TYPE_MISMATCH;
    /// An argument's types in its connectors have no common type
    FIELD_ARGUMENT_TYPE_MISMATCH;
    /// An argument has different default values
    FIELD_ARGUMENT_DEFAULT_MISMATCH;
    /// A connector that resolves the field does not define a required argument
    REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH;
    /// An input field has different default values
    INPUT_FIELD_DEFAULT_MISMATCH;
    /// A connector that defines the type does not define a required input field
    REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH;
    /// An input type is `@oneOf` in some connectors only
    ONE_OF_MISMATCH;
    /// Several connectors resolve a field that is not shareable
    INVALID_FIELD_SHARING;
    /// `@shareable` on an element that cannot be shared
    INVALID_SHAREABLE_USAGE;
    /// A field is external everywhere, so no subgraph resolves it
    EXTERNAL_MISSING_ON_BASE;
    /// An external field is used by no key, requirement, provision or interface
    EXTERNAL_UNUSED;
    /// An external field has a different type in the connector that resolves it
    EXTERNAL_TYPE_MISMATCH;
    /// An external field lacks an argument of the connector that resolves it
    EXTERNAL_ARGUMENT_MISSING;
    /// An external field's argument has a different type in the connector that resolves the field
    EXTERNAL_ARGUMENT_TYPE_MISMATCH;
    /// An external field's argument has a different default value in the connector that resolves the field
    EXTERNAL_ARGUMENT_DEFAULT_MISMATCH;
    /// `@external` on a field of an interface
    EXTERNAL_ON_INTERFACE;
    /// An external field has a directive that only the connector that resolves it may use
    EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE;
    /// A field's types differ but have a common type
    INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE;
    /// An argument's types differ but have a common type
    INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE;
    /// Only some connectors have a default value; it is not used
    INCONSISTENT_DEFAULT_VALUE_PRESENCE;
    /// Only some connectors define an optional argument; it is not in the public schema
    INCONSISTENT_ARGUMENT_PRESENCE;
    /// Only some connectors define an optional input field; it is not in the public schema
    INCONSISTENT_INPUT_OBJECT_FIELD;
    /// Only some connectors define a value of an input enum; it is not in the public schema
    INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM;
    /// Only some connectors define a value of an output enum; clients see it for all of them
    INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM;
    /// An element has different descriptions
    INCONSISTENT_DESCRIPTION;
    /// A directive that is not repeatable has different arguments
    INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS;
    /// The connectors do not define an executable directive alike; it is not in the public schema
    INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE;
    /// An executable directive cannot be passed on to services at one of its locations, at which clients cannot use it
    UNSUPPORTED_DIRECTIVE_LOCATION;
    /// `@override` on a field of an interface
    OVERRIDE_ON_INTERFACE;
    /// An override label is neither a name nor a percentage
    OVERRIDE_LABEL_INVALID;
    /// A field overrides itself
    OVERRIDE_FROM_SELF_ERROR;
    /// The overridden field has an `@override` itself
    OVERRIDE_SOURCE_HAS_OVERRIDE;
    /// `@override` on an `@external` field, or of a field with `@requires` or `@provides`
    OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE;
    /// `@override(from:)` names a connector that does not exist
    FROM_SUBGRAPH_DOES_NOT_EXIST;
    /// The connector in `@override(from:)` does not define the field, or not resolve it
    OVERRIDE_DIRECTIVE_CAN_BE_REMOVED;
    /// An overridden field is not used any more
    OVERRIDDEN_FIELD_CAN_BE_REMOVED;
    /// `@composeDirective` names a directive that cannot be composed
    DIRECTIVE_COMPOSITION_ERROR;
    /// An implementation lacks a field of its interface
    INTERFACE_FIELD_NO_IMPLEM;
    /// An implementation's field does not fit its interface's
    INTERFACE_FIELD_IMPLEM_TYPE_MISMATCH;
    /// The `fields` of a `@key` are not a string
    KEY_INVALID_FIELDS_TYPE;
    /// The `fields` of a `@key` are not valid for the type
    KEY_INVALID_FIELDS;
    /// A directive in the `fields` of a `@key`
    KEY_HAS_DIRECTIVE_IN_FIELDS_ARGS;
    /// A `@key` selects a field with arguments
    KEY_FIELDS_HAS_ARGS;
    /// A `@key` selects an interface
    KEY_FIELDS_SELECT_INVALID_TYPE;
    /// The `fields` of a `@requires` are not a string
    REQUIRES_INVALID_FIELDS_TYPE;
    /// The `fields` of a `@requires` are not valid for the type
    REQUIRES_INVALID_FIELDS;
    /// A directive in the `fields` of a `@requires`
    REQUIRES_HAS_DIRECTIVE_IN_FIELDS_ARGS;
    /// `@requires` on a field of an interface
    REQUIRES_UNSUPPORTED_ON_INTERFACE;
    /// A `@requires` selects a field that the connector resolves itself
    REQUIRES_FIELDS_MISSING_EXTERNAL;
    /// The `fields` of a `@provides` are not a string
    PROVIDES_INVALID_FIELDS_TYPE;
    /// The `fields` of a `@provides` are not valid for the type
    PROVIDES_INVALID_FIELDS;
    /// A directive in the `fields` of a `@provides`
    PROVIDES_HAS_DIRECTIVE_IN_FIELDS_ARGS;
    /// A `@provides` selects a field with arguments
    PROVIDES_FIELDS_HAS_ARGS;
    /// `@provides` on a field of an interface
    PROVIDES_UNSUPPORTED_ON_INTERFACE;
    /// `@provides` on a field without a selection set
    PROVIDES_ON_NON_OBJECT_FIELD;
    /// A `@provides` selects a field that the connector resolves itself
    PROVIDES_FIELDS_MISSING_EXTERNAL;
    /// An external field has a directive that only the connector that resolves it should have
    MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL;
    /// An implementation lacks a key of its interface
    INTERFACE_KEY_NOT_ON_IMPLEMENTATION;
    /// A connector with a `@key` on an interface does not define all implementations
    INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE;
    /// An `@interfaceObject` has no interface or no key, or its connector defines an implementation too
    INTERFACE_OBJECT_USAGE_ERROR;
    /// The connectors of a shared field have no object type in common
    SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES;
    /// The connectors of a shared field define different object types for it
    INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN;
    /// The query root is inaccessible
    QUERY_ROOT_TYPE_INACCESSIBLE;
    /// A visible type has only inaccessible fields, values or members
    ONLY_INACCESSIBLE_CHILDREN;
    /// A visible element has an inaccessible type
    REFERENCED_INACCESSIBLE;
    /// A required argument or input field is inaccessible
    REQUIRED_INACCESSIBLE;
    /// A field of a visible interface is inaccessible in an implementation
    IMPLEMENTED_BY_INACCESSIBLE;
    /// A visible default value contains an inaccessible element
    DEFAULT_VALUE_USES_INACCESSIBLE;
    /// A `@requires` selects a field with access directives, and the field itself has none
    MISSING_TRANSITIVE_AUTH_REQUIREMENTS;
    /// `@cost` on a field of an interface
    COST_APPLIED_TO_INTERFACE_FIELD;
    /// `@listSize` on a field that is not a list
    LIST_SIZE_APPLIED_TO_NON_LIST;
    /// `assumedSize` is negative
    LIST_SIZE_INVALID_ASSUMED_SIZE;
    /// A slicing argument does not exist or is not an `Int`
    LIST_SIZE_INVALID_SLICING_ARGUMENT;
    /// A sized field does not exist or is not a list
    LIST_SIZE_INVALID_SIZED_FIELD;
    /// The name of a context has other characters than letters and digits
    CONTEXT_NAME_INVALID;
    /// `@fromContext` uses a context that no type of the connector has, or stands where it is not allowed
    CONTEXT_NOT_SET;
    /// `@fromContext` does not name a context
    NO_CONTEXT_IN_SELECTION;
    /// `@fromContext` does not select anything
    NO_SELECTION_FOR_CONTEXT;
    /// The selection of `@fromContext` does not give one value that the argument accepts
    CONTEXT_INVALID_SELECTION;
    /// A type with a contextual argument has no resolvable key
    CONTEXT_NO_RESOLVABLE_KEY;
    /// An argument is contextual in one connector, and required in another one
    CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS;
    /// A cache tag uses a value that is not available
    CACHE_TAG_INVALID_FORMAT;
    /// A connector adds a non-null field to an entity that it does not own
    CONTRIBUTED_FIELD_NOT_NULLABLE;
    /// Several connectors resolve a field with `@file`
    FILE_IN_SEVERAL_CONNECTORS;
    /// `@node` needs a name that a connector uses, or two connectors have it on one type
    NODE_CONFLICT;
    /// The connector with `@node` has no lookup of the type by the key of the ids
    NODE_NOT_LOOKED_UP;
    /// A field of the public schema cannot be resolved on some path
    SATISFIABILITY_ERROR;
    /// Fields of the elements of a list are fetched with a call for each element
    LOOKUP_PER_ELEMENT;
    /// The text is not valid supergraph SDL
    INVALID_FEDERATION_SUPERGRAPH;
}
