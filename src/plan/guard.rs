//! Guards: when a field is asked for, over the variables of `@skip` and `@include`.
//!
//! One plan serves all values of these variables: slots and fetches carry guards, and the executor evaluates each guard
//! once per request. A guard is a disjunction of conjunctions, kept small by absorption.

use std::fmt;

use apollo_compiler::Name;

/// A condition on a Boolean variable: it must have this value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Literal {
    /// The variable, without `$`.
    pub variable: Name,
    /// The value it must have.
    pub value: bool,
}

/// When something is needed: `any` of the conjunctions, each with all its literals.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guard {
    any: Vec<Vec<Literal>>,
}

impl Guard {
    /// Holds whatever the variables.
    pub fn always() -> Self {
        Guard {
            any: vec![Vec::new()],
        }
    }

    /// Never holds: the neutral element of [`Guard::or`].
    pub fn never() -> Self {
        Guard { any: Vec::new() }
    }

    /// True when it holds whatever the variables.
    pub fn is_always(&self) -> bool {
        self.any.iter().any(Vec::is_empty)
    }

    /// True when it cannot hold.
    pub fn is_never(&self) -> bool {
        self.any.is_empty()
    }

    /// Holds where this one does and the variable has the value.
    pub fn and(&self, literal: &Literal) -> Self {
        let mut result = Guard::never();
        for conjunction in &self.any {
            if conjunction
                .iter()
                .any(|l| l.variable == literal.variable && l.value != literal.value)
            {
                continue;
            }
            let mut longer = conjunction.clone();
            if let Err(place) = longer.binary_search(literal) {
                longer.insert(place, literal.clone());
            }
            result.insert(longer);
        }
        result
    }

    /// Holds where either does.
    pub fn or(&mut self, other: &Guard) {
        for conjunction in &other.any {
            self.insert(conjunction.clone());
        }
    }

    /// Holds where this one does and the other does not.
    pub fn and_not(&self, other: &Guard) -> Self {
        let mut result = self.clone();
        for conjunction in &other.any {
            let mut without = Guard::never();
            for literal in conjunction {
                let opposite = Literal {
                    variable: literal.variable.clone(),
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
            .any(|known| known.iter().all(|literal| conjunction.contains(literal)))
        {
            return;
        }
        self.any
            .retain(|known| !conjunction.iter().all(|literal| known.contains(literal)));
        let opposite = self
            .any
            .iter()
            .position(|known| complementary(known, &conjunction).is_some());
        if let Some(place) = opposite {
            let known = self.any.remove(place);
            if let Some(merged) = complementary(&known, &conjunction) {
                self.insert(merged);
            }
            return;
        }
        if let Err(place) = self.any.binary_search(&conjunction) {
            self.any.insert(place, conjunction);
        }
    }

    /// Whether it holds for these values.
    pub fn holds(&self, value: impl Fn(&str) -> bool) -> bool {
        self.any
            .iter()
            .any(|conjunction| conjunction.iter().all(|l| value(&l.variable) == l.value))
    }
}

/// The rest that two conjunctions share when they differ in the value of one variable only.
fn complementary(a: &[Literal], b: &[Literal]) -> Option<Vec<Literal>> {
    if a.len() != b.len() {
        return None;
    }
    let mut differing = None;
    for (index, (x, y)) in a.iter().zip(b).enumerate() {
        if x == y {
            continue;
        }
        if x.variable != y.variable || differing.is_some() {
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
                write!(f, "{and}{not}${}", literal.variable)?;
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
        Literal { variable, value }
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
        assert!(several.holds(|name| name == "b"));
        assert!(!several.holds(|name| name == "a"));
        assert_eq!(Guard::always().and_not(&a), not_a);
        assert!(Guard::always().and_not(&Guard::always()).is_never());
        assert_eq!(
            Guard::always().and_not(&several).to_string(),
            "$a and not $b"
        );
        assert_eq!(a.and_not(&a_and_b).to_string(), "$a and not $b");
    }
}
