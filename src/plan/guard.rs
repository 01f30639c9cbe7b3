//! Guards: the conditions under which something is fetched or written.
//!
//! One plan serves all values of `@skip` and `@include` variables, all outcomes of `@override` labels, and variables
//! that are null where they must not be. Slots, fetches and response fields carry guards, and the executor evaluates
//! each guard once per request.
//!
//! A guard is a disjunction of conjunctions. In `{ a: name @include(if: $x)  b: name @include(if: $y) }` the slot
//! `name` has the guard `$x or $y`, and a fetch has the disjunction over everything that it reads.
//!
//! Two rules keep guards small: a conjunction that another one implies is absorbed (`$x or $x and $y` is `$x`), and two
//! that differ in one value are merged (`$x and $y or $x and not $y` is `$x`). Where an operation could still make
//! large guards, [`output`](super::output) spends a step of its budget per conjunction.

use std::fmt;
use std::sync::Arc;

use apollo_compiler::Name;

/// A condition that each request makes true or false.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// The value of a Boolean variable, without `$`.
    Variable(Name),
    /// The outcome of an `@override` label.
    Label(Arc<str>),
    /// Whether a variable, without `$`, is null.
    Null(Name),
}

/// A condition and the value that it must have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Literal {
    /// The condition.
    pub condition: Condition,
    /// The value it must have.
    pub value: bool,
}

impl Literal {
    /// A Boolean variable must have this value.
    pub fn variable(name: &Name, value: bool) -> Self {
        let condition = Condition::Variable(name.clone());
        Literal { condition, value }
    }

    /// A variable must be null, or must not.
    pub fn null(name: &Name, value: bool) -> Self {
        let condition = Condition::Null(name.clone());
        Literal { condition, value }
    }

    /// An override label must have this outcome.
    pub fn label(label: &Arc<str>, value: bool) -> Self {
        let condition = Condition::Label(Arc::clone(label));
        Literal { condition, value }
    }
}

/// A disjunction of conjunctions; both levels are sorted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guard {
    any: Vec<Vec<Literal>>,
}

impl Guard {
    /// Holds in every request.
    pub fn always() -> Self {
        Guard {
            any: vec![Vec::new()],
        }
    }

    /// Never holds: the neutral element of [`Guard::or`].
    pub fn never() -> Self {
        Guard { any: Vec::new() }
    }

    /// True when it holds in every request.
    pub fn is_always(&self) -> bool {
        self.any.iter().any(Vec::is_empty)
    }

    /// True when it never holds.
    pub fn is_never(&self) -> bool {
        self.any.is_empty()
    }

    /// The conjunction of two guards.
    pub fn and_all(&self, other: &Guard) -> Self {
        if self.is_always() || self == other {
            return other.clone();
        }
        let mut result = Guard::never();
        for conjunction in &other.any {
            let mut product = self.clone();
            for literal in conjunction {
                product = product.and(literal);
            }
            result.or(&product);
        }
        result
    }

    /// The conditions that it depends on.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let literals = self.any.iter().flatten();
        literals.map(|literal| &literal.condition)
    }

    /// The conjunction of the guard and a literal.
    pub fn and(&self, literal: &Literal) -> Self {
        let mut result = Guard::never();
        for conjunction in &self.any {
            if conjunction
                .iter()
                .any(|l| l.condition == literal.condition && l.value != literal.value)
            {
                continue;
            }
            let mut longer = conjunction.clone();
            if let Err(index) = longer.binary_search(literal) {
                longer.insert(index, literal.clone());
            }
            result.insert(longer);
        }
        result
    }

    /// Makes this guard the disjunction of both.
    pub fn or(&mut self, other: &Guard) {
        for conjunction in &other.any {
            self.insert(conjunction.clone());
        }
    }

    /// Holds where this guard holds and the other does not.
    pub fn and_not(&self, other: &Guard) -> Self {
        let mut result = self.clone();
        for conjunction in &other.any {
            let mut without = Guard::never();
            for literal in conjunction {
                let opposite = Literal {
                    condition: literal.condition.clone(),
                    value: !literal.value,
                };
                without.or(&result.and(&opposite));
            }
            result = without;
        }
        result
    }

    /// How many conjunctions it has.
    pub fn conjunctions(&self) -> usize {
        self.any.len()
    }

    /// Adds a conjunction; one that another implies is absorbed, and `x ∧ r` with `¬x ∧ r` becomes `r`.
    fn insert(&mut self, conjunction: Vec<Literal>) {
        if self
            .any
            .iter()
            .any(|existing| existing.iter().all(|literal| conjunction.contains(literal)))
        {
            return;
        }
        self.any
            .retain(|existing| !conjunction.iter().all(|literal| existing.contains(literal)));
        let opposite = self
            .any
            .iter()
            .position(|existing| complementary(existing, &conjunction).is_some());
        if let Some(index) = opposite {
            let existing = self.any.remove(index);
            if let Some(merged) = complementary(&existing, &conjunction) {
                self.insert(merged);
            }
            return;
        }
        if let Err(index) = self.any.binary_search(&conjunction) {
            self.any.insert(index, conjunction);
        }
    }

    /// Whether it holds for some values of the conditions of which nothing is known.
    pub(crate) fn can_hold(&self, known: impl Fn(&Condition) -> Option<bool>) -> bool {
        self.holds(|literal| known(&literal.condition).is_none_or(|value| value == literal.value))
    }

    /// Whether it holds, given which literals are true. A request's are existing to
    /// [`Conditions`](super::conditions::Conditions).
    pub(super) fn holds(&self, is_true: impl Fn(&Literal) -> bool) -> bool {
        let mut conjunctions = self.any.iter();
        conjunctions.any(|conjunction| conjunction.iter().all(&is_true))
    }
}

