//! `echo(expr)`: the expression, with `@` as the input.

use super::{Arguments, Effect, Method};

pub(super) const METHODS: &[Method] = &[Method {
    name: "echo",
    arguments: Arguments::Count(1, 1),
    effect: Effect::Argument,
    apply: |call| call.argument(0),
}];
