//! Checks the arguments of an operation against the constraints of the schema (`@constraint`), the forms of its scalars and the
//! cursors of its connections.
//!
//! When an operation is compiled, each constrained argument becomes an expression. If it has no variables, it is checked at
//! once; the others are kept and checked for each request, after its variables are coerced. An operation without constrained
//! arguments costs nothing.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Name, Schema, ast};

use super::rejection::{MOST_VIOLATIONS, Violation};
use crate::connector::Constraint;
use crate::document::{Str, Value};
use crate::graph::Constraints;
use crate::plan::arguments::{Expression, arguments_of};
use crate::plan::location;

/// An argument whose value depends on variables.
#[derive(Debug)]
pub(super) struct ConstrainedArgument {
    /// The type, the field and the argument.
    coordinate: (Name, Name, Name),
    ty: ast::Type,
    value: Expression,
    location: Vec<(usize, usize)>,
}

/// The constrained arguments of an operation.
#[derive(Debug, Default)]
pub(super) struct ConstrainedArguments {
    /// Those that depend on variables.
    pub(super) open: Vec<ConstrainedArgument>,
    /// What is wrong with the others.
    pub(super) violations: Vec<Violation>,
}

/// Collects the constrained arguments of an operation, and checks those without variables.
pub(super) fn collect(
    api: &Schema,
    constraints: &Constraints,
    document: &ExecutableDocument,
    operation: &Operation,
) -> ConstrainedArguments {
    let mut collector = Collector {
        api,
        constraints,
        document,
        spread: HashSet::new(),
        found: ConstrainedArguments::default(),
    };
    if !constraints.is_empty() {
        collector.selections(&operation.selection_set);
    }
    collector.found
}

/// What is wrong with the values that variables give.
pub(super) fn check(
    api: &Schema,
    constraints: &Constraints,
    arguments: &[ConstrainedArgument],
    variables: &HashMap<Str, Value>,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    for argument in arguments {
        let value = argument
            .value
            .evaluate(&|name| variables.get(name).cloned());
        let Some(value) = value else { continue };
        let mut checker = ConstraintChecker::new(api, constraints, &argument.coordinate);
        checker.argument(&argument.ty, &value);
        let problems = checker.problems.into_iter();
        violations.extend(problems.map(|problem| (problem, argument.location.clone())));
        if violations.len() >= MOST_VIOLATIONS {
            break;
        }
    }
    violations
}

struct Collector<'d> {
    api: &'d Schema,
    constraints: &'d Constraints,
    document: &'d ExecutableDocument,
    /// The fragments that have been visited.
    spread: HashSet<&'d Name>,
    found: ConstrainedArguments,
}

impl<'d> Collector<'d> {
    fn selections(&mut self, set: &'d SelectionSet) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    if !field.arguments.is_empty() {
                        self.arguments(&set.ty, field);
                    }
                    self.selections(&field.selection_set);
                }
                Selection::InlineFragment(inline) => self.selections(&inline.selection_set),
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.fragment_name);
                    if let Some(fragment) =
                        fragment.filter(|_| self.spread.insert(&spread.fragment_name))
                    {
                        self.selections(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn arguments(&mut self, ty: &Name, field: &Field) {
        let (api, constraints) = (self.api, self.constraints);
        for argument in arguments_of(api, &field.definition, &field.arguments) {
            let written = field.arguments.iter();
            let written = written
                .clone()
                .find(|written| *written.name == *argument.name);
            let definition = field.definition.argument_by_name(&argument.name);
            let (Some(written), Some(definition), Some(value)) =
                (written, definition, argument.given)
            else {
                continue;
            };
            let coordinate = (ty.clone(), field.name.clone(), written.name.clone());
            let is_constrained = !constraints
                .of_argument(&coordinate.0, &coordinate.1, &coordinate.2)
                .is_empty()
                || constraints.is_cursor(&coordinate.0, &coordinate.1, &coordinate.2)
                || constraints.is_constrained(definition.ty.inner_named_type());
            if !is_constrained {
                continue;
            }
            let location = location(written.location(), &self.document.sources);
            let location: Vec<(usize, usize)> = location.into_iter().collect();
            let mut variables = Vec::new();
            value.variables(&mut variables);
            if !variables.is_empty() {
                self.found.open.push(ConstrainedArgument {
                    coordinate,
                    ty: (*definition.ty).clone(),
                    value,
                    location,
                });
                continue;
            }
            let mut checker = ConstraintChecker::new(api, constraints, &coordinate);
            if let Some(value) = value.evaluate(&|_| None) {
                checker.argument(&definition.ty, &value);
            }
            let problems = checker.problems.into_iter();
            let violations = problems.map(|problem| (problem, location.clone()));
            self.found.violations.extend(violations);
        }
    }
}

/// Checks the value of one argument.
struct ConstraintChecker<'a> {
    api: &'a Schema,
    constraints: &'a Constraints,
    coordinate: &'a (Name, Name, Name),
    /// The path within the argument's value: `.rating`, `[2]`.
    path: String,
    problems: Vec<String>,
}

