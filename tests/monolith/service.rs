//! A subgraph that is a GraphQL service: the naive executor on the subgraph's schema.
//!
//! It is strict: it validates each operation against its own schema, and records as a violation what a real service could
//! not resolve: an external field that is not provided, a computed field without its required fields, a representation of no
//! entity, a field that another subgraph has overridden.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::AtomicU64;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};

use super::data::{Data, Instance, computed, required, schema, value};
use super::json::Json;
use super::naive::{Resolver, Val, execute};
use super::print;
use super::print::{Declared, How};
use super::world::{ENTITIES, Field, Need, Source, World};

pub(crate) struct Service {
    subgraph: usize,
    schema: Valid<Schema>,
    declared: Declared,
}

impl Service {
    pub(crate) fn new(world: &World, subgraph: usize) -> Service {
        Service {
            subgraph,
            schema: schema(&print::service(world, subgraph, false)),
            declared: print::declared(world, subgraph),
        }
    }

    /// The response to the body of a request, and its violations.
    pub(crate) fn answer(
        &self,
        world: &World,
        mutations: &AtomicU64,
        body: &Json,
    ) -> (Json, Vec<String>) {
        let query = body.get("query").and_then(Json::as_str).unwrap_or_default();
        let parsed =
            ExecutableDocument::parse_and_validate(&self.schema, query, "operation.graphql");
        let document = match parsed {
            Ok(document) => document,
            Err(errors) => {
                let violation = format!("sends what the service refuses:\n{query}\n{errors}");
                return (Json::Object(Vec::new()), vec![violation]);
            }
        };
        let Some(operation) = document.operations.iter().next() else {
            return (Json::Object(Vec::new()), vec!["no operation".to_owned()]);
        };
        let root = operation.object_type().as_str();
        let resolvers = Resolvers {
            service: self,
            data: Data { world, mutations },
            violations: RefCell::default(),
        };
        let empty = Json::Object(Vec::new());
        let variables = body.get("variables").unwrap_or(&empty);
        for definition in &operation.variables {
            let given = variables.get(&definition.name);
            if definition.ty.is_non_null()
                && definition.default_value.is_none()
                && given.is_none_or(|v| *v == Json::Null)
            {
                let text = format!("sends no ${} to {query}", definition.name);
                resolvers.violations.borrow_mut().push(text);
            }
        }
        let root = Instance::new(root, 0);
        let answer = execute(
            &self.schema,
            &document,
            operation,
            variables,
            root,
            &resolvers,
        );
        (answer.to_json(), resolvers.violations.into_inner())
    }
}

struct Resolvers<'r> {
    service: &'r Service,
    data: Data<'r>,
    violations: RefCell<Vec<String>>,
}

impl Resolver for Resolvers<'_> {
    type Object = Instance;

    fn type_name(&self, object: &Instance) -> String {
        if !self.service.declared.contains_key(&object.ty) {
            let mut interfaces = self.data.world.interfaces_of(&object.ty);
            let subgraph = self.service.subgraph;
            let own =
                interfaces.find(|i| print::is_interface_object(self.data.world, &i.name, subgraph));
            if let Some(interface) = own {
                return interface.name.clone();
            }
        }
        object.ty.clone()
    }

    fn resolve(&self, object: &Instance, field: &str, arguments: &Json) -> Val<Instance> {
        if field == "_entities" {
            let all = arguments.get("representations").and_then(Json::as_list);
            let all = all.unwrap_or_default().iter().map(|one| self.entity(one));
            return Val::List(all.collect());
        }
        let world = self.data.world;
        let Some(own) = world.field(&object.ty, field) else {
            return Val::Null;
        };
        let declared = self.service.declared.get(&self.type_name(object));
        let how = declared.and_then(|fields| fields.get(field));
        let value = match (how, &own.source) {
            (Some(How::External), _) => self.external(object, own, arguments),
            (Some(How::Overridden), _) => {
                self.violation(format!(
                    "asks for {}.{field}, which has been overridden",
                    object.ty
                ));
                Val::Null
            }
            (_, Source::Computed(needs)) => self.computed(object, own, arguments, needs),
            _ => value(world, object, own, arguments, self.data.ordinal(object)),
        };
        let provided = own.provides.get(&self.service.subgraph).cloned();
        let provided = provided.or_else(|| {
            let all = object.provided.as_deref()?;
            let own = Need::of_type(all, &object.ty);
            let own = own.into_iter().find(|need| need.field == field)?;
            Some(own.children.clone())
        });
        self.providing(value, provided.map(Rc::new).as_ref())
    }
}

