//! Reading and writing, as the documentation of the readers and of values says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod comparison;

use super::*;

/// Passes a whole body with `skip`, then with `capture`: the results must be equal.
fn skip(body: &str) -> Result<(), ReadError> {
    let mut skipping = JsonReader::new(body.as_bytes())?;
    let skipped = skipping.skip().and_then(|()| skipping.finish());
    let mut capturing = JsonReader::new(body.as_bytes())?;
    let captured = capturing
        .capture()
        .and_then(|span| capturing.finish().map(|()| span));
    assert_eq!(skipped, captured.map(|_| ()));
    skipped
}

fn judge(body: &str) -> Result<Value, ReadError> {
    let value = Value::parse_json(body.as_bytes());
    assert_eq!(
        value.is_ok(),
        skip(body).is_ok(),
        "parsing and skipping disagree about {body:?}"
    );
    value
}

#[test]
fn what_json_has_is_accepted() {
    for body in [
        "null",
        " true\n",
        "false",
        "0",
        "-0",
        "1.10",
        "-12.5e+3",
        "1E-2",
        r#""""#,
        r#""a\u00e9\ud83d\ude00\/\b""#,
        "[]",
        "[ ]",
        "{}",
        "{ }",
        "[1, [2, {}], \"x\"]",
        r#"{"a": {"b": [null]}, "": 1}"#,
        "\t[\r\n1 ,2]",
        "\"\u{7f}\u{2028}ह\"",
        "123456789012345678901234567890",
        "1e400",
    ] {
        assert!(judge(body).is_ok(), "{body:?}: {:?}", judge(body));
    }
}

