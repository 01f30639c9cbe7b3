//! Whether the connects of a folder make sense: one file per rule.
//!
//! - [`variables`]: every variable exists, here, with what is read of it.
//! - [`selection`]: a selection fills its GraphQL type; [`locate`] finds where its text says what.
//! - [`resolved`]: every field is given by some connect, every key can be looked up by.
//! - [`entity`], [`batch`]: what the ways of looking an entity up ask for.
//! - [`sites`]: where connects and `@paginate` may stand.
//!
//! A connect that could not be read whole has been reported by its reader and is left out; and what would only follow
//! from an error already found is not looked for.

mod batch;
mod entity;
mod keys;
mod locate;
mod resolved;
mod selection;
mod sites;
mod variables;

use apollo_compiler::Schema;

use super::connects::Declared;
use super::connects::source::Source;
use super::expression::Expression;
use super::findings::Findings;
use super::schema::ReadSchema;

/// Checks everything about the connects of a folder.
pub(crate) fn connectors(
    read: &ReadSchema,
    sources: &[Source],
    declared: &[Declared],
    findings: &mut Findings,
) {
    let schema = &read.schema;
    for source in sources {
        variables::source(&source.expressions, schema, findings);
    }
    sites::check(declared, schema, findings);
    let mut given = selection::Given::new();
    for declared in declared {
        variables::connect(declared, schema, findings);
        entity::check(declared, schema, findings);
        batch::check(declared, schema, findings);
        if let Some(connect) = &declared.connect {
            selection::connect(declared, connect, schema, &mut given, findings);
        }
    }
    // A selection that does not fit its type leaves fields over that its author meant to give.
    if !findings.has_errors() {
        resolved::check(declared, schema, given, findings);
    }
}

/// Checks the variables of expressions that do not belong to a connect.
pub(crate) fn source_variables(
    expressions: &[Expression],
    schema: &Schema,
    findings: &mut Findings,
) {
    variables::source(expressions, schema, findings);
}
