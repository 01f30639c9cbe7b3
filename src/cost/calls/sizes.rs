//! How many objects there are at a position of a plan, by the sizes of the lists on the way to it.

use std::collections::HashMap;

use apollo_compiler::Name;

use crate::connector::{AbsentKey, EntityList, Site};
use crate::cost::schema::{self, ListSize};
use crate::document::{Str, Value};
use crate::graph::Constraints;
use crate::graph::query::{ConnectMode, LookupKind, QueryGraph, TypeId};
use crate::plan::arguments::{Argument, arguments_of};
use crate::plan::requested::{PositionId, Slot};
use crate::plan::{Fetch, Plan};

/// A number of objects; the error is the list without a size that makes it unbounded, as `Type.field`.
pub(super) type Number = Result<u64, String>;

/// What the sizes of lists depend on.
pub(super) struct Sizes<'a> {
    pub(super) plan: &'a Plan,
    pub(super) graph: &'a QueryGraph,
    pub(super) constraints: &'a Constraints,
    /// The values of variables, as far as they are known.
    pub(super) variables: &'a HashMap<Str, Value>,
}

/// The value of an argument.
pub(super) enum Given {
    /// It has none, or null.
    Nothing,
    Value(Value),
    /// A variable without a value: any that the schema allows.
    Any,
}

