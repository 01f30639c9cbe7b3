//! `@context` and `@fromContext`: arguments whose value comes from an ancestor.

use apollo_compiler::ast::{InputValueDefinition, Type};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};

use super::super::context::{
    ContextValue, ContextValueError, is_contextual, objects_of, selected_of, types_with,
};
use super::super::field_sets::{field, fields_of};
use super::super::report::{Finding, Report, names, nearest};
use super::super::view::View;
use super::super::{code, federation as fed};
use crate::connector::diagnostic::Code;
use crate::connector::{FieldSet, FieldSetItem};

pub(super) fn check(graph: usize, view: &View<'_>, report: &mut Report) {
    for (parent, ty) in view.types() {
        context_names(graph, parent, ty, report);
        for (name, definition) in fields_of(ty) {
            for argument in &definition.arguments {
                if !is_contextual(argument) {
                    continue;
                }
                let checked = Contextual {
                    graph,
                    view,
                    parent,
                    field: name,
                    argument,
                };
                if let Err(finding) = checked.check(ty) {
                    report.push(*finding);
                }
            }
        }
    }
    for (name, definition) in &view.schema.directive_definitions {
        for argument in definition.arguments.iter().filter(|one| is_contextual(one)) {
            report.push(
                Finding::new(
                    &code::CONTEXT_NOT_SET,
                    graph,
                    format!("@fromContext stands on `@{name}({}:)`", argument.name),
                )
                .at(argument)
                .help("only arguments of fields can have a contextual value"),
            );
        }
    }
}

fn context_names(graph: usize, parent: &Name, ty: &ExtendedType, report: &mut Report) {
    for directive in ty.directives().get_all(fed::CONTEXT) {
        let name = fed::string(directive, "name").unwrap_or_default();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            report.push(
                Finding::new(
                    &code::CONTEXT_NAME_INVALID,
                    graph,
                    format!("`{name}` cannot be the name of a context of `{parent}`"),
                )
                .at(directive)
                .help("a name has letters and digits only"),
            );
        }
    }
}

/// A contextual argument.
struct Contextual<'a, 'v> {
    graph: usize,
    view: &'v View<'a>,
    parent: &'v Name,
    field: &'v Name,
    argument: &'v Node<InputValueDefinition>,
}

type Checked<T> = Result<T, Box<Finding>>;

impl Contextual<'_, '_> {
    fn finding(&self, code: &'static Code, message: &str) -> Finding {
        let at = format!("{}.{}({}:)", self.parent, self.field, self.argument.name);
        Finding::new(
            code,
            self.graph,
            format!("@fromContext on `{at}`: {message}"),
        )
        .at_span(self.span())
    }

    fn span(&self) -> Option<SourceSpan> {
        let directive = self.argument.directives.get(fed::FROM_CONTEXT)?;
        let value = directive.specified_argument_by_name("field");
        value
            .and_then(|value| value.location())
            .or(directive.location())
    }

    fn invalid(&self, message: &str) -> Box<Finding> {
        Box::new(self.finding(&code::CONTEXT_INVALID_SELECTION, message))
    }

    fn check(&self, parent: &ExtendedType) -> Checked<()> {
        self.place(parent)?;
        let value = self.value()?;
        self.key()?;
        let types = types_with(self.view.schema, &value.context);
        if types.is_empty() {
            return Err(Box::new(self.not_set(&value.context)));
        }
        for ty in types {
            self.selection(ty, &value.selection)?;
        }
        Ok(())
    }

    /// Checks where the directive stands.
    fn place(&self, parent: &ExtendedType) -> Checked<()> {
        let refused = |message: &str, help: &str| {
            let finding = self.finding(&code::CONTEXT_NOT_SET, message);
            Err(Box::new(finding.help(help)))
        };
        let ExtendedType::Object(object) = parent else {
            return refused(
                "it stands on the field of an interface",
                "write it on the field of each object type, under a name that the interface does not have",
            );
        };
        let mut interfaces = object.implements_interfaces.iter();
        let declared = interfaces.find(|one| field(self.view.schema, one, self.field).is_some());
        if let Some(interface) = declared {
            return refused(
                &format!("the interface `{interface}` declares the field"),
                "give the field a name that no interface has",
            );
        }
        if self.argument.default_value.is_some() {
            return refused(
                "the argument has a default value",
                "remove the default value: the value always comes from the context",
            );
        }
        Ok(())
    }

    fn value(&self) -> Checked<ContextValue> {
        let directive = self.argument.directives.get(fed::FROM_CONTEXT);
        let text = directive.and_then(|directive| fed::string(directive, "field"));
        const FORM: &str = "write the context and what is selected of it: \"$name { field }\"";
        ContextValue::parse(text.unwrap_or_default()).map_err(|error| {
            let finding = match error {
                ContextValueError::NoContext => {
                    self.finding(&code::NO_CONTEXT_IN_SELECTION, "it does not name a context")
                }
                ContextValueError::NoSelection => self.finding(
                    &code::NO_SELECTION_FOR_CONTEXT,
                    "it does not select anything of the context",
                ),
                ContextValueError::Invalid(message) => {
                    self.finding(&code::CONTEXT_INVALID_SELECTION, &message)
                }
            };
            Box::new(finding.help(FORM))
        })
    }

