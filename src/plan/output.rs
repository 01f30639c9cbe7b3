//! The output: how rows become the response, in the order of the operation.
//!
//! Response names exist only here. At an abstract position the fields depend on the row's concrete type.

mod build;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Arc;

use apollo_compiler::Name;

use super::deferred::Deferred;
use super::guard::Guard;
use super::inputs::Input;
use super::requested::PositionId;
use super::streamed::Streamed;
use crate::graph::query::{FileOfSubgraph, TypeId};

pub(super) use self::build::OutputBuilder;

/// The output of a plan; `objects[0]` is the root.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// One per selection set.
    pub objects: Vec<OutputObject>,
    /// The guards that fields refer to.
    pub guards: Vec<Guard>,
    /// The messages of fields that are refused.
    pub refusals: Vec<String>,
    /// What the globally unique ids are made from.
    pub ids: Vec<MadeId>,
    /// The fields that yield files.
    pub files: Vec<FileOfSubgraph>,
    /// The deferred fragments, if the operation has any.
    pub deferred: Option<Box<Deferred>>,
    /// The streamed lists, if the operation has any.
    pub streamed: Option<Box<Streamed>>,
}

/// A globally unique id, which is made from fields of the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeId {
    /// The concrete type of the row.
    pub ty: Name,
    /// The fields of its key, in the order of their names.
    pub key: Vec<Input>,
}

/// The fields that globally unique ids are made from: by the position, the slot of the id, and the concrete type.
pub(super) type MadeIds = BTreeMap<(PositionId, u16, TypeId), Vec<Input>>;

/// How the rows of one position become JSON objects.
#[derive(Debug, Clone, Default)]
pub struct OutputObject {
    /// The position of its rows.
    pub position: PositionId,
    /// Set if some of its fields may be deferred: its number, from 1.
    pub split: Option<NonZero<u32>>,
    /// The fields of all classes. A field whose order or source depends on conditions is listed once for each, with
    /// guards of which at most one holds.
    pub fields: Vec<OutputField>,
    /// The fields of each concrete type, sorted by type.
    pub classes: Vec<OutputOfType>,
}

/// The fields of objects of one concrete type.
#[derive(Debug, Clone)]
pub struct OutputOfType {
    /// The concrete type.
    pub ty: TypeId,
    /// Indices into the object's fields, in response order.
    pub fields: Vec<u16>,
    /// The fields that may be written as one text, in response order.
    pub prerendered: Vec<Prerendered>,
}

/// Adjacent fields of a class that one fetch provides completely and that are in every response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prerendered {
    /// The index of the first field in the class.
    pub at: u16,
    /// How many fields: at least two, or one that is composite.
    pub length: u16,
    /// The fetch, as an index into the plan's fetches.
    pub fetch: usize,
    /// The cell of a row that holds the text; it comes after the cells of the slots.
    pub cell: u16,
}

impl OutputObject {
    /// The index of the class of a row of this concrete type. The type must be known if types differ in the fields that
    /// these guards leave; if it is not, `None`.
    #[inline]
    pub fn class_of(&self, ty: Option<TypeId>, guards: &[bool]) -> Option<usize> {
        match (self.classes.as_slice(), ty) {
            // Every object type and most interfaces have one class.
            ([only], ty) if ty.is_none_or(|ty| ty == only.ty) => Some(0),
            _ => self.class_among(ty, guards),
        }
    }

    fn class_among(&self, ty: Option<TypeId>, guards: &[bool]) -> Option<usize> {
        let Some(ty) = ty else {
            return self.has_one_class(guards).then_some(0);
        };
        self.classes.iter().position(|class| class.ty == ty)
    }

    /// The class of rows of this concrete type in every request; `None` if guards decide.
    pub fn class_of_type(&self, ty: Option<TypeId>) -> Option<usize> {
        match ty {
            Some(ty) => self.classes.iter().position(|class| class.ty == ty),
            None => (self.classes.len() == 1).then_some(0),
        }
    }

    fn has_one_class(&self, guards: &[bool]) -> bool {
        let left = |class: &OutputOfType| -> Vec<u16> {
            let holds = |field: &u16| guards[self.fields[*field as usize].guard as usize];
            class.fields.iter().copied().filter(holds).collect()
        };
        let [first, rest @ ..] = self.classes.as_slice() else {
            return false;
        };
        rest.iter().all(|class| class.fields == first.fields)
            || rest.iter().all(|class| left(class) == left(first))
    }

    /// The fields of a class, in response order.
    pub fn fields_of(&self, class: usize) -> impl Iterator<Item = &OutputField> + Clone {
        let fields = self.classes.get(class).map(|class| class.fields.as_slice());
        let fields = fields.unwrap_or_default().iter();
        fields.map(|field| &self.fields[usize::from(*field)])
    }
}

