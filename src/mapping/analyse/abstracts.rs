//! Abstract values, and the positions in documents that they represent.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use super::variable_use::VariableUse;
use crate::document::{MAX_DEPTH, Str, Value};
use crate::mapping::input_mask::InputMask;
use crate::mapping::shape::{ScalarShape, Shape};

/// An abstract value.
#[derive(Debug, Clone)]
pub(super) struct Abstract {
    pub(super) kind: Rc<AbstractKind>,
    /// The number of its parts, by which a value that grows too large is given up.
    pub(super) size: usize,
}

/// Kinds of abstract values.
#[derive(Debug)]
pub(super) enum AbstractKind {
    /// Any value; what it reads has been demanded.
    Any,
    /// The value at a position of a document, seen by the expression at this location.
    At(PositionIndex, Range<usize>),
    Literal(Value),
    Scalar(ScalarShape),
    Object {
        fields: Vec<(Str, Abstract)>,
        open: bool,
    },
    Array(Vec<Abstract>),
    /// One of these; always missing if there are none.
    OneOf(Vec<Abstract>),
}

impl Abstract {
    pub(super) fn new(kind: AbstractKind) -> Self {
        let size = match &kind {
            AbstractKind::Any
            | AbstractKind::At(..)
            | AbstractKind::Literal(_)
            | AbstractKind::Scalar(_) => 1,
            AbstractKind::Object { fields, .. } => fields
                .iter()
                .fold(1, |sum: usize, (_, part)| sum.saturating_add(part.size)),
            AbstractKind::Array(parts) | AbstractKind::OneOf(parts) => parts
                .iter()
                .fold(1, |sum: usize, part| sum.saturating_add(part.size)),
        };
        Abstract {
            kind: Rc::new(kind),
            size,
        }
    }

    pub(super) fn any() -> Self {
        Self::new(AbstractKind::Any)
    }

    /// One of several values, flattened.
    pub(super) fn one_of(options: impl IntoIterator<Item = Abstract>) -> Self {
        let mut flat: Vec<Abstract> = Vec::new();
        for option in options {
            match &*option.kind {
                AbstractKind::OneOf(inner) => flat.extend(inner.iter().cloned()),
                _ => flat.push(option),
            }
        }
        match flat.pop() {
            Some(only) if flat.is_empty() => only,
            Some(last) => {
                flat.push(last);
                Self::new(AbstractKind::OneOf(flat))
            }
            None => Self::new(AbstractKind::OneOf(flat)),
        }
    }

    pub(super) fn shape(&self) -> Shape {
        match &*self.kind {
            AbstractKind::Any | AbstractKind::At(..) => Shape::Any,
            AbstractKind::Literal(value) => Shape::Literal(value.clone()),
            AbstractKind::Scalar(scalar) => Shape::Scalar(*scalar),
            AbstractKind::Object { fields, open } => Shape::Object {
                fields: fields
                    .iter()
                    .map(|(name, field)| (name.clone(), field.shape()))
                    .collect(),
                open: *open,
            },
            AbstractKind::Array(elements) => {
                Shape::Array(elements.iter().map(Abstract::shape).collect())
            }
            AbstractKind::OneOf(options) => {
                let mut shapes: Vec<Shape> = Vec::new();
                for shape in options.iter().map(Abstract::shape) {
                    if !shapes.contains(&shape) {
                        shapes.push(shape);
                    }
                }
                if shapes.len() == 1 {
                    shapes.remove(0)
                } else {
                    Shape::OneOf(shapes)
                }
            }
        }
    }
}

/// A position in the input or in a variable, by index into [`Positions`].
pub(super) type PositionIndex = usize;

/// The positions seen so far: trees of keys, one for the input and one for each variable.
#[derive(Debug, Default)]
pub(super) struct Positions {
    nodes: Vec<PositionNode>,
    /// Positions by parent and key.
    by_key: HashMap<(PositionIndex, Str), PositionIndex>,
    /// Uses of variables found in demands.
    demanded: Vec<(PositionIndex, Range<usize>)>,
    /// The positions that paths have reached.
    met: Vec<(PositionIndex, Range<usize>)>,
}

