//! Validation rules (GraphQL specification, September 2025, section 5) that `apollo-compiler` does not check.
//!
//! The library
//! - compares a variable inside a list or an input object by the name of its type alone (5.8.5): it accepts `$x: [Int]` in
//!   `f(list: [$x])` where `Int` is expected,
//! - accepts a default value of null as a value (5.8.5),
//! - does not look into literals of custom scalars (5.8.3),
//! - accepts an input object literal with the same field twice (5.6.3),
//! - does not know `@oneOf` input objects, of which exactly one field is given, which is not null (5.6.1, 5.8.5).
//!
//! These checks run after the library has accepted the document. They also limit numbers, which upstreams get as they are
//! written. They do no IO.

use std::collections::HashSet;

use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{ExtendedType, InputValueDefinition};
use apollo_compiler::{ExecutableDocument, Name, Node, Schema, ast};

use super::rejection::{MOST_VIOLATIONS, Violation};
use crate::document::NumberBounds;
use crate::plan::location;

/// The violations in the values of a document that is valid otherwise.
pub(super) fn check(
    schema: &Schema,
    document: &ExecutableDocument,
    numbers: NumberBounds,
) -> Vec<Violation> {
    let mut findings = Vec::new();
    for operation in document.operations.iter() {
        let mut values = ValueChecker {
            schema,
            document,
            operation,
            numbers,
            spread: HashSet::new(),
            findings: &mut findings,
        };
        for variable in &operation.variables {
            if let Some(default) = &variable.default_value {
                values.value(default, Some((&variable.ty, false)));
            }
        }
        values.directives(&operation.directives);
        values.selections(&operation.selection_set);
    }
    findings
}

/// Checks each value that an operation reaches.
struct ValueChecker<'d> {
    schema: &'d Schema,
    document: &'d ExecutableDocument,
    operation: &'d Operation,
    numbers: NumberBounds,
    spread: HashSet<&'d Name>,
    findings: &'d mut Vec<Violation>,
}

