//! Checks connects on types: they read `$batch` or `$this`, never both, and a batch selects the key of its elements.

use apollo_compiler::Schema;

use super::keys;
use super::locate::find;
use crate::connector::arguments::key;
use crate::connector::declared::{DeclaredConnect, is_root};
use crate::connector::diagnostic::code;
use crate::connector::expression::ParsedExpression;
use crate::connector::findings::{Findings, list};
use crate::connector::model::{ConnectKind, Site};
use crate::document::Str;
use crate::mapping::ast::Expr;
use crate::mapping::{InputMask, VARIABLE_NAMES, VariableUse};

/// Checks a connect on a type, and the argument `batch`.
pub(super) fn check(declared: &DeclaredConnect, schema: &Schema, findings: &mut Findings) {
    batch_argument(declared, findings);
    let Site::Type { name } = &declared.site else {
        return;
    };
    if is_root(schema, name) {
        findings.push(
            findings
                .error(
                    &code::TYPE_CONNECT_WITHOUT_KEY,
                    format!("`{name}` is a root type, which has no key"),
                )
                .at(findings.span(declared.directive.location()))
                .help("put the connect on its fields"),
        );
        return;
    }
    let first = |variable: &str| -> Option<(&ParsedExpression, VariableUse)> {
        declared.expressions.iter().find_map(|expression| {
            let used = expression
                .uses
                .iter()
                .find(|used| *used.name == *variable)?;
            Some((expression, used.clone()))
        })
    };
    match (first("$batch"), first("$this")) {
        (Some((batch, used_batch)), Some((this, used_this))) => {
            let message = "`$batch` and `$this` cannot be read by one connect";
            let error = findings.error(&code::BATCH_WITH_THIS, message);
            let error = this
                .text
                .mark_as(error, used_this.span, "one object", findings);
            let error = batch
                .text
                .mark_as(error, used_batch.span, "many objects", findings);
            let help = "read everything from `$batch`, or make a call per object with `$this`";
            findings.push(error.help(help));
        }
        (None, None) => findings.push(
            findings
                .error(
                    &code::TYPE_CONNECT_WITHOUT_KEY,
                    format!("this connect does not read which `{name}` is wanted"),
                )
                .at(findings.span(declared.directive.location()))
                .help(format!(
                    "read its key: `$batch.id` for many at a time, `$this.id` for one `{name}` per call"
                )),
        ),
        _ => {
            key_selected(declared, findings);
            field_selected(declared, findings);
        }
    }
}

/// A batch on a field yields this field.
fn field_selected(declared: &DeclaredConnect, findings: &mut Findings) {
    let (Some(field), Some(connect)) = (&declared.batched, &declared.connect) else {
        return;
    };
    if keys::yields(connect.selection.shape(), &field.name) {
        return;
    }
    let literal = declared.directive.specified_argument_by_name("selection");
    findings.push(
        findings
            .error(
                &code::BATCH_KEY_NOT_SELECTED,
                format!("the field `{}` is not selected", field.name),
            )
            .at(findings.span(literal.and_then(|literal| literal.location())))
            .help("a batch yields a list of objects: select the key and the field of each"),
    );
}

/// `batch: { maxSize: n }`.
fn batch_argument(declared: &DeclaredConnect, findings: &mut Findings) {
    let Some(batch) = declared.directive.specified_argument_by_name("batch") else {
        return;
    };
    let on_type = matches!(declared.site, Site::Type { .. });
    if !on_type || !declared.uses_batch() {
        findings.push(
            findings
                .error(
                    &code::INVALID_BATCH,
                    "`batch` is for a connect that reads `$batch`",
                )
                .at(findings.span(batch.location()))
                .help(if on_type {
                    "read the keys from `$batch`, or leave `batch` out"
                } else {
                    "put the connect on the type, or leave `batch` out"
                }),
        );
    }
    let size = key(batch, "maxSize");
    if let Some(size) = size.filter(|size| size.to_i32().is_none_or(|size| size < 1)) {
        findings.push(
            findings
                .error(&code::INVALID_BATCH, "`maxSize` is at least 1")
                .at(findings.span(size.location())),
        );
    }
}

/// The elements of a batch are matched by key, so the selection must contain the key.
fn key_selected(declared: &DeclaredConnect, findings: &mut Findings) {
    let Some(connect) = &declared.connect else {
        return;
    };
    let ConnectKind::Batch { key, .. } = &connect.kind else {
        return;
    };
    let shape = connect.selection.shape();
    let (selected, lacking): (Vec<String>, Vec<String>) = keys::paths(key)
        .into_iter()
        .partition(|path| keys::yields(shape, path));
    let literal = declared.directive.specified_argument_by_name("selection");
    for path in selected {
        let names: Vec<Str> = path.split('.').map(Str::from).collect();
        let Some((name_span, value)) = find(connect.selection.root(), &names) else {
            continue;
        };
        if !is_of_response(value) {
            let message = format!("the key `{path}` is not read from the response");
            let error = findings
                .error(&code::BATCH_KEY_NOT_SELECTED, message)
                .help("elements of a batch are matched by the keys that the upstream says");
            let error = match declared.selection_text() {
                Some(text) => text.mark(error, name_span.clone(), findings),
                None => error,
            };
            findings.push(error);
        }
    }
    if lacking.is_empty() {
        return;
    }
    findings.push(
        findings
            .error(
                &code::BATCH_KEY_NOT_SELECTED,
                format!("the key {} is not selected", list(&lacking)),
            )
            .at(findings.span(literal.and_then(|literal| literal.location())))
            .help("select it: elements of a batch are matched by key, whatever their order"),
    );
}

/// Whether a value may come from the response: it reads the input, or a name that was bound to a part of it.
fn is_of_response(value: &Expr) -> bool {
    let is_bound = |used: &VariableUse| !VARIABLE_NAMES.contains(&&*used.name);
    value.input_mask() != InputMask::Keys(Vec::new())
        || value
            .variables()
            .iter()
            .any(|used| is_bound(used) || *used.name == *"$response")
}
