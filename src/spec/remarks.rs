//! What a difference from the expected response does not say: why calls failed, and what mappings warn of.

use crate::gateway::{ClientContext, Gateway, GraphqlRequest};

/// The most warnings that are shown of one call.
const MOST_WARNINGS: usize = 10;

/// Executes an operation again. A line for each call that failed, and for each warning of a mapping.
pub(super) async fn remarks(
    gateway: &Gateway,
    request: &GraphqlRequest,
    client: &ClientContext,
) -> Vec<String> {
    let explained = gateway.explain(request, client, true).await;
    let calls = explained.map(|explained| explained.calls);
    let mut remarks = Vec::new();
    for call in calls.unwrap_or_default() {
        let failure = call.failure.map(|failure| format!("failed: {failure}"));
        let warnings = call.remarks.into_iter().chain(call.mapping_warnings);
        let warnings = warnings.take(MOST_WARNINGS);
        let warnings = warnings.map(|warning| format!("warning: {warning}"));
        let lines = failure.into_iter().chain(warnings);
        remarks.extend(lines.map(|line| format!("{}: {line}", call.coordinate)));
    }
    remarks
}
