//! Whether the connects of a folder make sense: one file per rule.
//!
//! - [`variables`]: every variable exists, here, with what is read of it.
//! - [`selection`]: a selection fills its GraphQL type; [`locate`] finds where its text says what.
//! - [`resolved`]: every field is given by some connect, every key can be looked up by.
//! - [`entity`], [`batch`]: what the ways of looking an entity up ask for.
//! - [`sites`]: where connects may stand.
//!
//! What concerns one directive alone is checked in its file in [`directives`](super::directives). A connect that could not
//! be read whole has been reported by its reader and is left out; and what would only follow from an error that is
//! reported already is not looked for.

mod batch;
mod entity;
mod keys;
mod locate;
mod resolved;
mod selection;
mod sites;
pub(crate) mod variables;

use super::declared::Declarations;
use super::findings::Findings;

/// Checks everything about the connects of a folder.
pub(crate) fn connects(declarations: &Declarations<'_>, findings: &mut Findings) {
    let schema = declarations.schema;
    sites::check(declarations, findings);
    let mut given = selection::GivenFields::new();
    for declared in &declarations.connects {
        variables::connect(declared, schema, findings);
        entity::check(declared, schema, findings);
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
