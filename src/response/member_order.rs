//! Predicts the members of an upstream's objects.
//!
//! Most upstreams write all objects of a list with the same names in the same order. For each node of a projection this
//! module remembers the names of the first object and what the projection does with each. At the next object, the
//! projector compares the expected name, which takes a comparison of a few bytes, instead of parsing the name and
//! looking it up. A wrong prediction costs one look-up, and cannot change the result.

use smallvec::SmallVec;

use crate::document::ValueSpan;
use crate::plan::projection::ProjectionId;

/// The maximum number of names for one node. Objects with more members are dictionaries, whose names do not repeat.
const MOST: usize = 64;

/// How many names are skipped at most when an object lacks some of the expected ones.
const AHEAD: usize = 4;

/// What the projection does with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberAction {
    /// Its value is skipped.
    Skip,
    /// Its value is the concrete type.
    Typename,
    /// Its value is read as this key of the projection's node says.
    Key(u16),
}

#[derive(Debug, Clone, Copy)]
struct Name {
    start: u32,
    end: u32,
    action: MemberAction,
}

/// The member names of the objects of one projection.
#[derive(Debug, Default)]
pub(crate) struct MemberOrders {
    /// All names, as they are written in JSON.
    text: Vec<u8>,
    /// By node: its names, in order.
    nodes: Vec<SmallVec<[Name; 8]>>,
}

impl MemberOrders {
    /// The expected name at an index in a node's objects, and its action.
    #[inline]
    pub(crate) fn expected(
        &self,
        node: ProjectionId,
        index: usize,
    ) -> Option<(&[u8], MemberAction)> {
        let name = self.nodes.get(node.0 as usize)?.get(index)?;
        let text = self.text.get(name.start as usize..name.end as usize)?;
        Some((text, name.action))
    }

    /// Records a name that was not the expected one at a position. Returns the position of the next expected name.
    pub(crate) fn record(
        &mut self,
        node: ProjectionId,
        position: usize,
        written: ValueSpan,
        text: &[u8],
        action: MemberAction,
    ) -> usize {
        let index = node.0 as usize;
        if self.nodes.len() <= index {
            self.nodes.resize_with(index + 1, SmallVec::new);
        }
        let written = written.of(text);
        let names = &mut self.nodes[index];
        if names.len() == position && position < MOST {
            let start = self.text.len() as u32;
            self.text.extend_from_slice(written);
            names.push(Name {
                start,
                end: self.text.len() as u32,
                action,
            });
            return position + 1;
        }
        let ahead = names.iter().enumerate().skip(position).take(AHEAD);
        let same =
            |name: &Name| self.text.get(name.start as usize..name.end as usize) == Some(written);
        ahead
            .filter(|(_, name)| same(name))
            .map(|(at, _)| at + 1)
            .next()
            .unwrap_or(position)
    }
}
