//! The join with a cache of documents: stores their bytes by URL, and parses them for every request.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::try_join_all;
use reqwest::Client;

use super::posts::Post;
use super::{Backend, Failed, client, posts};

/// What the upstream's `max-age` says.
const FRESH: Duration = Duration::from_secs(3600);

pub(super) struct Kept {
    client: Client,
    upstream: String,
    documents: RwLock<HashMap<String, (Bytes, Instant)>>,
}

impl Kept {
    pub(super) fn new(upstream: &str) -> Result<Kept, Failed> {
        Ok(Kept {
            client: client::client()?,
            upstream: upstream.to_owned(),
            documents: RwLock::default(),
        })
    }

    async fn get(&self, path: &str) -> Result<Bytes, Failed> {
        let url = format!("{}{path}", self.upstream);
        if let Some(body) = self.find(&url) {
            return Ok(body);
        }
        let body = client::body(self.client.get(&url)).await?;
        let mut documents = self
            .documents
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        documents.insert(url, (body.clone(), Instant::now()));
        Ok(body)
    }

    fn find(&self, url: &str) -> Option<Bytes> {
        let documents = self
            .documents
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let (body, since) = documents.get(url)?;
        (since.elapsed() < FRESH).then(|| body.clone())
    }
}

impl Backend for Kept {
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
