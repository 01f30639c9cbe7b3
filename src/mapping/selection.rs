//! A parsed selection.

use std::sync::OnceLock;

use super::analyse::{Analysis, VariableUse, analyse};
use super::ast::{Expr, ExprKind, Item};
use super::evaluate::{Evaluated, EvaluationBudget, evaluate, evaluate_braces};
use super::expand::Spread;
use super::input_mask::InputMask;
use super::named::NamedMappings;
use super::parse::{Lone, parse};
use super::problem::Problem;
use super::shape::Shape;
use super::variables::Variables;
use super::version::{Dialect, Version};
use crate::document::{Str, Value};

/// A text in the mapping language, parsed. Immutable; share it behind an `Arc`.
#[derive(Debug, Clone)]
pub struct Selection {
    text: Str,
    spreads: Vec<Spread>,
    version: Version,
    root: Expr,
    analysis: OnceLock<Analysis>,
}

impl Expr {
    /// Evaluates a part of a selection, with `$` as the input. A projection uses it for items that
    /// it cannot copy from a document.
    pub fn evaluate(&self, input: Option<&Value>, variables: &Variables) -> Evaluated {
        evaluate(self, input, variables, &EvaluationBudget::default())
    }

    /// The same, but named fields select from a scalar or null as `$ { … }` does: if no field has a value, the result
    /// is the scalar or null itself.
    pub fn evaluate_as_braces(&self, input: &Value, variables: &Variables) -> Evaluated {
        let budget = EvaluationBudget::default();
        match &self.kind {
            ExprKind::Object(selection) if input.as_object().is_none() => {
                evaluate_braces(selection, input, variables, &budget)
            }
            _ => evaluate(self, Some(input), variables, &budget),
        }
    }

    /// Its shape. Analyses the whole expression.
    pub fn shape(&self) -> Shape {
        analyse(self).shape
    }

    /// Every use of a variable; names that an outer expression binds count too. Analyses the whole expression.
    pub fn variables(&self) -> Vec<VariableUse> {
        analyse(self).variables
    }

    /// The part of its input that it reads. Analyses the whole expression.
    pub fn input_mask(&self) -> InputMask {
        analyse(self).mask
    }
}

impl Selection {
    /// Parses a text that yields an object or a value: a `selection`, `body`, `queryParams`,
    /// `errors.extensions`. A text that is a bare key keeps its name: `id` is `{ id: $.id }`.
    ///
    /// Fails with all problems, in the order of the text.
    pub fn parse(text: &str, dialect: impl Into<Dialect>) -> Result<Selection, Vec<Problem>> {
        Self::parsed(text, dialect.into(), Lone::Named, &NamedMappings::default())
    }

    /// The same for a text that may spread these mappings. The problems are empty if it spreads one that does not parse.
    pub fn parse_with(
        text: &str,
        dialect: Dialect,
        named: &NamedMappings,
    ) -> Result<Selection, Vec<Problem>> {
        Self::parsed(text, dialect, Lone::Named, named)
    }

    /// Parses a mapping that must yield one value: `isSuccess`, `errors.message`. Here a single
    /// bare key is a path, as it is in a method's arguments: `rd` is `$.rd`.
    pub fn parse_value(text: &str, dialect: impl Into<Dialect>) -> Result<Selection, Vec<Problem>> {
        Self::parsed(text, dialect.into(), Lone::Value, &NamedMappings::default())
    }

    /// The same for a text that may spread these mappings.
    pub fn parse_value_with(
        text: &str,
        dialect: Dialect,
        named: &NamedMappings,
    ) -> Result<Selection, Vec<Problem>> {
        Self::parsed(text, dialect, Lone::Value, named)
    }

    fn parsed(
        text: &str,
        dialect: Dialect,
        lone: Lone,
        named: &NamedMappings,
    ) -> Result<Selection, Vec<Problem>> {
        let parsed = parse(text, dialect, lone, Some(named))?;
        Ok(Selection {
            text: parsed.text,
            spreads: parsed.spreads,
            version: dialect.version,
            root: parsed.root,
            analysis: OnceLock::new(),
        })
    }

