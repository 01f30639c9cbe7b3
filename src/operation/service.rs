//! The meta-field `__service`, by which clients read what the gateway supports besides the specification: the service
//! capabilities of the specification's proposal (graphql-spec, pull request 1208), which the proposal for `onError` (1163) uses.
//!
//! Operations are validated and planned with it. The public schema does not have it, just as it does not have `__schema`.

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;

/// The types, and the field as a part of a root type.
const SERVICE: &str = "
    type Query { __service: __Service! }
    type __Service { description: String capabilities: [__Capability!]! }
    type __Capability { identifier: String! description: String value: String }
";

/// The schema with `__service` at the root of queries.
pub(super) fn with_service(api: &Valid<Schema>) -> Valid<Schema> {
    // Only its validation would refuse names that begin with `__`.
    let Ok(service) = Schema::parse(SERVICE, "service.graphql") else {
        return api.clone();
    };
    let mut schema = Schema::clone(api);
    for name in ["__Service", "__Capability"] {
        if let Some((name, ty)) = service.types.get_key_value(name) {
            schema.types.insert(name.clone(), ty.clone());
        }
    }
    let root = schema.schema_definition.query.as_ref();
    let root = root.map(|root| root.name.clone());
    let root = root.and_then(|name| schema.types.get_mut(&name));
    if let Some(ExtendedType::Object(root)) = root
        && let Ok(field) = service.type_field("Query", "__service")
    {
        root.make_mut()
            .fields
            .insert(field.name.clone(), field.clone());
    }
    Valid::assume_valid(schema)
}
