//! Notes the objects that have fields in other payloads, while they are written.
//!
//! A null that propagates removes the objects that it replaces, so that nothing is deferred below a null.

use std::sync::Arc;

use super::Writer;
use super::opened::{Notes, Opened, PayloadFields};
use super::path::{KeptElement, PathElement};
use super::stack::OpenObject;

impl<'w> Writer<'w> {
    /// The same writer, which notes the objects that have fields in other payloads.
    pub(crate) fn noting(mut self, fields_of: PayloadFields<'w>) -> Self {
        self.notes = Some(Box::new(Notes::new(fields_of)));
        self
    }

    /// What is written next belongs to this payload, below an object at this path.
    pub(super) fn continue_below(&mut self, path: &[KeptElement], current: u32) {
        if let Some(notes) = &mut self.notes {
            notes.fields_of.current = current;
            notes.prefix = path.to_vec();
        }
    }

    /// The objects that have been noted since the last call.
    pub(crate) fn take_opened(&mut self) -> Vec<Opened> {
        let notes = self.notes.as_mut();
        notes.map_or_else(Vec::new, |notes| std::mem::take(&mut notes.opened))
    }

    /// Notes an object that is about to be begun, if it has fields in other payloads.
    #[cold]
    pub(super) fn note(&mut self, open: &OpenObject<'w>, object: usize, class: usize, at: usize) {
        let Some(notes) = &self.notes else {
            return;
        };
        let PayloadFields { sets, current } = notes.fields_of;
        let mut fields = open.class.fields.iter();
        let is_elsewhere = fields.any(|field| {
            let guard = open.object.fields[usize::from(*field)].guard;
            sets.get(guard as usize)
                .copied()
                .flatten()
                .is_some_and(|set| set != current)
        });
        if !is_elsewhere {
            return;
        }
        let below = self.current_path();
        let Some(notes) = &mut self.notes else {
            return;
        };
        let mut path = Vec::with_capacity(notes.prefix.len() + below.len());
        path.extend_from_slice(&notes.prefix);
        path.extend(below.into_iter().map(|element| match element {
            PathElement::Field(name) => KeptElement::Field(Arc::from(name)),
            PathElement::Index(index) => KeptElement::Index(index),
        }));
        // Each is an entry of the response, with an instance of its fragment and paths in both.
        notes.uncharged += 4 * (size_of::<Opened>() + path.len() * size_of::<KeptElement>());
        notes.opened.push(Opened {
            row: open.row,
            object,
            class,
            path,
            at,
        });
    }
}