    /// The same text, read as another syntax tree.
    pub(super) fn with_root(&self, root: Expr) -> Selection {
        Selection {
            root,
            analysis: OnceLock::new(),
            ..self.clone()
        }
    }

    /// The text, to which all spans refer, followed by copies of the mappings that it spreads.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The named mappings that it spreads, also through others.
    pub fn spreads(&self) -> &[Spread] {
        &self.spreads
    }

    /// The version of its syntax.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The key, if the text is a bare key, which names the only field of an object.
    pub fn lone_key(&self) -> Option<&str> {
        let ExprKind::Object(selection) = &self.root.kind else {
            return None;
        };
        match &*selection.items {
            [
                Item::Field {
                    name,
                    name_span,
                    value,
                },
            ] if value.span.start == name_span.start => {
                let path = value.as_path().filter(|path| path.selection.is_none())?;
                (path.single_key() == Some(name)).then_some(name)
            }
            _ => None,
        }
    }

    /// The syntax tree.
    pub fn root(&self) -> &Expr {
        &self.root
    }

    /// Evaluates it with `$` as the input (`None`: missing), within the default [`EvaluationBudget`].
    pub fn evaluate(&self, input: Option<&Value>, variables: &Variables) -> Evaluated {
        self.evaluate_within(input, variables, &EvaluationBudget::default())
    }

    /// Evaluates it on the body of an upstream's response: named fields select from it as if they were
    /// between braces. So they map over a list; and for an empty body, which is null, `ok: $(true)`
    /// still yields an object.
    pub fn evaluate_each(&self, input: Option<&Value>, variables: &Variables) -> Evaluated {
        // A single path with braces is the value of the whole selection.
        let named = match &self.root.kind {
            ExprKind::Object(selection) => match &*selection.items {
                [Item::Spread { value }] => {
                    value.as_path().is_none_or(|path| path.selection.is_none())
                }
                _ => true,
            },
            _ => false,
        };
        let items = match input {
            Some(Value::Array(items)) if named => items,
            Some(input) if named => return self.root.evaluate_as_braces(input, variables),
            _ => return self.evaluate(input, variables),
        };
        let mut all = Evaluated::default();
        let mut values = Vec::with_capacity(items.len());
        for item in items.iter() {
            let of_item = self.evaluate_each(Some(item), variables);
            values.push(of_item.value.unwrap_or_default());
            all.warnings.extend(of_item.warnings);
            all.dropped_warnings += of_item.dropped_warnings;
            all.errors.extend(of_item.errors);
        }
        all.value = Some(Value::from(values));
        all
    }

    /// Evaluates it within the given budget.
    pub fn evaluate_within(
        &self,
        input: Option<&Value>,
        variables: &Variables,
        budget: &EvaluationBudget,
    ) -> Evaluated {
        evaluate(&self.root, input, variables, budget)
    }

    /// Every use of a variable, in the order of the text. Names bound by `->as` are left out; the
    /// variables in the values that they are bound to are not.
    pub fn variables(&self) -> &[VariableUse] {
        &self.analysis().variables
    }

    /// The names that `->as` binds somewhere in it.
    pub fn bound_names(&self) -> &[Str] {
        &self.analysis().bound
    }

    /// Its shape.
    pub fn shape(&self) -> &Shape {
        &self.analysis().shape
    }

    /// The part of its input that it reads.
    pub fn input_mask(&self) -> &InputMask {
        &self.analysis().mask
    }

    /// Whether it reads any of its input.
    pub fn reads_input(&self) -> bool {
        *self.input_mask() != InputMask::Keys(Vec::new())
    }

    /// Computed at the first use, because many selections never need it.
    fn analysis(&self) -> &Analysis {
        self.analysis.get_or_init(|| analyse(&self.root))
    }
}
