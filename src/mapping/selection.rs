//! A parsed selection.

use std::sync::OnceLock;

use super::analyse::{Analysis, VariableUse, analyse};
use super::ast::{Expr, ExprKind, Item};
use super::evaluate::{Evaluated, EvaluationBudget, evaluate};
use super::needs::Need;
use super::parse::{Lone, parse};
use super::problem::Problem;
use super::shape::Shape;
use super::variables::Variables;
use super::version::Version;
use crate::document::{Str, Value};

/// A text in the mapping language, parsed. Immutable; share it behind an `Arc`.
#[derive(Debug, Clone)]
pub struct Selection {
    text: Str,
    version: Version,
    root: Expr,
    analysis: OnceLock<Analysis>,
}

impl Expr {
    /// Evaluates a part of a selection by itself, with `$` as the input: what a projection does with
    /// items that it cannot read straight from a document.
    pub fn evaluate(&self, input: Option<&Value>, variables: &Variables) -> Evaluated {
        evaluate(self, input, variables, &EvaluationBudget::default())
    }

    /// What it yields, as far as the text tells. Looks through the whole expression.
    pub fn shape(&self) -> Shape {
        analyse(self).shape
    }

    /// What it reads of its input. Looks through the whole expression.
    pub fn needs(&self) -> Need {
        analyse(self).need
    }

    /// Whether it reads anything of its input. Looks through the whole expression.
    pub fn reads_input(&self) -> bool {
        self.needs() != Need::Keys(Vec::new())
    }
}

impl Selection {
    /// Parses what yields an object or a value: a `selection`, `body`, `queryParams`,
    /// `errors.extensions`. A bare key that stands alone keeps its name: `id` is `{ id: $.id }`.
    ///
    /// Fails with everything that is wrong, in the order of the text.
    pub fn parse(text: &str, version: Version) -> Result<Selection, Vec<Problem>> {
        Self::parse_with(text, version, Lone::Named)
    }

    /// Parses what must yield one value: `isSuccess`, `errors.message`. Here a bare key that stands
    /// alone is a path, as it is in a method's arguments: `rd` is `$.rd`.
    pub fn parse_value(text: &str, version: Version) -> Result<Selection, Vec<Problem>> {
        Self::parse_with(text, version, Lone::Value)
    }

    fn parse_with(text: &str, version: Version, lone: Lone) -> Result<Selection, Vec<Problem>> {
        let root = parse(text, version, lone)?;
        Ok(Selection {
            text: Str::from(text),
            version,
            root,
            analysis: OnceLock::new(),
        })
    }

    /// The text, into which all spans point.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The version by whose rules it was parsed.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The syntax tree.
    pub fn root(&self) -> &Expr {
        &self.root
    }

    /// Evaluates it with `$` as the input (`None`: missing), within the default [`EvaluationBudget`].
    pub fn evaluate(&self, input: Option<&Value>, variables: &Variables) -> Evaluated {
        self.evaluate_within(input, variables, &EvaluationBudget::default())
    }

    /// Evaluates it as what an upstream answered is mapped: a selection of named fields maps over a list and gives a
    /// scalar back, as braces do. One that reads nothing of its input yields the same whatever that is: an empty body is
    /// null, and `ok: $(true)` is not.
    pub fn evaluate_each(&self, input: Option<&Value>, variables: &Variables) -> Evaluated {
        // A path with braces that stands alone is what the whole yields.
        let named = match &self.root.kind {
            ExprKind::Object(selection) => match selection.items.as_slice() {
                [Item::Spread { value }] => {
                    value.as_path().is_none_or(|path| path.selection.is_none())
                }
                _ => true,
            },
            _ => false,
        };
        let items = match input {
            Some(Value::Array(items)) if named => items,
            Some(scalar)
                if named
                    && scalar.as_object().is_none()
                    && *self.needs() != Need::Keys(Vec::new()) =>
            {
                return Evaluated {
                    value: Some(scalar.clone()),
                    ..Evaluated::default()
                };
            }
            _ => return self.evaluate(input, variables),
        };
        let mut all = Evaluated::default();
        let mut values = Vec::with_capacity(items.len());
        for item in items.iter() {
            let own = self.evaluate_each(Some(item), variables);
            values.push(own.value.unwrap_or_default());
            all.warnings.extend(own.warnings);
            all.dropped_warnings += own.dropped_warnings;
            all.errors.extend(own.errors);
        }
        all.value = Some(Value::from(values));
        all
    }

    /// Evaluates it within a budget of one's own.
    pub fn evaluate_within(
        &self,
        input: Option<&Value>,
        variables: &Variables,
        budget: &EvaluationBudget,
    ) -> Evaluated {
        evaluate(&self.root, input, variables, budget)
    }

    /// Every use of a variable, in the order of the text. Names bound by `->as` are not among
    /// them; what flows through them is.
    pub fn variables(&self) -> &[VariableUse] {
        &self.analysis().variables
    }

    /// What it yields, as far as the text tells.
    pub fn shape(&self) -> &Shape {
        &self.analysis().shape
    }

    /// What it reads of its input.
    pub fn needs(&self) -> &Need {
        &self.analysis().need
    }

    /// Analysed when first asked for: requests ask too.
    fn analysis(&self) -> &Analysis {
        self.analysis.get_or_init(|| analyse(&self.root))
    }
}
