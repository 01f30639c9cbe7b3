//! The join without a cache: the list, then each of its users once, concurrently.

use bytes::Bytes;
use futures_util::future::try_join_all;
use reqwest::Client;

use super::posts::Post;
use super::{Backend, Failed, client, posts};

pub(super) struct Join {
    client: Client,
    upstream: String,
}

impl Join {
    pub(super) fn new(upstream: &str) -> Result<Join, Failed> {
        Ok(Join {
            client: client::client()?,
            upstream: upstream.to_owned(),
        })
    }

    async fn get(&self, path: &str) -> Result<Bytes, Failed> {
        let url = format!("{}{path}", self.upstream);
        client::body(self.client.get(url)).await
    }
}

impl Backend for Join {
    async fn answer(&self) -> Result<Bytes, Failed> {
        let list = self.get("/posts").await?;
        let posts: Vec<Post<'_>> = serde_json::from_slice(&list)?;
        let ids = posts::users_of(&posts);
        let users = ids
            .iter()
            .map(async |id| self.get(&format!("/users/{id}")).await);
        let users = try_join_all(users).await?;
        posts::join(&posts, &ids, &users)
    }
}
