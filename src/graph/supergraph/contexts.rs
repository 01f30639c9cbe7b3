//! Contexts in a supergraph: `@context` on types, and `contextArguments` of `@join__field`.
//!
//! A supergraph has the contexts of all subgraphs. So `@context(name: "place")` of the subgraph `shops` is written as
//! `@context(name: "shops__place")`.

use apollo_compiler::ast::{Directive, FieldDefinition, InputValueDefinition, Value};
use apollo_compiler::{Name, Node, ast};

use super::super::join::{FieldIn, GraphId};
use super::super::{federation as fed, field_sets};
use super::build::directive;
use super::extract::SubgraphExtractor;
use super::type_reference::type_reference;
use super::write::SupergraphWriter;

impl SupergraphWriter<'_> {
    /// The contextual arguments of a field in a subgraph.
    pub(super) fn context_arguments(&self, graph: GraphId, field: &FieldIn) -> Option<Value> {
        let arguments = field.contextual.iter().map(|argument| {
            let members = [
                ("context", self.context_name(graph, &argument.context)),
                ("name", argument.name.to_string()),
                ("type", argument.ty.to_string()),
                (
                    "selection",
                    format!("{{ {} }}", field_sets::print(&argument.selection)),
                ),
            ];
            let members = members.into_iter().map(|(name, value)| {
                let value = Node::new(Value::String(value));
                (Name::new_unchecked(name), value)
            });
            Node::new(Value::Object(members.collect()))
        });
        let arguments: Vec<_> = arguments.collect();
        (!arguments.is_empty()).then_some(Value::List(arguments))
    }

    /// The name of a context in the supergraph, which has the contexts of all subgraphs.
    pub(super) fn context_name(&self, graph: GraphId, context: &str) -> String {
        format!("{}__{context}", self.composed.subgraphs[graph].name)
    }
}

impl SubgraphExtractor<'_> {
    /// The context that a `@context` gives to a type of this subgraph.
    pub(super) fn context(&self, one: &Directive) -> Option<Node<Directive>> {
        let name = self.own_context(fed::string(one, "name")?)?;
        Some(directive(fed::CONTEXT).string("name", name).done())
    }

    /// The name that a context has in this subgraph; `None` if it belongs to another one.
    fn own_context<'n>(&self, name: &'n str) -> Option<&'n str> {
        let own = name.strip_prefix(self.graph.name.as_str());
        let own = own.and_then(|own| own.strip_prefix("__"));
        // Names of contexts have no underscore, but those of subgraphs may.
        own.filter(|own| !own.contains('_'))
    }

    /// Adds the contextual arguments of a `@join__field`, which the merged field does not have.
    pub(super) fn add_context_arguments(&self, join: &Directive, field: &mut FieldDefinition) {
        let all = join.specified_argument_by_name("contextArguments");
        for one in all.into_iter().flat_map(fed::items) {
            let member = |name: &str| {
                let mut members = one.as_object().unwrap_or_default().iter();
                members
                    .find(|(member, _)| member == name)
                    .and_then(|(_, value)| value.as_str())
            };
            let (Some(name), Some(ty), Some(context), Some(selection)) = (
                member("name").and_then(|name| Name::new(name).ok()),
                member("type").and_then(type_reference),
                member("context").and_then(|name| self.own_context(name)),
                member("selection"),
            ) else {
                continue;
            };
            let value = format!("${context} {}", selection.trim());
            let from_context = directive(fed::FROM_CONTEXT).string("field", value).done();
            field.arguments.push(Node::new(InputValueDefinition {
                description: None,
                name,
                ty: Node::new(ty),
                default_value: None,
                directives: ast::DirectiveList(vec![from_context]),
            }));
        }
    }
}
