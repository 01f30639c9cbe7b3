//! Checks that an expression in a URL, a header or a path segment yields a single value: a list or an object there fails every
//! request. The type is known for variables whose keys have one, and for what an expression builds.

use std::ops::Range;

use apollo_compiler::Schema;
use apollo_compiler::ast::{FieldDefinition, Type};
use apollo_compiler::schema::ExtendedType;

use crate::connector::declared::DeclaredConnect;
use crate::connector::diagnostic::code;
use crate::connector::expression::ParsedExpression;
use crate::connector::findings::Findings;
use crate::connector::model::Site;
use crate::document::Str;
use crate::mapping::Shape;
use crate::mapping::ast::{Expr, ExprKind, Path, Start, StepKind};

/// Methods that always yield a list.
const LISTS: [&str; 8] = [
    "map", "filter", "split", "sort", "unique", "flatten", "group", "zip",
];

/// A kind of value that cannot be a part of a URL.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Composite {
    List,
    Object,
}

/// Checks all expressions of a connect, or of a source.
pub(crate) fn check(
    expressions: &[ParsedExpression],
    declared: Option<&DeclaredConnect>,
    schema: &Schema,
    findings: &mut Findings,
) {
    let types = VariableTypes { declared, schema };
    for expression in expressions {
        for scalar in &expression.scalars {
            if let Some((range, composite)) = types.of(scalar) {
                report(expression, range, composite, findings);
            }
        }
    }
}

fn report(
    expression: &ParsedExpression,
    range: Range<usize>,
    composite: Composite,
    findings: &mut Findings,
) {
    let (code, place) = match expression.text.argument {
        "headers" => (&code::INVALID_HEADER, "a header"),
        "path" => (&code::INVALID_URL, "a segment"),
        _ => (&code::INVALID_URL, "a URL"),
    };
    let (found, help) = match composite {
        Composite::List => (
            "a list",
            "take one value, with `->first`, or join them: `->joinNotNull(\",\")`",
        ),
        Composite::Object => ("an object", "read a key of it"),
    };
    let message = format!("this gives {found}, which {place} cannot hold");
    let error = findings.error(code, message).help(help);
    findings.push(expression.text.mark(error, range, findings));
}

/// The types of the variables of one connect or source.
struct VariableTypes<'a> {
    declared: Option<&'a DeclaredConnect>,
    schema: &'a Schema,
}

impl VariableTypes<'_> {
    /// The part of an expression that is certainly no single value.
    fn of(&self, expr: &Expr) -> Option<(Range<usize>, Composite)> {
        let found = |composite| Some((expr.span.clone(), composite));
        match &expr.kind {
            ExprKind::Literal(_) => None,
            ExprKind::Array(_) => found(Composite::List),
            ExprKind::Object(_) => found(Composite::Object),
            ExprKind::Chain(_, operands) => operands.iter().find_map(|operand| self.of(operand)),
            ExprKind::Path(path) => {
                if ends_in_list(path) {
                    return found(Composite::List);
                }
                match (keys(path), &path.start) {
                    (Some(keys), Start::Variable(name)) => {
                        let composite = self.variable(name, &keys)?;
                        found(composite)
                    }
                    (Some(keys), Start::Expression(inner)) if keys.is_empty() => self.of(inner),
                    _ => match expr.shape() {
                        Shape::Object { .. } => found(Composite::Object),
                        Shape::Array(_) => found(Composite::List),
                        _ => None,
                    },
                }
            }
        }
    }

    /// The kind of the value at the end of keys of a variable; `None` for a single value, and if that is unknown.
    fn variable(&self, name: &str, keys: &[&Str]) -> Option<Composite> {
        match (name, keys) {
            // A variable or a key that is not available here has been reported.
            ("$batch", [_, ..]) if self.is_on_type() => Some(Composite::List),
            ("$request", [headers, rest @ ..]) if ***headers == *"headers" => match rest {
                [] => Some(Composite::Object),
                _ => Some(Composite::List),
            },
            ("$args", []) => Some(Composite::Object),
            ("$args", [first, rest @ ..]) => {
                let field = self.declared?.field.as_ref()?;
                let argument = field.argument_by_name(first)?;
                self.input(&argument.ty, rest)
            }
            ("$this", [first, rest @ ..]) => {
                let site = &self.declared?.site;
                let (Site::Type { name } | Site::Field { parent: name, .. }) = site;
                let field = self.schema.type_field(name, first).ok()?;
                self.output(field, rest)
            }
            ("$request" | "$config" | "$env" | "$context" | "$page", []) => Some(Composite::Object),
            _ => None,
        }
    }

    fn is_on_type(&self) -> bool {
        self.declared
            .is_some_and(|declared| matches!(declared.site, Site::Type { .. }))
    }

    fn input(&self, ty: &Type, keys: &[&Str]) -> Option<Composite> {
        if ty.is_list() {
            return Some(Composite::List);
        }
        let ExtendedType::InputObject(input) = self.schema.types.get(ty.inner_named_type())? else {
            return None;
        };
        match keys {
            [] => Some(Composite::Object),
            [key, rest @ ..] => self.input(&input.fields.get(&***key)?.ty, rest),
        }
    }

    fn output(&self, field: &FieldDefinition, keys: &[&Str]) -> Option<Composite> {
        if field.ty.is_list() {
            return Some(Composite::List);
        }
        let [key, rest @ ..] = keys else {
            return None;
        };
        let next = self
            .schema
            .type_field(field.ty.inner_named_type(), key)
            .ok()?;
        self.output(next, rest)
    }
}

/// Whether the last step is a method that yields a list.
fn ends_in_list(path: &Path) -> bool {
    let mut steps = path.steps.iter().rev();
    let last = steps.find(|step| !matches!(step.kind, StepKind::Optional));
    path.selection.is_none()
        && last.is_some_and(
            |step| matches!(&step.kind, StepKind::Method(call) if LISTS.contains(&call.name())),
        )
}

/// The keys of a path without other steps.
fn keys(path: &Path) -> Option<Vec<&Str>> {
    if path.selection.is_some() {
        return None;
    }
    let steps = path
        .steps
        .iter()
        .filter(|step| !matches!(step.kind, StepKind::Optional));
    let keys = steps.map(|step| match &step.kind {
        StepKind::Key(key) => Some(key),
        _ => None,
    });
    keys.collect()
}
