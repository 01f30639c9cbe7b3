//! Random selections and values. Selections are valid in v0.4, and use few keys, so that they
//! often select something.

use proptest::prelude::*;
use sangam::document::{Object, Value};

/// A token of the language, or almost one.
pub(super) fn token() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a",
        "b",
        " ",
        "\n",
        ":",
        ".",
        "->",
        "->map(",
        "->match([",
        "->as($x)",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        "...",
        "?",
        "??",
        "?!",
        "$",
        "@",
        "$args",
        "$(",
        "1",
        "-2.5",
        "\"s\"",
        "'t",
        "\"",
        "\\",
        "# c\n",
        "true",
        "null",
        "first",
        "->first",
        "é",
        "😀",
        "0",
        "e",
        "-",
        "{$args.a}",
        "%",
    ])
    .prop_map(str::to_owned)
}

pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..50).prop_map(Value::from),
        Just(Value::parse_json(b"1.50").unwrap_or_default()),
        prop::sample::select(vec!["", "a", "b c", "1", "हि", "[1,{\"a\":2}]"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..5)
                .prop_map(|members| Object::from_iter(members).into()),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "d_e"]).prop_map(str::to_owned)
}

/// The items of a selection at its top level.
pub(super) fn selection() -> impl Strategy<Value = String> {
    let expr = expression();
    prop_oneof![
        4 => items(expr.clone()),
        1 => expr,
    ]
}

fn items(expr: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = String> {
    let item = prop_oneof![
        2 => key(),
        4 => (key(), expr.clone()).prop_map(|(name, value)| format!("{name}: {value}")),
        1 => expr.prop_map(|value| format!("...{value}")),
    ];
    prop::collection::vec(item, 1..4).prop_map(|items| items.join(" "))
}

fn expression() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        3 => key().prop_map(|key| format!("$.{key}")),
        2 => Just("@".to_owned()),
        1 => Just("$".to_owned()),
        1 => Just("$args".to_owned()),
        1 => key().prop_map(|key| format!("$args.{key}")),
        1 => prop::sample::select(vec!["1", "-2", "0.5", "\"a\"", "\"1\"", "true", "false", "null", "[]", "{}"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let steps = prop::collection::vec(step(inner.clone()), 1..4).prop_map(|steps| steps.concat());
        prop_oneof![
            4 => (inner.clone(), steps).prop_map(|(start, steps)| format!("$({start}){steps}")),
            2 => (inner.clone(), items(inner.clone())).prop_map(|(start, items)| format!("$({start}) {{ {items} }}")),
            1 => items(inner.clone()).prop_map(|items| format!("{{ {items} }}")),
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(|elements| format!("[{}]", elements.join(", "))),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("$({a} ?? {b})")),
            1 => (inner.clone(), inner).prop_map(|(a, b)| format!("$({a} ?! {b})")),
        ]
    })
    .boxed()
}

fn step(expr: impl Strategy<Value = String> + Clone + 'static) -> BoxedStrategy<String> {
    let plain = prop::sample::select(vec![
        "first",
        "last",
        "size",
        "entries",
        "not",
        "toString",
        "parseInt",
        "jsonParse",
        "jsonStringify",
        "trim",
        "keysToCamelCase",
        "keysToCamelCaseDeep",
        "slice(1)",
        "slice(-2, 5)",
        "get(0)",
        "get(\"a\")",
        "get(-1)",
        "split(\"\")",
        "joinNotNull(\"-\")",
        "flatten",
        "sort",
        "unique",
        "zip",
        "cross",
        "fromEntries",
        "sum",
        "avg",
        "max",
        "upper",
        "base64Encode",
        "base64Decode",
        "urlEncode",
        "urlDecode",
        "parseFloat",
        "parseFloat(\"#,##0.0\")",
        "decimalRound(1)",
        "replace(\"a\", \"bb\")",
        "replacePattern(\"[a-c]\", \"$0$0\")",
        "fromEpochSeconds",
        "formatDate(\"%Y\")",
        "parseDate(\"%s\")",
    ]);
    let with_one = prop::sample::select(vec![
        "map",
        "filter",
        "find",
        "echo",
        "eq",
        "ne",
        "gt",
        "lte",
        "and",
        "or",
        "in",
        "contains",
        "add",
        "mul",
        "div",
        "mod",
        "get",
        "withWarning",
        "withError",
        "sort",
        "unique",
        "group",
        "decimalAdd",
        "decimalMul",
    ]);
    prop_oneof![
        3 => key().prop_map(|key| format!(".{key}")),
        1 => Just("? ".to_owned()),
        2 => plain.prop_map(|name| format!("->{name}")),
        4 => (with_one, expr.clone()).prop_map(|(name, argument)| format!("->{name}({argument})")),
        1 => expr.clone().prop_map(|value| format!("->as($x, {value})->echo([@, $x])")),
        1 => expr.clone().prop_map(|value| format!("->as($x)->map({value})->echo($x)")),
        1 => (expr.clone(), expr.clone(), expr).prop_map(|(a, b, c)| format!("->match([{a}, {b}], [@, {c}])")),
    ]
    .boxed()
}
