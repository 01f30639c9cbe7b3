//! Paths: a start, steps, and a selection at the end.

use std::borrow::Cow;

use super::describe::describe;
use super::evaluator::Evaluator;
use super::trail::{EvaluationScope, ResultPath, Trail};
use crate::document::Value;
use crate::mapping::ast::{MethodCall, Path, Start, StepKind, SubSelection};
use crate::mapping::methods;
use crate::mapping::methods::Call;

impl Evaluator {
    pub(super) fn path<'s>(
        &mut self,
        path: &'s Path,
        scope: EvaluationScope<'s>,
    ) -> Option<Cow<'s, Value>> {
        let bound = self.locals.len();
        let value = self.walk(path, scope);
        self.locals.truncate(bound);
        value
    }

    fn walk<'s>(&mut self, path: &'s Path, scope: EvaluationScope<'s>) -> Option<Cow<'s, Value>> {
        let (mut value, root) = self.start(&path.start, scope)?;
        for (index, step) in path.steps.iter().enumerate() {
            self.charge(1)?;
            let here = Trail::Steps(&root, &path.steps[..index]);
            value = match &step.kind {
                StepKind::Key(key) => {
                    let optional = matches!(path.steps.get(index + 1), Some(next) if matches!(next.kind, StepKind::Optional));
                    self.expecting_absence += usize::from(optional);
                    let member = self.key(value, key, &here);
                    self.expecting_absence -= usize::from(optional);
                    member?
                }
                StepKind::Optional if value.is_null() => return None,
                StepKind::Optional => value,
                StepKind::Bind { name, value: bound } => {
                    let bound = match bound {
                        None => Some(value.as_ref().clone()),
                        Some(expr) => {
                            let scope = EvaluationScope {
                                current: Some(&value),
                                current_trail: &here,
                                ..scope
                            };
                            self.expr(expr, scope).map(Cow::into_owned)
                        }
                    };
                    self.locals.push((name.clone(), bound));
                    value
                }
                StepKind::Method(call) => Cow::Owned(self.method(call, &value, &here, scope)?),
            };
        }
        match &path.selection {
            Some(selection) => {
                let here = Trail::Steps(&root, &path.steps);
                self.select(&value, selection, &here, scope).map(Cow::Owned)
            }
            None => Some(value),
        }
    }

    fn start<'s>(
        &mut self,
        start: &'s Start,
        scope: EvaluationScope<'s>,
    ) -> Option<(Cow<'s, Value>, Trail<'s>)> {
        match start {
            Start::Input => Some((Cow::Borrowed(scope.input?), *scope.input_trail)),
            Start::Current => Some((Cow::Borrowed(scope.current?), *scope.current_trail)),
            Start::Variable(name) => {
                let trail = Trail::Root(name);
                let local = self.locals.iter().rev().find(|(local, _)| local == name);
                let value = match local {
                    Some((_, bound)) => bound.clone().map(Cow::Owned),
                    None => scope.variables.get(name).map(Cow::Borrowed),
                };
                if value.is_none() {
                    self.warn_absent(&trail, || "this variable has no value here".to_owned());
                }
                Some((value?, trail))
            }
            Start::Expression(expr) => Some((self.expr(expr, scope)?, Trail::Root("$(…)"))),
        }
    }

    fn method(
        &mut self,
        call: &MethodCall,
        input: &Value,
        here: &Trail<'_>,
        scope: EvaluationScope<'_>,
    ) -> Option<Value> {
        let mut method_call = Call {
            input,
            arguments: &call.arguments,
            scope,
            trail: here,
            name: call.signature.name,
            evaluator: self,
        };
        methods::apply(call.index, &mut method_call)
    }

    /// A member of an object, or of each object of an array.
    fn key<'s>(
        &mut self,
        value: Cow<'s, Value>,
        key: &str,
        here: &Trail<'_>,
    ) -> Option<Cow<'s, Value>> {
        match value {
            Cow::Borrowed(Value::Object(object)) if let Some(member) = object.get(key) => {
                Some(Cow::Borrowed(member))
            }
            other => self.key_of(&other, key, here).map(Cow::Owned),
        }
    }

    fn key_of(&mut self, value: &Value, key: &str, here: &Trail<'_>) -> Option<Value> {
        match value {
            Value::Object(object) => match object.get(key) {
                Some(member) => Some(member.clone()),
                None => {
                    self.warn_absent(&Trail::Key(here, key), || "there is no such key".to_owned());
                    None
                }
            },
            Value::Array(elements) => {
                self.charge(elements.len())?;
                let member = |(index, element)| {
                    self.key_of(element, key, &Trail::Index(here, index))
                        .unwrap_or(Value::Null)
                };
                Some(elements.iter().enumerate().map(member).collect())
            }
            Value::Null => {
                self.warn_absent(&Trail::Key(here, key), || "null has no keys".to_owned());
                None
            }
            scalar => {
                let found = describe(Some(scalar));
                self.warn(&Trail::Key(here, key), || format!("{found} has no keys"));
                None
            }
        }
    }

    /// Warns about a missing value, unless the mapping provides for its absence (`?`, `??`).
    fn warn_absent(&mut self, trail: &Trail<'_>, message: impl FnOnce() -> String) {
        if self.expecting_absence == 0 {
            self.warn(trail, message);
        }
    }

    /// `{ … }` after a value.
    pub(super) fn select(
        &mut self,
        value: &Value,
        selection: &SubSelection,
        here: &Trail<'_>,
        scope: EvaluationScope<'_>,
    ) -> Option<Value> {
        self.charge(1)?;
        match value {
            Value::Object(_) => self.items_of(value, selection, here, scope),
            Value::Array(elements) => {
                let mut values = Vec::with_capacity(elements.len());
                for (index, element) in elements.iter().enumerate() {
                    let result_path = ResultPath::Index(scope.result_path, index);
                    let scope = EvaluationScope {
                        result_path: &result_path,
                        ..scope
                    };
                    let value = self.select(element, selection, &Trail::Index(here, index), scope);
                    values.push(value.unwrap_or(Value::Null));
                }
                Some(values.into())
            }
            leaf => Some(self.select_of_leaf(leaf, selection, here, scope)),
        }
    }

    /// The items between braces, with the value before the braces as `$`.
    fn items_of(
        &mut self,
        value: &Value,
        selection: &SubSelection,
        here: &Trail<'_>,
        scope: EvaluationScope<'_>,
    ) -> Option<Value> {
        let inner = EvaluationScope {
            input: Some(value),
            input_trail: here,
            current: Some(value),
            current_trail: here,
            ..scope
        };
        // The operator allows the value to be absent, not a key inside the braces.
        let expecting = std::mem::take(&mut self.expecting_absence);
        let object = self.object(selection, inner);
        self.expecting_absence = expecting;
        object
    }

    /// `{ … }` after a scalar or null: the items that do not read keys of it have values. If none has, the scalar or
    /// null is given back.
    fn select_of_leaf(
        &mut self,
        leaf: &Value,
        selection: &SubSelection,
        here: &Trail<'_>,
        scope: EvaluationScope<'_>,
    ) -> Value {
        if selection.fits_leaf() {
            let before = self.mark();
            let selected = self.items_of(leaf, selection, here, scope);
            if let Some(selected) = selected.filter(|value| came_out(value, selection)) {
                return selected;
            }
            // One warning instead of one for each item.
            self.take_back(before);
        }
        let found = describe(Some(leaf));
        self.warn(here, || format!("`{{ }}` selects nothing from {found}"));
        leaf.clone()
    }
}

/// Whether the items of a selection gave a value. A group without values (`place: { lat lon }`) is none, and neither is
/// `__typename`, which says what an object would be.
fn came_out(value: &Value, selection: &SubSelection) -> bool {
    match value {
        Value::Object(object) => object.iter().any(|(name, member)| {
            **name != *"__typename"
                && selection
                    .group(name)
                    .is_none_or(|group| came_out(member, group))
        }),
        _ => true,
    }
}
