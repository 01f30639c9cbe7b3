//! `match([value, result], …)`: the result of the first pair whose value equals the input;
//! `[@, result]` always matches. Results of other pairs are not computed.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::ast::ExprKind;
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "match",
        arguments: Arguments::Pairs,
        effect: Effect::Arms,
    },
    apply: select,
}];

fn select(call: &mut Call<'_, '_>) -> Option<Value> {
    let arguments = call.arguments;
    for argument in arguments {
        call.charge(1)?;
        // The parser accepts only pairs.
        let ExprKind::Array(pair) = &argument.kind else {
            continue;
        };
        let [candidate, result] = &**pair else {
            continue;
        };
        if let Some(candidate) = call.evaluate(candidate)
            && call.evaluator.equal(call.input, &candidate)?
        {
            return call.evaluate(result);
        }
    }
    call.fail(|| "no pair has this value".to_owned())
}
