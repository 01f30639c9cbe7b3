//! Notes the objects that have fields in other payloads, and the lists that have elements there, while they are written.
//!
//! A null that propagates removes the objects that it replaces, so that nothing is deferred below a null.

use std::sync::Arc;

use super::Writer;
use super::opened::{Notes, Opened, OpenedList, PayloadFields};
use super::path::{KeptElement, PathElement};
use super::stack::{OpenList, Part};
use crate::plan::output::{OutputField, OutputObject};
use crate::response::store::RowId;

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

    /// The lists that have been noted since the last call.
    pub(crate) fn take_lists(&mut self) -> Vec<OpenedList> {
        let notes = self.notes.as_mut();
        notes.map_or_else(Vec::new, |notes| std::mem::take(&mut notes.lists))
    }

    /// Notes an object of this output and its class, which is about to be begun, if it has fields in other payloads. `number` is
    /// the index of the output in [`Output::objects`](crate::plan::output::Output::objects).
    #[cold]
    pub(super) fn note(
        &mut self,
        row: RowId,
        (object, class): (&OutputObject, usize),
        number: usize,
        at: usize,
    ) {
        let Some(notes) = &self.notes else {
            return;
        };
        let PayloadFields { sets, current, .. } = notes.fields_of;
        let fields = object.classes.get(class).map(|class| class.fields.iter());
        let is_elsewhere = fields.into_iter().flatten().any(|field| {
            let guard = object.fields[usize::from(*field)].guard;
            sets.get(guard as usize)
                .copied()
                .flatten()
                .is_some_and(|set| set != current)
        });
        if !is_elsewhere {
            return;
        }
        let path = self.kept_path();
        let Some(notes) = &mut self.notes else {
            return;
        };
        // Each is an entry of the response, with an instance of its fragment and paths in both.
        notes.uncharged += 4 * (size_of::<Opened>() + path.len() * size_of::<KeptElement>());
        notes.opened.push(Opened {
            row,
            object: number,
            class,
            path,
            at,
        });
    }

    /// The elements of a list of this field that are written now, if others are written later.
    #[cold]
    pub(super) fn first_elements(
        &mut self,
        list: OpenList,
        field: &OutputField,
        begin: usize,
    ) -> OpenList {
        let stream = field.stream.map_or(0, |number| number.get() as usize - 1);
        let fields_of = self.notes.as_ref().map(|notes| notes.fields_of);
        let first = fields_of.and_then(|fields_of| {
            let first = fields_of.streams.get(stream).copied().flatten()?;
            let grows = fields_of.growing.contains(&list.at);
            (first < list.len || grows).then_some(first.min(list.len))
        });
        let frame = self.stack.last().map(|frame| &frame.part);
        // A list in the list of the field is an element.
        let is_of_field = matches!(frame, Some(Part::Object(_)));
        let Some(first) = first.filter(|_| is_of_field) else {
            return list;
        };
        let path = self.kept_path();
        if let Some(notes) = &mut self.notes {
            notes.uncharged +=
                4 * (size_of::<OpenedList>() + path.len() * size_of::<KeptElement>());
            notes.lists.push(OpenedList {
                stream,
                at: list.at,
                len: list.len,
                first,
                path,
                begin,
            });
        }
        OpenList { len: first, ..list }
    }

    /// The path of the current value, from the root of the response.
    fn kept_path(&self) -> Vec<KeptElement> {
        let below = self.current_path();
        let prefix = self.notes.as_ref().map(|notes| notes.prefix.as_slice());
        let prefix = prefix.unwrap_or_default();
        let mut path = Vec::with_capacity(prefix.len() + below.len());
        path.extend_from_slice(prefix);
        path.extend(below.into_iter().map(|element| match element {
            PathElement::Field(name) => KeptElement::Field(Arc::from(name)),
            PathElement::Index(index) => KeptElement::Index(index),
        }));
        path
    }
}
