//! `withWarning(message)`, `withError(message)`: the input, with a message about it.

use super::call::{Call, Method};
use super::to_string;
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[
    row("withWarning", |call| {
        let message = message(call);
        call.warn(|| message);
        Some(call.input.clone())
    }),
    row("withError", |call| {
        let message = message(call);
        call.evaluator
            .raise(call.scope.result_path, message.clone());
        call.warn(|| message);
        Some(call.input.clone())
    }),
];

const fn row(name: &'static str, apply: fn(&mut Call<'_, '_>) -> Option<Value>) -> Method {
    Method {
        signature: Signature {
            name,
            arguments: Arguments::Count(1, 1),
            effect: Effect::Input,
        },
        apply,
    }
}

/// The argument as text; arrays and objects as JSON.
fn message(call: &mut Call<'_, '_>) -> String {
    let Some(argument) = call.argument(0).filter(|argument| !argument.is_null()) else {
        return "no message".to_owned();
    };
    match to_string::text(&argument) {
        Some(text) => match call.charge_text(text.len()) {
            Some(()) => text.into_owned(),
            None => String::new(),
        },
        None => match call
            .evaluator
            .measure(&argument)
            .and_then(|bytes| call.charge_text(bytes))
        {
            Some(()) => argument.to_json(),
            None => String::new(),
        },
    }
}
