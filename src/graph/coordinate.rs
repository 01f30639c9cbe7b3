//! Finds the element of a schema coordinate: `District.name`, `Query.districts(first:)`.

use apollo_compiler::Schema;
use apollo_compiler::coordinate::{SchemaCoordinate, SchemaCoordinateLookup};
use apollo_compiler::parser::SourceSpan;

/// The location of an element in a schema; if the schema does not have it, that of the element that it would be in.
pub fn location(schema: &Schema, coordinate: &str) -> Option<SourceSpan> {
    let found = coordinate.parse::<SchemaCoordinate>().ok();
    let found = found.and_then(|found| match found.lookup(schema).ok()? {
        SchemaCoordinateLookup::Type(ty) => ty.name().location(),
        SchemaCoordinateLookup::Directive(directive) => directive.name.location(),
        SchemaCoordinateLookup::Field(field) => field.name.location(),
        SchemaCoordinateLookup::InputField(field) => field.name.location(),
        SchemaCoordinateLookup::EnumValue(value) => value.value.location(),
        SchemaCoordinateLookup::Argument(argument) => argument.name.location(),
        _ => None,
    });
    found.or_else(|| location(schema, coordinate.rsplit_once(['(', '.'])?.0))
}