/// Guards by index; the first always holds.
#[derive(Debug)]
pub(super) struct GuardList(Vec<Guard>);

impl GuardList {
    pub(super) fn new() -> Self {
        GuardList(vec![Guard::always()])
    }

    /// The index of a guard, which is added if it is not in the list.
    pub(super) fn index(&mut self, guard: &Guard) -> u32 {
        if let Some(index) = self.0.iter().position(|other| other == guard) {
            return index as u32;
        }
        self.0.push(guard.clone());
        (self.0.len() - 1) as u32
    }

    pub(super) fn into_guards(self) -> Vec<Guard> {
        self.0
    }
}

/// What two conjunctions share when they differ in the value of exactly one condition.
fn complementary(a: &[Literal], b: &[Literal]) -> Option<Vec<Literal>> {
    if a.len() != b.len() {
        return None;
    }
    let mut differing = None;
    for (index, (x, y)) in a.iter().zip(b).enumerate() {
        if x == y {
            continue;
        }
        if x.condition != y.condition || differing.is_some() {
            return None;
        }
        differing = Some(index);
    }
    let mut rest = a.to_vec();
    rest.remove(differing?);
    Some(rest)
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_always() {
            return f.write_str("always");
        }
        for (index, conjunction) in self.any.iter().enumerate() {
            if index > 0 {
                f.write_str(" or ")?;
            }
            for (index, literal) in conjunction.iter().enumerate() {
                let and = if index > 0 { " and " } else { "" };
                let not = if literal.value { "" } else { "not " };
                match &literal.condition {
                    Condition::Variable(name) => write!(f, "{and}{not}${name}")?,
                    Condition::Label(label) => write!(f, "{and}{not}label \"{label}\"")?,
                    Condition::Null(name) => write!(f, "{and}${name} is {not}null")?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use apollo_compiler::name;

    use super::*;

    fn literal(variable: Name, value: bool) -> Literal {
        Literal::variable(&variable, value)
    }

    /// Only this variable is true.
    fn is(name: &str) -> impl Fn(&Literal) -> bool {
        move |literal| {
            let is = matches!(&literal.condition, Condition::Variable(own) if own == name);
            is == literal.value
        }
    }

    #[test]
    fn simplifies() {
        let a = Guard::always().and(&literal(name!("a"), true));
        let not_a = Guard::always().and(&literal(name!("a"), false));
        let a_and_b = a.and(&literal(name!("b"), true));
        assert_eq!(a_and_b.to_string(), "$a and $b");
        assert!(a.and(&literal(name!("a"), false)).is_never());
        let mut either = a.clone();
        either.or(&not_a);
        assert!(either.is_always());
        let mut absorbed = a_and_b.clone();
        absorbed.or(&a);
        assert_eq!(absorbed, a);
        let mut several = a_and_b.clone();
        several.or(&not_a);
        assert_eq!(several.to_string(), "not $a or $a and $b");
        assert!(several.holds(is("b")));
        assert!(!several.holds(is("a")));
        assert_eq!(several.and_all(&a).to_string(), "$a and $b");
        assert!(not_a.and_all(&a).is_never());
        let label = Arc::from("percent(5)");
        let moved = Guard::always().and(&Literal::label(&label, true));
        let both = a.and_all(&moved);
        assert_eq!(both.to_string(), "$a and label \"percent(5)\"");
        let mut either = both.clone();
        either.or(&a.and(&Literal::label(&label, false)));
        assert_eq!(either, a);
        assert_eq!(Guard::always().and_not(&a), not_a);
        assert!(Guard::always().and_not(&Guard::always()).is_never());
        assert_eq!(
            Guard::always().and_not(&several).to_string(),
            "$a and not $b"
        );
        assert_eq!(a.and_not(&a_and_b).to_string(), "$a and not $b");
    }
}
