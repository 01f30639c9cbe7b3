//! Projections: how an upstream's document is read into rows.
//!
//! A projection is driven by the document: for each key of each object it says where the value goes. Unselected keys
//! are skipped. For a GraphQL service it follows the response keys. For a connect it combines the connect's selection
//! with the requested fields, so that a key of the upstream leads directly to a slot: with the selection `name:
//! NAME_EN`, the key `NAME_EN` leads to the slot of `name`.
//!
//! If the input of a mapping item is not static, the item is *dynamic*: the parts of the document that it reads are
//! captured, and the mapping language evaluates it. The result is read by a projection again, so that only one piece of
//! code fills rows.

mod compile;
mod keys;

pub(crate) use self::compile::of_connect;
pub(super) use self::compile::of_service;
use crate::graph::query::TypeId;
use crate::mapping::ast::Expr;

/// A node of a projection, as an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectionId(pub u32);

/// How a document becomes rows.
#[derive(Debug, Clone, Default)]
pub struct Projection {
    /// Nodes for objects of the document.
    pub nodes: Vec<ObjectNode>,
    /// What the root of the document becomes.
    pub root: Root,
}

/// What the value that a projection is applied to becomes.
#[derive(Debug, Clone, Default)]
pub enum Root {
    /// A leaf, or a list of leaves.
    #[default]
    Leaf,
    /// A row, or a list of rows.
    Object(ProjectionId),
    /// The value at the end of these keys, each of an object; if one leads to a list, `otherwise` applies.
    Path {
        /// The keys.
        keys: Vec<Box<str>>,
        /// What the value there becomes.
        then: Box<Root>,
        /// The same value by evaluation.
        otherwise: Box<Root>,
    },
    /// The value of an expression over the whole value.
    Evaluated {
        /// The expression.
        expression: Expr,
        /// What its value becomes.
        then: Box<Root>,
    },
}

/// What is read of an object of the document.
#[derive(Debug, Clone, Default)]
pub struct ObjectNode {
    /// The rows that the object creates. None if it only leads on, and the rows are those of the enclosing object.
    pub rows: Vec<NewRow>,
    /// The concrete type of the first row is the value of `__typename`.
    pub typename: bool,
    /// Where the values of keys go.
    pub keys: Vec<KeyNode>,
    /// The items to evaluate after the object has been read.
    pub dynamic: Vec<Dynamic>,
    /// The keys whose values are captured for evaluation.
    pub captures: Vec<Box<str>>,
    /// The whole object is captured for evaluation.
    pub capture_all: bool,
    /// What a scalar or null in place of the object becomes, if items of the selection may have a value there.
    pub leaf: Option<Box<Root>>,
}

/// A row that is created.
#[derive(Debug, Clone)]
pub struct NewRow {
    /// The number of its position.
    pub position: u32,
    /// How many cells it has.
    pub width: u32,
    /// Its concrete type, if known.
    pub ty: Option<TypeId>,
    /// The row of the same object that contains it, and the slot there.
    pub parent: Option<(u16, u16)>,
    /// It is a reference to an entity: if all cells are null, so is the object.
    pub reference: bool,
}

/// A key and where its value goes.
#[derive(Debug, Clone)]
pub struct KeyNode {
    /// The key, unescaped.
    pub name: Box<str>,
    /// Where its value goes.
    pub sinks: Vec<Sink>,
    /// The value is captured, as this index of [`ObjectNode::captures`].
    pub capture: Option<u16>,
}

/// Where a value goes.
#[derive(Debug, Clone)]
pub enum Sink {
    /// Into a slot, as a leaf.
    Leaf {
        /// The row, among those of the object.
        row: u16,
        /// The slot.
        slot: u16,
    },
    /// Into a slot, as a row or a list of rows.
    Object {
        /// The row, among those of the object.
        row: u16,
        /// The slot.
        slot: u16,
        /// How the value is read.
        node: ProjectionId,
    },
    /// Into an object of the document that creates no row; a list is mapped over.
    Path(ProjectionId),
    /// The same, for an item that spreads beside other fields: a value that is not an object adds nothing.
    Spread {
        /// How the object is read.
        node: ProjectionId,
        /// The path from the enclosing object, for the warning: `$.a.b`.
        trail: Box<str>,
    },
}

/// An item of a selection that is evaluated.
#[derive(Debug, Clone)]
pub struct Dynamic {
    /// The expression; `$` is the object.
    pub expression: Expr,
    /// The row, among those of the object.
    pub row: u16,
    /// The slot.
    pub slot: u16,
    /// What its value becomes.
    pub then: Root,
}
