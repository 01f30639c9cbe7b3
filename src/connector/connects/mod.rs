//! How a folder's fields are fetched: `@source`, `@connect` and `@graphql`, read into [`Connect`]s.

use super::findings::Findings;
use super::model::SubgraphKind;
use super::schema::ReadSchema;

/// Reads how the fields of a schema are fetched.
pub(crate) fn read(
    _connector: &str,
    _read: &ReadSchema,
    _findings: &mut Findings,
) -> Option<SubgraphKind> {
    Some(SubgraphKind::Connectors {
        sources: Vec::new(),
        connects: Vec::new(),
    })
}
