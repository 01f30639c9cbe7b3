//! Records of calls, for `explain`.

use std::time::Duration;

use super::call::Called;
use super::context::Runtime;
use crate::connector::Request;
use crate::plan::{Fetch, FetchCall};
use crate::response::outcome::CallOutcome;
use crate::source::WireStatus;

/// One call, for people. Its requests are as they were sent, with their secrets: code that shows them must mask those.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// Its number in the plan as it is shown, from 1 on.
    pub number: usize,
    /// `service:Type.field[n]`, or the service's name.
    pub coordinate: String,
    /// The requests, one per page.
    pub sent: Vec<Request>,
    /// The statuses of its documents, one per page, `None` on a wire without statuses; empty if there was no response.
    pub statuses: Vec<Option<WireStatus>>,
    /// The cache state of each document: `hit`, `miss`, `shared`, `bypass`.
    pub cache: Vec<&'static str>,
    /// The number of entities that were cached.
    pub entities: usize,
    /// Bytes of bodies.
    pub bytes: usize,
    /// From beginning to end.
    pub took: Duration,
    /// Why there was no response.
    pub failure: Option<String>,
    /// Warnings of mappings, with their paths.
    pub remarks: Vec<String>,
    /// Other warnings of the whole mapping, also of what the operation does not ask for: keys that the document lacks, which
    /// projections do not report.
    pub mapping_warnings: Vec<String>,
}

impl CallRecord {
    pub(crate) fn new(
        runtime: &Runtime,
        fetch: &Fetch,
        number: usize,
        called: Called<'_>,
        took: Duration,
        remarks: Vec<String>,
    ) -> Self {
        let service = &runtime.connectors[fetch.subgraph.0 as usize].name;
        let coordinate = match &fetch.call {
            FetchCall::Connect { connect, .. } => runtime
                .graph
                .connect(fetch.subgraph, *connect)
                .map_or_else(|| service.to_string(), |connect| connect.coordinate.clone()),
            _ => service.to_string(),
        };
        let mut record = CallRecord {
            number,
            coordinate,
            sent: called.sent,
            statuses: Vec::new(),
            cache: Vec::new(),
            entities: called.cached.len(),
            bytes: 0,
            took,
            failure: None,
            remarks,
            mapping_warnings: Vec::new(),
        };
        match &called.outcome {
            CallOutcome::Documents { pages, .. } => {
                for page in pages.iter().map(|page| &page.fetched) {
                    record.statuses.push(page.document.envelope.status());
                    record.cache.push(page.state.as_str());
                    record.bytes += page.document.received;
                }
            }
            CallOutcome::MappingOnly | CallOutcome::AllCached => {}
            CallOutcome::Unrendered(error) => record.failure = Some(error.message.clone()),
            CallOutcome::InvalidPage(why) => record.failure = Some(why.clone()),
            CallOutcome::Exceeded(exceeded) => record.failure = Some(exceeded.to_string()),
            CallOutcome::Failed(error) => record.failure = Some(error.to_string()),
        }
        record
    }
}
