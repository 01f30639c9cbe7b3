//! Objects: named and spread values, merged.

use std::borrow::Cow;
use std::sync::Arc;

use super::describe::describe;
use super::evaluator::Evaluator;
use super::trail::{EvaluationScope, ResultPath, Trail};
use crate::document::{Object, Str, Value};
use crate::mapping::ast::{Expr, Item, Start, SubSelection};

impl Evaluator {
    /// The value of the items between braces. With a named item, it is an object: a spread value
    /// beside it that is no object is ignored, except that a null which the mapping spreads itself
    /// (`...expression`) makes the whole null. Without a named item, it is the spread values,
    /// merged; missing if there are none.
    pub(super) fn object(
        &mut self,
        selection: &SubSelection,
        scope: EvaluationScope<'_>,
    ) -> Option<Value> {
        let is_named = |item: &Item| matches!(item, Item::Field { .. });
        match &*selection.items {
            [Item::Spread { value }] => self.expr(value, scope).map(Cow::into_owned),
            items if items.is_empty() || items.iter().any(is_named) => self.named(items, scope),
            spreads => self.spreads(spreads, scope),
        }
    }

    fn named(&mut self, items: &[Item], scope: EvaluationScope<'_>) -> Option<Value> {
        let mut fields = Object::with_capacity(items.len());
        let mut absorbed = false;
        for item in items {
            match item {
                Item::Field { name, value, .. } => {
                    let result_path = ResultPath::Key(scope.result_path, name);
                    let inner = EvaluationScope {
                        result_path: &result_path,
                        ..scope
                    };
                    if let Some(value) = self.expr(value, inner) {
                        self.insert(&mut fields, name, value.into_owned(), scope)?;
                    }
                }
                Item::Spread { value } => match self.spread(value, scope) {
                    Some(Value::Object(object)) => {
                        self.charge(object.len())?;
                        for (name, value) in Arc::unwrap_or_clone(object) {
                            self.insert(&mut fields, &name, value, scope)?;
                        }
                    }
                    Some(Value::Null) => absorbed = true,
                    Some(other) => self.warn_spread(value, scope, &other),
                    None => {}
                },
            }
        }
        Some(if absorbed { Value::Null } else { fields.into() })
    }

    fn spreads(&mut self, items: &[Item], scope: EvaluationScope<'_>) -> Option<Value> {
        let mut whole: Option<Value> = None;
        for item in items {
            let (Item::Spread { value } | Item::Field { value, .. }) = item;
            let Some(value) = self.spread(value, scope) else {
                continue;
            };
            whole = Some(match whole.take() {
                Some(former) => self.merge(former, value, scope)?,
                None => value,
            });
        }
        whole
    }

    /// The value of a spread beside other items. A null of the document on which braces select is
    /// ignored.
    fn spread(&mut self, value: &Expr, scope: EvaluationScope<'_>) -> Option<Value> {
        let warned = self.warned();
        let spread = self.expr(value, scope)?.into_owned();
        let has_braces = value.as_path().is_some_and(|path| path.selection.is_some());
        if !(spread.is_null() && has_braces) {
            return Some(spread);
        }
        // The braces have already warned about a null.
        if warned == self.warned() {
            self.warn_spread(value, scope, &spread);
        }
        None
    }

    fn warn_spread(&mut self, value: &Expr, scope: EvaluationScope<'_>, found: &Value) {
        let found = describe(Some(found));
        let message = || format!("{found} does not spread into an object: it adds nothing");
        let Some(path) = value.as_path() else {
            return self.warn(scope.input_trail, message);
        };
        let root = match &path.start {
            Start::Input => *scope.input_trail,
            Start::Current => *scope.current_trail,
            Start::Variable(name) => Trail::Root(name),
            Start::Expression(_) => Trail::Root("$(…)"),
        };
        self.warn(&Trail::Steps(&root, &path.steps), message);
    }

    fn insert(
        &mut self,
        fields: &mut Object,
        name: &Str,
        value: Value,
        scope: EvaluationScope<'_>,
    ) -> Option<()> {
        match fields.get_mut(name) {
            None => drop(fields.insert(name.clone(), value)),
            Some(slot) => {
                let former = std::mem::take(slot);
                let result_path = ResultPath::Key(scope.result_path, name);
                *slot = self.merge(
                    former,
                    value,
                    EvaluationScope {
                        result_path: &result_path,
                        ..scope
                    },
                )?;
            }
        }
        Some(())
    }

    /// Merges two values of one name: objects deeply, arrays by index; null and anything is null;
    /// of other values the last wins, with a warning if the kinds differ. `None` when the budget is
    /// used up.
    fn merge(&mut self, first: Value, second: Value, scope: EvaluationScope<'_>) -> Option<Value> {
        self.charge(1)?;
        Some(match (first, second) {
            (Value::Null, _) | (_, Value::Null) => Value::Null,
            (Value::Object(first), Value::Object(second)) => {
                self.charge(first.len() + second.len())?;
                let mut merged = Arc::unwrap_or_clone(first);
                for (name, value) in Arc::unwrap_or_clone(second) {
                    self.insert(&mut merged, &name, value, scope)?;
                }
                merged.into()
            }
            (Value::Array(first), Value::Array(second)) => {
                self.charge(first.len() + second.len())?;
                let mut merged = Arc::unwrap_or_clone(first);
                for (index, value) in second.iter().enumerate() {
                    let value = value.clone();
                    match merged.get_mut(index) {
                        Some(slot) => *slot = self.merge(std::mem::take(slot), value, scope)?,
                        None => merged.push(value),
                    }
                }
                merged.into()
            }
            (first, second) => {
                if first.kind() != second.kind() {
                    let (a, b) = (describe(Some(&first)), describe(Some(&second)));
                    self.warn(scope.input_trail, || {
                        format!("{a} and {b} for one name do not merge: the last counts")
                    });
                }
                second
            }
        })
    }
}
