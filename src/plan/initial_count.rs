//! The `initialCount` of `@stream`.

use apollo_compiler::{Name, ast};

/// How many elements of a list come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InitialCount {
    /// This number.
    Fixed(u32),
    /// The value of a variable, without `$`.
    Variable(Name),
}

impl InitialCount {
    /// That of a directive. Validation has refused a negative one.
    pub fn of(stream: &ast::Directive) -> InitialCount {
        let count = stream.specified_argument_by_name("initialCount");
        match count.map(|value| value.as_ref()) {
            Some(ast::Value::Variable(variable)) => InitialCount::Variable(variable.clone()),
            Some(ast::Value::Int(count)) => {
                InitialCount::Fixed(count.as_str().parse().unwrap_or(0))
            }
            _ => InitialCount::Fixed(0),
        }
    }
}
