//! The district query (`schema/operations/Districts.graphql`) by hand: fetches the departments' documents once
//! and caches their bytes; every request parses them into typed structs and joins them.

mod answer;
mod documents;
mod fetch;

use bytes::Bytes;

use self::fetch::Documents;
use super::{Backend, Failed};

pub(super) struct District {
    documents: Documents,
}

impl District {
    /// `upstream` serves the addresses of the departments.
    pub(super) async fn new(upstream: &str) -> Result<District, Failed> {
        Ok(District {
            documents: fetch::all(upstream).await?,
        })
    }
}

impl Backend for District {
    async fn answer(&self) -> Result<Bytes, Failed> {
        answer::join(&self.documents)
    }
}
