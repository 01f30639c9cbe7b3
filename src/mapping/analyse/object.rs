//! Objects over abstract values: items and merging.

use std::collections::HashMap;

use super::abstracts::{Abstract, AbstractKind};
use super::walk::{AbstractScope, Walk};
use crate::document::{Str, Value};
use crate::mapping::ast::{Item, SubSelection};

/// The most alternatives of one object that are distinguished.
const MAX_ALTERNATIVES: usize = 64;

impl Walk {
    /// `{ … }` after a value.
    pub(super) fn select(&mut self, value: &Abstract, selection: &SubSelection) -> Abstract {
        let (mut structured, mut leaves) = (Vec::new(), Vec::new());
        sort_out(value, &mut structured, &mut leaves);
        // A leaf counts as the input only of items that can have a value there.
        let returned = !selection.fits_leaf();
        let none = structured.is_empty() && !leaves.is_empty() && returned;
        if !returned {
            structured.append(&mut leaves);
        }
        let input = Abstract::one_of(structured);
        // The items are evaluated once for all alternatives of their input.
        let object = self.object(
            selection,
            &AbstractScope {
                input: input.clone(),
                current: input,
            },
        );
        if none {
            return Abstract::one_of(leaves);
        }
        // Braces return a scalar as it is. The shape of an object includes that case; for other
        // shapes it is an alternative of its own.
        let scalar = (!is_built(&object)).then(Abstract::any);
        Abstract::one_of([object].into_iter().chain(leaves).chain(scalar))
    }

    pub(super) fn object(&mut self, selection: &SubSelection, scope: &AbstractScope) -> Abstract {
        let is_named = |item: &Item| matches!(item, Item::Field { .. });
        let named = selection.items.iter().any(is_named);
        let mut fields = Fields::default();
        let mut whole: Option<Abstract> = None;
        for item in selection.items.iter() {
            match item {
                Item::Field { name, value, .. } => {
                    let value = self.expr(value, scope);
                    let value = match fields.get(name) {
                        Some(former) => self.merge(&former.clone(), value),
                        None => value,
                    };
                    fields.set(name, value);
                }
                Item::Spread { value } => {
                    let has_braces = value.as_path().is_some_and(|path| path.selection.is_some());
                    let before = self.joined(whole.take(), std::mem::take(&mut fields));
                    let value = self.expr(value, scope);
                    let merged = match before {
                        None if !named => value,
                        None => self.spread(&Fields::default().into_object(), value, has_braces),
                        Some(before) if named => self.spread(&before, value, has_braces),
                        Some(before) => self.merge(&before, value),
                    };
                    whole = Some(self.bounded(merged));
                }
            }
        }
        self.joined(whole, fields)
            .unwrap_or_else(|| Fields::default().into_object())
    }

    /// An object with a value spread into it: a value that is no object is ignored, except a null,
    /// which makes the whole null.
    fn spread(&mut self, object: &Abstract, value: Abstract, has_braces: bool) -> Abstract {
        match &*value.kind {
            AbstractKind::Literal(Value::Null) if !has_braces => value,
            AbstractKind::Literal(literal) if literal.as_object().is_none() => object.clone(),
            AbstractKind::Scalar(_) | AbstractKind::Array(_) => {
                self.demand(&value);
                object.clone()
            }
            AbstractKind::OneOf(options)
                if !options.is_empty() && options.len() <= MAX_ALTERNATIVES =>
            {
                let spread = options
                    .iter()
                    .map(|option| self.spread(object, option.clone(), has_braces));
                let spread: Vec<_> = spread.collect();
                Abstract::one_of(spread)
            }
            _ => self.merge(object, value),
        }
    }

    /// The value so far, merged with the fields after it.
    fn joined(&mut self, before: Option<Abstract>, fields: Fields) -> Option<Abstract> {
        if fields.list.is_empty() {
            return before;
        }
        let object = fields.into_object();
        let merged = match before {
            Some(before) => self.merge(&before, object),
            None => object,
        };
        Some(self.bounded(merged))
    }

