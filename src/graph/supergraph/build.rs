//! Building directives by hand.

use apollo_compiler::ast::{Argument, Directive, Value};
use apollo_compiler::{Name, Node};

/// A directive under construction.
pub(super) struct Building(Directive);

/// Begins a directive. `name` is one of this program's own.
pub(super) fn directive(name: &str) -> Building {
    Building(Directive::new(Name::new_unchecked(name)))
}

impl Building {
    /// Adds an argument.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.0.arguments.push(Node::new(Argument {
            name: Name::new_unchecked(name),
            value: Node::new(value),
        }));
        self
    }

    /// Adds an argument, if there is a value.
    pub(super) fn with_some(self, name: &str, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a string.
    pub(super) fn string(self, name: &str, value: impl Into<String>) -> Self {
        self.with(name, Value::String(value.into()))
    }

    /// Adds a string, if there is one.
    pub(super) fn string_opt(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.string(name, value),
            None => self,
        }
    }

    /// Adds a boolean where it is not the default.
    pub(super) fn boolean(self, name: &str, value: bool, default: bool) -> Self {
        if value == default {
            self
        } else {
            self.with(name, Value::Boolean(value))
        }
    }

    /// Adds a graph.
    pub(super) fn graph(self, graph: &Name) -> Self {
        self.with("graph", Value::Enum(graph.clone()))
    }

    /// Done.
    pub(super) fn done(self) -> Node<Directive> {
        Node::new(self.0)
    }
}

/// A list of strings.
pub(super) fn strings<S: Into<String>>(items: impl IntoIterator<Item = S>) -> Value {
    let items = items.into_iter().map(|item| Value::String(item.into()));
    Value::List(items.map(Node::new).collect())
}
