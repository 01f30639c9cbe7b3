//! Prepares the calls of GraphQL services: the request with the operation and its variables.

use std::sync::Arc;

use apollo_compiler::Name;
use bytes::Bytes;

use super::connects::NOT_PASSED_ON;
use super::prepared::PreparedCall;
use super::preparer::Preparer;
use crate::connector::{RenderError, SubgraphKind};
use crate::document::write_json_string;
use crate::mapping::Variables;
use crate::plan::{Fetch, Selected, ServiceOperation};
use crate::response::targets::Targets;
use crate::source::{graphql, native};

/// The variables that an operation or a selection for a service uses.
#[derive(Clone, Copy)]
pub(super) struct UsedVariables<'a> {
    variables: &'a [Name],
    guards: &'a [(String, u32)],
    skips: &'a [String],
    contexts: &'a [(String, String)],
    /// The JSON text of each context.
    values: &'a [&'a [u8]],
}

impl<'a> UsedVariables<'a> {
    pub(super) fn by(operation: &'a ServiceOperation) -> Self {
        UsedVariables {
            variables: &operation.variables,
            guards: &operation.guards,
            skips: &operation.skips,
            contexts: &operation.contexts,
            values: &[],
        }
    }

    pub(super) fn of(selected: &'a Selected) -> Self {
        UsedVariables {
            variables: &selected.variables,
            guards: &selected.guards,
            skips: &selected.skips,
            contexts: &selected.contexts,
            values: &[],
        }
    }

    /// With the values of contexts.
    pub(super) fn with_contexts(self, values: &'a [&'a [u8]]) -> Self {
        UsedVariables { values, ..self }
    }
}

impl Preparer<'_> {
    /// A call of a GraphQL service's root fields.
    pub(super) fn operation(
        &self,
        fetch: &Fetch,
        operation: &ServiceOperation,
        targets: Targets,
    ) -> Result<PreparedCall, (Targets, RenderError)> {
        let values = self.operation_variables(UsedVariables::by(operation), &[]);
        let body = graphql::EncodedOperation::new(&operation.text).body(values.as_deref());
        self.service_request(fetch, body, targets)
    }

    /// The request to a GraphQL service with this body, which is empty if it is not known yet.
    pub(super) fn service_request(
        &self,
        fetch: &Fetch,
        body: Bytes,
        targets: Targets,
    ) -> Result<PreparedCall, (Targets, RenderError)> {
        let uploads = self.request.uploads.as_ref();
        if uploads.is_some_and(|uploads| uploads.is_in(&body)) {
            return Err((targets, RenderError::new(NOT_PASSED_ON)));
        }
        let service = self.connector(fetch);
        let (variables, rendered) = match &self.runtime.graph.subgraph(fetch.subgraph).kind {
            SubgraphKind::Service(remote) => {
                let variables = self.base_variables(service, &remote.reads, None);
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
    pub(super) fn operation_variables(
        &self,
        used: UsedVariables<'_>,
        unmet: &[usize],
    ) -> Option<Vec<u8>> {
        let UsedVariables {
            variables,
            guards,
            skips,
            contexts,
            values,
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
        for ((name, _), value) in contexts.iter().zip(values) {
            member(name, &mut text);
            text.extend_from_slice(value);
        }
        if text.is_empty() {
            return None;
        }
        text.push(b'}');
        Some(text)
    }
}
