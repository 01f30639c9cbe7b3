//! The output: how rows become the response, in the order of the operation.
//!
//! Response names live here and nowhere else. At an abstract position the fields depend on the row's concrete type.

mod build;

use std::sync::Arc;

use apollo_compiler::Name;

use super::guard::Guard;
pub use super::prerendered::Prerendered;
use super::requested::PositionId;
use crate::graph::query::TypeId;

pub(super) use self::build::OutputBuilder;

/// The output of a plan; `objects[0]` is the root.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// One per selection set.
    pub objects: Vec<OutputObject>,
    /// The guards that fields refer to.
    pub guards: Vec<Guard>,
    /// What is said of fields that are refused.
    pub refusals: Vec<String>,
}

/// How rows of one need become JSON objects.
#[derive(Debug, Clone, Default)]
pub struct OutputObject {
    /// The need of its rows.
    pub position: PositionId,
    /// All fields that some type has. One whose place or source depends on conditions stands here once for each, with
    /// guards of which one holds at the most.
    pub fields: Vec<OutputField>,
    /// What stands in objects of each concrete type, sorted by type.
    pub classes: Vec<OutputClass>,
}

/// What an object of a concrete type is written from.
#[derive(Debug, Clone)]
pub struct OutputClass {
    /// The type.
    pub ty: TypeId,
    /// Which of the object's fields, in which order.
    pub fields: Vec<u16>,
    /// Leaves that may be written as one text, in the order of their places.
    pub prerendered: Vec<Prerendered>,
}

impl OutputObject {
    /// The class of a row of this concrete type, by its place. The type must be known where types differ in the fields
    /// that these outcomes of the guards leave; where it is not, `None`.
    #[inline]
    pub fn class_of(&self, ty: Option<TypeId>, guards: &[bool]) -> Option<usize> {
        match (self.classes.as_slice(), ty) {
            // At all places of a concrete type.
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

    /// The class of rows of this concrete type in every request; `None` where guards would have to decide.
    pub fn class_of_type(&self, ty: Option<TypeId>) -> Option<usize> {
        match ty {
            Some(ty) => self.classes.iter().position(|class| class.ty == ty),
            None => (self.classes.len() == 1).then_some(0),
        }
    }

    fn has_one_class(&self, guards: &[bool]) -> bool {
        let left = |class: &OutputClass| -> Vec<u16> {
            let holds = |field: &u16| guards[self.fields[*field as usize].guard as usize];
            class.fields.iter().copied().filter(holds).collect()
        };
        let [first, rest @ ..] = self.classes.as_slice() else {
            return false;
        };
        rest.iter().all(|class| class.fields == first.fields)
            || rest.iter().all(|class| left(class) == left(first))
    }

    /// The fields of a class, in their order.
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
    /// `,"name":`, ready to be written.
    pub key: Arc<[u8]>,
    /// Where its value is.
    pub source: FieldSource,
    /// When it is part of the answer, by index into [`Output::guards`]; 0 holds always.
    pub guard: u32,
    /// Its type.
    pub ty: OutputType,
    /// For a leaf of a slot: what it may be without another look at its type.
    pub plain: Option<Plain>,
    /// `Type.field`, for messages.
    pub coordinate: Arc<str>,
    /// Lines and columns in the operation's text.
    pub locations: Arc<[(usize, usize)]>,
}

impl OutputField {
    /// The slot, where it is a leaf and no list.
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

/// Where a response field's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldSource {
    /// A cell of the row.
    Slot(u16),
    /// The row's concrete type.
    Typename,
    /// `__schema` or `__type` at the root: answered by introspection.
    Introspection,
    /// Nowhere: an argument is null that must not be. An index into [`Output::refusals`].
    Refused(u32),
}

/// A leaf that is no list, which nearly every field is.
#[derive(Debug, Clone, Copy)]
pub struct Plain {
    /// The slot.
    pub slot: u16,
    /// What stands there.
    pub kind: PlainKind,
    /// Null is a value of it.
    pub nullable: bool,
}

/// What a plain leaf is written from as it was read.
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
            Leaf::Enum(_) => return None,
        };
        Some(Plain {
            slot,
            kind,
            nullable,
        })
    }
}

/// A field's type as the writer needs it.
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

/// What a leaf must be, and how it is written.
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
}