impl Sizes<'_> {
    /// The number of different objects that a fetch starts from.
    pub(super) fn objects_of(&self, fetch: &Fetch) -> Number {
        let ty = fetch.only.unwrap_or(self.plan.position(fetch.position).ty);
        let all = self.all_of(ty);
        match (self.objects(fetch.position), all) {
            (Ok(objects), Some(all)) => Ok(objects.min(all)),
            (Err(_), Some(all)) => Ok(all),
            (objects, None) => objects,
        }
    }

    /// The number of combinations of values that a fetch takes from ancestors of its objects.
    pub(super) fn contexts_of(&self, fetch: &Fetch) -> Number {
        if fetch.contexts.is_empty() {
            return Ok(1);
        }
        let mut product: u64 = 1;
        for context in &fetch.contexts {
            let mut most = 0;
            for source in &context.sources {
                most = most.max(self.objects(source.position)?);
            }
            product = product.saturating_mul(most);
        }
        Ok(product)
    }

    /// The number of objects at a position: the product of the sizes of all lists on the way.
    fn objects(&self, mut position: PositionId) -> Number {
        let mut product: u64 = 1;
        while let Some((parent, slot)) = self.plan.position(position).parent {
            product = product.saturating_mul(self.values(parent, slot)?);
            position = parent;
        }
        Ok(product)
    }

    /// The number of values of a field of one object: 1, or the size of its list.
    fn values(&self, position: PositionId, slot: u16) -> Number {
        let here = self.plan.position(position);
        let slot = &here.slots[usize::from(slot)];
        let mut most: u64 = 1;
        for ty in &slot.types {
            let ty = self.graph.types.name(*ty);
            let Ok(definition) = self.graph.merged.type_field(ty, &slot.key.field) else {
                continue;
            };
            if !definition.ty.is_list() {
                continue;
            }
            let above = here.parent.and_then(|(above, field)| {
                let field = &self.plan.position(above).slots[usize::from(field)];
                self.size_from_above(field, &slot.key.field)
            });
            let size = above.or_else(|| self.size(ty, &slot.key.field, slot));
            // `@listSize` says nothing of the lists in a list.
            let size = size.filter(|_| !definition.ty.item_type().is_list());
            let size = size.ok_or_else(|| format!("{ty}.{}", slot.key.field))?;
            most = most.max(size);
        }
        Ok(most)
    }

    /// The size of a list that the field above names in `sizedFields`; for several types of objects the greatest.
    fn size_from_above(&self, above: &Slot, field: &Name) -> Option<u64> {
        let sizes = above.types.iter().filter_map(|ty| {
            let ty = self.graph.types.name(*ty);
            let sizes = schema::list_sizes(&self.graph.merged, ty, &above.key.field);
            let size = sizes.into_iter().find(|size| {
                let mut sized = size.sized_fields.iter();
                sized.any(|sized| *sized == **field)
            });
            let arguments = self.arguments(ty, above);
            self.items(&size?, ty, &above.key.field, &arguments)
        });
        sizes.max()
    }

    /// The size of a field's own list.
    fn size(&self, ty: &Name, field: &Name, slot: &Slot) -> Option<u64> {
        self.list(ty, field, &self.arguments(ty, slot))
    }

    fn arguments(&self, ty: &Name, slot: &Slot) -> Vec<Argument> {
        let merged = &self.graph.merged;
        let definition = merged.type_field(ty, &slot.key.field);
        definition.map_or(Vec::new(), |definition| {
            arguments_of(merged, definition, &slot.arguments)
        })
    }

    /// The size of the list of a field with these arguments, by its `@listSize`.
    pub(super) fn list(&self, ty: &Name, field: &Name, arguments: &[Argument]) -> Option<u64> {
        let sizes = schema::list_sizes(&self.graph.merged, ty, field);
        let own = sizes.iter().filter(|size| size.sized_fields.is_empty());
        let items = own.filter_map(|size| self.items(size, ty, field, arguments));
        items.max()
    }

    /// The number of items by one `@listSize`.
    fn items(
        &self,
        size: &ListSize,
        ty: &Name,
        field: &Name,
        arguments: &[Argument],
    ) -> Option<u64> {
        let slices = |argument: &&Argument| {
            let mut slicing = size.slicing.iter();
            slicing.any(|name| **name == *argument.name)
        };
        let mut greatest = 0;
        for argument in arguments.iter().filter(slices) {
            match self.given(argument) {
                Given::Nothing => {}
                Given::Any => return self.allowed(size, ty, field),
                Given::Value(value) => {
                    let number = match value.as_array() {
                        Some(items) => u64::try_from(items.len()).ok(),
                        None => whole(&value),
                    };
                    greatest = greatest.max(number.unwrap_or_default());
                }
            }
        }
        match greatest {
            // Some services read 0 as "all of them".
            0 => self.allowed(size, ty, field),
            greatest => Some(greatest),
        }
    }

    /// The most items that a client can get: what `@constraint` allows a slicing argument, else the assumed size.
    fn allowed(&self, size: &ListSize, ty: &Name, field: &Name) -> Option<u64> {
        let most = size.slicing.iter().filter_map(|argument| {
            let argument = Name::new(argument).ok()?;
            let constraints = self.constraints.of_argument(ty, field, &argument).iter();
            constraints.filter_map(|one| one.max()).min()
        });
        most.max().or(size.assumed)
    }

    /// The value of an argument, as far as it is known.
    pub(super) fn given(&self, argument: &Argument) -> Given {
        let mut variables = Vec::new();
        if let Some(given) = &argument.given {
            given.variables(&mut variables);
        }
        let is_known = |name: &Name| self.variables.contains_key(name.as_str());
        if !variables.iter().all(is_known) {
            return Given::Any;
        }
        let value = argument.evaluate(&|name| self.variables.get(name).cloned());
        match value {
            None | Some(Value::Null) => Given::Nothing,
            Some(value) => Given::Value(value),
        }
    }

    /// The number of all objects of a type, if a list has them all (`@entityList`) and says how many.
    fn all_of(&self, ty: TypeId) -> Option<u64> {
        let sizes = self.graph.lookups_on(ty).iter().filter_map(|id| {
            let lookup = self.graph.lookup(*id);
            let LookupKind::Connect { connect, mode } = lookup.kind else {
                return None;
            };
            let connect = self.graph.connect(lookup.subgraph, connect)?;
            let entity_list = connect.options.get::<EntityList>()?;
            let has_all = mode == ConnectMode::List && entity_list.absent == AbsentKey::Null;
            let Site::Field { parent, field } = &connect.site else {
                return None;
            };
            has_all.then(|| self.list(parent, field, &[])).flatten()
        });
        sizes.min()
    }
}

/// A number of 0 or more.
pub(super) fn whole(value: &Value) -> Option<u64> {
    u64::try_from(value.as_number()?.as_whole()?).ok()
}
