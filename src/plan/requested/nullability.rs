//! Keeps response fields apart that cannot share a slot because of their non-null fields.
//!
//! In `{ a: works { spent } b: works { spent owner } }`, where `owner` is non-null, a null `owner` nulls `b` only. A
//! GraphQL service that is asked once for both selections would null the whole object, and `a` with it. So response
//! fields with the same field and arguments get slots of their own where they differ in the non-null fields below.

use std::collections::BTreeSet;
use std::fmt::Write;

use apollo_compiler::Name;
use indexmap::IndexMap;

use super::super::bounds::PlanError;
use super::super::guard::{Condition, Literal};
use super::super::normalised::{Field, ResponseId, Selection, WrittenId};
use super::super::slot_key::SlotKey;
use super::PositionId;
use super::build::{PositionBuilder, Requested};
use crate::connector::SubgraphKind;
use crate::graph::query::TypeId;

impl PositionBuilder<'_, '_> {
    /// Gives the response fields of a class slots of their own where that is necessary.
    pub(super) fn separate_by_nullability(
        &mut self,
        position: PositionId,
        types: &[TypeId],
        requested: Requested,
    ) -> Result<Requested, PlanError> {
        let operation = self.operation;
        let mut out = Requested::with_capacity(requested.len());
        for (key, responses) in requested {
            let first = operation.first_field(responses[0]).response;
            let name = |response: &ResponseId| operation.first_field(*response).response;
            let is_alone = responses.iter().all(|response| name(response) == first);
            if is_alone || operation.response(responses[0]).set.is_none() {
                out.insert(key, responses);
                continue;
            }
            let mut by_name: IndexMap<&Name, Vec<ResponseId>> = IndexMap::new();
            for response in responses {
                by_name.entry(name(&response)).or_default().push(response);
            }
            let mut groups: Vec<(BTreeSet<String>, SlotKey)> = Vec::new();
            for (name, responses) in by_name {
                let mut non_null_paths = BTreeSet::new();
                for response in &responses {
                    for (field, _) in &operation.response(*response).fields {
                        let below = operation.field(*field).below;
                        self.non_null_paths(below, "", &mut non_null_paths)?;
                    }
                }
                let shared = groups.iter().find(|(other, _)| *other == non_null_paths);
                let slot_key = match shared {
                    Some((_, slot_key)) => slot_key.clone(),
                    None => {
                        let mut slot_key = key.clone();
                        slot_key.response = (!groups.is_empty()).then(|| name.clone());
                        groups.push((non_null_paths, slot_key.clone()));
                        slot_key
                    }
                };
                if let Some(response) = &slot_key.response {
                    let separated = &mut self.positions[position.0 as usize].separated;
                    let all = types
                        .iter()
                        .map(|ty| ((*ty, name.clone()), response.clone()));
                    separated.extend(all);
                }
                out.entry(slot_key).or_default().extend(responses);
            }
        }
        Ok(out)
    }

    /// Collects the paths to non-null fields of written selections. A path includes the conditions on its way, since a
    /// field that is skipped nulls nothing.
    fn non_null_paths(
        &mut self,
        set: WrittenId,
        way: &str,
        into: &mut BTreeSet<String>,
    ) -> Result<(), PlanError> {
        let operation = self.operation;
        let set = operation.written(set);
        for selection in &set.selections {
            self.steps.spend(1)?;
            let mut step = way.to_owned();
            let (conditions, below) = match selection {
                Selection::Field(field) => {
                    let field = operation.field(*field);
                    let _ = write!(step, "/{}({})", field.key.field, field.key.arguments);
                    (&field.conditions, field.below)
                }
                Selection::Fragment {
                    on,
                    conditions,
                    set,
                    ..
                } => {
                    let on = on.map(|on| self.graph.types.name(on).as_str());
                    let _ = write!(step, "/...{}", on.unwrap_or_default());
                    (conditions, *set)
                }
            };
            for Literal { condition, value } in conditions {
                if let Condition::Variable(name) = condition {
                    let directive = if *value { "include" } else { "skip" };
                    let _ = write!(step, " @{directive}(if: ${name})");
                }
            }
            if let Selection::Field(field) = selection {
                let field = operation.field(*field);
                if self.is_non_null(set.ty, field)
                    && self.is_from_graphql_service(set.ty, &field.key.field)
                {
                    into.insert(step.clone());
                }
            }
            self.non_null_paths(below, &step, into)?;
        }
        Ok(())
    }

    /// Whether a field is non-null on a type, or on an object type that the type's objects may have.
    fn is_non_null(&self, ty: &Name, field: &Field<'_>) -> bool {
        let types = &self.graph.types;
        let possible = types.id(ty).map(|ty| types.info(ty).possible.as_slice());
        field.ty.is_non_null()
            || possible.unwrap_or_default().iter().any(|ty| {
                let merged = &self.graph.merged;
                let definition = merged.type_field(types.name(*ty), &field.key.field);
                definition.is_ok_and(|definition| definition.ty.is_non_null())
            })
    }

    /// Whether a GraphQL service may be asked for a field. A connect's document does not propagate nulls: the gateway
    /// completes it.
    fn is_from_graphql_service(&self, ty: &Name, field: &Name) -> bool {
        let types = &self.graph.types;
        let Some(ty) = types.id(ty) else { return false };
        let possible = types.info(ty).possible.iter().copied();
        let names: Vec<&Name> = std::iter::once(ty)
            .chain(possible)
            .map(|ty| types.name(ty))
            .collect();
        let services = self.graph.subgraphs.iter();
        let mut services =
            services.filter(|subgraph| !matches!(subgraph.kind, SubgraphKind::Connectors { .. }));
        services.any(|subgraph| {
            let mut names = names.iter();
            names.any(|name| subgraph.schema.type_field(name, field).is_ok())
        })
    }
}
