//! Projections: what is read of an upstream's document, compiled from what the operation needs.
//!
//! A projection is driven by the document: for each key of each object it says where the value goes. What nobody asked for
//! is skipped. For an answer of a GraphQL service it follows the response keys; for a connect it is the connect's
//! selection and the operation's need put together, so that an upstream's key leads straight to a slot. Where a mapping's
//! need is not static, an item is *dynamic*: the parts of the input that it reads are captured, and the mapping language
//! evaluates it. What evaluation yields is again read by a projection, so that only one piece of code fills rows.

use super::Read;
use super::ReadField;
use super::ReadId;
use super::need::Need;
use crate::graph::query::TypeId;
use crate::mapping::Selection;
use crate::mapping::ast::Expr;
use crate::mapping::ast::ExprKind;
use crate::mapping::ast::Item;
use crate::mapping::ast::Path;
use crate::mapping::ast::Start;
use crate::mapping::ast::StepKind;
use crate::mapping::ast::SubSelection;

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
    pub need: u32,
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

/// Compiles the projection of a GraphQL service's object, by response keys.
pub(super) fn of_service(reads: &[Read], needs: &[Need], read: ReadId) -> Projection {
    let mut compiler = Compiler {
        reads,
        needs,
        projection: Projection::default(),
    };
    let node = compiler.by_key(read, |field| &field.key);
    compiler.projection.root = Root::Object(node);
    compiler.projection
}

/// Compiles the projection of a connect: its selection, as far as the operation needs it. `read` is what is read of the
/// objects it yields; `None` for a leaf.
pub(crate) fn of_connect(
    reads: &[Read],
    needs: &[Need],
    selection: &Selection,
    read: Option<ReadId>,
) -> Projection {
    let mut compiler = Compiler {
        reads,
        needs,
        projection: Projection::default(),
    };
    let root = compiler.root(selection.root(), read);
    compiler.projection.root = root;
    compiler.projection
}

struct Compiler<'a> {
    reads: &'a [Read],
    needs: &'a [Need],
    projection: Projection,
}

