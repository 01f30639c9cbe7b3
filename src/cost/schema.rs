//! Reads `@cost` and `@listSize` from the merged schema.

use apollo_compiler::ast::{Directive, FieldDefinition, Value};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema, ast};

const COST: &str = "cost";
const LIST_SIZE: &str = "listSize";

/// The weight of an object without `@cost`.
const OBJECT: u64 = 1;
/// The weight of an input object without `@cost`.
const INPUT_OBJECT: u64 = 1;
/// The cost of a field of `Mutation` without `@cost`, in addition to its value.
pub(super) const MUTATION: u64 = 10;

/// The `@listSize` of a field: the size of its list, or of the lists below it that `sized_fields` names.
///
/// The greatest slicing argument with a value counts; without one, `assumed`. A value below 1 counts as none: some
/// services read 0 or -1 as "without a limit".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListSize {
    pub(super) assumed: Option<u64>,
    pub(super) slicing: Vec<String>,
    pub(super) sized_fields: Vec<String>,
    /// Exactly one of the slicing arguments must be given.
    pub(super) require_one: bool,
}

impl ListSize {
    fn of(directive: &Node<Directive>) -> Self {
        let argument = |name: &str| directive.specified_argument_by_name(name);
        let names = |name: &str| -> Vec<String> {
            // A list of one item may be written without brackets.
            let items = argument(name).map_or(&[][..], |value| match &**value {
                Value::List(items) => items.as_slice(),
                _ => std::slice::from_ref(value),
            });
            let texts = items.iter().filter_map(|item| item.as_str());
            texts.map(str::to_owned).collect()
        };
        ListSize {
            assumed: argument("assumedSize")
                .and_then(|size| size.to_i32())
                .map(|size| u64::try_from(size).unwrap_or_default()),
            slicing: names("slicingArguments"),
            sized_fields: names("sizedFields"),
            require_one: argument("requireOneSlicingArgument")
                .and_then(|value| value.to_bool())
                .unwrap_or(true),
        }
    }
}

/// The weight in `@cost`; a negative one counts as 0.
fn weight(directive: &Directive) -> Option<u64> {
    let weight = directive.specified_argument_by_name("weight")?;
    let weight = weight.to_i32()?;
    Some(u64::try_from(weight).unwrap_or_default())
}

/// The weight of one value of a type: of an object, scalar or enum. For an abstract type its possible types decide.
pub(super) fn type_weight(schema: &Schema, ty: &str) -> u64 {
    let Some(definition) = schema.types.get(ty) else {
        return 0;
    };
    let default = match definition {
        ExtendedType::Object(_) => OBJECT,
        ExtendedType::InputObject(_) => INPUT_OBJECT,
        _ => 0,
    };
    let directive = definition.directives().get(COST);
    directive
        .and_then(|directive| weight(directive))
        .unwrap_or(default)
}

/// The weight that `@cost` gives to one argument or input field.
pub(super) fn input_weight(definition: &ast::InputValueDefinition) -> Option<u64> {
    definition
        .directives
        .get(COST)
        .and_then(|directive| weight(directive))
}

/// The definitions of a field that apply to an object type: its own, then those of the interfaces that it implements.
fn definitions<'s>(
    schema: &'s Schema,
    ty: &'s str,
    field: &'s str,
) -> impl Iterator<Item = &'s FieldDefinition> {
    let interfaces = match schema.types.get(ty) {
        Some(ExtendedType::Object(object)) => Some(object.implements_interfaces.iter()),
        _ => None,
    };
    let names = interfaces
        .into_iter()
        .flatten()
        .map(|interface| interface.name.as_str());
    let names = std::iter::once(ty).chain(names);
    names.filter_map(move |ty| Some(&***schema.type_field(ty, field).ok()?))
}

/// The weight of a field of an object type by `@cost`. If the field has none, an interface may: interface objects add
/// their fields there.
pub(super) fn field_weight(schema: &Schema, ty: &Name, field: &Name) -> Option<u64> {
    let mut weights = definitions(schema, ty, field).map(|definition| {
        definition
            .directives
            .get(COST)
            .and_then(|directive| weight(directive))
    });
    let first = weights.next()?;
    first.or_else(|| weights.flatten().max())
}

/// The `@listSize` of a field of an object type: its own, or else those of its interfaces.
pub(super) fn list_sizes(schema: &Schema, ty: &Name, field: &Name) -> Vec<ListSize> {
    let mut sizes = definitions(schema, ty, field)
        .map(|definition| definition.directives.get(LIST_SIZE).map(ListSize::of));
    match sizes.next().flatten() {
        Some(size) => vec![size],
        None => sizes.flatten().collect(),
    }
}