    /// Two values that merge into one.
    fn merge(&mut self, first: &Abstract, second: Abstract) -> Abstract {
        match (&*first.kind, &*second.kind) {
            (
                AbstractKind::Object { fields, open },
                AbstractKind::Object {
                    fields: others,
                    open: other_open,
                },
            ) => {
                let mut merged = fields.clone();
                for (name, value) in others {
                    match merged.iter().position(|(known, _)| known == name) {
                        Some(at) => merged[at].1 = self.merge(&merged[at].1.clone(), value.clone()),
                        None => merged.push((name.clone(), value.clone())),
                    }
                }
                Abstract::new(AbstractKind::Object {
                    fields: merged,
                    open: *open || *other_open,
                })
            }
            (AbstractKind::OneOf(options), _) if options.len() <= MAX_ALTERNATIVES => {
                let merged: Vec<_> = options
                    .iter()
                    .map(|option| self.merge(option, second.clone()))
                    .collect();
                if merged.is_empty() {
                    second
                } else {
                    Abstract::one_of(merged)
                }
            }
            (_, AbstractKind::OneOf(options)) if options.len() <= MAX_ALTERNATIVES => {
                let merged: Vec<_> = options
                    .iter()
                    .map(|option| self.merge(first, option.clone()))
                    .collect();
                if merged.is_empty() {
                    first.clone()
                } else {
                    Abstract::one_of(merged)
                }
            }
            (AbstractKind::Object { fields, .. }, AbstractKind::At(..) | AbstractKind::Any) => {
                self.demand(&second);
                Abstract::new(AbstractKind::Object {
                    fields: fields.clone(),
                    open: true,
                })
            }
            (AbstractKind::At(..) | AbstractKind::Any, AbstractKind::Object { fields, .. }) => {
                self.demand(first);
                Abstract::new(AbstractKind::Object {
                    fields: fields.clone(),
                    open: true,
                })
            }
            (AbstractKind::Array(_) | AbstractKind::At(..) | AbstractKind::Any, _)
            | (_, AbstractKind::Array(_) | AbstractKind::At(..) | AbstractKind::Any) => {
                self.demand(first);
                self.demand(&second);
                Abstract::any()
            }
            // Either may be missing; otherwise the last one wins.
            _ => Abstract::one_of([first.clone(), second]),
        }
    }
}

/// Named fields with an index by name.
#[derive(Default)]
struct Fields {
    list: Vec<(Str, Abstract)>,
    indices: HashMap<Str, usize>,
}

impl Fields {
    fn get(&self, name: &Str) -> Option<&Abstract> {
        self.indices.get(name).map(|at| &self.list[*at].1)
    }

    fn set(&mut self, name: &Str, value: Abstract) {
        match self.indices.get(name) {
            Some(at) => self.list[*at].1 = value,
            None => {
                self.indices.insert(name.clone(), self.list.len());
                self.list.push((name.clone(), value));
            }
        }
    }

    fn into_object(self) -> Abstract {
        Abstract::new(AbstractKind::Object {
            fields: self.list,
            open: false,
        })
    }
}

/// Whether every alternative is an object that the text builds.
fn is_built(value: &Abstract) -> bool {
    match &*value.kind {
        AbstractKind::Object { .. } => true,
        AbstractKind::OneOf(options) => !options.is_empty() && options.iter().all(is_built),
        _ => false,
    }
}

/// Splits a value into the parts on which `{ … }` selects and the parts that it returns unchanged.
fn sort_out(value: &Abstract, structured: &mut Vec<Abstract>, leaves: &mut Vec<Abstract>) {
    match &*value.kind {
        AbstractKind::Scalar(_) => leaves.push(value.clone()),
        AbstractKind::Literal(literal) if literal.as_object().is_none() => {
            leaves.push(value.clone())
        }
        AbstractKind::Array(parts) | AbstractKind::OneOf(parts) => {
            parts
                .iter()
                .for_each(|part| sort_out(part, structured, leaves));
        }
        _ => structured.push(value.clone()),
    }
}
