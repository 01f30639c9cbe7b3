//! Prepares calls: which requests a fetch makes, and for which rows.

mod entities;
mod groups;

use std::borrow::Cow;
use std::sync::Arc;

use ahash::AHashMap;
use apollo_compiler::Name;
use bytes::Bytes;
use smallvec::SmallVec;

pub(crate) use self::entities::{EntityRequest, Gathered};
use self::groups::{Group, Groups};
use super::context::{RequestContext, Runtime, ServiceRuntime};
use crate::budget::{Account, Exceeded};
use crate::connector::{
    Connect, ConnectKind, Pagination, Reads, RenderError, Request, SubgraphKind,
};
use crate::document::{Object, Value, write_json_string};
use crate::graph::query::ConnectMode;
use crate::mapping::Variables;
use crate::plan::{Fetch, FetchCall, Input, Plan, Selected, ServiceOperation};
use crate::response::inputs::{
    NoCall, comparable_key, plain_key, rows_at, value_of, write_members, write_name,
};
use crate::response::store::{RowId, Store};
use crate::response::targets::Targets;
use crate::response::values::object;
use crate::source::{graphql, native};

/// A call that is ready to be made.
#[derive(Debug)]
pub(crate) struct PreparedCall {
    /// `None` for a connect without a request, and for a paginated one, whose requests are rendered page by page.
    pub(crate) request: Option<Request>,
    /// The variables of its request and its mapping.
    pub(crate) variables: Arc<Variables>,
    pub(crate) targets: Targets,
    /// For `_entities`: the representations, which are not in the request's body yet.
    pub(crate) entities: Option<EntityRequest>,
}

impl PreparedCall {
    /// The fetches that consume it; `first` is the first of them.
    pub(crate) fn consuming_fetches(&self, first: usize) -> SmallVec<[usize; 1]> {
        match &self.entities {
            Some(entities) => SmallVec::from_slice(&entities.consuming_fetches),
            None => SmallVec::from_slice(&[first]),
        }
    }
}

/// The variables that an operation or a selection for a service uses.
#[derive(Clone, Copy)]
struct UsedVariables<'a> {
    variables: &'a [Name],
    guards: &'a [(String, u32)],
    skips: &'a [String],
}

impl<'a> UsedVariables<'a> {
    fn by(operation: &'a ServiceOperation) -> Self {
        UsedVariables {
            variables: &operation.variables,
            guards: &operation.guards,
            skips: &operation.skips,
        }
    }

    fn of(selected: &'a Selected) -> Self {
        UsedVariables {
            variables: &selected.variables,
            guards: &selected.guards,
            skips: &selected.skips,
        }
    }
}

/// The calls of a fetch, and the rows for which there is no call.
#[derive(Debug, Default)]
pub(crate) struct Preparation {
    pub(crate) calls: Vec<PreparedCall>,
    /// Rows with a failed input, with its failure.
    pub(crate) failed: Vec<(RowId, u32)>,
    /// Rows with a failed input that only some fields require: the index of the requirement, and the failure.
    pub(crate) unmet: Vec<(RowId, usize, u32)>,
    /// Rows for which no request can be rendered.
    pub(crate) unrendered: Vec<(Targets, RenderError)>,
    /// All rows, if there are more than one fetch may start from.
    pub(crate) too_many: Vec<RowId>,
    /// The remaining rows, if requests for them would take more memory than the operation may hold.
    pub(crate) exceeded: Option<(Vec<RowId>, Exceeded)>,
}

pub(crate) struct Preparer<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) plan: &'a Plan,
    pub(crate) request: &'a RequestContext,
    pub(crate) store: &'a Store,
    pub(crate) root: RowId,
    pub(crate) account: &'a Account,
}

/// Requests are charged in steps of so many bytes.
const STEP: usize = 16 * 1024;