impl Compiler<'_> {
    fn new_row(&self, read: ReadId, parent: Option<(u16, u16)>) -> NewRow {
        let read = &self.reads[read.0 as usize];
        let width = self.needs[read.need.0 as usize].width();
        NewRow {
            need: read.need.0,
            width,
            ty: read.ty,
            parent,
        }
    }

    fn add(&mut self, node: ObjectNode) -> ProjectionId {
        self.projection.nodes.push(node);
        ProjectionId((self.projection.nodes.len() - 1) as u32)
    }

    fn node(&mut self, id: ProjectionId) -> &mut ObjectNode {
        &mut self.projection.nodes[id.0 as usize]
    }

    /// Objects whose keys are those of the fields: a GraphQL service's, or an evaluated selection's.
    fn by_key(&mut self, read: ReadId, key: fn(&ReadField) -> &str) -> ProjectionId {
        let own = &self.reads[read.0 as usize];
        let rows = vec![self.new_row(read, None)];
        let typename = own.typename;
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
                Some(read) => Sink::Object {
                    row: 0,
                    slot: field.slot,
                    node: self.by_key(read, key),
                },
            };
            self.sink(id, key(field), sink);
        }
        id
    }

    fn sink(&mut self, node: ProjectionId, name: &str, sink: Sink) {
        let place = self.key(node, name);
        self.node(node).keys[place].sinks.push(sink);
    }

    fn key(&mut self, node: ProjectionId, name: &str) -> usize {
        let keys = &mut self.node(node).keys;
        if let Some(place) = keys.iter().position(|key| &*key.name == name) {
            return place;
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
            reads: expression.reads_input(),
            then,
        }
    }

    fn root(&mut self, expression: &Expr, read: Option<ReadId>) -> Root {
        // A path with braces that stands alone is what the whole yields, a list too.
        if let ExprKind::Object(selection) = &expression.kind
            && let [Item::Spread { value }] = selection.items.as_slice()
            && value.as_path().is_some_and(|path| path.selection.is_some())
        {
            return self.root(value, read);
        }
        match (&expression.kind, read) {
            (ExprKind::Object(selection), Some(read))
                if expression.reads_input() && self.is_static(selection, read) =>
            {
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

    /// Whether a selection can be read without evaluating it as a whole: the types are known, no name is given twice, what
    /// spreads is a plain path, and there are named fields, so that it yields an object whatever the spreads lead to.
    fn is_static(&self, selection: &SubSelection, read: ReadId) -> bool {
        let mut names = Vec::new();
        (has_named(selection) || selection.items.is_empty())
            && !self.reads[read.0 as usize].typename
            && collect_names(selection, &mut names)
    }

    fn object(&mut self, selection: &SubSelection, read: ReadId) -> ProjectionId {
        let rows = vec![self.new_row(read, None)];
        let id = self.add(ObjectNode {
            rows,
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
        for item in &selection.items {
            match item {
                Item::Field { name, value, .. } => {
                    let fields = &self.reads[read.0 as usize].fields;
                    let wanted = fields.iter().filter(|field| *field.name == **name);
                    let wanted: Vec<_> = wanted.map(|field| (field.slot, field.read)).collect();
                    for (slot, below) in wanted {
                        self.field(scope, at, keys, value, slot, below, row);
                    }
                }
                Item::Spread { value } => {
                    let (Some(path), Some(own)) =
                        (value.as_path(), value.as_path().and_then(static_keys))
                    else {
                        continue;
                    };
                    let Some(below) = &path.selection else {
                        continue;
                    };
                    let lead = keys.len();
                    let keys: Vec<Box<str>> = keys.iter().chain(&own).cloned().collect();
                    let node = self.spread(at, &keys, lead);
                    self.items(scope, node, &keys, below, read, row);
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn field(
        &mut self,
        scope: ProjectionId,
        at: ProjectionId,
        keys: &[Box<str>],
        value: &Expr,
        slot: u16,
        below: Option<ReadId>,
        row: u16,
    ) {
        match (&value.kind, below) {
            (ExprKind::Path(path), None) if path.selection.is_none() => {
                if let Some(own) = static_keys(path)
                    && let Some((last, lead)) = own.split_last()
                {
                    let node = self.descend(at, lead);
                    return self.sink(node, last, Sink::Leaf { row, slot });
                }
            }
            (ExprKind::Path(path), Some(read)) => {
                if let (Some(own), Some(selection)) = (static_keys(path), &path.selection)
                    && self.is_static(selection, read)
                {
                    if let Some((last, lead)) = own.split_last() {
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
        self.dynamic(at, value, slot, below, row);
    }

    /// A row made of the same object. (Behind a spread's path it would be there even when the path leads nowhere: such
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

    fn dynamic(
        &mut self,
        at: ProjectionId,
        value: &Expr,
        slot: u16,
        below: Option<ReadId>,
        row: u16,
    ) {
        let then = match below {
            Some(read) => Root::Object(self.by_key(read, |field| &field.name)),
            None => Root::Leaf,
        };
        match input_keys(value) {
            Some(keys) => {
                for key in keys {
                    let place = self.key(at, &key);
                    if self.node(at).keys[place].capture.is_none() {
                        let captures = &mut self.node(at).captures;
                        captures.push(key);
                        let index = (captures.len() - 1) as u16;
                        self.node(at).keys[place].capture = Some(index);
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

    /// The node that the keys behind `lead` lead to from another, for what spreads.
    fn spread(&mut self, mut at: ProjectionId, keys: &[Box<str>], lead: usize) -> ProjectionId {
        let mut trail = String::from("$");
        for (index, name) in keys.iter().enumerate() {
            trail.push('.');
            trail.push_str(name);
            if index < lead {
                continue;
            }
            let place = self.key(at, name);
            let known = self.node(at).keys[place]
                .sinks
                .iter()
                .find_map(|sink| match sink {
                    Sink::Spread { node, .. } => Some(*node),
                    _ => None,
                });
            at = match known {
                Some(node) => node,
                None => {
                    let node = self.add(ObjectNode::default());
                    let trail = trail.as_str().into();
                    let sink = Sink::Spread { node, trail };
                    self.node(at).keys[place].sinks.push(sink);
                    node
                }
            };
        }
        at
    }

    /// The node that keys lead to from another, through objects without rows.
    fn descend(&mut self, mut at: ProjectionId, keys: &[Box<str>]) -> ProjectionId {
        for name in keys {
            let place = self.key(at, name);
            let known = self.node(at).keys[place]
                .sinks
                .iter()
                .find_map(|sink| match sink {
                    Sink::Path(node) => Some(*node),
                    _ => None,
                });
            at = match known {
                Some(node) => node,
                None => {
                    let node = self.add(ObjectNode::default());
                    self.node(at).keys[place].sinks.push(Sink::Path(node));
                    node
                }
            };
        }
        at
    }
}

/// The keys of a path that starts at `$` and takes nothing but keys (and `?`, which makes no difference to a slot).
fn static_keys(path: &Path) -> Option<Vec<Box<str>>> {
    if !matches!(path.start, Start::Input) {
        return None;
    }
    let mut keys = Vec::with_capacity(path.steps.len());
    for step in &path.steps {
        match &step.kind {
            StepKind::Key(name) => keys.push(Box::from(&**name)),
            StepKind::Optional => {}
            StepKind::Bind { .. } | StepKind::Method(_) => return None,
        }
    }
    Some(keys)
}

fn has_named(selection: &SubSelection) -> bool {
    let is_named = |item: &Item| matches!(item, Item::Field { .. });
    selection.items.iter().any(is_named)
}

/// Collects the names that a selection gives; false when one is given twice or something dynamic spreads. (Several spreads
/// alone merge, lists by index: that is dynamic too.)
fn collect_names<'a>(selection: &'a SubSelection, names: &mut Vec<&'a str>) -> bool {
    selection.items.iter().all(|item| match item {
        Item::Field { name, .. } => {
            let new = !names.contains(&&**name);
            names.push(name);
            new
        }
        Item::Spread { value } => match value.as_path() {
            Some(path) => match (&path.selection, static_keys(path)) {
                (Some(below), Some(_)) => {
                    (has_named(below) || below.items.len() < 2) && collect_names(below, names)
                }
                _ => false,
            },
            None => false,
        },
    })
}

/// The keys of `$` that an expression reads; `None` when it reads `$` as a whole.
fn input_keys(value: &Expr) -> Option<Vec<Box<str>>> {
    let mut keys = Vec::new();
    read_keys(value, false, &mut keys).then_some(keys)
}

/// Notes the keys of the outer `$` that are read. `shadowed`: `$` is another one here, and only `@` could still reach the
/// outer value, through what a method was applied to.
fn read_keys(value: &Expr, shadowed: bool, keys: &mut Vec<Box<str>>) -> bool {
    match &value.kind {
        ExprKind::Literal(_) => true,
        ExprKind::Array(items) | ExprKind::Chain(_, items) => {
            items.iter().all(|item| read_keys(item, shadowed, keys))
        }
        ExprKind::Object(selection) => read_items(selection, shadowed, keys),
        ExprKind::Path(path) => {
            let started = match &path.start {
                Start::Input if shadowed => true,
                Start::Input => match path.steps.first().map(|step| &step.kind) {
                    Some(StepKind::Key(name)) => {
                        if !keys.iter().any(|known| **known == **name) {
                            keys.push(Box::from(&**name));
                        }
                        true
                    }
                    _ => false,
                },
                // `@` outside of a method's arguments is `$`: at the top it would be the whole object.
                Start::Current => shadowed,
                Start::Variable(_) => true,
                Start::Expression(inner) => read_keys(inner, shadowed, keys),
            };
            started
                && path.steps.iter().all(|step| match &step.kind {
                    StepKind::Key(_) | StepKind::Optional => true,
                    StepKind::Bind { value, .. } => value
                        .as_ref()
                        .is_none_or(|value| read_argument(value, shadowed, keys)),
                    StepKind::Method(call) => call
                        .arguments
                        .iter()
                        .all(|argument| read_argument(argument, shadowed, keys)),
                })
                && path
                    .selection
                    .as_ref()
                    .is_none_or(|selection| read_items(selection, true, keys))
        }
    }
}

/// In an argument `$` is still the outer one, and `@` the method's input, which has been noted already.
fn read_argument(value: &Expr, shadowed: bool, keys: &mut Vec<Box<str>>) -> bool {
    match value.as_path() {
        Some(path) if matches!(path.start, Start::Current) => {
            path.steps.iter().all(|step| match &step.kind {
                StepKind::Key(_) | StepKind::Optional => true,
                StepKind::Bind { value, .. } => value
                    .as_ref()
                    .is_none_or(|value| read_argument(value, shadowed, keys)),
                StepKind::Method(call) => call
                    .arguments
                    .iter()
                    .all(|argument| read_argument(argument, shadowed, keys)),
            })
        }
        _ => match &value.kind {
            ExprKind::Array(items) | ExprKind::Chain(_, items) => {
                items.iter().all(|item| read_argument(item, shadowed, keys))
            }
            ExprKind::Object(selection) => selection.items.iter().all(|item| match item {
                Item::Field { value, .. } | Item::Spread { value } => {
                    read_argument(value, shadowed, keys)
                }
            }),
            _ => read_keys(value, shadowed, keys),
        },
    }
}

fn read_items(selection: &SubSelection, shadowed: bool, keys: &mut Vec<Box<str>>) -> bool {
    selection.items.iter().all(|item| match item {
        Item::Field { value, .. } | Item::Spread { value } => read_keys(value, shadowed, keys),
    })
}