#[derive(Debug)]
struct PositionNode {
    /// A key, or the name of a variable at a root; empty at the input's root.
    name: Str,
    parent: Option<PositionIndex>,
    children: Vec<PositionIndex>,
    /// Everything below is read.
    whole: bool,
    /// The number of keys that lead to it.
    depth: usize,
}

impl Positions {
    /// The root of the input.
    pub(super) const INPUT: PositionIndex = 0;

    pub(super) fn new() -> Self {
        let mut positions = Positions::default();
        positions.add(None, Str::from(""));
        positions
    }

    fn add(&mut self, parent: Option<PositionIndex>, name: Str) -> PositionIndex {
        let position = self.nodes.len();
        let depth = parent.map_or(0, |parent| self.nodes[parent].depth + 1);
        self.nodes.push(PositionNode {
            name,
            parent,
            children: Vec::new(),
            whole: false,
            depth,
        });
        if let Some(parent) = parent {
            self.nodes[parent].children.push(position);
        }
        position
    }

    /// The root of a variable.
    pub(super) fn variable(&mut self, name: &Str) -> PositionIndex {
        let root = self
            .nodes
            .iter()
            .skip(1)
            .position(|node| node.parent.is_none() && node.name == *name);
        root.map_or_else(|| self.add(None, name.clone()), |at| at + 1)
    }

    /// The position of a key under another position; `None` if no document nests so deep, so that
    /// there is no value.
    pub(super) fn child(&mut self, position: PositionIndex, key: &Str) -> Option<PositionIndex> {
        if self.nodes[position].depth >= usize::from(MAX_DEPTH) {
            return None;
        }
        let edge = (position, key.clone());
        Some(match self.by_key.get(&edge) {
            Some(child) => *child,
            None => {
                let child = self.add(Some(position), key.clone());
                self.by_key.insert(edge, child);
                child
            }
        })
    }

    /// Records that a path has reached a position.
    pub(super) fn meet(&mut self, position: PositionIndex, span: &Range<usize>) {
        self.met.push((position, span.clone()));
    }

    /// Records that all of the value at a position is read.
    pub(super) fn demand(&mut self, position: PositionIndex, span: &Range<usize>) {
        self.nodes[position].whole = true;
        self.demanded.push((position, span.clone()));
    }

    pub(super) fn mask(&self) -> InputMask {
        self.need_at(Self::INPUT)
    }

    fn need_at(&self, position: PositionIndex) -> InputMask {
        let node = &self.nodes[position];
        if node.whole {
            return InputMask::Whole;
        }
        let keys = node
            .children
            .iter()
            .map(|child| (self.nodes[*child].name.clone(), self.need_at(*child)));
        InputMask::Keys(keys.collect())
    }

    /// The uses of variables, in the order of the text. A variable that is reached but not read
    /// (the input of an `->echo` that ignores it) counts too: the result depends on whether it is
    /// present.
    pub(super) fn uses(&self) -> Vec<VariableUse> {
        let only_met = self.met.iter().filter(|(position, _)| {
            self.nodes[*position].children.is_empty() && !self.is_read(*position)
        });
        let mut seen = HashSet::new();
        let mut uses: Vec<VariableUse> = Vec::new();
        for (position, span) in self.demanded.iter().chain(only_met) {
            if !seen.insert((position, span)) {
                continue;
            }
            let (name, path) = self.keys(*position);
            if !name.is_empty() {
                uses.push(VariableUse {
                    name,
                    path,
                    span: span.clone(),
                });
            }
        }
        uses.sort_by_key(|one| (one.span.start, one.span.end));
        uses
    }

    /// Whether it, or a value that contains it, is demanded.
    fn is_read(&self, position: PositionIndex) -> bool {
        let node = &self.nodes[position];
        node.whole || node.parent.is_some_and(|parent| self.is_read(parent))
    }

    fn keys(&self, mut position: PositionIndex) -> (Str, Vec<Str>) {
        let mut keys = Vec::new();
        while let Some(parent) = self.nodes[position].parent {
            keys.push(self.nodes[position].name.clone());
            position = parent;
        }
        keys.reverse();
        (self.nodes[position].name.clone(), keys)
    }
}
