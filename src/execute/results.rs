//! Ingests the results of calls, and ends the fetches that they were made for.

use std::collections::HashSet;

use super::call::Called;
use super::prepare::PreparedCall;
use super::{CallRecord, EndedCall, Execution, State};
use crate::plan::{Fetch, FetchCall};
use crate::response::bounds::Reached;
use crate::response::ingest::{PagesRead, Remark};
use crate::response::outcome::CallOutcome;
use crate::response::targets::Destination;
use crate::response::upstream_document::{read_of, with_response};

impl<'a> Execution<'a> {
    /// Ingests the result of a call for all fetches that use it.
    ///
    /// # Errors
    /// The deadline has passed.
    pub(super) async fn ingest(
        &mut self,
        (queued, mut called, took): EndedCall<'a>,
    ) -> Result<(), Reached> {
        let index = queued.fetch;
        self.add_provenance(&self.plan.fetches[index], &called);
        let (bounds, bytes) = (self.bounds, called.bytes());
        let ingest = || match queued.continues {
            true => self.ingest_pages(&queued, &mut called),
            false => self.ingest_for(index, &queued.call, &called),
        };
        let mut remarks = bounds.off_worker(bytes, ingest).await?;
        for (index, call) in &queued.other_consumers {
            self.pace.pause().await?;
            let ingest = || self.ingest_for(*index, call, &called);
            remarks.extend(bounds.off_worker(bytes, ingest).await?);
        }
        let rest = called.rest.take();
        if rest.is_some() && !queued.continues {
            self.begin_growing(&queued);
        }
        if self.request.record {
            let fetch = &self.plan.fetches[index];
            let warnings = self.mapping_warnings(fetch, &queued.call, &called, &remarks);
            let number = self.plan.call_numbers()[index];
            let mut record = CallRecord::new(self.runtime, fetch, number, called, took, remarks);
            record.mapping_warnings = warnings;
            self.records.push(record);
        }
        if let Some(rest) = rest {
            self.continue_call(queued, rest);
        }
        self.pace.pause().await
    }

    /// The warnings of the whole mapping, each for the first element of a list that has it, without those in `remarks`.
    fn mapping_warnings(
        &self,
        fetch: &Fetch,
        prepared: &PreparedCall,
        called: &Called<'_>,
        remarks: &[Remark],
    ) -> Vec<Remark> {
        let CallOutcome::Documents { pages, .. } = &called.outcome else {
            return Vec::new();
        };
        let connect = match &fetch.call {
            FetchCall::Connect { connect, .. } => {
                self.runtime.graph.connect(fetch.subgraph, *connect)
            }
            _ => None,
        };
        let Some(connect) = connect else {
            return Vec::new();
        };
        let mut known: HashSet<String> = remarks.iter().map(|one| without_indexes(one)).collect();
        let mut warnings = Vec::new();
        for page in pages.iter().filter(|page| page.succeeded) {
            let document = &page.fetched.document;
            let variables = with_response(&prepared.variables, document);
            let left = self.bounds.account.left();
            let read = read_of(document, &connect.selection, &variables, left);
            for warning in read.map(|read| read.warnings).unwrap_or_default() {
                let warning = format!("{}: {}", warning.path, warning.message);
                if known.insert(without_indexes(&warning)) {
                    warnings.push(warning);
                }
            }
        }
        warnings
    }

    /// Ingests the result of a call for one consumer, and returns the remarks of its mapping.
    fn ingest_for(
        &mut self,
        index: usize,
        prepared: &PreparedCall,
        called: &Called<'_>,
    ) -> Vec<Remark> {
        let fetch = &self.plan.fetches[index];
        let mut ingester = self.ingester(index);
        if called.rest.is_some() {
            ingester.pages = PagesRead::First;
        }
        ingester.ingest_cached(&called.cached);
        let destination = Destination {
            targets: &prepared.targets,
            variables: &prepared.variables,
        };
        ingester.ingest(fetch, destination, &called.outcome);
        let remarks = ingester.remarks;
        if let Some(rounds) = self.rounds_mut() {
            rounds.close(index, &prepared.targets);
        }
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
    fn add_provenance(&mut self, fetch: &Fetch, called: &Called<'_>) {
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
        let cached = called.cached.iter().map(|(_, entity)| entity);
        let pages = pages.iter().map(|page| &page.fetched);
        for fetched in pages.chain(cached) {
            self.provenance.add(endpoint, fetched);
        }
    }
}

/// A warning without the indexes in its path: `$.wells[7].id: …` is `$.wells[].id: …`.
fn without_indexes(warning: &str) -> String {
    let mut after_bracket = false;
    let is_kept = |character: &char| {
        after_bracket = *character == '[' || after_bracket && character.is_ascii_digit();
        !(after_bracket && character.is_ascii_digit())
    };
    warning.chars().filter(is_kept).collect()
}
