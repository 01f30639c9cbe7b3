//! `{ posts { id userId title user { id name email } } }` out of a list of posts and one document for each user.

use std::collections::HashMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Failed;
use super::text::Text;
use crate::graphql::{Answer, Posts};

#[derive(Deserialize)]
pub(super) struct Post<'a> {
    id: i64,
    #[serde(rename = "userId")]
    user_id: i64,
    #[serde(borrow)]
    title: Option<Text<'a>>,
}

#[derive(Deserialize, Serialize)]
struct User<'a> {
    id: i64,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
}

#[derive(Serialize)]
struct JoinedPost<'a> {
    id: i64,
    #[serde(rename = "userId")]
    user_id: i64,
    title: Option<&'a str>,
    user: Option<&'a User<'a>>,
}

/// The ids of the users without duplicates, in the order of the posts.
pub(super) fn users_of(posts: &[Post<'_>]) -> Vec<i64> {
    let mut ids: Vec<i64> = Vec::new();
    for post in posts {
        if !ids.contains(&post.user_id) {
            ids.push(post.user_id);
        }
    }
    ids
}

/// The response, from the documents of the users `ids`.
pub(super) fn join(posts: &[Post<'_>], ids: &[i64], users: &[Bytes]) -> Result<Bytes, Failed> {
    let mut by_id: HashMap<i64, User<'_>> = HashMap::with_capacity(ids.len());
    for (id, document) in ids.iter().zip(users) {
        by_id.insert(*id, serde_json::from_slice(document)?);
    }
    let posts: Vec<JoinedPost<'_>> = posts
        .iter()
        .map(|post| JoinedPost {
            id: post.id,
            user_id: post.user_id,
            title: post.title.as_deref(),
            user: by_id.get(&post.user_id),
        })
        .collect();
    let data = Posts { posts };
    Ok(serde_json::to_vec(&Answer { data })?.into())
}
