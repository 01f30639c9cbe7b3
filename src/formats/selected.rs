//! What an operation selects: the fields of its response, merged by response names, without the data.
//!
//! Fields that several fragments select are one field, in the order in which they first occur. At an abstract position, the
//! fields of all types are together, whatever the data holds. A field that `@include` or `@skip` may leave out by a
//! variable belongs to it; one that is left out in every request does not.

use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Name, Schema, executable};

use super::kind::Kind;

/// What an operation selects.
#[derive(Debug)]
pub(super) struct Selected {
    /// The name of the operation.
    pub(super) name: String,
    /// One for each selection set; `objects[0]` is the root.
    pub(super) objects: Vec<Object>,
}

/// The fields of one selection set.
#[derive(Debug, Default)]
pub(super) struct Object {
    pub(super) fields: Vec<Field>,
    /// It has a field of type `ID`: it says which object it is.
    pub(super) is_reference: bool,
    /// A connection or one of its edges: what it says of itself belongs to no row.
    pub(super) is_paging: bool,
}

/// A field, by its response name.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Name,
    /// How many lists its type has around the named type.
    pub(super) lists: u8,
    pub(super) content: Content,
    /// The list of a connection, or the `node` of an edge: the names of tables and columns are without it.
    pub(super) is_bare: bool,
}

/// What a field holds, without the lists around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Leaf(Kind),
    /// An index into [`Selected::objects`].
    Object(usize),
}

impl Selected {
    /// What an operation selects that is valid for the schema and has passed the limits of operations: fragments are
    /// expanded.
    pub(super) fn of(
        document: &ExecutableDocument,
        operation: &Operation,
        schema: &Schema,
    ) -> Selected {
        let name = operation.name.as_ref().map_or("Operation", Name::as_str);
        let mut builder = Builder {
            document,
            schema,
            objects: Vec::new(),
        };
        let selections = &operation.selection_set;
        builder.object(&[selections], &selections.ty, Paging::None);
        Selected {
            name: name.to_owned(),
            objects: builder.objects,
        }
    }
}

/// What a selection set has to do with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paging {
    None,
    Edge,
}

struct Builder<'o> {
    document: &'o ExecutableDocument,
    schema: &'o Schema,
    objects: Vec<Object>,
}

/// The fields with one response name.
type Group<'o> = Vec<&'o executable::Field>;

impl<'o> Builder<'o> {
    /// Adds the object of these selection sets, which all are of one position. Returns its index.
    fn object(&mut self, sets: &[&'o SelectionSet], ty: &Name, paging: Paging) -> usize {
        let mut groups: IndexMap<&'o Name, Group<'o>> = IndexMap::default();
        for set in sets {
            self.collect(set, &mut groups);
        }
        let index = self.objects.len();
        self.objects.push(Object::default());
        let is_connection = self.is_connection(ty);
        let mut object = Object {
            is_paging: is_connection || paging == Paging::Edge,
            ..Object::default()
        };
        let mut has_list = false;
        for (name, group) in groups {
            let Some(&first) = group.first() else {
                continue;
            };
            let of_connection = is_connection && matches!(first.name.as_str(), "nodes" | "edges");
            let is_node = paging == Paging::Edge && first.name == "node";
            let below = match of_connection && first.name == "edges" {
                true => Paging::Edge,
                false => Paging::None,
            };
            let content = self.content(first, &group, below);
            let is_list_or_node = (of_connection && !has_list) || is_node;
            let field = Field {
                name: name.clone(),
                lists: lists(first.ty()),
                content,
                is_bare: is_list_or_node && matches!(content, Content::Object(_)),
            };
            has_list |= field.is_bare;
            object.is_reference |= field.lists == 0 && field.content == Content::Leaf(Kind::Id);
            object.fields.push(field);
        }
        self.objects[index] = object;
        index
    }

    fn content(&mut self, first: &executable::Field, group: &Group<'o>, below: Paging) -> Content {
        let ty = first.ty().inner_named_type();
        let definition = self.schema.types.get(ty);
        if matches!(
            definition,
            Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_))
        ) {
            return Content::Leaf(Kind::of(ty, definition));
        }
        let sets: Vec<&SelectionSet> = group.iter().map(|field| &field.selection_set).collect();
        Content::Object(self.object(&sets, ty, below))
    }

    fn collect(&self, set: &'o SelectionSet, groups: &mut IndexMap<&'o Name, Group<'o>>) {
        for selection in &set.selections {
            if is_never(selection) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    groups.entry(field.response_key()).or_default().push(field);
                }
                Selection::InlineFragment(inline) => self.collect(&inline.selection_set, groups),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name) {
                        self.collect(&fragment.selection_set, groups);
                    }
                }
            }
        }
    }

    /// Whether a type is a connection by its fields: `pageInfo` of the type `PageInfo`, and `nodes` or `edges`.
    fn is_connection(&self, ty: &Name) -> bool {
        let field = |name: &str| self.schema.type_field(ty, name).ok();
        field("pageInfo").is_some_and(|field| field.ty.inner_named_type() == "PageInfo")
            && (field("nodes").is_some() || field("edges").is_some())
    }
}

/// Whether no response has a selection: `@skip(if: true)` or `@include(if: false)`.
fn is_never(selection: &Selection) -> bool {
    let directives = selection.directives();
    let is = |name: &str, value: bool| {
        let directive = directives.get(name);
        let argument = directive.and_then(|directive| directive.specified_argument_by_name("if"));
        argument.and_then(|argument| argument.to_bool()) == Some(value)
    };
    is("skip", true) || is("include", false)
}

fn lists(ty: &executable::Type) -> u8 {
    let mut count = 0u8;
    let mut ty = ty;
    while ty.is_list() {
        count = count.saturating_add(1);
        ty = ty.item_type();
    }
    count
}