    /// The field is fetched by an entity call.
    fn key(&self) -> Checked<()> {
        let mut keys = self.view.keys.get(self.parent).into_iter().flatten();
        if keys.any(|key| key.key.resolvable) {
            return Ok(());
        }
        let parent = self.parent;
        let message = format!("`{parent}` has no resolvable @key in this connector");
        let finding = self.finding(&code::CONTEXT_NO_RESOLVABLE_KEY, &message);
        let help = format!("add a @key to `{parent}`: the field is fetched by an entity call");
        Err(Box::new(finding.help(help)))
    }

    fn not_set(&self, context: &str) -> Finding {
        let mut known: Vec<&str> = Vec::new();
        for (_, ty) in self.view.types() {
            known.extend(super::super::context::contexts_of(ty));
        }
        let message = format!("no type of this connector has the context `{context}`");
        let finding = self.finding(&code::CONTEXT_NOT_SET, &message);
        finding.help(match nearest(context, known) {
            Some(near) => format!("did you mean `${near}`?"),
            None => format!("write @context(name: \"{context}\") on the type of an ancestor"),
        })
    }

    /// Checks what is selected of a type with the context: one value for each object type.
    fn selection(&self, ty: &Name, selection: &FieldSet) -> Checked<()> {
        let schema = self.view.schema;
        for item in &selection.items {
            if let FieldSetItem::Fragment { on, .. } = item
                && !schema.types.contains_key(on)
            {
                return Err(self.invalid(&format!("the type `{on}` is not defined here")));
            }
            if let FieldSetItem::Field { name, .. } = item
                && schema.get_union(ty).is_some()
            {
                let message = format!("`{ty}` is a union: select `{name}` of each of its types");
                return Err(self.invalid(&message));
            }
        }
        let mut selected = 0;
        let objects = objects_of(schema, ty);
        for object in &objects {
            let of_object = selected_of(schema, selection, object);
            if of_object.is_empty() {
                continue;
            }
            selected += 1;
            let value = self.value_type(object, &of_object)?;
            let expected = &*self.argument.ty;
            if !accepts(expected, &value) {
                let message = format!(
                    "the value is `{value}` for `{object}`, and the argument is `{expected}`"
                );
                return Err(self.invalid(&message));
            }
        }
        if selected == 0 {
            let message = format!("nothing is selected of `{ty}`, which has the context");
            return Err(self.invalid(&message));
        }
        Ok(())
    }

    /// The type of the value that is selected of an object.
    fn value_type(&self, parent: &Name, set: &FieldSet) -> Checked<Type> {
        let [item] = set.items.as_slice() else {
            let several = names(set.items.iter().filter_map(|item| match item {
                FieldSetItem::Field { name, .. } => Some(name.as_str()),
                FieldSetItem::Fragment { .. } => None,
            }));
            let message = format!("it selects several fields of `{parent}`: {several}");
            return Err(self.invalid(&message));
        };
        let FieldSetItem::Field {
            name,
            arguments,
            children,
        } = item
        else {
            return Err(self.invalid("type conditions are allowed at the top only"));
        };
        let Some(definition) = field(self.view.schema, parent, name) else {
            return Err(self.invalid(&format!("`{parent}` has no field `{name}`")));
        };
        if !arguments.is_empty() {
            return Err(self.invalid(&format!("`{parent}.{name}` has arguments")));
        }
        let ty = definition.ty.inner_named_type();
        let is_leaf = matches!(
            self.view.schema.types.get(ty),
            Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_))
        );
        match (is_leaf, children.is_empty()) {
            (true, true) => Ok(definition.ty.clone()),
            (false, false) => Ok(nested(&definition.ty, self.value_type(ty, children)?)),
            (true, false) => Err(self.invalid(&format!("`{parent}.{name}` has no fields"))),
            (false, true) => {
                let message = format!("`{parent}.{name}` is an object: select a field of it");
                Err(self.invalid(&message))
            }
        }
    }
}

/// The type of a value that is read below a field: a list if the field is a list, and nullable if the field is.
fn nested(outer: &Type, inner: Type) -> Type {
    match outer {
        Type::Named(_) => inner.nullable(),
        Type::NonNullNamed(_) => inner,
        Type::List(item) => Type::List(Box::new(nested(item, inner))),
        Type::NonNullList(item) => Type::NonNullList(Box::new(nested(item, inner))),
    }
}

/// Whether an argument accepts every value of a type.
fn accepts(argument: &Type, value: &Type) -> bool {
    if argument.is_non_null() && !value.is_non_null() {
        return false;
    }
    match (argument.is_list(), value.is_list()) {
        (true, true) => accepts(argument.item_type(), value.item_type()),
        (false, false) => argument.inner_named_type() == value.inner_named_type(),
        _ => false,
    }
}
