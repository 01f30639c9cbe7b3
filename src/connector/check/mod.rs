//! Whether the connects of a folder make sense: one file per rule.

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
    for declared in declared {
        variables::connect(declared, schema, findings);
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
