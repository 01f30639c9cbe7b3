//! Random texts, valid and damaged: the result is that of `serde_json`.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

/// The result of `serde_json`; `None` if the text has a number too large for a float, which our reader accepts.
fn theirs(text: &str) -> Option<Result<serde_json::Value, ()>> {
    match serde_json::from_str(text) {
        Err(error) if error.to_string().contains("out of range") => None,
        judged => Some(judged.map_err(|_| ())),
    }
}

/// Equality, except for the last bit of floats, which `serde_json` sometimes rounds wrongly, and for `-0`,
/// which it reads as a float.
fn alike(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value::*;
    match (a, b) {
        (Number(a), Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= a.abs() * 1e-15
        }
        (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Object(a), Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| alike(a, b)))
        }
        _ => a == b,
    }
}

fn same(text: &str) {
    let Some(theirs) = theirs(text) else { return };
    let ours = judge(text);
    assert_eq!(
        ours.is_ok(),
        theirs.is_ok(),
        "{text:?}: {ours:?} against {theirs:?}"
    );
    if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
        assert!(
            alike(&serde_json::Value::from(&ours), &theirs),
            "{text:?}: {ours} against {theirs}"
        );
        assert_eq!(
            Value::parse_json(ours.to_json().as_bytes()).as_ref(),
            Ok(&ours)
        );
        let again: serde_json::Value = serde_json::from_str(&ours.to_json()).unwrap();
        assert!(alike(&again, &theirs), "{text:?}: {again} against {theirs}");
    }
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|bool| bool.to_string()),
        any::<i64>().prop_map(|int| int.to_string()),
        "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,8})?([eE][+-]?[0-9]{1,2})?",
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        "\"([a-zह ]|\\\\[\"\\\\/bfnrt]|\\\\u00[0-9a-fA-F]{2}|\\\\ud83d\\\\ude0[0-9]){0,12}\"",
    ];
    leaf.prop_recursive(6, 60, 8, |inner| {
        prop_oneof![
            (
                proptest::collection::vec(inner.clone(), 0..8),
                "[ \n\t]{0,10}"
            )
                .prop_map(|(parts, blank)| format!(
                    "[{blank}{}{blank}]",
                    parts.join(&format!("{blank},"))
                )),
            proptest::collection::vec(("[a-e]{0,2}", inner), 0..20).prop_map(|members| {
                let members: Vec<_> = members
                    .into_iter()
                    .map(|(name, value)| format!("\"{name}\" : {value}"))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    })
}

/// A fixed seed: each run has the same cases.
const SEED: u64 = 2026;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(SEED), ..ProptestConfig::default() })]

    #[test]
    fn valid_documents_read_as_serde_json_reads_them(text in json()) {
        same(&text);
    }

    #[test]
    fn damaged_documents_are_judged_as_serde_json_judges_them(
        text in json(),
        at in any::<prop::sample::Index>(),
        with in prop_oneof![Just(String::new()), "[\\[\\]{},:\"\\\\0-9eE.+tfn u-]{1,3}", any::<char>().prop_map(String::from)],
        cut in 0..3usize,
    ) {
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        let end = (at + cut).min(chars.len());
        chars.splice(at..end, with.chars());
        same(&chars.into_iter().collect::<String>());
    }

    #[test]
    fn any_text_is_judged_as_serde_json_judges_it(text in "[\\[\\]{},:\"\\\\0-9eE.+truefalsn u-]{0,24}") {
        same(&text);
    }

    #[test]
    fn strings_survive_writing_and_reading(text in any::<String>()) {
        let value = Value::from(text.as_str());
        assert_eq!(serde_json::from_str::<String>(&value.to_json()).unwrap(), text);
        assert_eq!(Value::parse_json(value.to_json().as_bytes()), Ok(value));
    }
}
