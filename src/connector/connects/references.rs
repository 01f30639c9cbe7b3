//! Finds the references in a selection: objects of an entity type, below other objects, of which only a key is selected
//! (`author: { id: fk }`). If the key is null although the schema says that it never is, there is no object to refer to, so the
//! reference is null. A key that may be null is a value like others.

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use crate::connector::check::keys;
use crate::connector::declared::DeclaredConnect;
use crate::connector::field_set::{FieldSet, FieldSetItem};
use crate::connector::model::{Reference, Site};
use crate::document::Str;
use crate::mapping::{Selection, Shape};

/// The references of a connect's selection.
pub(super) fn references(
    declared: &DeclaredConnect,
    selection: &Selection,
    schema: &Schema,
) -> Vec<Reference> {
    let mut walk = ReferenceWalk {
        schema,
        path: Vec::new(),
        found: Vec::new(),
    };
    // What a connect yields is no reference, but what references are completed with.
    let ty = match (&declared.field, &declared.site) {
        (Some(field), _) => Some(field.ty.inner_named_type()),
        (None, Site::Type { name }) => Some(name),
        (None, Site::Field { .. }) => None,
    };
    if let Some(ty) = ty {
        walk.fields_of(selection.shape(), ty);
    }
    walk.found
}

struct ReferenceWalk<'a> {
    schema: &'a Schema,
    path: Vec<Str>,
    found: Vec<Reference>,
}

impl ReferenceWalk<'_> {
    fn value(&mut self, shape: &Shape, ty: &Name) {
        let Some(fields) = object(shape) else { return };
        let names: Vec<Str> = fields.iter().map(|(name, _)| name.clone()).collect();
        let keys = keys::of_type(self.schema, ty);
        let is_key = |key: &FieldSet| names.iter().all(|name| has(key, name));
        let is_never_null = |name: &Str| {
            let field = self.schema.type_field(ty, name);
            field.is_ok_and(|field| field.ty.is_non_null())
        };
        if names.iter().any(is_never_null) && keys.iter().any(is_key) {
            self.found.push(Reference {
                path: self.path.clone(),
                key: names,
            });
        } else {
            self.fields_of(shape, ty);
        }
    }

    fn fields_of(&mut self, shape: &Shape, ty: &Name) {
        let (Some(fields), Some(ExtendedType::Object(object))) =
            (object(shape), self.schema.types.get(ty))
        else {
            return;
        };
        for (name, shape) in fields {
            let Some(field) = object.fields.get(&**name) else {
                continue;
            };
            self.path.push(name.clone());
            self.value(shape, field.ty.inner_named_type());
            self.path.pop();
        }
    }
}

/// The fields of the only object that a shape can be.
fn object(shape: &Shape) -> Option<&[(Str, Shape)]> {
    match shape {
        Shape::Object { fields, open } => (!open).then_some(fields),
        Shape::OneOf(shapes) | Shape::Array(shapes) => {
            let is_object = |shape: &&Shape| {
                !matches!(shape, Shape::Any | Shape::Scalar(_) | Shape::Literal(_))
            };
            let mut objects = shapes.iter().filter(is_object);
            match (objects.next(), objects.next()) {
                (Some(only), None) => object(only),
                _ => None,
            }
        }
        Shape::Any | Shape::Scalar(_) | Shape::Literal(_) => None,
    }
}

/// Whether a key has this field, as a leaf.
fn has(key: &FieldSet, wanted: &str) -> bool {
    key.items.iter().any(|item| {
        matches!(item, FieldSetItem::Field { name, children, .. } if name == wanted && children.is_empty())
    })
}
