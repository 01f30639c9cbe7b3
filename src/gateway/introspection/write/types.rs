//! Writes `__Type` objects: named types, lists and non-null types.

use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, ast};

use super::{IntrospectionWriter, MetaObject, WrapperType, WriteResult, shown};
use crate::gateway::introspection::collect::{MetaField, SelectedField};

impl<'w> IntrospectionWriter<'w> {
    /// A type by its name, or `null`.
    pub(super) fn type_named(&mut self, name: &str, selected: &[SelectedField]) -> WriteResult {
        match self.introspection.api.types.get(name) {
            Some(ty) => self.object(MetaObject::Type(ty), selected),
            None => self.null(),
        }
    }

    fn types_named<'n>(
        &mut self,
        names: impl IntoIterator<Item = &'n Name>,
        selected: &[SelectedField],
    ) -> WriteResult {
        let types = &self.introspection.api.types;
        let listed = names.into_iter().filter_map(|name| types.get(name));
        self.list(listed, |writer, ty| {
            writer.object(MetaObject::Type(ty), selected)
        })
    }

    pub(super) fn of_type(
        &mut self,
        ty: &'w ExtendedType,
        selected: &SelectedField,
    ) -> WriteResult {
        match selected.field {
            MetaField::Typename => self.name("__Type"),
            MetaField::Kind => self.name(kind(ty)),
            MetaField::Name => self.name(ty.name()),
            MetaField::Description => self.text(ty.description().map(|text| &**text)),
            MetaField::Fields => self.fields_of(ty, selected),
            MetaField::Interfaces => self.interfaces_of(ty, selected),
            MetaField::PossibleTypes => self.possible_types_of(ty, selected),
            MetaField::EnumValues => self.enum_values_of(ty, selected),
            MetaField::InputFields => self.input_fields_of(ty, selected),
            MetaField::SpecifiedByUrl => self.text(specified_by(ty)),
            MetaField::IsOneOf => match ty {
                ExtendedType::InputObject(input) => self.boolean(input.directives.has("oneOf")),
                _ => self.null(),
            },
            _ => self.null(),
        }
    }

    fn fields_of(&mut self, ty: &'w ExtendedType, selected: &SelectedField) -> WriteResult {
        let fields = match ty {
            ExtendedType::Object(definition) => &definition.fields,
            ExtendedType::Interface(definition) => &definition.fields,
            _ => return self.null(),
        };
        let fields = fields.values();
        let fields = fields.filter(|definition| shown(&definition.directives, selected));
        self.list(fields, |writer, definition| {
            writer.object(MetaObject::Field(definition), &selected.below)
        })
    }

    fn interfaces_of(&mut self, ty: &'w ExtendedType, selected: &SelectedField) -> WriteResult {
        let interfaces = match ty {
            ExtendedType::Object(definition) => &definition.implements_interfaces,
            ExtendedType::Interface(definition) => &definition.implements_interfaces,
            _ => return self.null(),
        };
        let names = interfaces.iter().map(|interface| &interface.name);
        self.types_named(names, &selected.below)
    }

    fn possible_types_of(&mut self, ty: &'w ExtendedType, selected: &SelectedField) -> WriteResult {
        match ty {
            ExtendedType::Interface(definition) => {
                let implementers = self.introspection.implementers.get(&definition.name);
                let names = implementers.into_iter().flat_map(|types| &types.objects);
                self.types_named(names, &selected.below)
            }
            ExtendedType::Union(definition) => {
                let names = definition.members.iter().map(|member| &member.name);
                self.types_named(names, &selected.below)
            }
            _ => self.null(),
        }
    }

    fn enum_values_of(&mut self, ty: &'w ExtendedType, selected: &SelectedField) -> WriteResult {
        let ExtendedType::Enum(definition) = ty else {
            return self.null();
        };
        let values = definition.values.values();
        let values = values.filter(|definition| shown(&definition.directives, selected));
        self.list(values, |writer, definition| {
            writer.object(MetaObject::EnumValue(definition), &selected.below)
        })
    }

    fn input_fields_of(&mut self, ty: &'w ExtendedType, selected: &SelectedField) -> WriteResult {
        let ExtendedType::InputObject(definition) = ty else {
            return self.null();
        };
        let fields = definition.fields.values();
        self.inputs(fields.map(|field: &Component<_>| &field.node), selected)
    }

    /// Writes the type of a field or an input value.
    pub(super) fn type_of(&mut self, ty: &'w ast::Type, selected: &[SelectedField]) -> WriteResult {
        match ty {
            ast::Type::Named(name) => self.type_named(name, selected),
            ast::Type::List(item) => {
                self.object(MetaObject::Wrapper(WrapperType::List(item)), selected)
            }
            ast::Type::NonNullNamed(_) | ast::Type::NonNullList(_) => {
                self.object(MetaObject::Wrapper(WrapperType::NonNull(ty)), selected)
            }
        }
    }

    pub(super) fn of_wrapping(
        &mut self,
        ty: WrapperType<'w>,
        selected: &SelectedField,
    ) -> WriteResult {
        match (selected.field, ty) {
            (MetaField::Typename, _) => self.name("__Type"),
            (MetaField::Kind, WrapperType::List(_)) => self.name("LIST"),
            (MetaField::Kind, WrapperType::NonNull(_)) => self.name("NON_NULL"),
            (MetaField::OfType, WrapperType::List(item)) => self.type_of(item, &selected.below),
            (MetaField::OfType, WrapperType::NonNull(ty)) => match ty {
                ast::Type::NonNullList(item) => self.object(
                    MetaObject::Wrapper(WrapperType::List(item)),
                    &selected.below,
                ),
                ty => self.type_named(ty.inner_named_type(), &selected.below),
            },
            _ => self.null(),
        }
    }
}

/// The value of `__TypeKind` for a named type.
fn kind(ty: &ExtendedType) -> &'static str {
    match ty {
        ExtendedType::Scalar(_) => "SCALAR",
        ExtendedType::Object(_) => "OBJECT",
        ExtendedType::Interface(_) => "INTERFACE",
        ExtendedType::Union(_) => "UNION",
        ExtendedType::Enum(_) => "ENUM",
        ExtendedType::InputObject(_) => "INPUT_OBJECT",
    }
}

/// The argument of a scalar's `@specifiedBy`.
fn specified_by(ty: &ExtendedType) -> Option<&str> {
    let ExtendedType::Scalar(definition) = ty else {
        return None;
    };
    let directive = definition.directives.get("specifiedBy")?;
    directive.specified_argument_by_name("url")?.as_str()
}
