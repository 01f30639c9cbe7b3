//! The versions of the language.

use std::fmt;

/// A version of the Connectors specification that a folder links.
///
/// All versions share one language; they differ in where a construct is allowed (see
/// [`Selection::parse`](super::Selection::parse)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// `connect/v0.1`.
    V0_1,
    /// `connect/v0.2`.
    V0_2,
    /// `connect/v0.3`.
    V0_3,
    /// `connect/v0.4`: literals, spreads and `{a}` in any expression.
    V0_4,
}

impl Version {
    /// All versions, the oldest first.
    pub const ALL: [Version; 4] = [Version::V0_1, Version::V0_2, Version::V0_3, Version::V0_4];

    /// The version in the last segment of a link: `v0.4`.
    pub fn from_segment(segment: &str) -> Option<Version> {
        Version::ALL
            .into_iter()
            .find(|version| version.segment() == segment)
    }

    /// The end of its link: `v0.4`.
    pub fn segment(self) -> &'static str {
        match self {
            Version::V0_1 => "v0.1",
            Version::V0_2 => "v0.2",
            Version::V0_3 => "v0.3",
            Version::V0_4 => "v0.4",
        }
    }

    /// Literals, objects and spreads are allowed wherever an expression is.
    pub(super) fn free_expressions(self) -> bool {
        self >= Version::V0_4
    }
}

/// What a folder links: the version of the language, and whether it has the methods of the `wire` namespace too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The version of the language.
    pub version: Version,
    /// Methods of the `wire` namespace are known.
    pub wire: bool,
}

impl From<Version> for Dialect {
    /// The language without the methods of the `wire` namespace.
    fn from(version: Version) -> Self {
        Dialect {
            version,
            wire: false,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connect/{}", self.segment())
    }
}
