//! Writes introspection values as JSON into a buffer whose memory is charged before it grows.

mod buffer;
mod types;

use std::time::Instant;

use apollo_compiler::schema::{
    Directive, DirectiveDefinition, EnumValueDefinition, ExtendedType, FieldDefinition,
    InputValueDefinition,
};
use apollo_compiler::{Node, ast};

use super::capabilities::{CAPABILITIES, Capability};
use super::collect::{IntrospectionSelection, MetaField, SelectedField};
use super::{Introspection, IntrospectionValues, Stopped, WriteLimits};
use crate::budget::Account;

/// Values up to this length are written on the thread that serves; this takes a fraction of a millisecond.
const SHORT: usize = 16 * 1024;

impl IntrospectionSelection {
    /// Writes the values if they are short; stops with [`Stopped::TooLong`] otherwise.
    pub(in crate::gateway) fn write_short(
        &self,
        introspection: &Introspection,
        account: &Account,
        bytes: usize,
        deadline: Instant,
    ) -> Result<Vec<(String, Vec<u8>)>, Stopped> {
        let limits = WriteLimits {
            bytes: bytes.min(SHORT),
            deadline,
            is_awaited: &|| true,
        };
        self.values(introspection, account, &limits)
    }

    /// Writes the values, however long they are.
    pub(in crate::gateway) fn write(
        &self,
        introspection: &Introspection,
        account: Account,
        limits: &WriteLimits<'_>,
    ) -> Result<IntrospectionValues, Stopped> {
        let values = self.values(introspection, &account, limits)?;
        Ok(IntrospectionValues { values, account })
    }

    fn values(
        &self,
        introspection: &Introspection,
        account: &Account,
        limits: &WriteLimits<'_>,
    ) -> Result<Vec<(String, Vec<u8>)>, Stopped> {
        let mut values: Vec<(String, Vec<u8>)> = Vec::with_capacity(self.roots.len());
        let mut left = limits.bytes;
        for root in &self.roots {
            let rest = WriteLimits {
                bytes: left,
                ..*limits
            };
            let mut writer = IntrospectionWriter {
                introspection,
                account,
                limits: &rest,
                out: Vec::new(),
                checked: 0,
            };
            let written = writer.root(root);
            if let Err(stopped) = written {
                // The buffers are dropped, so their charge is released.
                let capacity = writer.out.capacity();
                let before = values.iter().map(|(_, value)| value.capacity());
                account.release(before.sum::<usize>() + capacity);
                return Err(match stopped {
                    Stopped::TooLong(_) => Stopped::TooLong(limits.bytes),
                    stopped => stopped,
                });
            }
            left = left.saturating_sub(writer.out.len());
            values.push((root.name.to_string(), writer.out));
        }
        Ok(values)
    }
}

