//! `@inaccessible`: visible elements must not depend on hidden ones.
//!
//! An element is hidden if any connector marks it; its children are hidden with it. For a contradiction, the connector
//! with the element that depends on the hidden one is blamed, because both are visible there and can be fixed.

use apollo_compiler::ast::{DirectiveList, Type, Value};
use apollo_compiler::schema::{ExtendedType, InputValueDefinition};
use apollo_compiler::{Name, Node, Schema};

use super::super::field_sets::fields_of;
use super::super::join::Joins;
use super::super::report::{Finding, Report};
use super::super::view::View;
use super::super::{code, federation as fed};
use crate::connector::diagnostic::Code;

/// Checks the merged schema.
pub(crate) fn inaccessible(
    merged: &Schema,
    joins: &Joins,
    views: &[View<'_>],
    report: &mut Report,
) {
    let mut check = InaccessibleCheck {
        merged,
        joins,
        views,
        report,
    };
    check.query_root();
    for (name, ty) in merged.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        if check.hidden_type(name) {
            continue;
        }
        check.children(name, ty);
        for (field, definition) in fields_of(ty) {
            let at = format!("{name}.{field}");
            if hidden(&definition.directives) {
                check.hidden_field(name, field);
                continue;
            }
            check.reference(name, Some(field), &format!("field `{at}`"), &definition.ty);
            for argument in &definition.arguments {
                let what = format!("argument `{at}({}:)`", argument.name);
                check.input(name, Some(field), &what, argument);
                check.implemented_argument(name, field, argument);
            }
        }
        if let ExtendedType::InputObject(input) = ty {
            for (field, definition) in &input.fields {
                let what = format!("input field `{name}.{field}`");
                check.input(name, None, &what, definition);
            }
        }
    }
}

struct InaccessibleCheck<'a, 'v> {
    merged: &'a Schema,
    joins: &'a Joins,
    views: &'v [View<'a>],
    report: &'v mut Report,
}

fn hidden(directives: &DirectiveList) -> bool {
    directives.has(fed::INACCESSIBLE)
}

impl InaccessibleCheck<'_, '_> {
    fn hidden_type(&self, name: &str) -> bool {
        let ty = self.merged.types.get(name);
        ty.is_some_and(|ty| ty.directives().has(fed::INACCESSIBLE))
    }

    /// A finding against the first connector that has the element.
    fn finding(
        &self,
        code: &'static Code,
        parent: &Name,
        field: Option<&Name>,
        message: String,
    ) -> Finding {
        let join = &self.joins.types[parent];
        let of_type = join.graphs.keys().next();
        let of_field = field.and_then(|field| join.fields.get(field)?.graphs.keys().next());
        let graph = of_field.or(of_type).copied().unwrap_or_default();
        let view = &self.views[graph];
        let at = match field.and_then(|field| view.field(parent, field)) {
            Some(definition) => definition.location(),
            None => view.schema.types.get(parent).and_then(|ty| ty.location()),
        };
        Finding::new(code, graph, message).at_span(at)
    }

    fn query_root(&mut self) {
        let Some(root) = &self.merged.schema_definition.query else {
            return;
        };
        if self.hidden_type(&root.name) {
            let finding = self.finding(
                &code::QUERY_ROOT_TYPE_INACCESSIBLE,
                &root.name,
                None,
                "the query root is marked @inaccessible".to_owned(),
            );
            self.report
                .push(finding.help("mark the fields instead that clients must not see"));
        }
    }

    /// Checks that a visible type has a visible child.
    fn children(&mut self, name: &Name, ty: &ExtendedType) {
        let (any, visible, what) = match ty {
            ExtendedType::Object(_) | ExtendedType::Interface(_) => {
                let mut fields = fields_of(ty).map(|(_, field)| !hidden(&field.directives));
                (
                    fields_of(ty).next().is_some(),
                    fields.any(|visible| visible),
                    "fields",
                )
            }
            ExtendedType::InputObject(input) => (
                !input.fields.is_empty(),
                input
                    .fields
                    .values()
                    .any(|field| !hidden(&field.directives)),
                "fields",
            ),
            ExtendedType::Enum(values) => (
                !values.values.is_empty(),
                values
                    .values
                    .values()
                    .any(|value| !hidden(&value.directives)),
                "values",
            ),
            ExtendedType::Union(union) => (
                !union.members.is_empty(),
                union.members.iter().any(|member| !self.hidden_type(member)),
                "members",
            ),
            ExtendedType::Scalar(_) => return,
        };
        if any && !visible {
            let finding = self.finding(
                &code::ONLY_INACCESSIBLE_CHILDREN,
                name,
                None,
                format!("type `{name}` is visible, but all its {what} are @inaccessible"),
            );
            self.report.push(finding.help(format!(
                "mark `{name}` @inaccessible as well, or show one of its {what}"
            )));
        }
    }

