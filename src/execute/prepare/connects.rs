//! Prepares the calls of connects: one for the root, one for each object, one for each batch of objects, or one for a list
//! that has them all.

use std::sync::Arc;

use ahash::AHashMap;

use super::groups::Group;
use super::prepared::{Preparation, PreparedCall};
use super::preparer::Preparer;
use crate::connector::{Connect, ConnectKind, Pagination, RenderError, Request, UploadOption};
use crate::document::{Object, Value};
use crate::graph::query::ConnectMode;
use crate::mapping::Variables;
use crate::plan::Fetch;
use crate::response::inputs::{comparable_key, value_of};
use crate::response::store::RowId;
use crate::response::targets::Targets;

/// Why a request with what stands for a file cannot be sent.
pub(super) const NOT_PASSED_ON: &str = "a file can only be passed on by `@upload`";

impl Preparer<'_> {
    pub(super) fn connect(
        &self,
        fetch: &Fetch,
        connect: &Arc<Connect>,
        mode: ConnectMode,
        rows: Vec<RowId>,
        preparation: &mut Preparation,
    ) {
        let base = self.base_variables(self.connector(fetch), &connect.reads, connect.source);
        let arguments = self.arguments(fetch);
        if mode == ConnectMode::Root {
            let variables = base.with("$args", arguments);
            return self.push_connect(connect, variables, Targets::Rows(rows), preparation);
        }
        let groups = self.groups(fetch, rows, None, preparation);
        if mode == ConnectMode::Batch {
            let base = match connect.kind.is_of_field() {
                true => base.with("$args", arguments),
                false => base,
            };
            return self.batches(fetch, connect, &base, groups, preparation);
        }
        if mode == ConnectMode::List {
            let base = base.with("$args", arguments);
            return self.list(fetch, connect, base, groups, preparation);
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

    /// One call for the whole list, whatever the number of rows.
    fn list(
        &self,
        fetch: &Fetch,
        connect: &Connect,
        variables: Variables,
        groups: Vec<Group>,
        preparation: &mut Preparation,
    ) {
        let mut targets: AHashMap<Vec<u8>, Vec<RowId>> = AHashMap::new();
        for group in groups {
            let first = group.rows.first();
            if let Some(key) = first.and_then(|row| comparable_key(self.store, *row, &fetch.inputs))
            {
                targets.entry(key).or_default().extend(group.rows);
            }
        }
        if !targets.is_empty() {
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
        let request = request.and_then(|request| self.with_files(connect, request, &variables));
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

    /// The request with the files of the client that the connect passes on.
    fn with_files(
        &self,
        connect: &Connect,
        request: Option<Request>,
        variables: &Variables,
    ) -> Result<Option<Request>, RenderError> {
        let uploads = self.request.uploads.as_ref();
        let Some(request) = request else {
            return Ok(None);
        };
        // What stands for a file in the variables means nothing to an upstream.
        if uploads.is_some_and(|uploads| uploads.is_in(&request.fingerprint())) {
            return Err(RenderError::new(NOT_PASSED_ON));
        }
        match connect.options.get::<UploadOption>() {
            Some(option) => {
                let marked = |text: &str| uploads?.marked(text);
                option.with_files(request, variables, &marked).map(Some)
            }
            None => Ok(Some(request)),
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
