//! Ingests the results of calls, and ends the fetches that they were made for.

use super::call::Called;
use super::prepare::PreparedCall;
use super::{CallRecord, EndedCall, Execution, State};
use crate::plan::{Fetch, FetchCall};
use crate::response::bounds::Reached;
use crate::response::ingest::Remark;
use crate::response::outcome::CallOutcome;
use crate::response::targets::Destination;

impl Execution<'_> {
    /// Ingests the result of a call for all fetches that use it.
    ///
    /// # Errors
    /// The deadline has passed.
    pub(super) async fn ingest(
        &mut self,
        (queued, called, took): EndedCall,
    ) -> Result<(), Reached> {
        let index = queued.fetch;
        self.add_provenance(&self.plan.fetches[index], &called);
        let (bounds, bytes) = (self.bounds, called.bytes());
        let ingest = || self.ingest_for(index, &queued.call, &called);
        let mut remarks = bounds.off_worker(bytes, ingest).await?;
        for (index, call) in &queued.other_consumers {
            self.pace.pause().await?;
            let ingest = || self.ingest_for(*index, call, &called);
            remarks.extend(bounds.off_worker(bytes, ingest).await?);
        }
        if self.request.record {
            let fetch = &self.plan.fetches[index];
            let number = self.plan.call_numbers()[index];
            let record = CallRecord::new(self.runtime, fetch, number, called, took, remarks);
            self.records.push(record);
        }
        self.pace.pause().await
    }

    /// Ingests the result of a call for one consumer, and returns the remarks of its mapping.
    fn ingest_for(
        &mut self,
        index: usize,
        prepared: &PreparedCall,
        called: &Called,
    ) -> Vec<Remark> {
        let fetch = &self.plan.fetches[index];
        let mut ingester = self.ingester(index);
        ingester.ingest_cached(&called.cached);
        let destination = Destination {
            targets: &prepared.targets,
            variables: &prepared.variables,
        };
        ingester.ingest(fetch, destination, &called.outcome);
        let remarks = ingester.remarks;
        for consumer in prepared.consuming_fetches(index).iter() {
            if let State::Running(open) = &mut self.states[*consumer] {
                *open -= 1;
                if *open == 0 {
                    self.states[*consumer] = State::Done;
                }
            }
        }
        remarks
    }

    /// Adds the documents of a call to the provenance of the response.
    fn add_provenance(&mut self, fetch: &Fetch, called: &Called) {
        let pages = match &called.outcome {
            CallOutcome::Documents { pages, .. } => pages.as_slice(),
            CallOutcome::MappingOnly | CallOutcome::AllCached => &[],
            CallOutcome::Unrendered(_)
            | CallOutcome::InvalidPage(_)
            | CallOutcome::Exceeded(_)
            | CallOutcome::Failed(_) => {
                self.provenance.forbid();
                &[]
            }
        };
        if pages.is_empty() && called.cached.is_empty() {
            return;
        }
        let service = &self.runtime.connectors[fetch.subgraph.0 as usize];
        let index = match &fetch.call {
            FetchCall::Connect { connect, .. } => *connect,
            _ => 0,
        };
        let Some(endpoint) = service.endpoints.get(index) else {
            return;
        };
        let now = self.runtime.documents.now();
        let cached = called.cached.iter().map(|(_, entity)| entity);
        let pages = pages.iter().map(|page| &page.fetched);
        for fetched in pages.chain(cached) {
            self.provenance.add(endpoint, fetched, now);
        }
    }
}