#[test]
fn what_json_does_not_have_is_refused_with_its_place() {
    use Fault::*;
    for (body, offset, fault) in [
        ("", 0, UnexpectedEnd),
        ("  ", 2, UnexpectedEnd),
        ("nul", 0, Expected(Wanted::Value)),
        ("nulls", 4, TrailingText),
        ("[1,]", 3, Expected(Wanted::Value)),
        ("[1 2]", 3, Expected(Wanted::ElementEnd)),
        ("[,]", 1, Expected(Wanted::Value)),
        ("[1", 2, UnexpectedEnd),
        ("[1}", 2, Expected(Wanted::ElementEnd)),
        (r#"{"a":1,}"#, 7, Expected(Wanted::Name)),
        (r#"{"a" 1}"#, 5, Expected(Wanted::Colon)),
        (r#"{a:1}"#, 1, Expected(Wanted::Name)),
        (r#"{"a":}"#, 5, Expected(Wanted::Value)),
        (r#"{"a":1]"#, 6, Expected(Wanted::MemberEnd)),
        ("01", 1, BadNumber),
        ("1.", 2, BadNumber),
        ("-", 0, BadNumber),
        ("+1", 0, Expected(Wanted::Value)),
        ("1e", 2, BadNumber),
        (".5", 0, Expected(Wanted::Value)),
        ("NaN", 0, Expected(Wanted::Value)),
        ("'a'", 0, Expected(Wanted::Value)),
        ("\"a", 2, UnexpectedEnd),
        ("\"a\nb\"", 2, ControlCharacter),
        (r#""\x""#, 1, BadEscape),
        (r#""\u12g4""#, 1, BadEscape),
        (r#""\ud800""#, 1, BadEscape),
        (r#""\ud800\u0041""#, 1, BadEscape),
        (r#""\udc00""#, 1, BadEscape),
        ("1 2", 2, TrailingText),
        ("\u{feff}1", 0, Expected(Wanted::Value)),
    ] {
        assert_eq!(judge(body), Err(ReadError { offset, fault }), "{body:?}");
        assert_eq!(skip(body), Err(ReadError { offset, fault }), "{body:?}");
    }
}

#[test]
fn a_body_that_is_not_utf8_is_refused() {
    let error = Value::parse_json(b"\"a\xff\"").unwrap_err();
    assert_eq!((error.offset, error.fault), (2, Fault::NotUtf8));
    assert_eq!(error.to_string(), "invalid UTF-8 at byte 2");
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(judge(&nested(128)).is_ok());
    assert_eq!(
        judge(&nested(129)),
        Err(ReadError {
            offset: 128,
            fault: Fault::TooDeep
        })
    );
    assert!(judge(&nested(1_000_000)).is_err());

    // Levels that were entered count for the depth of skipped values.
    let text = nested(4);
    let mut reader = JsonReader::over(&text).unwrap().max_depth(3);
    reader.enter_list().unwrap();
    assert!(reader.next_element().unwrap());
    assert_eq!(
        reader.skip(),
        Err(ReadError {
            offset: 3,
            fault: Fault::TooDeep
        })
    );
}

#[test]
fn a_cursor_reads_what_it_is_asked_for() {
    let body = r#" { "skip" : {"a":[1,{"b":2}]}, "na\u006de": "x\ny", "list": [10, 2.50, true, null], "e": [], "all": { "k" : [ 1 ] } } "#;
    let mut reader = JsonReader::new(body.as_bytes()).unwrap();
    assert_eq!(reader.peek().unwrap(), Kind::Object);
    reader.enter_object().unwrap();
    let mut elements = Vec::new();
    while let Some(key) = reader.next_key().unwrap() {
        match key.as_str() {
            "name" => {
                let Scalar::String(span) = reader.scalar().unwrap() else {
                    panic!()
                };
                assert_eq!(reader.slice(span), r#""x\ny""#);
                assert_eq!(unescape(reader.slice(span)), "x\ny");
            }
            "list" => {
                reader.enter_list().unwrap();
                while reader.next_element().unwrap() {
                    elements.push(match reader.scalar().unwrap() {
                        Scalar::Number(span) => reader.slice(span).to_owned(),
                        other => format!("{other:?}"),
                    });
                }
            }
            "e" => {
                reader.enter_list().unwrap();
                assert!(!reader.next_element().unwrap());
            }
            "all" => {
                let span = reader.capture().unwrap();
                assert_eq!(reader.slice(span), r#"{ "k" : [ 1 ] }"#);
            }
            _ => reader.skip().unwrap(),
        }
    }
    reader.finish().unwrap();
    assert_eq!(elements, ["10", "2.50", "True", "Null"]);
}

#[test]
fn calls_out_of_order_do_not_panic() {
    let mut reader = JsonReader::new(b"[1]").unwrap();
    assert!(reader.enter_object().is_err());
    assert!(reader.next_key().is_err());
    assert!(reader.scalar().is_err());
    assert!(reader.finish().is_err());
    let mut reader = JsonReader::new(b"}]").unwrap();
    assert_eq!(reader.next_key(), Ok(None));
    assert_eq!(reader.next_element(), Ok(false));
}

#[test]
fn digits_are_kept() {
    for text in [
        "1.10",
        "-0",
        "-0.0",
        "123456789012345678901234567890",
        "1E5",
        "9223372036854775807",
        "9223372036854775808",
        "1e400",
    ] {
        assert_eq!(judge(text).unwrap().to_json(), text);
    }
}

#[test]
fn numbers_compare_by_value_exactly() {
    let number = |text| Number::from_json(text).unwrap();
    for (a, b) in [
        ("1", "1.0"),
        ("100", "1e2"),
        ("0", "-0.0"),
        ("0.1", "1E-1"),
        ("-5", "-50e-1"),
        ("0", "0e999999999999999999999"),
    ] {
        assert_eq!(number(a), number(b));
    }
    let ascending = [
        "-1e400",
        "-10",
        "-9.5",
        "-0.001",
        "0",
        "1e-400",
        "0.3",
        "0.30000000000000004",
        "2",
        "10",
        "9007199254740992",
        "9007199254740993",
        "123456789012345678901234567890",
        "1e400",
    ];
    for pair in ascending.windows(2) {
        assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
        assert!(number(pair[1]) > number(pair[0]), "{pair:?}");
    }
}

#[test]
fn whole_numbers_are_found_however_written() {
    let whole = |text| Number::from_json(text).unwrap().as_whole();
    assert_eq!(whole("1.0"), Some(1));
    assert_eq!(whole("-12.50e1"), Some(-125));
    assert_eq!(whole("0.0"), Some(0));
    assert_eq!(whole("-9223372036854775808.0"), Some(i64::MIN));
    assert_eq!(whole("1.5"), None);
    assert_eq!(whole("9223372036854775808"), None);
    assert_eq!(whole("1e400"), None);
    assert_eq!(Number::from_json("1.0").unwrap().as_i64(), None);
    assert_eq!(Number::from_f64(2.0).unwrap().to_string(), "2.0");
    assert!(Number::from_f64(f64::INFINITY).is_none());
    assert!(Number::from_json("1 ").is_none());
}

#[test]
fn objects_keep_their_order_and_find_their_members() {
    for size in [0, 1, 12, 13, 14, 200] {
        let mut object: Object = (0..size)
            .map(|n| (format!("k{n}"), Value::from(n)))
            .collect();
        assert_eq!(object.len(), size as usize);
        for n in 0..size {
            assert_eq!(object.get(&format!("k{n}")), Some(&Value::from(n)));
        }
        assert_eq!(object.get("other"), None);
        if size > 2 {
            assert_eq!(
                object.insert("k1".into(), Value::Null),
                Some(Value::from(1))
            );
            assert_eq!(object.remove("k0"), Some(Value::from(0)));
            assert_eq!(object.remove("k0"), None);
            assert_eq!(object.keys().next().map(|key| &**key), Some("k1"));
            assert_eq!(
                object.get(&format!("k{}", size - 1)),
                Some(&Value::from(size - 1))
            );
        }
    }
    assert_eq!(
        judge(r#"{"a":1,"b":2,"a":3}"#).unwrap().to_json(),
        r#"{"a":3,"b":2}"#
    );
    assert_eq!(judge(r#"{"a":1,"b":2}"#), judge(r#"{"b":2.0,"a":1}"#));
}

#[test]
fn conversions_to_and_from_serde_json() {
    let text = r#"{"a":[1,-2,1.5,"x",true,null],"b":{"c":18446744073709551615}}"#;
    let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
    let ours = Value::from(&theirs);
    assert_eq!(ours, judge(text).unwrap());
    assert_eq!(serde_json::Value::from(&ours), theirs);
    assert_eq!(
        serde_json::Value::from(&judge("1e400").unwrap()),
        serde_json::Value::Null
    );
}
