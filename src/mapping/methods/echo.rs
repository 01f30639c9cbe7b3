//! `echo(expr)`: the expression, with `@` as the input.

use super::call::Method;
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "echo",
        arguments: Arguments::Count(1, 1),
        effect: Effect::Argument,
    },
    apply: |call| call.argument(0),
}];