impl Resolvers<'_> {
    fn violation(&self, text: String) {
        self.violations.borrow_mut().push(text);
    }

    fn providing(&self, value: Val<Instance>, provided: Option<&Rc<Vec<Need>>>) -> Val<Instance> {
        match value {
            Val::Object(object) => {
                let provided = provided.cloned();
                Val::Object(Instance { provided, ..object })
            }
            Val::List(items) => {
                let items = items.into_iter().map(|item| self.providing(item, provided));
                Val::List(items.collect())
            }
            other => other,
        }
    }

    /// An external field has a value if the parent provides it.
    fn external(&self, object: &Instance, field: &Field, arguments: &Json) -> Val<Instance> {
        let provided = object.provided.as_deref().map(Vec::as_slice);
        let provided = Need::of_type(provided.unwrap_or_default(), &object.ty);
        if provided.iter().all(|need| need.field != field.name) {
            self.violation(format!(
                "asks for {}.{}, which is external",
                object.ty, field.name
            ));
        }
        value(self.data.world, object, field, arguments, 0)
    }

    fn computed(
        &self,
        object: &Instance,
        field: &Field,
        arguments: &Json,
        needs: &[Need],
    ) -> Val<Instance> {
        let name = format!("{}.{}", object.ty, field.name);
        let Some(representation) = &object.representation else {
            self.violation(format!("asks for {name} without a representation"));
            return Val::Null;
        };
        let Some(expected) = required(self.data.world, object, needs) else {
            self.violation(format!(
                "asks for {name}, of which something required has failed"
            ));
            return Val::Null;
        };
        if !holds(representation, &expected) {
            self.violation(format!(
                "asks for {name} with {representation}, which lacks some of {expected}"
            ));
        }
        computed(self.data.world, object, field, arguments, &expected)
    }

    /// The entity of a representation.
    fn entity(&self, representation: &Json) -> Val<Instance> {
        let world = self.data.world;
        let name = representation
            .get("__typename")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let is_interface = world.interface(name).is_some();
        for member in world.members(name) {
            let Some(object) = world.object(&member) else {
                continue;
            };
            let keys: Vec<&[Need]> = if is_interface {
                vec![&object.keys[0]]
            } else {
                let home = object.homes.get(&self.service.subgraph);
                home.into_iter()
                    .flatten()
                    .map(|key| object.keys[*key].as_slice())
                    .collect()
            };
            for id in 0..ENTITIES {
                let entity = Instance::new(&member, id);
                let mut texts = keys.iter().filter_map(|key| required(world, &entity, key));
                if texts.any(|key| holds(representation, &key)) {
                    let representation = Some(Rc::new(representation.clone()));
                    return Val::Object(Instance {
                        representation,
                        ..entity
                    });
                }
            }
        }
        self.violation(format!(
            "sends a representation of nothing: {representation}"
        ));
        Val::Null
    }
}

/// Whether a value contains another one.
fn holds(whole: &Json, part: &Json) -> bool {
    match (whole, part) {
        (whole, Json::Object(members)) => members
            .iter()
            .all(|(name, part)| whole.get(name).is_some_and(|whole| holds(whole, part))),
        (Json::List(whole), Json::List(part)) => {
            whole.len() == part.len()
                && whole
                    .iter()
                    .zip(part)
                    .all(|(whole, part)| holds(whole, part))
        }
        (whole, part) => whole == part,
    }
}