impl Preparer<'_> {
    pub(crate) fn prepare(&self, fetch: &Fetch) -> Preparation {
        let mut preparation = Preparation::default();
        let rows = self.rows(fetch, &mut preparation);
        if rows.is_empty() {
            return preparation;
        }
        match &fetch.call {
            FetchCall::Operation(operation) => {
                let call = self.operation(fetch, operation, Targets::Rows(rows));
                push(&mut preparation, call);
            }
            // The fetches of an entity batch are prepared together, by `gather`.
            FetchCall::Entities { .. } => {}
            FetchCall::Connect { connect, mode } => {
                if let Some(connect) = self.runtime.graph.connect(fetch.subgraph, *connect) {
                    self.connect(fetch, connect, *mode, rows, &mut preparation);
                }
            }
        }
        preparation
    }

    /// The rows that a fetch starts from.
    fn rows(&self, fetch: &Fetch, preparation: &mut Preparation) -> Vec<RowId> {
        let mut rows = rows_at(self.store, self.root, &fetch.path);
        if let Some(only) = fetch.only {
            rows.retain(|row| self.store.ty(*row) == Some(only));
        }
        if rows.len() > self.runtime.limits.list_fan_out {
            preparation.too_many = std::mem::take(&mut rows);
        }
        rows
    }

    fn service(&self, fetch: &Fetch) -> &ServiceRuntime {
        &self.runtime.services[fetch.subgraph.0 as usize]
    }

    /// Groups rows by their inputs.
    fn groups(
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
    fn charge(&self, size: usize, charged: &mut usize) -> Result<(), Exceeded> {
        if size > *charged {
            let step = size - *charged + STEP;
            self.account.charge(step)?;
            *charged += step;
        }
        Ok(())
    }

    /// The inputs that a fetch takes from each row, without those that are only required by fields that are not
    /// included, or by the requirements in `unmet`.
    fn inputs<'f>(&self, fetch: &'f Fetch, unmet: &[usize]) -> Cow<'f, [Input]> {
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
    fn write(
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

    /// A call of a GraphQL service's root fields.
    fn operation(
        &self,
        fetch: &Fetch,
        operation: &ServiceOperation,
        targets: Targets,
    ) -> Result<PreparedCall, (Targets, RenderError)> {
        let values = self.operation_variables(UsedVariables::by(operation), &[]);
        let body = graphql::Operation::new(&operation.text).body(values.as_deref());
        self.service_request(fetch, body, targets)
    }

    /// The request to a GraphQL service with this body, which is empty if it is not known yet.
    fn service_request(
        &self,
        fetch: &Fetch,
        body: Bytes,
        targets: Targets,
    ) -> Result<PreparedCall, (Targets, RenderError)> {
        let service = self.service(fetch);
        let (variables, rendered) = match &self.runtime.graph.subgraph(fetch.subgraph).kind {
            SubgraphKind::Service(remote) => {
                let variables = self.base_variables(service, reads_headers(&remote.reads));
                let rendered = remote.template.render(&variables, &self.request.headers);
                (variables, rendered)
            }
            _ => (Variables::new(), Ok(native::request())),
        };
        match rendered.and_then(|request| graphql::complete(request, body)) {
            Ok(request) => Ok(PreparedCall {
                request: Some(request),
                variables: Arc::new(variables),
                targets,
                entities: None,
            }),
            Err(error) => Err((targets, error)),
        }
    }

    /// The variables of an operation for a GraphQL service, representations left out, as the JSON text of an object.
    fn operation_variables(&self, used: UsedVariables<'_>, unmet: &[usize]) -> Option<Vec<u8>> {
        let UsedVariables {
            variables,
            guards,
            skips,
        } = used;
        let mut text = Vec::new();
        let member = |name: &str, text: &mut Vec<u8>| {
            text.push(if text.is_empty() { b'{' } else { b',' });
            write_json_string(name, text);
            text.push(b':');
        };
        for name in variables {
            if let Some(value) = self.request.variables.get(name.as_str()) {
                member(name, &mut text);
                value.write_json(&mut text);
            }
        }
        for (name, guard) in guards {
            member(name, &mut text);
            let holds = self.store.holds(*guard);
            text.extend_from_slice(if holds { b"true" } else { b"false" });
        }
        for (index, name) in skips.iter().enumerate() {
            member(name, &mut text);
            let skipped = unmet.contains(&index);
            text.extend_from_slice(if skipped { b"true" } else { b"false" });
        }
        if text.is_empty() {
            return None;
        }
        text.push(b'}');
        Some(text)
    }

    fn base_variables(&self, service: &ServiceRuntime, headers: bool) -> Variables {
        let mut variables = Variables::new();
        variables.set("$config", service.config.clone());
        variables.set("$context", object([]));
        variables.set("$env", service.env.clone());
        if headers {
            variables.set("$request", self.request.request_value());
        }
        variables
    }

    fn connect(
        &self,
        fetch: &Fetch,
        connect: &Arc<Connect>,
        mode: ConnectMode,
        rows: Vec<RowId>,
        preparation: &mut Preparation,
    ) {
        let base = self.base_variables(self.service(fetch), reads_headers(&connect.reads));
        let arguments = self.arguments(fetch);
        if mode == ConnectMode::Root {
            let variables = base.with("$args", arguments);
            return self.push_connect(connect, variables, Targets::Rows(rows), preparation);
        }
        let groups = self.groups(fetch, rows, None, preparation);
        if mode == ConnectMode::Batch {
            return self.batches(fetch, connect, &base, groups, preparation);
        }
        let mut by_request: AHashMap<Vec<u8>, usize> = AHashMap::new();
        for group in groups {
            let Some(inputs) = self.inputs_of(fetch, &group) else {
                continue;
            };
            let variables = match mode {
                ConnectMode::Explicit => base.clone().with("$args", inputs),
                _ => base
                    .clone()
                    .with("$this", inputs)
                    .with("$args", arguments.clone()),
            };
            let before = preparation.calls.len();
            self.push_connect(connect, variables, Targets::Rows(group.rows), preparation);
            if preparation.calls.len() > before && !connect.reads.selection_reads_inputs {
                merge_same_request(&mut preparation.calls, &mut by_request);
            }
        }
    }

    fn batches(
        &self,
        fetch: &Fetch,
        connect: &Arc<Connect>,
        base: &Variables,
        groups: Vec<Group>,
        preparation: &mut Preparation,
    ) {
        let size = match &connect.kind {
            ConnectKind::Batch { max_size, .. } => (*max_size).max(1),
            _ => usize::MAX,
        };
        let mut groups = groups.into_iter().peekable();
        while groups.peek().is_some() {
            let mut batch = Vec::new();
            let mut targets: AHashMap<Vec<u8>, Vec<RowId>> = AHashMap::new();
            for group in groups.by_ref() {
                let key = group
                    .rows
                    .first()
                    .and_then(|row| comparable_key(self.store, *row, &fetch.inputs));
                let Some(key) = key else { continue };
                // `5` and `"5"` are one ID, and one element of the batch.
                let rows = targets.entry(key).or_default();
                if rows.is_empty() {
                    batch.extend(self.inputs_of(fetch, &group));
                }
                rows.extend(group.rows);
                if batch.len() >= size {
                    break;
                }
            }
            let variables = base.clone().with("$batch", Value::Array(Arc::new(batch)));
            self.push_connect(connect, variables, Targets::ByKey(targets), preparation);
        }
    }

    /// The inputs that all rows of a group share, as a value.
    fn inputs_of(&self, fetch: &Fetch, group: &Group) -> Option<Value> {
        let row = *group.rows.first()?;
        let types = &self.runtime.graph.types;
        Some(value_of(self.store, types, row, &fetch.inputs))
    }

    fn push_connect(
        &self,
        connect: &Connect,
        variables: Variables,
        targets: Targets,
        preparation: &mut Preparation,
    ) {
        let request = match &connect.template {
            // The page loop renders a request for each page.
            Some(_) if connect.options.get::<Pagination>().is_some() => Ok(None),
            Some(template) => template.render(&variables, &self.request.headers).map(Some),
            None => Ok(None),
        };
        match request {
            Ok(request) => preparation.calls.push(PreparedCall {
                request,
                variables: Arc::new(variables),
                targets,
                entities: None,
            }),
            Err(error) => preparation.unrendered.push((targets, error)),
        }
    }

    /// `$args`: the arguments of the field that the connect resolves.
    fn arguments(&self, fetch: &Fetch) -> Value {
        let mut arguments = Object::with_capacity(fetch.arguments.len());
        for argument in &fetch.arguments {
            if let Some(value) = argument.evaluate(&|name| self.request.variable(name)) {
                arguments.insert(argument.name.clone(), value);
            }
        }
        Value::Object(Arc::new(arguments))
    }
}

fn push(preparation: &mut Preparation, call: Result<PreparedCall, (Targets, RenderError)>) {
    match call {
        Ok(call) => preparation.calls.push(call),
        Err(unrendered) => preparation.unrendered.push(unrendered),
    }
}

/// Merges the last call with an earlier one that sends the same request.
fn merge_same_request(calls: &mut Vec<PreparedCall>, by_request: &mut AHashMap<Vec<u8>, usize>) {
    let Some(last) = calls.last() else { return };
    let Some(request) = &last.request else { return };
    let key = request.fingerprint();
    match by_request.get(&key) {
        Some(&earlier) => {
            let Some(PreparedCall {
                targets: Targets::Rows(rows),
                ..
            }) = calls.pop()
            else {
                return;
            };
            if let Targets::Rows(all) = &mut calls[earlier].targets {
                all.extend(rows);
            }
        }
        None => {
            by_request.insert(key, calls.len() - 1);
        }
    }
}

/// Whether `$request` is read: it is built from the client's headers for each call, which takes time.
fn reads_headers(reads: &Reads) -> bool {
    reads.all_client_headers || !reads.client_headers.is_empty()
}
