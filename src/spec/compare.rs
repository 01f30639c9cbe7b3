//! Compares a response with the expected one: object members in any order, numbers by value, lists in order.

use crate::document::Value;

/// The most differences that are listed.
const LISTED: usize = 20;

/// The differences, one line each; empty when the response is as expected.
///
/// Two parts are compared only if the expected response has them: `extensions` at the top level, and `locations` of an
/// error.
pub fn differences(expected: &Value, actual: &Value) -> Vec<String> {
    let mut comparison = Comparison::default();
    comparison.compare(expected, actual);
    let listed = comparison.lines.len().min(LISTED);
    let more = comparison.lines.len() - listed;
    comparison.lines.truncate(listed);
    if more > 0 {
        comparison.lines.push(format!("and {more} more"));
    }
    comparison.lines
}

enum ValueStep<'v> {
    Key(&'v str),
    Index(usize),
}

#[derive(Default)]
struct Comparison<'v> {
    path: Vec<ValueStep<'v>>,
    lines: Vec<String>,
}

impl<'v> Comparison<'v> {
    fn compare(&mut self, expected: &'v Value, actual: &'v Value) {
        match (expected, actual) {
            (Value::Object(_), Value::Object(_)) => self.objects(expected, actual),
            (Value::Array(expected), Value::Array(actual)) => self.lists(expected, actual),
            _ if expected == actual => {}
            _ => {
                let line = format!("expected {}, got {}", short(expected), short(actual));
                self.report(&line);
            }
        }
    }

    fn objects(&mut self, expected: &'v Value, actual: &'v Value) {
        let (Some(expected), Some(actual)) = (expected.as_object(), actual.as_object()) else {
            return;
        };
        for (key, value) in expected.iter() {
            self.path.push(ValueStep::Key(key));
            match actual.get(key) {
                Some(actual) => self.compare(value, actual),
                None => self.report(&format!("missing; expected {}", short(value))),
            }
            self.path.pop();
        }
        for (key, value) in actual.iter() {
            if !expected.contains_key(key) && !self.is_optional(key) {
                self.path.push(ValueStep::Key(key));
                self.report(&format!("not expected: {}", short(value)));
                self.path.pop();
            }
        }
    }

    fn is_optional(&self, key: &str) -> bool {
        match self.path.as_slice() {
            [] => key == "extensions",
            [ValueStep::Key("errors"), ValueStep::Index(_)] => key == "locations",
            _ => false,
        }
    }

    fn lists(&mut self, expected: &'v [Value], actual: &'v [Value]) {
        if expected.len() != actual.len() {
            self.report(&format!(
                "expected {} elements, got {}",
                expected.len(),
                actual.len()
            ));
        }
        for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
            self.path.push(ValueStep::Index(index));
            self.compare(expected, actual);
            self.path.pop();
        }
        let surplus = actual.iter().enumerate().skip(expected.len());
        for (index, value) in surplus {
            self.path.push(ValueStep::Index(index));
            self.report(&format!("not expected: {}", short(value)));
            self.path.pop();
        }
    }

    fn report(&mut self, what: &str) {
        let mut line = String::new();
        for step in &self.path {
            match step {
                ValueStep::Key(key) => {
                    if !line.is_empty() {
                        line.push('.');
                    }
                    line.push_str(key);
                }
                ValueStep::Index(index) => line.push_str(&format!("[{index}]")),
            }
        }
        let separator = if line.is_empty() { "" } else { ": " };
        self.lines.push(format!("{line}{separator}{what}"));
    }
}

/// A value as JSON, truncated if it is long. An error is shown as a whole: authors copy it into their spec.
fn short(value: &Value) -> String {
    const LONGEST: usize = 1000;
    let text = value.to_json();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn compare(expected: &str, actual: &str) -> Vec<String> {
        let value = |text: &str| Value::parse_json(text.as_bytes()).unwrap();
        differences(&value(expected), &value(actual))
    }

    #[test]
    fn order_of_members_and_spelling_of_numbers_do_not_matter() {
        let none: [&str; 0] = [];
        assert_eq!(compare(r#"{"a":1,"b":[2]}"#, r#"{"b":[2.0],"a":1}"#), none);
        let actual =
            r#"{"data":null,"errors":[{"message":"m","locations":[]}],"extensions":{"a":1}}"#;
        assert_eq!(
            compare(r#"{"data":null,"errors":[{"message":"m"}]}"#, actual),
            none
        );
    }

    #[test]
    fn every_difference_has_its_path() {
        let found = compare(
            r#"{"data":{"a":[{"b":1},2],"c":"x"},"extensions":{}}"#,
            r#"{"data":{"a":[{"b":"1","d":null},2,3]}}"#,
        );
        assert_eq!(
            found,
            [
                "data.a: expected 2 elements, got 3",
                "data.a[0].b: expected 1, got \"1\"",
                "data.a[0].d: not expected: null",
                "data.a[2]: not expected: 3",
                "data.c: missing; expected \"x\"",
                "extensions: missing; expected {}",
            ]
        );
    }
}
