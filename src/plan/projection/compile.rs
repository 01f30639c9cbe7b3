//! Compiles projections from the reads of a plan.

use super::super::requested::Position;
use super::super::{Read, ReadField, ReadId};
use super::keys::{collect_names, has_named, input_keys, static_keys};
use super::{Dynamic, KeyNode, NewRow, ObjectNode, Projection, ProjectionId, Root, Sink};
use crate::connector::Reference;
use crate::document::Str;
use crate::mapping::Selection;
use crate::mapping::ast::{Expr, ExprKind, Item, Path, SubSelection};

/// Compiles the projection of a GraphQL service's object, by response keys.
pub(in crate::plan) fn of_service(
    reads: &[Read],
    positions: &[Position],
    read: ReadId,
) -> Projection {
    let mut compiler = ProjectionCompiler {
        reads,
        positions,
        references: &[],
        path: Vec::new(),
        projection: Projection::default(),
    };
    let node = compiler.by_key(read, |field| &field.key);
    compiler.projection.root = Root::Object(node);
    compiler.projection
}

/// Compiles the projection of a connect: the requested part of its selection. `read` is what is read of the objects it
/// yields; `None` for a leaf. `references` are those of the selection.
pub(crate) fn of_connect(
    reads: &[Read],
    positions: &[Position],
    selection: &Selection,
    references: &[Reference],
    read: Option<ReadId>,
) -> Projection {
    let mut compiler = ProjectionCompiler {
        reads,
        positions,
        references,
        path: Vec::new(),
        projection: Projection::default(),
    };
    let root = compiler.root(selection.root(), read);
    compiler.projection.root = root;
    compiler.projection
}

struct ProjectionCompiler<'a> {
    reads: &'a [Read],
    positions: &'a [Position],
    references: &'a [Reference],
    /// The names of the fields that lead to what is being compiled.
    path: Vec<Str>,
    projection: Projection,
}

/// Where the value of a field of a selection goes.
#[derive(Clone, Copy)]
struct FieldTarget {
    /// The new row, as an index into those of its object.
    row: u16,
    slot: u16,
    /// What is read of the objects in the value; `None` for a leaf.
    below: Option<ReadId>,
}

