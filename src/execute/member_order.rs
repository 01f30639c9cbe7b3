//! The order in which an upstream writes the members of its objects.
//!
//! Upstreams repeat their objects name by name. What was decided about a name at one object is remembered, so that at the
//! next one a comparison of a few bytes does, instead of finding the name's end and looking it up. A name that does not
//! come as expected costs one look more; nothing depends on the memory being right.

use smallvec::SmallVec;

use crate::document::Span;
use crate::plan::projection::ProjectionId;

/// Names remembered for one kind of object. Objects with more are dictionaries, and repeat nothing.
const MOST: usize = 64;

/// How far ahead the next name is looked for when some were left out.
const AHEAD: usize = 4;

/// What becomes of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberAction {
    /// Nothing: it is skipped.
    Skip,
    /// It tells the concrete type.
    Typename,
    /// It goes where this key of the projection's node says.
    Key(u16),
}

#[derive(Debug, Clone, Copy)]
struct Name {
    start: u32,
    end: u32,
    action: MemberAction,
}

/// What is known of the objects of one projection.
#[derive(Debug, Default)]
pub(crate) struct MemberOrders {
    /// All names as they are written.
    text: Vec<u8>,
    /// By node.
    nodes: Vec<SmallVec<[Name; 8]>>,
}

impl MemberOrders {
    /// The name at a place of a node's objects, and what becomes of its value.
    #[inline]
    pub(crate) fn expected(
        &self,
        node: ProjectionId,
        place: usize,
    ) -> Option<(&[u8], MemberAction)> {
        let name = self.nodes.get(node.0 as usize)?.get(place)?;
        let text = self.text.get(name.start as usize..name.end as usize)?;
        Some((text, name.action))
    }

    /// Notes a name that did not come as expected at a place. Gives the place of the one after it.
    pub(crate) fn record(
        &mut self,
        node: ProjectionId,
        place: usize,
        written: Span,
        text: &[u8],
        action: MemberAction,
    ) -> usize {
        let index = node.0 as usize;
        if self.nodes.len() <= index {
            self.nodes.resize_with(index + 1, SmallVec::new);
        }
        let written = written.of(text);
        let known = &mut self.nodes[index];
        if known.len() == place && place < MOST {
            let start = self.text.len() as u32;
            self.text.extend_from_slice(written);
            known.push(Name {
                start,
                end: self.text.len() as u32,
                action,
            });
            return place + 1;
        }
        let ahead = known.iter().enumerate().skip(place).take(AHEAD);
        let same =
            |name: &Name| self.text.get(name.start as usize..name.end as usize) == Some(written);
        ahead
            .filter(|(_, name)| same(name))
            .map(|(at, _)| at + 1)
            .next()
            .unwrap_or(place)
    }
}
