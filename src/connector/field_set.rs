//! Field sets: the selections inside `@key(fields:)`, `@requires(fields:)` and `@provides(fields:)`, and the `$this`,
//! `$args` and `$batch` fields that a connect reads, in one form.

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast;

/// A field set (Federation's `FieldSet` scalar): what must be known of an object, without aliases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet {
    /// In the order as written.
    pub items: Vec<FieldSetItem>,
}

/// One item of a [`FieldSet`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldSetItem {
    /// `name(arguments) { children }`; `children` is empty at a leaf.
    Field {
        /// The field's name.
        name: Name,
        /// Arguments, as `@requires` allows them; empty for keys.
        arguments: Vec<(Name, Node<ast::Value>)>,
        /// Sub-selection.
        children: FieldSet,
    },
    /// `... on on { children }`.
    Fragment {
        /// The type condition.
        on: Name,
        /// What is selected under it.
        children: FieldSet,
    },
}

impl FieldSet {
    /// True when nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
