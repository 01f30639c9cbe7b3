//! Changes to the directives of a field in a schema.

use apollo_compiler::ast;
use apollo_compiler::schema::Component;

/// Removes directives by name. A field that has none of them is not copied.
pub(super) fn remove_directives(field: &mut Component<ast::FieldDefinition>, names: &[&str]) {
    if names.iter().any(|name| field.directives.has(name)) {
        field
            .make_mut()
            .directives
            .0
            .retain(|directive| !names.contains(&directive.name.as_str()));
    }
}
