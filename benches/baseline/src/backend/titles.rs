//! `{ posts { title } }` without a cache.

use bytes::Bytes;
use reqwest::Client;
use serde::{Deserialize, Serialize};

use super::text::Text;
use super::{Backend, Failed, client};
use crate::graphql::{Answer, Posts};

#[derive(Deserialize, Serialize)]
struct Title<'a> {
    #[serde(borrow)]
    title: Option<Text<'a>>,
}

pub(super) struct Titles {
    client: Client,
    upstream: String,
}

impl Titles {
    pub(super) fn new(upstream: &str) -> Result<Titles, Failed> {
        Ok(Titles {
            client: client::client()?,
            upstream: upstream.to_owned(),
        })
    }
}

impl Backend for Titles {
    async fn answer(&self) -> Result<Bytes, Failed> {
        let list = client::body(self.client.get(format!("{}/posts", self.upstream))).await?;
        let posts: Vec<Title<'_>> = serde_json::from_slice(&list)?;
        let data = Posts { posts };
        Ok(serde_json::to_vec(&Answer { data })?.into())
    }
}
