//! Projections: what is read of an upstream's document, compiled from what the operation needs.
//!
//! A projection is driven by the document: for each key of each object it says where the value goes. What is not selected
//! is skipped. For an answer of a GraphQL service it follows the response keys; for a connect it is the connect's
//! selection and the operation's need put together, so that an upstream's key leads straight to a slot. Where a mapping's
//! need is not static, an item is *dynamic*: the parts of the input that it reads are captured, and the mapping language
//! evaluates it. What evaluation yields is again read by a projection, so that only one piece of code fills rows.

mod compile;
mod keys;

pub(crate) use self::compile::of_connect;
pub(super) use self::compile::of_service;
use crate::graph::query::TypeId;
use crate::mapping::ast::Expr;

/// A node of a projection, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectionId(pub u32);

/// How a document becomes rows.
#[derive(Debug, Clone, Default)]
pub struct Projection {
    /// Nodes for objects of the document.
    pub nodes: Vec<ObjectNode>,
    /// What the document's root becomes.
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
    /// The value at the end of these keys, each leading into an object; where one meets a list, `otherwise` is done.
    Path {
        /// The keys.
        keys: Vec<Box<str>>,
        /// What the value there becomes.
        then: Box<Root>,
        /// The same by evaluation.
        otherwise: Box<Root>,
    },
    /// What an expression yields of the whole value.
    Evaluated {
        /// The expression.
        expression: Expr,
        /// Whether it reads anything of the value.
        reads: bool,
        /// What its value becomes.
        then: Box<Root>,
    },
}

/// What is read of an object of the document.
#[derive(Debug, Clone, Default)]
pub struct ObjectNode {
    /// The rows that come into being with the object; none where it only leads on, and the rows are those of the object
    /// around it.
    pub rows: Vec<NewRow>,
    /// The concrete type of the first row is the value of `__typename`.
    pub typename: bool,
    /// What becomes of the values of keys.
    pub keys: Vec<KeyNode>,
    /// What is evaluated when the object has been read.
    pub dynamic: Vec<Dynamic>,
    /// Keys whose values are kept for evaluation.
    pub captures: Vec<Box<str>>,
    /// The object is kept as a whole for evaluation.
    pub capture_all: bool,
}

/// A row that comes into being.
#[derive(Debug, Clone)]
pub struct NewRow {
    /// Its need's number.
    pub position: u32,
    /// How many slots it has.
    pub width: u32,
    /// Its concrete type, where known.
    pub ty: Option<TypeId>,
    /// The row of the same object that holds it, and the slot there.
    pub parent: Option<(u16, u16)>,
}

/// What becomes of a key's value.
#[derive(Debug, Clone)]
pub struct KeyNode {
    /// The key, unescaped.
    pub name: Box<str>,
    /// Where its value goes.
    pub sinks: Vec<Sink>,
    /// The value is kept, at this place of [`ObjectNode::captures`].
    pub capture: Option<u16>,
}

/// Where a value goes.
#[derive(Debug, Clone)]
pub enum Sink {
    /// Into a slot, as a leaf.
    Leaf {
        /// Which of the object's rows.
        row: u16,
        /// Which slot.
        slot: u16,
    },
    /// Into a slot, as a row or a list of rows.
    Object {
        /// Which of the object's rows.
        row: u16,
        /// Which slot.
        slot: u16,
        /// How.
        node: ProjectionId,
    },
    /// Through an object of the document that has no row of its own; a list is mapped over.
    Path(ProjectionId),
    /// The same, for what spreads beside other fields: what is no object adds nothing.
    Spread {
        /// What is read of it.
        node: ProjectionId,
        /// How it is reached from the object whose fields it adds, for the warning: `$.a.b`.
        trail: Box<str>,
    },
}

/// An item that is evaluated.
#[derive(Debug, Clone)]
pub struct Dynamic {
    /// The expression; `$` is the object.
    pub expression: Expr,
    /// Which of the object's rows.
    pub row: u16,
    /// Which slot.
    pub slot: u16,
    /// What its value becomes.
    pub then: Root,
}