/// One response field.
#[derive(Debug, Clone)]
pub struct OutputField {
    /// The response name.
    pub name: Name,
    /// `,"name":`, ready to write.
    pub key: Arc<[u8]>,
    /// The source of its value.
    pub source: FieldSource,
    /// When it is in the response, as an index into [`Output::guards`]; 0 always holds.
    pub guard: u32,
    /// Set if it has `@stream` and its list may be streamed: its number in [`Streamed::fields`], from 1.
    pub stream: Option<NonZero<u32>>,
    /// Its type.
    pub ty: OutputType,
    /// For a leaf of a slot: its kind, so that the writer need not look at the type.
    pub plain: Option<Plain>,
    /// `Type.field`, for messages.
    pub coordinate: Arc<str>,
    /// Lines and columns in the operation text.
    pub locations: Arc<[(usize, usize)]>,
}

impl OutputField {
    /// Whether its value is made into the URL of a file when it is written.
    pub fn is_file(&self) -> bool {
        fn is_file(ty: &OutputType) -> bool {
            match ty {
                OutputType::NonNull(inner) | OutputType::List(inner) => is_file(inner),
                OutputType::Leaf(leaf) => matches!(leaf, Leaf::File(_)),
                OutputType::Object(_) => false,
            }
        }
        is_file(&self.ty)
    }

    /// The slot, if it is a leaf and not a list.
    pub fn leaf_slot(&self) -> Option<u16> {
        let FieldSource::Slot(slot) = self.source else {
            return None;
        };
        let ty = match &self.ty {
            OutputType::NonNull(inner) => inner,
            ty => ty,
        };
        matches!(ty, OutputType::Leaf(_)).then_some(slot)
    }
}

/// The source of a response field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldSource {
    /// A cell of the row.
    Slot(u16),
    /// The row's concrete type.
    Typename,
    /// A globally unique id: an index into [`Output::ids`].
    Id(u32),
    /// `__schema` or `__type` at the root: resolved by introspection.
    Introspection,
    /// None: an argument is null that must not be. An index into [`Output::refusals`].
    Refused(u32),
}

/// A leaf that is not a list, as nearly every field is.
#[derive(Debug, Clone, Copy)]
pub struct Plain {
    /// The slot.
    pub slot: u16,
    /// The JSON values that are written as they were read.
    pub kind: PlainKind,
    /// Whether null is allowed.
    pub nullable: bool,
}

/// The JSON values that a plain leaf is written from unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainKind {
    /// A string.
    Text,
    /// A number.
    Number,
    /// A number that is a short integer.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A string or a number.
    Any,
}

impl Plain {
    fn of(source: FieldSource, ty: &OutputType) -> Option<Plain> {
        let FieldSource::Slot(slot) = source else {
            return None;
        };
        let (leaf, nullable) = match ty {
            OutputType::Leaf(leaf) => (leaf, true),
            OutputType::NonNull(inner) => match &**inner {
                OutputType::Leaf(leaf) => (leaf, false),
                _ => return None,
            },
            _ => return None,
        };
        let kind = match leaf {
            Leaf::String | Leaf::Id => PlainKind::Text,
            Leaf::Float => PlainKind::Number,
            Leaf::Int => PlainKind::Integer,
            Leaf::Boolean => PlainKind::Boolean,
            Leaf::Custom => PlainKind::Any,
            Leaf::Enum(_) | Leaf::File(_) => return None,
        };
        Some(Plain {
            slot,
            kind,
            nullable,
        })
    }
}

/// The type of a field, for the writer.
#[derive(Debug, Clone)]
pub enum OutputType {
    /// `T!`
    NonNull(Box<OutputType>),
    /// `[T]`
    List(Box<OutputType>),
    /// A scalar or enum.
    Leaf(Leaf),
    /// A composite type: an index into [`Output::objects`].
    Object(u32),
}

/// The allowed values of a leaf, and how they are written.
#[derive(Debug, Clone)]
pub enum Leaf {
    /// A 32-bit integer.
    Int,
    /// A number.
    Float,
    /// Text; numbers and Booleans are written as their text.
    String,
    /// `true` or `false`.
    Boolean,
    /// Text; integers are written as their text.
    Id,
    /// One of these public values, each as JSON, sorted.
    Enum(Arc<[Box<[u8]>]>),
    /// A custom scalar: any JSON value, as received.
    Custom,
    /// A file: the URL that clients download it from, made of the value. An index into [`Output::files`].
    File(u32),
}