impl<'a> ConstraintChecker<'a> {
    fn new(
        api: &'a Schema,
        constraints: &'a Constraints,
        coordinate: &'a (Name, Name, Name),
    ) -> Self {
        ConstraintChecker {
            api,
            constraints,
            coordinate,
            path: String::new(),
            problems: Vec::new(),
        }
    }

    fn argument(&mut self, ty: &ast::Type, value: &Value) {
        let (parent, field, argument) = self.coordinate;
        if let Some(text) = value.as_str()
            && self.constraints.is_cursor(parent, field, argument)
            && !self.constraints.allows_cursor(parent, field, text)
        {
            let problem =
                self.problem("a cursor of this list: `endCursor` or `cursor` of a part of it");
            self.problems.push(problem);
            return;
        }
        let constraints = self.constraints.of_argument(parent, field, argument);
        self.value(constraints, ty, value);
    }

    fn value(&mut self, constraints: &[Constraint], ty: &ast::Type, value: &Value) {
        if self.problems.len() >= MOST_VIOLATIONS {
            return;
        }
        match value {
            Value::Null => {}
            Value::Array(items) if ty.is_list() => {
                for (index, item) in items.iter().enumerate() {
                    let length = self.path.len();
                    let _ = write!(self.path, "[{index}]");
                    self.value(constraints, ty.item_type(), item);
                    self.path.truncate(length);
                }
            }
            value => {
                let ty = ty.inner_named_type();
                let form = self.constraints.form_of(ty);
                if let Some(form) = form.filter(|form| !form.allows(value)) {
                    // What is no month at all is not compared with what else a month must be.
                    self.problems.push(self.problem(form.rule()));
                    return;
                }
                let violated = constraints.iter().filter(|one| !one.allows(value));
                let problems: Vec<String> = violated.map(|one| self.problem(&one.rule())).collect();
                self.problems.extend(problems);
                self.fields(ty, value);
            }
        }
    }

    /// Checks the fields of an input object.
    fn fields(&mut self, ty: &Name, value: &Value) {
        let (api, constraints) = (self.api, self.constraints);
        let Some(ExtendedType::InputObject(definition)) = api.types.get(ty) else {
            return;
        };
        if !constraints.is_constrained(ty) {
            return;
        }
        for (name, field) in &definition.fields {
            let Some(value) = value.get(name) else {
                continue;
            };
            let length = self.path.len();
            let _ = write!(self.path, ".{name}");
            self.value(constraints.of_input(ty, name), &field.ty, value);
            self.path.truncate(length);
        }
    }

    fn problem(&self, rule: &str) -> String {
        let (ty, field, argument) = self.coordinate;
        format!("{ty}.{field}({argument}{}:) must be {rule}", self.path)
    }
}
