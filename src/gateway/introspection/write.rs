//! The values, written as JSON straight into a buffer that is charged for before it grows.

mod buffer;

use std::time::Instant;

use apollo_compiler::Node;
use apollo_compiler::ast;
use apollo_compiler::schema::Component;
use apollo_compiler::schema::Directive;
use apollo_compiler::schema::DirectiveDefinition;
use apollo_compiler::schema::EnumValueDefinition;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::schema::FieldDefinition;
use apollo_compiler::schema::InputValueDefinition;

use super::Bounds;
use super::Introspection;
use super::Stopped;
use super::Written;
use super::collect::Asked;
use super::collect::AskedField;
use super::collect::MetaField;
use crate::budget::Account;

/// Values that are no longer than this are written on the thread that serves: it takes a fraction of a millisecond.
const SHORT: usize = 16 * 1024;

impl Asked {
    /// Writes the values if they are short. Ends after a little work where they are not.
    pub(in crate::gateway) fn write_short(
        &self,
        introspection: &Introspection,
        account: &Account,
        bytes: usize,
        deadline: Instant,
    ) -> Result<Vec<(String, Vec<u8>)>, Stopped> {
        let bounds = Bounds {
            bytes: bytes.min(SHORT),
            deadline,
            is_awaited: &|| true,
        };
        self.values(introspection, account, &bounds)
    }

    /// Writes the values, however long they are.
    pub(in crate::gateway) fn write(
        &self,
        introspection: &Introspection,
        account: Account,
        bounds: &Bounds<'_>,
    ) -> Result<Written, Stopped> {
        let values = self.values(introspection, &account, bounds)?;
        Ok(Written { values, account })
    }

    fn values(
        &self,
        introspection: &Introspection,
        account: &Account,
        bounds: &Bounds<'_>,
    ) -> Result<Vec<(String, Vec<u8>)>, Stopped> {
        let mut values: Vec<(String, Vec<u8>)> = Vec::with_capacity(self.roots.len());
        let mut left = bounds.bytes;
        for root in &self.roots {
            let rest = Bounds {
                bytes: left,
                ..*bounds
            };
            let mut writer = Writer {
                introspection,
                account,
                bounds: &rest,
                out: Vec::new(),
                checked: 0,
            };
            let written = writer.root(root);
            if let Err(stopped) = written {
                // What was written goes, and so does what was charged for it.
                let capacity = writer.out.capacity();
                let before = values.iter().map(|(_, value)| value.capacity());
                account.release(before.sum::<usize>() + capacity);
                return Err(match stopped {
                    Stopped::TooLong(_) => Stopped::TooLong(bounds.bytes),
                    stopped => stopped,
                });
            }
            left = left.saturating_sub(writer.out.len());
            values.push((root.name.to_string(), writer.out));
        }
        Ok(values)
    }
}