/// An object of the introspection schema.
#[derive(Clone, Copy)]
enum MetaObject<'s> {
    Schema,
    Type(&'s ExtendedType),
    Wrapper(WrapperType<'s>),
    Field(&'s FieldDefinition),
    Input(&'s InputValueDefinition),
    EnumValue(&'s EnumValueDefinition),
    Directive(&'s DirectiveDefinition),
    Service,
    Capability(&'static Capability),
}

/// A list type or a non-null type.
#[derive(Clone, Copy)]
enum WrapperType<'s> {
    NonNull(&'s ast::Type),
    List(&'s ast::Type),
}

struct IntrospectionWriter<'w> {
    introspection: &'w Introspection,
    account: &'w Account,
    limits: &'w WriteLimits<'w>,
    out: Vec<u8>,
    /// The buffer may grow to this length before the limits are checked again.
    checked: usize,
}

type WriteResult = Result<(), Stopped>;

impl<'w> IntrospectionWriter<'w> {
    fn root(&mut self, selected: &SelectedField) -> WriteResult {
        match (selected.field, &selected.type_name) {
            (MetaField::Schema, _) => self.object(MetaObject::Schema, &selected.below),
            (MetaField::Service, _) => self.object(MetaObject::Service, &selected.below),
            (MetaField::Type, Some(name)) => self.type_named(name, &selected.below),
            _ => self.null(),
        }
    }

    fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T) -> WriteResult,
    ) -> WriteResult {
        self.raw(b"[")?;
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.raw(b",")?;
            }
            each(self, item)?;
        }
        self.raw(b"]")
    }

    fn object(&mut self, object: MetaObject<'w>, selected: &[SelectedField]) -> WriteResult {
        self.raw(b"{")?;
        for (index, field) in selected.iter().enumerate() {
            if index > 0 {
                self.raw(b",")?;
            }
            self.name(&field.name)?;
            self.raw(b":")?;
            match object {
                MetaObject::Schema => self.of_schema(field),
                MetaObject::Type(ty) => self.of_type(ty, field),
                MetaObject::Wrapper(ty) => self.of_wrapping(ty, field),
                MetaObject::Field(definition) => self.of_field(definition, field),
                MetaObject::Input(definition) => self.of_input(definition, field),
                MetaObject::EnumValue(definition) => self.of_enum_value(definition, field),
                MetaObject::Directive(definition) => self.of_directive(definition, field),
                MetaObject::Service => self.of_service(field),
                MetaObject::Capability(capability) => self.of_capability(capability, field),
            }?;
        }
        self.raw(b"}")
    }

    fn of_schema(&mut self, selected: &SelectedField) -> WriteResult {
        let api = &self.introspection.api;
        let definition = &api.schema_definition;
        let root = match selected.field {
            MetaField::Typename => return self.name("__Schema"),
            MetaField::Description => return self.text(definition.description.as_deref()),
            MetaField::Types => {
                return self.list(api.types.values(), |writer, ty| {
                    writer.object(MetaObject::Type(ty), &selected.below)
                });
            }
            MetaField::Directives => {
                return self.list(api.directive_definitions.values(), |writer, definition| {
                    writer.object(MetaObject::Directive(definition), &selected.below)
                });
            }
            MetaField::QueryType => &definition.query,
            MetaField::MutationType => &definition.mutation,
            MetaField::SubscriptionType => &definition.subscription,
            _ => &None,
        };
        match root {
            Some(name) => self.type_named(name, &selected.below),
            None => self.null(),
        }
    }

    /// Arguments, or fields of an input object.
    fn inputs(
        &mut self,
        inputs: impl IntoIterator<Item = &'w Node<InputValueDefinition>>,
        selected: &SelectedField,
    ) -> WriteResult {
        let inputs = inputs.into_iter();
        let inputs = inputs.filter(|definition| shown(&definition.directives, selected));
        self.list(inputs, |writer, definition| {
            writer.object(MetaObject::Input(definition), &selected.below)
        })
    }

    fn of_field(
        &mut self,
        definition: &'w FieldDefinition,
        selected: &SelectedField,
    ) -> WriteResult {
        match selected.field {
            MetaField::Typename => self.name("__Field"),
            MetaField::Name => self.name(&definition.name),
            MetaField::Description => self.text(definition.description.as_deref()),
            MetaField::Args => self.inputs(&definition.arguments, selected),
            MetaField::TypeOf => self.type_of(&definition.ty, &selected.below),
            _ => self.deprecation(definition.directives.get("deprecated"), selected),
        }
    }

    fn of_input(
        &mut self,
        definition: &'w InputValueDefinition,
        selected: &SelectedField,
    ) -> WriteResult {
        match selected.field {
            MetaField::Typename => self.name("__InputValue"),
            MetaField::Name => self.name(&definition.name),
            MetaField::Description => self.text(definition.description.as_deref()),
            MetaField::TypeOf => self.type_of(&definition.ty, &selected.below),
            MetaField::DefaultValue => {
                let default = definition.default_value.as_ref();
                let default = default.map(|value| value.serialize().no_indent().to_string());
                self.text(default.as_deref())
            }
            _ => self.deprecation(definition.directives.get("deprecated"), selected),
        }
    }

    fn of_enum_value(
        &mut self,
        definition: &'w EnumValueDefinition,
        selected: &SelectedField,
    ) -> WriteResult {
        match selected.field {
            MetaField::Typename => self.name("__EnumValue"),
            MetaField::Name => self.name(&definition.value),
            MetaField::Description => self.text(definition.description.as_deref()),
            _ => self.deprecation(definition.directives.get("deprecated"), selected),
        }
    }

    fn of_directive(
        &mut self,
        definition: &'w DirectiveDefinition,
        selected: &SelectedField,
    ) -> WriteResult {
        match selected.field {
            MetaField::Typename => self.name("__Directive"),
            MetaField::Name => self.name(&definition.name),
            MetaField::Description => self.text(definition.description.as_deref()),
            MetaField::Args => self.inputs(&definition.arguments, selected),
            MetaField::Locations => self.list(&definition.locations, |writer, location| {
                writer.name(location.name())
            }),
            MetaField::IsRepeatable => self.boolean(definition.repeatable),
            _ => self.null(),
        }
    }

    fn of_service(&mut self, selected: &SelectedField) -> WriteResult {
        let api = &self.introspection.api;
        match selected.field {
            MetaField::Typename => self.name("__Service"),
            MetaField::Description => self.text(api.schema_definition.description.as_deref()),
            MetaField::Capabilities => self.list(&CAPABILITIES, |writer, capability| {
                writer.object(MetaObject::Capability(capability), &selected.below)
            }),
            _ => self.null(),
        }
    }

    fn of_capability(
        &mut self,
        capability: &'static Capability,
        selected: &SelectedField,
    ) -> WriteResult {
        match selected.field {
            MetaField::Typename => self.name("__Capability"),
            MetaField::Identifier => self.text(Some(capability.identifier)),
            MetaField::Description => self.text(Some(capability.description)),
            MetaField::Value => self.text(capability.value),
            _ => self.null(),
        }
    }

    /// `isDeprecated` or `deprecationReason`.
    fn deprecation(
        &mut self,
        deprecated: Option<&Node<Directive>>,
        selected: &SelectedField,
    ) -> WriteResult {
        if selected.field == MetaField::IsDeprecated {
            return self.boolean(deprecated.is_some());
        }
        let schema = &self.introspection.api;
        let reason =
            deprecated.and_then(|definition| definition.argument_by_name("reason", schema).ok());
        self.text(reason.and_then(|reason| reason.as_str()))
    }
}

/// Whether an element with these directives is listed.
fn shown(directives: &ast::DirectiveList, selected: &SelectedField) -> bool {
    selected.with_deprecated || !directives.has("deprecated")
}
