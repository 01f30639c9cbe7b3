//! Extracts one subgraph from a supergraph: its types, fields and directives as SDL of its own.

use apollo_compiler::ast::{Directive, Type};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{
    Component, ComponentName, DirectiveList, ExtendedType, FieldDefinition, SchemaDefinition,
};
use apollo_compiler::{Name, Node, Schema, ast};

use super::super::federation as fed;
use super::build::{directive, strings};
use super::features;
use super::features::is_machinery;
use super::join_graph::JoinGraph;
use super::type_reference::type_reference;

/// Extracts one subgraph.
pub(super) struct SubgraphExtractor<'a> {
    pub(super) supergraph: &'a Schema,
    pub(super) graph: &'a JoinGraph,
}

impl SubgraphExtractor<'_> {
    /// The SDL of the subgraph, and whether it is native, that is, has neither a URL nor connects.
    pub(super) fn sdl(&self) -> (String, bool) {
        let mut schema = Schema::new();
        schema.directive_definitions.extend(
            self.supergraph
                .directive_definitions
                .iter()
                .filter(|(name, definition)| {
                    let is_standard = definition.is_built_in()
                        || *name == fed::ONE_OF
                        || fed::FEDERATION.contains(&name.as_str());
                    !is_standard && !is_machinery(name)
                })
                .map(|(name, definition)| (name.clone(), definition.clone())),
        );
        for (name, ty) in &self.supergraph.types {
            if !ty.is_built_in()
                && self.names(ty.directives().iter().map(|one| &one.node), "join__type")
                && let Some(extracted) = self.ty(name, ty)
                && !is_empty(&extracted)
            {
                schema.types.insert(name.clone(), extracted);
            }
        }
        let (on_schema, native) = self.schema_definition(&mut schema);
        let mut sdl = schema.to_string();
        sdl.push_str("\nextend schema");
        for one in on_schema {
            sdl.push_str("\n  ");
            sdl.push_str(&one.to_string());
        }
        sdl.push('\n');
        (sdl, native)
    }

    /// The directives of an element that concern this subgraph.
    fn joins<'d>(
        &self,
        directives: impl Iterator<Item = &'d Node<Directive>>,
        name: &str,
    ) -> Vec<&'d Node<Directive>> {
        directives
            .filter(|one| one.name == name)
            .filter(|one| {
                let graph = one.specified_argument_by_name("graph");
                graph.and_then(|graph| graph.as_enum()) == Some(&self.graph.value)
            })
            .collect()
    }

    fn names<'d>(&self, directives: impl Iterator<Item = &'d Node<Directive>>, name: &str) -> bool {
        !self.joins(directives, name).is_empty()
    }

    fn ty(&self, name: &Name, ty: &ExtendedType) -> Option<ExtendedType> {
        let on_type = ty.directives();
        let types = self.joins(on_type.iter().map(|one| &one.node), "join__type");
        let mut directives = self.kept(on_type.iter().map(|one| &one.node));
        let mut is_object = false;
        for join in types {
            if let Some(key) = fed::string(join, "key") {
                let resolvable = fed::boolean(join, "resolvable", true);
                directives.push(
                    directive(fed::KEY)
                        .string("fields", key)
                        .boolean("resolvable", resolvable, true)
                        .done(),
                );
            }
            is_object = fed::boolean(join, "isInterfaceObject", false);
            let extended = directives.iter().any(|one| one.name == fed::EXTENDS);
            if fed::boolean(join, "extension", false) && !extended {
                directives.push(directive(fed::EXTENDS).done());
            }
        }
        let composite = ty.is_object() || ty.is_interface();
        if is_object {
            directives.push(directive(fed::INTERFACE_OBJECT).done());
        }
        let list = DirectiveList(directives.into_iter().map(Component::from).collect());
        Some(match ty {
            _ if composite && is_object => {
                ExtendedType::Object(Node::new(apollo_compiler::schema::ObjectType {
                    description: ty.description().cloned(),
                    name: name.clone(),
                    implements_interfaces: Default::default(),
                    directives: list,
                    fields: self.fields(ty, true),
                }))
            }
            ExtendedType::Scalar(scalar) => {
                let mut scalar = scalar.clone();
                scalar.make_mut().directives = list;
                ExtendedType::Scalar(scalar)
            }
            ExtendedType::Object(object) => {
                let mut extracted = object.clone();
                let out = extracted.make_mut();
                out.directives = list;
                out.implements_interfaces = self.implements(ty, &object.implements_interfaces);
                let shared = self.supergraph.schema_definition.subscription.as_ref();
                out.fields = self.fields(ty, shared.is_none_or(|root| root.name != *name));
                ExtendedType::Object(extracted)
            }
            ExtendedType::Interface(interface) => {
                let mut extracted = interface.clone();
                let out = extracted.make_mut();
                out.directives = list;
                out.implements_interfaces = self.implements(ty, &interface.implements_interfaces);
                out.fields = self.fields(ty, false);
                // A cost comes from an interface object. `@cost` is not allowed on the fields of an interface.
                for field in out.fields.values_mut() {
                    let directives = &mut field.make_mut().directives;
                    directives.0.retain(|one| one.name != fed::COST);
                }
                ExtendedType::Interface(extracted)
            }
            ExtendedType::Union(union) => {
                let mut extracted = union.clone();
                let out = extracted.make_mut();
                out.directives = list;
                let only = self.selected(ty, "join__unionMember", "member");
                out.members.retain(|member| {
                    only.as_ref()
                        .is_none_or(|only| only.contains(&&*member.name))
                });
                ExtendedType::Union(extracted)
            }
            ExtendedType::Enum(values) => {
                let mut extracted = values.clone();
                let out = extracted.make_mut();
                out.directives = list;
                out.values.retain(|_, value| {
                    let said = value.directives.has("join__enumValue");
                    !said || self.names(value.directives.iter(), "join__enumValue")
                });
                for value in out.values.values_mut() {
                    let kept = self.kept(value.directives.iter());
                    value.make_mut().directives = ast::DirectiveList(kept);
                }
                ExtendedType::Enum(extracted)
            }
            ExtendedType::InputObject(input) => {
                let mut extracted = input.clone();
                let out = extracted.make_mut();
                out.directives = list;
                out.fields.retain(|_, field| {
                    let said = field.directives.has("join__field");
                    !said || self.names(field.directives.iter(), "join__field")
                });
                for field in out.fields.values_mut() {
                    let joins = self.joins(field.directives.iter(), "join__field");
                    let type_here = joins.first().and_then(|join| own_type(join));
                    let kept = self.kept(field.directives.iter());
                    let field = field.make_mut();
                    field.directives = ast::DirectiveList(kept);
                    if let Some(ty) = type_here {
                        field.ty = Node::new(ty);
                    }
                }
                ExtendedType::InputObject(extracted)
            }
        })
    }

    /// The values of `argument` in the directives with this name that concern this subgraph. `None` if the type has no
    /// directive with this name, as in early versions of the join specification: then everything belongs to every
    /// subgraph.
    fn selected<'t>(
        &self,
        ty: &'t ExtendedType,
        name: &str,
        argument: &str,
    ) -> Option<Vec<&'t str>> {
        let on_type = ty.directives();
        on_type.has(name).then(|| {
            let joins = self.joins(on_type.iter().map(|one| &one.node), name);
            joins
                .into_iter()
                .filter_map(|join| fed::string(join, argument))
                .collect()
        })
    }

    fn implements(
        &self,
        ty: &ExtendedType,
        all: &apollo_compiler::collections::IndexSet<ComponentName>,
    ) -> apollo_compiler::collections::IndexSet<ComponentName> {
        let only = self.selected(ty, "join__implements", "interface");
        all.iter()
            .filter(|interface| match &only {
                Some(only) => only.contains(&&*interface.name),
                None => self
                    .supergraph
                    .types
                    .get(&interface.name)
                    .is_some_and(|ty| {
                        self.names(ty.directives().iter().map(|one| &one.node), "join__type")
                    }),
            })
            .cloned()
            .collect()
    }

    fn fields(
        &self,
        ty: &ExtendedType,
        shareable: bool,
    ) -> IndexMap<Name, Component<FieldDefinition>> {
        let graphs = ty.directives().get_all("join__type");
        let mut of_type: Vec<&Name> = graphs
            .filter_map(|join| join.specified_argument_by_name("graph")?.as_enum())
            .collect();
        of_type.dedup();
        let several = of_type.len() > 1 || self.meets_interface_objects(ty);
        super::super::field_sets::fields_of(ty)
            .filter_map(|(name, field)| {
                let extracted = self.field(field, several, shareable)?;
                Some((name.clone(), Component::new(extracted)))
            })
            .collect()
    }

    /// Whether a type is an interface with an interface object in some subgraph, or an implementation of one: fields of
    /// both are shared.
    fn meets_interface_objects(&self, ty: &ExtendedType) -> bool {
        let is_object_somewhere = |ty: &ExtendedType| {
            let mut joins = ty.directives().get_all("join__type");
            joins.any(|join| fed::boolean(join, "isInterfaceObject", false))
        };
        let interfaces = match ty {
            ExtendedType::Object(object) => Some(&object.implements_interfaces),
            _ => None,
        };
        let mut above = interfaces.into_iter().flatten();
        is_object_somewhere(ty)
            || above.any(|one| {
                self.supergraph
                    .types
                    .get(&one.name)
                    .is_some_and(is_object_somewhere)
            })
    }

    /// A field as this subgraph defines it.
    fn field(
        &self,
        field: &FieldDefinition,
        several: bool,
        shareable: bool,
    ) -> Option<FieldDefinition> {
        let said = field.directives.get_all("join__field").count();
        let joins = self.joins(field.directives.iter(), "join__field");
        if said > 0 && joins.is_empty() {
            return None;
        }
        let mut extracted = field.clone();
        let external = joins
            .iter()
            .any(|join| fed::boolean(join, "external", false));
        let mut directives: Vec<Node<Directive>> = match external {
            true => Vec::new(),
            false => self.kept(field.directives.iter()),
        };
        for argument in &mut extracted.arguments {
            let kept = self.kept(argument.directives.iter());
            argument.make_mut().directives = ast::DirectiveList(kept);
        }
        if let Some(join) = joins.first() {
            if let Some(narrower) = own_type(join) {
                extracted.ty = narrower;
            }
            if external {
                directives.push(directive(fed::EXTERNAL).done());
            }
            self.add_context_arguments(join, &mut extracted);
            for name in [fed::REQUIRES, fed::PROVIDES] {
                if let Some(fields) = fed::string(join, name) {
                    directives.push(directive(name).string("fields", fields).done());
                }
            }
            if let Some(from) = fed::string(join, "override") {
                directives.push(
                    directive(fed::OVERRIDE)
                        .string("from", from)
                        .string_opt("label", fed::string(join, "overrideLabel"))
                        .done(),
                );
            }
        }
        if (several || said > 1) && shareable && !external {
            directives.push(directive(fed::SHAREABLE).done());
        }
        extracted.directives = ast::DirectiveList(directives);
        Some(extracted)
    }

    /// The directives that an element keeps: merged ones, those of GraphQL, composed ones, and those that
    /// `@join__directive` holds for this subgraph.
    fn kept<'d>(
        &self,
        directives: impl Iterator<Item = &'d Node<Directive>>,
    ) -> Vec<Node<Directive>> {
        let mut kept = Vec::new();
        for one in directives {
            if one.name == "join__directive" {
                kept.extend(self.carried(one));
            } else if one.name == fed::CONTEXT {
                kept.extend(self.context(one));
            } else if features::is_feature(&one.name) || !is_machinery(&one.name) {
                kept.push(one.clone());
            }
        }
        kept
    }

    /// The directive that a `@join__directive` holds, if it concerns this subgraph.
    fn carried(&self, join: &Directive) -> Option<Node<Directive>> {
        let graphs = join.specified_argument_by_name("graphs")?;
        let mine = fed::items(graphs).any(|graph| graph.as_enum() == Some(&self.graph.value));
        let name = Name::new(fed::string(join, "name")?).ok()?;
        let arguments = join.specified_argument_by_name("args");
        let arguments = arguments
            .and_then(|args| args.as_object())
            .unwrap_or_default();
        mine.then(|| {
            let arguments = arguments.iter().map(|(name, value)| {
                Node::new(ast::Argument {
                    name: name.clone(),
                    value: value.clone(),
                })
            });
            Node::new(Directive {
                name,
                arguments: arguments.collect(),
            })
        })
    }

    /// Sets the roots. Returns the links and the URL as directives, and whether the subgraph is native. (The directives
    /// are written on an extension, since a subgraph without roots has no schema definition.)
    fn schema_definition(&self, schema: &mut Schema) -> (Vec<Node<Directive>>, bool) {
        let on_schema = &self.supergraph.schema_definition;
        let root = |root: &Option<ComponentName>| {
            let extracted = root
                .as_ref()
                .filter(|root| schema.types.contains_key(&root.name));
            extracted.map(|root| ComponentName::from(&root.name))
        };
        let definition = SchemaDefinition {
            description: None,
            directives: DirectiveList::default(),
            query: root(&on_schema.query),
            mutation: root(&on_schema.mutation),
            subscription: root(&on_schema.subscription),
        };
        let kept = self.kept(on_schema.directives.iter().map(|one| &one.node));
        let fetched = kept
            .iter()
            .any(|one| matches!(one.name.as_str(), "source" | "graphql"))
            || self.connects();
        let imports = fed::FEDERATION.iter().map(|name| format!("@{name}"));
        let mut all = vec![
            directive(fed::LINK)
                .string("url", "https://specs.apollo.dev/federation/v2.13")
                .with("import", strings(imports))
                .done(),
        ];
        if !fetched {
            all.push(
                directive(fed::LINK)
                    .string("url", "https://specs.sangam.dev/wire/v0.1")
                    .with("import", strings(["@graphql"]))
                    .done(),
            );
            let url = match self.graph.url.as_str() {
                "" => "http://in-process.invalid",
                url => url,
            };
            all.push(directive("graphql").string("url", url).done());
        }
        for composed in schema.directive_definitions.values() {
            let for_schema = composed
                .locations
                .iter()
                .any(|location| !super::super::api::is_executable(location));
            if !composed.is_built_in() && for_schema {
                let name = format!("@{}", composed.name);
                all.push(
                    directive(fed::COMPOSE_DIRECTIVE)
                        .string("name", name)
                        .done(),
                );
            }
        }
        all.extend(kept);
        schema.schema_definition = Node::new(definition);
        (all, !fetched && self.graph.url.is_empty())
    }

    /// Whether some field or type of this subgraph has a connect.
    fn connects(&self) -> bool {
        let is_connect = |one: &Node<Directive>| {
            fed::string(one, "name") == Some("connect") && self.carried(one).is_some()
        };
        self.supergraph.types.values().any(|ty| {
            let on_type = ty.directives().get_all("join__directive");
            let mut on_fields = super::super::field_sets::fields_of(ty)
                .flat_map(|(_, field)| field.directives.get_all("join__directive"));
            on_type.map(|one| &one.node).any(is_connect) || on_fields.any(is_connect)
        })
    }
}

/// Whether a type is empty: other composers list every subgraph at the roots.
fn is_empty(ty: &ExtendedType) -> bool {
    match ty {
        ExtendedType::Object(object) => object.fields.is_empty(),
        ExtendedType::Interface(interface) => interface.fields.is_empty(),
        _ => false,
    }
}

/// `type:` of a `@join__field`.
fn own_type(join: &Directive) -> Option<Type> {
    type_reference(fed::string(join, "type")?)
}
