//! Where enums are used: an enum is merged by its uses as input and as output.

use std::collections::HashSet;

use apollo_compiler::Name;
use apollo_compiler::schema::ExtendedType;

use super::super::field_sets::fields_of;
use super::super::view::View;

/// The names of all types by their use in any subgraph; only those of enums are asked for.
#[derive(Debug, Default)]
pub(super) struct EnumUsage {
    /// The types of arguments and of fields of input types.
    pub(super) input: HashSet<Name>,
    /// The types of fields.
    pub(super) output: HashSet<Name>,
}

impl EnumUsage {
    pub(super) fn read(views: &[View<'_>]) -> Self {
        let mut usage = Self::default();
        for (_, ty) in views.iter().flat_map(|view| view.types()) {
            for (_, field) in fields_of(ty) {
                usage.output.insert(field.ty.inner_named_type().clone());
                for argument in &field.arguments {
                    usage.input.insert(argument.ty.inner_named_type().clone());
                }
            }
            if let ExtendedType::InputObject(input) = ty {
                for field in input.fields.values() {
                    usage.input.insert(field.ty.inner_named_type().clone());
                }
            }
        }
        usage
    }
}
