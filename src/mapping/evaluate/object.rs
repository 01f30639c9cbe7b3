//! Objects: named values and spread ones, merged.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Evaluator, Place, Scope};
use crate::document::{Object, Str, Value};
use crate::mapping::ast::{Item, SubSelection};
use crate::mapping::methods::describe;

impl Evaluator {
    /// The object that items build; or what a spread makes of it: null absorbs it, and a value
    /// that is no object replaces it. Missing if all there is are spreads of what is missing.
    pub(super) fn object(&mut self, selection: &SubSelection, scope: Scope<'_>) -> Option<Value> {
        let mut fields = Object::with_capacity(selection.items.len());
        // Set as soon as the result is no longer just `fields`.
        let mut other: Option<Value> = None;
        let mut present = selection.items.is_empty();
        for item in &selection.items {
            match item {
                Item::Field { name, value, .. } => {
                    present = true;
                    let place = Place::Key(scope.place, name);
                    let Some(value) = self.expr(
                        value,
                        Scope {
                            place: &place,
                            ..scope
                        },
                    ) else {
                        continue;
                    };
                    let value = value.into_owned();
                    match other.take() {
                        None => self.insert(&mut fields, name, value, scope)?,
                        Some(whole) => {
                            let single = Object::from_iter([(name.clone(), value)]);
                            other = Some(self.merge(whole, single.into(), scope)?);
                        }
                    }
                }
                Item::Spread { value } => {
                    let Some(value) = self.expr(value, scope).map(Cow::into_owned) else {
                        continue;
                    };
                    let before = match other.take() {
                        Some(whole) => Some(whole),
                        None if present => Some(Value::from(std::mem::take(&mut fields))),
                        None => None,
                    };
                    present = true;
                    let merged = match before {
                        Some(before) => self.merge(before, value, scope)?,
                        None => value,
                    };
                    match merged {
                        Value::Object(object) => fields = Arc::unwrap_or_clone(object),
                        merged => other = Some(merged),
                    }
                }
            }
        }
        match other {
            Some(other) => Some(other),
            None => present.then(|| fields.into()),
        }
    }

    fn insert(
        &mut self,
        fields: &mut Object,
        name: &Str,
        value: Value,
        scope: Scope<'_>,
    ) -> Option<()> {
        match fields.get_mut(name) {
            None => drop(fields.insert(name.clone(), value)),
            Some(slot) => {
                let former = std::mem::take(slot);
                let place = Place::Key(scope.place, name);
                *slot = self.merge(
                    former,
                    value,
                    Scope {
                        place: &place,
                        ..scope
                    },
                )?;
            }
        }
        Some(())
    }

    /// Two values for one name: objects merge deeply, arrays by index, null absorbs; else the
    /// last counts, with a warning if it is of another kind. `None` when the budget is used up.
    fn merge(&mut self, first: Value, second: Value, scope: Scope<'_>) -> Option<Value> {
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