impl ProjectionCompiler<'_> {
    fn new_row(&self, read: ReadId, parent: Option<(u16, u16)>) -> NewRow {
        let read = &self.reads[read.0 as usize];
        let width = self.positions[read.position.0 as usize].width();
        // If only a part of the key is read, its nulls do not say that the whole key is null.
        let is_read = |name: &Str| read.fields.iter().any(|field| *field.name == **name);
        let reference = self
            .references
            .iter()
            .any(|reference| reference.path == self.path && reference.key.iter().all(is_read));
        NewRow {
            position: read.position.0,
            width,
            ty: read.ty,
            parent,
            reference,
        }
    }

    fn add(&mut self, node: ObjectNode) -> ProjectionId {
        self.projection.nodes.push(node);
        ProjectionId((self.projection.nodes.len() - 1) as u32)
    }

    fn node(&mut self, id: ProjectionId) -> &mut ObjectNode {
        &mut self.projection.nodes[id.0 as usize]
    }

    /// Objects with the fields' own keys: those of a GraphQL service, or of an evaluated selection.
    fn by_key(&mut self, read: ReadId, key: fn(&ReadField) -> &str) -> ProjectionId {
        let planned_read = &self.reads[read.0 as usize];
        let rows = vec![self.new_row(read, None)];
        let typename = planned_read.typename;
        let id = self.add(ObjectNode {
            rows,
            typename,
            ..ObjectNode::default()
        });
        for field in &self.reads[read.0 as usize].fields {
            let sink = match field.read {
                None => Sink::Leaf {
                    row: 0,
                    slot: field.slot,
                },
                Some(read) => {
                    self.path.push(Str::from(field.name.as_str()));
                    let node = self.by_key(read, key);
                    self.path.pop();
                    Sink::Object {
                        row: 0,
                        slot: field.slot,
                        node,
                    }
                }
            };
            self.sink(id, key(field), sink);
        }
        id
    }

    fn sink(&mut self, node: ProjectionId, name: &str, sink: Sink) {
        let key_index = self.key(node, name);
        self.node(node).keys[key_index].sinks.push(sink);
    }

    fn key(&mut self, node: ProjectionId, name: &str) -> usize {
        let keys = &mut self.node(node).keys;
        if let Some(key_index) = keys.iter().position(|key| &*key.name == name) {
            return key_index;
        }
        keys.push(KeyNode {
            name: name.into(),
            sinks: Vec::new(),
            capture: None,
        });
        keys.len() - 1
    }

    fn evaluated(&mut self, expression: &Expr, read: Option<ReadId>) -> Root {
        let then = Box::new(match read {
            Some(read) => Root::Object(self.by_key(read, |field| &field.name)),
            None => Root::Leaf,
        });
        Root::Evaluated {
            expression: expression.clone(),
            then,
        }
    }

    fn root(&mut self, expression: &Expr, read: Option<ReadId>) -> Root {
        // A lone path with braces is the value of the whole selection, also if it is a list.
        if let ExprKind::Object(selection) = &expression.kind
            && let [Item::Spread { value }] = &*selection.items
            && value.as_path().is_some_and(|path| path.selection.is_some())
        {
            return self.root(value, read);
        }
        match (&expression.kind, read) {
            (ExprKind::Object(selection), Some(read)) if self.is_static(selection, read) => {
                Root::Object(self.object(selection, read))
            }
            (ExprKind::Path(path), _) => self.root_path(expression, path, read),
            _ => self.evaluated(expression, read),
        }
    }

    fn root_path(&mut self, expression: &Expr, path: &Path, read: Option<ReadId>) -> Root {
        let Some(keys) = static_keys(path) else {
            return self.evaluated(expression, read);
        };
        let then = match (&path.selection, read) {
            (None, None) => Root::Leaf,
            (Some(selection), Some(read)) if self.is_static(selection, read) => {
                Root::Object(self.object(selection, read))
            }
            _ => return self.evaluated(expression, read),
        };
        if keys.is_empty() {
            return then;
        }
        let otherwise = Box::new(self.evaluated(expression, read));
        Root::Path {
            keys,
            then: Box::new(then),
            otherwise,
        }
    }

    /// Whether a selection can be read without evaluating it as a whole: the types are known, no name occurs twice,
    /// spreads are plain paths, and there are named fields, so that it yields an object whatever the spreads lead to.
    fn is_static(&self, selection: &SubSelection, read: ReadId) -> bool {
        let mut names = Vec::new();
        (has_named(selection) || selection.items.is_empty())
            && !self.reads[read.0 as usize].typename
            && collect_names(selection, &mut names)
    }

    fn object(&mut self, selection: &SubSelection, read: ReadId) -> ProjectionId {
        let rows = vec![self.new_row(read, None)];
        let leaf = selection.fits_leaf().then(|| {
            let expression = Expr {
                kind: ExprKind::Object(selection.clone()),
                span: selection.span.clone(),
            };
            Box::new(self.evaluated(&expression, Some(read)))
        });
        let id = self.add(ObjectNode {
            rows,
            leaf,
            ..ObjectNode::default()
        });
        self.items(id, id, &[], selection, read, 0);
        id
    }

    /// The items of a selection whose `$` is the object that `keys` lead to from `scope`; `at` is its node.
    fn items(
        &mut self,
        scope: ProjectionId,
        at: ProjectionId,
        keys: &[Box<str>],
        selection: &SubSelection,
        read: ReadId,
        row: u16,
    ) {
        for item in selection.items.iter() {
            match item {
                Item::Field { name, value, .. } => {
                    let fields = &self.reads[read.0 as usize].fields;
                    let wanted = fields.iter().filter(|field| *field.name == **name);
                    let wanted: Vec<_> = wanted.map(|field| (field.slot, field.read)).collect();
                    self.path.push(name.clone());
                    for (slot, below) in wanted {
                        self.field(scope, at, keys, value, FieldTarget { row, slot, below });
                    }
                    self.path.pop();
                }
                Item::Spread { value } => {
                    let (Some(path), Some(path_keys)) =
                        (value.as_path(), value.as_path().and_then(static_keys))
                    else {
                        continue;
                    };
                    let Some(below) = &path.selection else {
                        continue;
                    };
                    let lead = keys.len();
                    let keys: Vec<Box<str>> = keys.iter().chain(&path_keys).cloned().collect();
                    let node = self.spread(at, &keys, lead);
                    self.items(scope, node, &keys, below, read, row);
                }
            }
        }
    }

    fn field(
        &mut self,
        scope: ProjectionId,
        at: ProjectionId,
        keys: &[Box<str>],
        value: &Expr,
        target: FieldTarget,
    ) {
        let FieldTarget { row, slot, below } = target;
        match (&value.kind, below) {
            (ExprKind::Path(path), None) if path.selection.is_none() => {
                if let Some(path_keys) = static_keys(path)
                    && let Some((last, lead)) = path_keys.split_last()
                {
                    let node = self.descend(at, lead);
                    return self.sink(node, last, Sink::Leaf { row, slot });
                }
            }
            (ExprKind::Path(path), Some(read)) => {
                if let (Some(path_keys), Some(selection)) = (static_keys(path), &path.selection)
                    && self.is_static(selection, read)
                {
                    if let Some((last, lead)) = path_keys.split_last() {
                        let child = self.object(selection, read);
                        let node = self.descend(at, lead);
                        return self.sink(
                            node,
                            last,
                            Sink::Object {
                                row,
                                slot,
                                node: child,
                            },
                        );
                    }
                    if keys.is_empty() {
                        return self.nested(scope, at, selection, (row, slot), read);
                    }
                }
            }
            (ExprKind::Object(selection), Some(read))
                if keys.is_empty() && self.is_static(selection, read) =>
            {
                return self.nested(scope, at, selection, (row, slot), read);
            }
            _ => {}
        }
        self.dynamic(at, value, target);
    }

    /// A row from the same object. (Behind a spread's path the row would exist even if the path leads nowhere: such
    /// items are evaluated.)
    fn nested(
        &mut self,
        scope: ProjectionId,
        at: ProjectionId,
        selection: &SubSelection,
        parent: (u16, u16),
        read: ReadId,
    ) {
        let new = self.new_row(read, Some(parent));
        let rows = &mut self.node(scope).rows;
        rows.push(new);
        let row = (rows.len() - 1) as u16;
        self.items(scope, at, &[], selection, read, row);
    }

    fn dynamic(&mut self, at: ProjectionId, value: &Expr, target: FieldTarget) {
        let FieldTarget { row, slot, below } = target;
        let then = match below {
            Some(read) => Root::Object(self.by_key(read, |field| &field.name)),
            None => Root::Leaf,
        };
        match input_keys(value) {
            Some(keys) => {
                for key in keys {
                    let key_index = self.key(at, &key);
                    if self.node(at).keys[key_index].capture.is_none() {
                        let captures = &mut self.node(at).captures;
                        captures.push(key);
                        let index = (captures.len() - 1) as u16;
                        self.node(at).keys[key_index].capture = Some(index);
                    }
                }
            }
            None => self.node(at).capture_all = true,
        }
        self.node(at).dynamic.push(Dynamic {
            expression: value.clone(),
            row,
            slot,
            then,
        });
    }

    /// The node at the end of the keys behind `lead`, for an item that spreads.
    fn spread(&mut self, mut at: ProjectionId, keys: &[Box<str>], lead: usize) -> ProjectionId {
        let mut trail = String::from("$");
        for (index, name) in keys.iter().enumerate() {
            trail.push('.');
            trail.push_str(name);
            if index < lead {
                continue;
            }
            let key_index = self.key(at, name);
            let child = self.node(at).keys[key_index]
                .sinks
                .iter()
                .find_map(|sink| match sink {
                    Sink::Spread { node, .. } => Some(*node),
                    _ => None,
                });
            at = match child {
                Some(node) => node,
                None => {
                    let node = self.add(ObjectNode::default());
                    let trail = trail.as_str().into();
                    let sink = Sink::Spread { node, trail };
                    self.node(at).keys[key_index].sinks.push(sink);
                    node
                }
            };
        }
        at
    }

    /// The node at the end of keys, through objects that create no rows.
    fn descend(&mut self, mut at: ProjectionId, keys: &[Box<str>]) -> ProjectionId {
        for name in keys {
            let key_index = self.key(at, name);
            let child = self.node(at).keys[key_index]
                .sinks
                .iter()
                .find_map(|sink| match sink {
                    Sink::Path(node) => Some(*node),
                    _ => None,
                });
            at = match child {
                Some(node) => node,
                None => {
                    let node = self.add(ObjectNode::default());
                    self.node(at).keys[key_index].sinks.push(Sink::Path(node));
                    node
                }
            };
        }
        at
    }
}