    /// Checks that no visible interface declares a hidden field.
    fn hidden_field(&mut self, name: &Name, field: &Name) {
        for interface in self.joins.types[name].implements.keys() {
            let Some(ExtendedType::Interface(promise)) = self.merged.types.get(interface) else {
                continue;
            };
            let promised = promise.fields.get(field);
            if self.hidden_type(interface)
                || promised.is_none_or(|promised| hidden(&promised.directives))
            {
                continue;
            }
            let finding = self.finding(
                &code::IMPLEMENTED_BY_INACCESSIBLE,
                name,
                Some(field),
                format!("field `{name}.{field}` is @inaccessible, but the interface `{interface}` shows it"),
            );
            self.report
                .push(finding.help(format!("mark `{interface}.{field}` @inaccessible as well")));
        }
    }

    /// Checks that a visible argument of an interface's field is visible in each implementation.
    fn implemented_argument(
        &mut self,
        name: &Name,
        field: &Name,
        argument: &Node<InputValueDefinition>,
    ) {
        if !hidden(&argument.directives) {
            return;
        }
        for interface in self.joins.types[name].implements.keys() {
            let Some(ExtendedType::Interface(promise)) = self.merged.types.get(interface) else {
                continue;
            };
            let promised = promise.fields.get(field);
            let promised = promised.and_then(|field| field.argument_by_name(&argument.name));
            if promised.is_some_and(|promised| !hidden(&promised.directives)) {
                let finding = self.finding(
                    &code::IMPLEMENTED_BY_INACCESSIBLE,
                    name,
                    Some(field),
                    format!(
                        "argument `{name}.{field}({}:)` is @inaccessible, but the interface `{interface}` shows it",
                        argument.name
                    ),
                );
                self.report
                    .push(finding.help("mark the interface's argument @inaccessible as well"));
            }
        }
    }

    fn reference(&mut self, parent: &Name, field: Option<&Name>, what: &str, ty: &Type) {
        let named = ty.inner_named_type();
        if self.hidden_type(named) {
            let finding = self.finding(
                &code::REFERENCED_INACCESSIBLE,
                parent,
                field,
                format!("{what} is visible, but its type `{named}` is @inaccessible"),
            );
            self.report
                .push(finding.help(format!("mark it @inaccessible as well, or show `{named}`")));
        }
    }

    fn input(
        &mut self,
        parent: &Name,
        field: Option<&Name>,
        what: &str,
        definition: &Node<InputValueDefinition>,
    ) {
        if hidden(&definition.directives) {
            if definition.is_required() {
                let finding = self.finding(
                    &code::REQUIRED_INACCESSIBLE,
                    parent,
                    field,
                    format!("{what} is @inaccessible, but required"),
                );
                self.report
                    .push(finding.help("make it optional or give it a default value"));
            }
            return;
        }
        self.reference(parent, field, what, &definition.ty);
        if let Some(value) = &definition.default_value
            && self.uses_hidden(definition.ty.inner_named_type(), value)
        {
            let finding = self.finding(
                &code::DEFAULT_VALUE_USES_INACCESSIBLE,
                parent,
                field,
                format!("the default value of {what} uses something @inaccessible"),
            );
            self.report.push(finding.help(
                "clients would see in the default what they must not see: choose another or hide the element too",
            ));
        }
    }

    /// Whether a value contains a hidden enum value or sets a hidden input field.
    fn uses_hidden(&self, ty: &Name, value: &Value) -> bool {
        match (value, self.merged.types.get(ty)) {
            (Value::List(items), _) => items.iter().any(|item| self.uses_hidden(ty, item)),
            (Value::Enum(name), Some(ExtendedType::Enum(values))) => values
                .values
                .get(name)
                .is_some_and(|value| hidden(&value.directives)),
            (Value::Object(fields), Some(ExtendedType::InputObject(input))) => {
                fields.iter().any(|(name, value)| {
                    input.fields.get(name).is_some_and(|field| {
                        hidden(&field.directives)
                            || self.uses_hidden(field.ty.inner_named_type(), value)
                    })
                })
            }
            _ => false,
        }
    }
}
