//! The conditions of a plan, and their values in one request.
//!
//! What a request decides (the variables of `@skip` and `@include`, variables that are null, the outcomes of `@override`
//! labels) is decided once for each request, by [`Conditions::decide`], before the cached response is looked for. Guards
//! are evaluated from these [`ConditionValues`] and from nothing else, and the key of a cached response takes all of them.
//! So a new kind of condition, such as a scope of the client, cannot be missing in the key: `decide` does not compile
//! without it, and what is decided is in the key.

use std::collections::HashMap;

use super::guard::{Condition, Guard};
use crate::document::{Str, Value};

/// The conditions that guards depend on: each once, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions(Vec<Condition>);

/// The values of [`Conditions`] in one request, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConditionValues(Vec<bool>);

impl Conditions {
    /// The conditions of these guards.
    pub fn of<'g>(guards: impl IntoIterator<Item = &'g Guard>) -> Conditions {
        let all = guards.into_iter().flat_map(Guard::conditions);
        let mut conditions: Vec<Condition> = all.cloned().collect();
        conditions.sort();
        conditions.dedup();
        Conditions(conditions)
    }

    /// Decides each condition once, from the coerced variables and by what `label` says of an override label.
    pub fn decide(
        &self,
        variables: &HashMap<Str, Value>,
        mut label: impl FnMut(&str) -> bool,
    ) -> ConditionValues {
        let value = |condition: &Condition| match condition {
            Condition::Variable(name) => {
                matches!(variables.get(name.as_str()), Some(Value::Bool(true)))
            }
            Condition::Null(name) => variables.get(name.as_str()) == Some(&Value::Null),
            Condition::Label(name) => label(name),
        };
        ConditionValues(self.0.iter().map(value).collect())
    }

    /// Whether a guard holds. A guard with a condition that is not one of these does not: no request has decided it.
    pub fn holds(&self, guard: &Guard, values: &ConditionValues) -> bool {
        guard.holds(|literal| {
            let index = self.0.binary_search(&literal.condition).ok();
            index.and_then(|index| values.0.get(index)) == Some(&literal.value)
        })
    }

    /// Whether the value of a Boolean variable, without `$`, is one of them.
    pub fn has_variable(&self, variable: &str) -> bool {
        let mut conditions = self.0.iter();
        conditions.any(|one| matches!(one, Condition::Variable(name) if name == variable))
    }

    /// About how many bytes they hold.
    pub(super) fn weight(&self) -> usize {
        self.0.capacity() * size_of::<Condition>()
    }
}

impl ConditionValues {
    /// There is no condition: every request is treated alike.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values in the order of their conditions: a part of the key of a cached response.
    pub fn as_slice(&self) -> &[bool] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use apollo_compiler::name;

    use super::super::guard::Literal;
    use super::*;

    /// A guard over two variables, one of which also may be null, and two labels.
    fn guards() -> Vec<Guard> {
        let labels: [Arc<str>; 2] = ["percent(5)".into(), "new".into()];
        let first = Guard::always()
            .and(&Literal::variable(&name!("a"), true))
            .and(&Literal::label(&labels[0], false));
        let mut second = Guard::always().and(&Literal::variable(&name!("b"), false));
        second.or(&Guard::always().and(&Literal::label(&labels[0], true)));
        let third = Guard::always()
            .and(&Literal::label(&labels[1], true))
            .and(&Literal::null(&name!("b"), false));
        vec![first, second, third]
    }

    /// Whatever makes a guard hold or not is in the values: two requests with the same values get the same.
    #[test]
    fn values_decide_all_guards() {
        let guards = guards();
        let conditions = Conditions::of(&guards);
        let mut seen: Vec<(ConditionValues, Vec<bool>)> = Vec::new();
        let values = [Value::Bool(true), Value::Bool(false), Value::Null];
        for (a, b) in values
            .iter()
            .flat_map(|a| values.iter().map(move |b| (a, b)))
        {
            for labels in 0..4 {
                let variables = HashMap::from([
                    (Str::from("a"), a.clone()),
                    (Str::from("b"), b.clone()),
                    (Str::from("other"), Value::Bool(labels == 0)),
                ]);
                let label = |name: &str| labels & if name == "new" { 1 } else { 2 } != 0;
                let mut asked = Vec::new();
                let values = conditions.decide(&variables, |name| {
                    asked.push(name.to_owned());
                    label(name)
                });
                assert_eq!(
                    asked,
                    ["new", "percent(5)"],
                    "each label is decided once for each request"
                );
                let is = |value: &Value| *value == Value::Bool(true);
                let expected = vec![
                    is(a) && !label("percent(5)"),
                    !is(b) || label("percent(5)"),
                    label("new") && *b != Value::Null,
                ];
                let holds = guards.iter().map(|guard| conditions.holds(guard, &values));
                assert_eq!(
                    holds.collect::<Vec<_>>(),
                    expected,
                    "{variables:?} {labels}"
                );
                if let Some((_, before)) = seen.iter().find(|(earlier, _)| *earlier == values) {
                    assert_eq!(*before, expected, "{variables:?} {labels}");
                }
                seen.push((values, expected));
            }
        }
        assert!(conditions.has_variable("a") && !conditions.has_variable("new"));
        let undecided = Guard::always().and(&Literal::variable(&name!("c"), false));
        assert!(!conditions.holds(&undecided, &seen[0].0));
    }
}