/// An object of the schema of introspection.
#[derive(Clone, Copy)]
enum Object<'s> {
    Schema,
    Type(&'s ExtendedType),
    Wrapping(Wrapping<'s>),
    Field(&'s FieldDefinition),
    Input(&'s InputValueDefinition),
    EnumValue(&'s EnumValueDefinition),
    Directive(&'s DirectiveDefinition),
}

/// A list type or a type that is not null.
#[derive(Clone, Copy)]
enum Wrapping<'s> {
    NonNull(&'s ast::Type),
    List(&'s ast::Type),
}

struct Writer<'w> {
    introspection: &'w Introspection,
    account: &'w Account,
    bounds: &'w Bounds<'w>,
    out: Vec<u8>,
    /// Up to this length the buffer may be filled without another look at the bounds.
    checked: usize,
}

type Step = Result<(), Stopped>;

impl<'w> Writer<'w> {
    fn root(&mut self, asked: &AskedField) -> Step {
        match (asked.field, &asked.type_name) {
            (MetaField::Schema, _) => self.object(Object::Schema, &asked.below),
            (MetaField::Type, Some(name)) => self.type_named(name, &asked.below),
            _ => self.null(),
        }
    }

    fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T) -> Step,
    ) -> Step {
        self.raw(b"[")?;
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.raw(b",")?;
            }
            each(self, item)?;
        }
        self.raw(b"]")
    }

    fn object(&mut self, object: Object<'w>, asked: &[AskedField]) -> Step {
        self.raw(b"{")?;
        for (index, field) in asked.iter().enumerate() {
            if index > 0 {
                self.raw(b",")?;
            }
            self.name(&field.name)?;
            self.raw(b":")?;
            match object {
                Object::Schema => self.of_schema(field),
                Object::Type(ty) => self.of_type(ty, field),
                Object::Wrapping(ty) => self.of_wrapping(ty, field),
                Object::Field(own) => self.of_field(own, field),
                Object::Input(own) => self.of_input(own, field),
                Object::EnumValue(own) => self.of_enum_value(own, field),
                Object::Directive(own) => self.of_directive(own, field),
            }?;
        }
        self.raw(b"}")
    }

    fn of_schema(&mut self, asked: &AskedField) -> Step {
        let api = &self.introspection.api;
        let own = &api.schema_definition;
        let root = match asked.field {
            MetaField::Typename => return self.name("__Schema"),
            MetaField::Description => return self.text(own.description.as_deref()),
            MetaField::Types => {
                return self.list(api.types.values(), |writer, ty| {
                    writer.object(Object::Type(ty), &asked.below)
                });
            }
            MetaField::Directives => {
                return self.list(api.directive_definitions.values(), |writer, own| {
                    writer.object(Object::Directive(own), &asked.below)
                });
            }
            MetaField::QueryType => &own.query,
            MetaField::MutationType => &own.mutation,
            MetaField::SubscriptionType => &own.subscription,
            _ => &None,
        };
        match root {
            Some(name) => self.type_named(name, &asked.below),
            None => self.null(),
        }
    }

    /// A type by its name, or `null`.
    fn type_named(&mut self, name: &str, asked: &[AskedField]) -> Step {
        match self.introspection.api.types.get(name) {
            Some(ty) => self.object(Object::Type(ty), asked),
            None => self.null(),
        }
    }

    fn types_named<'n>(
        &mut self,
        names: impl IntoIterator<Item = &'n apollo_compiler::Name>,
        asked: &[AskedField],
    ) -> Step {
        let types = &self.introspection.api.types;
        let known = names.into_iter().filter_map(|name| types.get(name));
        self.list(known, |writer, ty| writer.object(Object::Type(ty), asked))
    }

    fn of_type(&mut self, ty: &'w ExtendedType, asked: &AskedField) -> Step {
        match asked.field {
            MetaField::Typename => self.name("__Type"),
            MetaField::Kind => self.name(match ty {
                ExtendedType::Scalar(_) => "SCALAR",
                ExtendedType::Object(_) => "OBJECT",
                ExtendedType::Interface(_) => "INTERFACE",
                ExtendedType::Union(_) => "UNION",
                ExtendedType::Enum(_) => "ENUM",
                ExtendedType::InputObject(_) => "INPUT_OBJECT",
            }),
            MetaField::Name => self.name(ty.name()),
            MetaField::Description => self.text(ty.description().map(|text| &**text)),
            MetaField::Fields => {
                let fields = match ty {
                    ExtendedType::Object(own) => &own.fields,
                    ExtendedType::Interface(own) => &own.fields,
                    _ => return self.null(),
                };
                let fields = fields.values();
                let fields = fields.filter(|own| shown(&own.directives, asked));
                self.list(fields, |writer, own| {
                    writer.object(Object::Field(own), &asked.below)
                })
            }
            MetaField::Interfaces => {
                let names = match ty {
                    ExtendedType::Object(own) => &own.implements_interfaces,
                    ExtendedType::Interface(own) => &own.implements_interfaces,
                    _ => return self.null(),
                };
                self.types_named(names.iter().map(|own| &own.name), &asked.below)
            }
            MetaField::PossibleTypes => match ty {
                ExtendedType::Interface(own) => {
                    let implementers = self.introspection.implementers.get(&own.name);
                    let names = implementers.into_iter().flat_map(|own| &own.objects);
                    self.types_named(names, &asked.below)
                }
                ExtendedType::Union(own) => {
                    self.types_named(own.members.iter().map(|own| &own.name), &asked.below)
                }
                _ => self.null(),
            },
            MetaField::EnumValues => {
                let ExtendedType::Enum(own) = ty else {
                    return self.null();
                };
                let values = own.values.values();
                let values = values.filter(|own| shown(&own.directives, asked));
                self.list(values, |writer, own| {
                    writer.object(Object::EnumValue(own), &asked.below)
                })
            }
            MetaField::InputFields => {
                let ExtendedType::InputObject(own) = ty else {
                    return self.null();
                };
                let fields = own.fields.values().map(|own: &Component<_>| &own.node);
                self.inputs(fields, asked)
            }
            MetaField::SpecifiedByUrl => {
                let ExtendedType::Scalar(own) = ty else {
                    return self.null();
                };
                let specified = own.directives.get("specifiedBy");
                let url = specified.and_then(|own| own.specified_argument_by_name("url"));
                self.text(url.and_then(|url| url.as_str()))
            }
            _ => self.null(),
        }
    }

    /// Arguments, or fields of an input object.
    fn inputs(
        &mut self,
        inputs: impl IntoIterator<Item = &'w Node<InputValueDefinition>>,
        asked: &AskedField,
    ) -> Step {
        let inputs = inputs.into_iter();
        let inputs = inputs.filter(|own| shown(&own.directives, asked));
        self.list(inputs, |writer, own| {
            writer.object(Object::Input(own), &asked.below)
        })
    }

    /// A type as it stands at a field.
    fn type_of(&mut self, ty: &'w ast::Type, asked: &[AskedField]) -> Step {
        match ty {
            ast::Type::Named(name) => self.type_named(name, asked),
            ast::Type::List(item) => self.object(Object::Wrapping(Wrapping::List(item)), asked),
            ast::Type::NonNullNamed(_) | ast::Type::NonNullList(_) => {
                self.object(Object::Wrapping(Wrapping::NonNull(ty)), asked)
            }
        }
    }

    fn of_wrapping(&mut self, ty: Wrapping<'w>, asked: &AskedField) -> Step {
        match (asked.field, ty) {
            (MetaField::Typename, _) => self.name("__Type"),
            (MetaField::Kind, Wrapping::List(_)) => self.name("LIST"),
            (MetaField::Kind, Wrapping::NonNull(_)) => self.name("NON_NULL"),
            (MetaField::OfType, Wrapping::List(item)) => self.type_of(item, &asked.below),
            (MetaField::OfType, Wrapping::NonNull(ty)) => match ty {
                ast::Type::NonNullList(item) => {
                    self.object(Object::Wrapping(Wrapping::List(item)), &asked.below)
                }
                ty => self.type_named(ty.inner_named_type(), &asked.below),
            },
            _ => self.null(),
        }
    }

    fn of_field(&mut self, own: &'w FieldDefinition, asked: &AskedField) -> Step {
        match asked.field {
            MetaField::Typename => self.name("__Field"),
            MetaField::Name => self.name(&own.name),
            MetaField::Description => self.text(own.description.as_deref()),
            MetaField::Args => self.inputs(&own.arguments, asked),
            MetaField::TypeOf => self.type_of(&own.ty, &asked.below),
            _ => self.deprecation(own.directives.get("deprecated"), asked),
        }
    }

    fn of_input(&mut self, own: &'w InputValueDefinition, asked: &AskedField) -> Step {
        match asked.field {
            MetaField::Typename => self.name("__InputValue"),
            MetaField::Name => self.name(&own.name),
            MetaField::Description => self.text(own.description.as_deref()),
            MetaField::TypeOf => self.type_of(&own.ty, &asked.below),
            MetaField::DefaultValue => {
                let default = own.default_value.as_ref();
                let default = default.map(|value| value.serialize().no_indent().to_string());
                self.text(default.as_deref())
            }
            _ => self.deprecation(own.directives.get("deprecated"), asked),
        }
    }

    fn of_enum_value(&mut self, own: &'w EnumValueDefinition, asked: &AskedField) -> Step {
        match asked.field {
            MetaField::Typename => self.name("__EnumValue"),
            MetaField::Name => self.name(&own.value),
            MetaField::Description => self.text(own.description.as_deref()),
            _ => self.deprecation(own.directives.get("deprecated"), asked),
        }
    }

    fn of_directive(&mut self, own: &'w DirectiveDefinition, asked: &AskedField) -> Step {
        match asked.field {
            MetaField::Typename => self.name("__Directive"),
            MetaField::Name => self.name(&own.name),
            MetaField::Description => self.text(own.description.as_deref()),
            MetaField::Args => self.inputs(&own.arguments, asked),
            MetaField::Locations => self.list(&own.locations, |writer, location| {
                writer.name(location.name())
            }),
            MetaField::IsRepeatable => self.boolean(own.repeatable),
            _ => self.null(),
        }
    }

    /// `isDeprecated` or `deprecationReason`.
    fn deprecation(&mut self, deprecated: Option<&Node<Directive>>, asked: &AskedField) -> Step {
        if asked.field == MetaField::IsDeprecated {
            return self.boolean(deprecated.is_some());
        }
        let schema = &self.introspection.api;
        let reason = deprecated.and_then(|own| own.argument_by_name("reason", schema).ok());
        self.text(reason.and_then(|reason| reason.as_str()))
    }
}

/// Whether an element with these directives is listed.
fn shown(directives: &ast::DirectiveList, asked: &AskedField) -> bool {
    asked.with_deprecated || !directives.has("deprecated")
}
