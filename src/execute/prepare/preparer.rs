//! What all kinds of calls are prepared with: the rows of a fetch, their inputs, and the variables of mappings.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::groups::{self, Group, Groups};
use super::prepared::Preparation;
use crate::budget::{Account, Exceeded};
use crate::connector::Reads;
use crate::execute::context::{ConnectorRuntime, RequestContext, Runtime};
use crate::execute::rounds::Rounds;
use crate::mapping::Variables;
use crate::plan::{Fetch, Input, Plan};
use crate::response::inputs::{NoCall, plain_key, rows_at, write_members, write_name};
use crate::response::store::{RowId, Store};
use crate::response::targets::AbsentRows;
use crate::response::values::object;

/// Prepares the calls of fetches.
pub(crate) struct Preparer<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) plan: &'a Plan,
    pub(crate) request: &'a RequestContext,
    pub(crate) store: &'a Store,
    pub(crate) absent: &'a AbsentRows,
    /// Set if the fetches for elements of streamed lists are divided.
    pub(crate) rounds: Option<&'a Rounds>,
    pub(crate) root: RowId,
    pub(crate) account: &'a Account,
}

/// Requests are charged in steps of so many bytes.
const STEP: usize = 16 * 1024;

/// About the bytes by which a row is known that a fetch of an incremental response has begun.
const BEGUN: usize = 64;

impl Preparer<'_> {
    /// The rows that a fetch starts from.
    pub(super) fn rows(&self, fetch: &Fetch, preparation: &mut Preparation) -> Vec<RowId> {
        let mut rows = match (fetch.absent_from, self.rounds) {
            (Some(list), _) => self.absent.get(&list).cloned().unwrap_or_default(),
            (None, None) => rows_at(self.store, self.root, &fetch.path),
            (None, Some(rounds)) => rounds.rows(self.store, self.root, self.plan, fetch),
        };
        if let Some(rounds) = self.rounds {
            rounds.retain_others(self.plan, fetch, &mut rows);
            preparation.begun.clone_from(&rows);
            if let Err(exceeded) = self.account.charge(rows.len() * BEGUN) {
                preparation.exceeded = Some((std::mem::take(&mut rows), exceeded));
            }
        }
        if let Some(only) = fetch.only {
            rows.retain(|row| self.store.ty(*row) == Some(only));
        }
        if rows.len() > self.runtime.limits.list_fan_out {
            preparation.too_many = std::mem::take(&mut rows);
        }
        rows
    }

    pub(super) fn connector(&self, fetch: &Fetch) -> &ConnectorRuntime {
        &self.runtime.connectors[fetch.subgraph.0 as usize]
    }

    /// Groups rows by their inputs.
    pub(super) fn groups(
        &self,
        fetch: &Fetch,
        rows: Vec<RowId>,
        typename: Option<&str>,
        preparation: &mut Preparation,
    ) -> Vec<Group> {
        let inputs = self.inputs(fetch, &[]);
        let mut groups = Groups::of(rows.len());
        let mut text = Vec::new();
        let mut charged = 0;
        for (index, row) in rows.iter().copied().enumerate() {
            if groups.size > charged
                && let Err(exceeded) = self.charge(groups.size, &mut charged)
            {
                preparation.exceeded = Some((rows[index..].to_vec(), exceeded));
                break;
            }
            text.clear();
            let added = match plain_key(self.store, row, &inputs) {
                Some(key) => groups.add_by_key(key, row, || {
                    let mut text = Vec::with_capacity(groups::TEXT);
                    self.write(row, &inputs, typename, &mut text)?;
                    Ok(text)
                }),
                None => {
                    let written = self.write(row, &inputs, typename, &mut text);
                    written.map(|()| groups.add(&text, row))
                }
            };
            match added {
                Ok(()) | Err(NoCall::NoKey) => {}
                Err(NoCall::Failed(failure)) => preparation.failed.push((row, failure)),
            }
        }
        groups.all
    }

    /// Charges requests of `size` bytes, of which `charged` have been charged. They are not released before the
    /// operation ends.
    #[inline]
    pub(super) fn charge(&self, size: usize, charged: &mut usize) -> Result<(), Exceeded> {
        if size > *charged {
            let step = size - *charged + STEP;
            self.account.charge(step)?;
            *charged += step;
        }
        Ok(())
    }

    /// The inputs that a fetch takes from each row, without those that are only required by fields that are not
    /// included, or by the requirements in `unmet`.
    pub(super) fn inputs<'f>(&self, fetch: &'f Fetch, unmet: &[usize]) -> Cow<'f, [Input]> {
        let requirements = fetch.requirements.iter().enumerate();
        let without = requirements
            .filter(|(index, requirement)| {
                unmet.contains(index) || !self.store.holds(requirement.guard)
            })
            .map(|(index, _)| index);
        let without: SmallVec<[usize; 4]> = without.collect();
        match without.is_empty() {
            true => Cow::Borrowed(&fetch.inputs),
            false => Cow::Owned(fetch.inputs_without(&without)),
        }
    }

    /// Writes a row's inputs: as a representation with a typename, or as a key without.
    pub(super) fn write(
        &self,
        row: RowId,
        inputs: &[Input],
        typename: Option<&str>,
        text: &mut Vec<u8>,
    ) -> Result<(), NoCall> {
        text.push(b'{');
        if let Some(typename) = typename {
            text.extend_from_slice(b"\"__typename\":");
            write_name(typename, text);
        }
        let types = &self.runtime.graph.types;
        write_members(self.store, types, row, inputs, typename.is_none(), text)?;
        text.push(b'}');
        Ok(())
    }

    /// What the requests of a connect read, or of a GraphQL service, besides their inputs; `source` is that of the connect.
    pub(super) fn base_variables(
        &self,
        service: &ConnectorRuntime,
        reads: &Reads,
        source: Option<usize>,
    ) -> Variables {
        let mut variables = Variables::new();
        let of_source = source.and_then(|source| service.source_configs.get(source));
        variables.set("$config", of_source.unwrap_or(&service.config).clone());
        variables.set("$context", object([]));
        variables.set("$env", service.env.clone());
        if reads_request(reads) {
            variables.set("$request", self.request.request_value(reads));
        }
        variables
    }
}

/// Whether `$request` is read: it is built from the client's headers for each call, which takes time.
fn reads_request(reads: &Reads) -> bool {
    reads.instant || reads.all_client_headers || !reads.client_headers.is_empty()
}
