//! The signature of an operation: a hash that is the same for requests which differ only in values.
//!
//! It identifies an operation in logs, traces and metrics. An operation that a program builds with values in its text has
//! another text each time; for operators it is one operation. So the hash is made from the selections, with the kind of a
//! value in place of the value: `district(lgdCode: "2")` and `district( lgdCode: "7" )` have one signature. The fragments
//! that the operation spreads belong to it, in the order of their names.

use std::collections::BTreeSet;

use apollo_compiler::ast::{self, Value};
use apollo_compiler::executable::{Argument, DirectiveList, Operation, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name, Node};

/// The number of hexadecimal digits: enough that two operations of one gateway do not share a signature by chance.
const DIGITS: usize = 12;

/// The signature of an operation of a document.
pub fn signature(document: &ExecutableDocument, operation: &Operation) -> String {
    let mut writer = SignatureWriter {
        hasher: blake3::Hasher::new(),
        spread: BTreeSet::new(),
    };
    writer.word(operation.operation_type.name());
    writer.word(operation.name.as_ref().map_or("", Name::as_str));
    for variable in &operation.variables {
        writer.word("$");
        writer.word(&variable.name);
        writer.word(&variable.ty.to_string());
        if let Some(default) = &variable.default_value {
            writer.value(default);
        }
        writer.directives_of_ast(&variable.directives);
    }
    writer.directives(&operation.directives);
    writer.selections(&operation.selection_set);
    // Fragments spread others; each is written once.
    let mut written = BTreeSet::new();
    while let Some(name) = writer.spread.difference(&written).next().cloned() {
        if let Some(fragment) = document.fragments.get(&name) {
            writer.word("fragment");
            writer.word(&name);
            writer.word(fragment.type_condition());
            writer.directives(&fragment.directives);
            writer.selections(&fragment.selection_set);
        }
        written.insert(name);
    }
    let mut hash = writer.hasher.finalize().to_hex().to_string();
    hash.truncate(DIGITS);
    hash
}

struct SignatureWriter {
    hasher: blake3::Hasher,
    /// The fragments that have been spread so far.
    spread: BTreeSet<Name>,
}

impl SignatureWriter {
    /// No word contains a zero byte, so words that are adjacent cannot be taken for others.
    fn word(&mut self, word: &str) {
        self.hasher.update(word.as_bytes());
        self.hasher.update(&[0]);
    }

    /// The depth is bounded: the limits of the document have been checked.
    fn selections(&mut self, set: &SelectionSet) {
        self.word("{");
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    self.word(field.response_key());
                    self.word(&field.name);
                    self.arguments(&field.arguments);
                    self.directives(&field.directives);
                    if !field.selection_set.selections.is_empty() {
                        self.selections(&field.selection_set);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    self.word("...");
                    self.word(&spread.fragment_name);
                    self.directives(&spread.directives);
                    self.spread.insert(spread.fragment_name.clone());
                }
                Selection::InlineFragment(fragment) => {
                    self.word("...on");
                    let condition = fragment.type_condition.as_ref();
                    self.word(condition.map_or("", Name::as_str));
                    self.directives(&fragment.directives);
                    self.selections(&fragment.selection_set);
                }
            }
        }
        self.word("}");
    }

    fn arguments(&mut self, arguments: &[Node<Argument>]) {
        for argument in arguments {
            self.word(":");
            self.word(&argument.name);
            self.value(&argument.value);
        }
    }

    fn directives(&mut self, directives: &DirectiveList) {
        self.directives_of_ast(directives);
    }

    fn directives_of_ast(&mut self, directives: &ast::DirectiveList) {
        for directive in directives.iter() {
            self.word("@");
            self.word(&directive.name);
            self.arguments(&directive.arguments);
        }
    }

    /// The kind of a value, without the value. Names of variables and enum values belong to the operation.
    fn value(&mut self, value: &Value) {
        match value {
            Value::Variable(name) => {
                self.word("$");
                self.word(name);
            }
            Value::Enum(name) => self.word(name),
            Value::Null => self.word("null"),
            Value::Boolean(value) => self.word(if *value { "true" } else { "false" }),
            Value::String(_) => self.word("\"\""),
            Value::Int(_) | Value::Float(_) => self.word("0"),
            Value::List(_) => self.word("[]"),
            Value::Object(_) => self.word("{}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use apollo_compiler::{ExecutableDocument, Schema};

    use super::signature;

    const SCHEMA: &str = "type Query { a(n: Int, s: String, l: [Int], o: In, e: E): Query b: Int } \
                          input In { x: Int } enum E { ONE TWO }";

    fn of(text: &str) -> String {
        let schema = Schema::parse_and_validate(SCHEMA, "schema").unwrap();
        let document = ExecutableDocument::parse_and_validate(&schema, text, "operation").unwrap();
        let operation = document.operations.iter().next().unwrap();
        signature(&document, operation)
    }

    #[test]
    fn values_layout_and_the_order_of_fragments_do_not_count() {
        let one = of(
            "query Q { a(n: 1, s: \"x\", l: [1], o: { x: 1 }) { ...F ...G } } \
                      fragment F on Query { b } fragment G on Query { c: b }",
        );
        let same = of("# a comment\nfragment G on Query { c: b }\n\
                       query Q {\n a(n: 22, s: \"y\", l: [], o: {}) { ...F ...G }\n}\n\
                       fragment F on Query { b }");
        assert_eq!(one, same);
        assert_eq!(one.len(), super::DIGITS);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn what_is_selected_counts() {
        let texts = [
            "{ b }",
            "query Q { b }",
            "query P { b }",
            "{ c: b }",
            "{ a { b } }",
            "{ a { a { b } } }",
            "{ a(n: 1) { b } }",
            "{ a(n: null) { b } }",
            "{ a(s: \"1\") { b } }",
            "{ a(e: ONE) { b } }",
            "{ a(e: TWO) { b } }",
            "{ b @skip(if: true) }",
            "{ b @skip(if: false) }",
            "{ ... { b } }",
            "{ ... on Query { b } }",
            "{ ...F } fragment F on Query { b }",
            "{ ...F } fragment F on Query { c: b }",
            "query ($n: Int) { a(n: $n) { b } }",
            "query ($n: Int!) { a(n: $n) { b } }",
            "query ($n: Int = 1) { a(n: $n) { b } }",
        ];
        let mut signatures: Vec<String> = texts.iter().map(|text| of(text)).collect();
        signatures.sort_unstable();
        signatures.dedup();
        assert_eq!(signatures.len(), texts.len());
    }
}
