//! Checks the connects of a folder: one file per rule.
//!
//! - [`variables`]: every variable exists, is available, and has the keys that are read.
//! - [`scalars`]: what goes into a URL or a header is a single value.
//! - [`selection`]: a selection fits its GraphQL type; [`locate`] finds the text of a field;
//!   [`refusal`] compares it with the mapping of refusals.
//! - [`resolved`]: a connect resolves every field, and every resolvable key has a lookup.
//! - [`entity`], [`batch`]: the rules of lookups.
//! - [`sites`]: the elements that may have connects.
//!
//! The rules of a single directive are in its file in [`directives`](super::directives). A connect that could not be read
//! completely has been reported, and is left out; errors that only follow from reported ones are not reported.

mod batch;
mod entity;
pub(crate) mod keys;
mod locate;
mod refusal;
mod resolved;
pub(crate) mod scalars;
mod selection;
mod sites;
pub(crate) mod variables;

use super::declared::Declarations;
use super::findings::Findings;

/// Checks the connects of a folder.
pub(crate) fn connects(declarations: &Declarations<'_>, findings: &mut Findings) {
    let schema = declarations.schema;
    sites::check(declarations, findings);
    let mut given = selection::GivenFields::new();
    for declared in &declarations.connects {
        let errors = findings.errors();
        variables::connect(declared, schema, findings);
        scalars::check(&declared.expressions, Some(declared), schema, findings);
        entity::check(declared, findings.errors() == errors, schema, findings);
        batch::check(declared, schema, findings);
        if let Some(connect) = &declared.connect {
            selection::connect(declared, connect, declarations, &mut given, findings);
        }
    }
    // After an error in a selection, fields would be reported as unresolved although their author selects them.
    if !findings.has_errors() {
        resolved::check(declarations, given, findings);
    }
}