impl<'d> ValueChecker<'d> {
    fn selections(&mut self, set: &'d SelectionSet) {
        for selection in &set.selections {
            self.directives(selection.directives());
            match selection {
                Selection::Field(field) => {
                    self.arguments(&field.definition.arguments, &field.arguments);
                    self.selections(&field.selection_set);
                }
                Selection::InlineFragment(inline) => self.selections(&inline.selection_set),
                Selection::FragmentSpread(spread) => {
                    let document = self.document;
                    let fragment = document.fragments.get(&spread.fragment_name);
                    if let Some(fragment) =
                        fragment.filter(|definition| self.spread.insert(&definition.name))
                    {
                        self.directives(&fragment.directives);
                        self.selections(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &ast::DirectiveList) {
        let schema = self.schema;
        for directive in directives.iter() {
            if let Some(definition) = schema.directive_definitions.get(&directive.name) {
                self.arguments(&definition.arguments, &directive.arguments);
            }
        }
    }

    fn arguments(
        &mut self,
        definitions: &[Node<InputValueDefinition>],
        given: &[Node<ast::Argument>],
    ) {
        for argument in given {
            let definition = definitions
                .iter()
                .find(|definition| definition.name == argument.name);
            let expected =
                definition.map(|definition| (&*definition.ty, definition.default_value.is_some()));
            self.value(&argument.value, expected);
        }
    }

    /// Checks a value. `expected` is the expected type and whether it has a default; `None` inside a custom scalar.
    fn value(&mut self, value: &Node<ast::Value>, expected: Option<(&ast::Type, bool)>) {
        match &**value {
            ast::Value::Variable(name) => self.variable(name, value.location(), expected),
            ast::Value::List(items) => {
                let item = expected.filter(|(ty, _)| ty.is_list());
                let item = item.map(|(ty, _)| (ty.item_type(), false));
                items.iter().for_each(|value| self.value(value, item));
            }
            ast::Value::Object(members) => self.object(members, value.location(), expected),
            // An integer literal for an ID is passed on as a string, so its size does not matter.
            ast::Value::Int(digits)
                if expected.is_none_or(|(ty, _)| ty.inner_named_type() != "ID") =>
            {
                self.number(digits.as_str(), value.location());
            }
            ast::Value::Float(digits) => self.number(digits.as_str(), value.location()),
            _ => {}
        }
    }

    fn number(&mut self, digits: &str, at: Option<SourceSpan>) {
        if !self.numbers.admits(digits.as_bytes()) {
            let beyond = NumberBounds::BEYOND;
            self.find(format!("the operation has a number that {beyond}"), at);
        }
    }

    fn object(
        &mut self,
        members: &[(Name, Node<ast::Value>)],
        at: Option<SourceSpan>,
        expected: Option<(&ast::Type, bool)>,
    ) {
        let schema = self.schema;
        let definition = match expected.and_then(|(ty, _)| schema.types.get(ty.inner_named_type()))
        {
            Some(ExtendedType::InputObject(definition)) => Some(definition),
            _ => None,
        };
        let one_of = definition.filter(|definition| definition.directives.has("oneOf"));
        if let Some(one_of) = one_of {
            self.one_of(members, at, &one_of.name);
        }
        let mut names = HashSet::new();
        for (name, value) in members {
            if !names.insert(name) {
                let message = format!("the field `{name}` is given more than once");
                self.find(message, name.location());
            }
            if let (Some(one_of), ast::Value::Variable(variable)) = (one_of, &**value) {
                self.is_never_null(variable, value.location(), &one_of.name);
            }
            let field = definition.and_then(|definition| definition.fields.get(name));
            let expected =
                field.map(|definition| (&*definition.ty, definition.default_value.is_some()));
            self.value(value, expected);
        }
    }

    /// Checks that exactly one field is given, and is not null.
    fn one_of(&mut self, members: &[(Name, Node<ast::Value>)], at: Option<SourceSpan>, ty: &Name) {
        match members {
            [(name, value)] if value.is_null() => self.find(
                format!("the field `{ty}.{name}` must not be null: `{ty}` is @oneOf"),
                at,
            ),
            [_] => {}
            _ => self.find(
                format!("exactly one field of `{ty}` must be given: it is @oneOf"),
                at,
            ),
        }
    }

    /// Checks the type of a variable that is the field of a `@oneOf` input object.
    fn is_never_null(&mut self, name: &Name, at: Option<SourceSpan>, one_of: &Name) {
        let mut variables = self.operation.variables.iter();
        let definition = variables.find(|definition| definition.name == *name);
        if let Some(definition) = definition.filter(|definition| !definition.ty.is_non_null()) {
            let ty = &definition.ty;
            let message = format!(
                "variable `${name}` of type `{ty}` may be null, and a field of `{one_of}` may not: it is @oneOf"
            );
            self.find(message, at);
        }
    }

    /// IsVariableUsageAllowed (GraphQL specification, 5.8.5).
    fn variable(
        &mut self,
        name: &Name,
        at: Option<SourceSpan>,
        expected: Option<(&ast::Type, bool)>,
    ) {
        let definition = self
            .operation
            .variables
            .iter()
            .find(|definition| definition.name == *name);
        let Some(definition) = definition else {
            return self.find(format!("variable `${name}` is not defined"), at);
        };
        let Some((expected, has_default)) = expected else {
            return;
        };
        let default = definition.default_value.as_ref();
        let never_missing = has_default || default.is_some_and(|value| !value.is_null());
        let allowed = if expected.is_non_null() && never_missing && !definition.ty.is_non_null() {
            let nullable = expected.clone().nullable();
            definition.ty.is_assignable_to(&nullable)
        } else {
            definition.ty.is_assignable_to(expected)
        };
        // A single value is coerced to a list; a variable is not. A custom scalar takes any list.
        if !allowed {
            let ty = &definition.ty;
            let message = format!(
                "variable `${name}` of type `{ty}` cannot be used where `{expected}` is expected"
            );
            self.find(message, at);
        }
    }

    fn find(&mut self, message: String, at: Option<SourceSpan>) {
        if self.findings.len() >= MOST_VIOLATIONS {
            return;
        }
        let location = location(at, &self.document.sources);
        let finding = (message, location.into_iter().collect());
        // A fragment that two operations spread is checked once per operation.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}
