//! The join over two Federation subgraphs: the posts from one, then all their users from the other, as `_entities` in one
//! request. Caches nothing.

use std::collections::HashMap;

use bytes::Bytes;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};

use super::text::Text;
use super::{Backend, Failed, client};
use crate::graphql::{Answer, Posts};

const POSTS: &str = "{ posts { id userId title user { id } } }";
const USERS: &str = "query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { name email } } }";

#[derive(Serialize)]
struct Operation<'a, V> {
    query: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variables: Option<V>,
}

#[derive(Serialize)]
struct Representations {
    representations: Vec<Representation>,
}

#[derive(Serialize)]
struct Representation {
    #[serde(rename = "__typename")]
    typename: &'static str,
    id: i64,
}

#[derive(Deserialize)]
struct Received<T> {
    data: T,
}

#[derive(Deserialize)]
struct PostsData<'a> {
    #[serde(borrow)]
    posts: Vec<Post<'a>>,
}

#[derive(Deserialize)]
struct Post<'a> {
    id: i64,
    #[serde(rename = "userId")]
    user_id: i64,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    user: Option<UserKey>,
}

#[derive(Deserialize)]
struct UserKey {
    id: i64,
}

#[derive(Deserialize)]
struct UsersData<'a> {
    #[serde(borrow, rename = "_entities")]
    entities: Vec<Option<User<'a>>>,
}

#[derive(Deserialize)]
struct User<'a> {
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
    user: Option<JoinedUser<'a>>,
}

#[derive(Serialize)]
struct JoinedUser<'a> {
    id: i64,
    name: Option<&'a str>,
    email: Option<&'a str>,
}

pub(super) struct Federation {
    client: Client,
    upstream: String,
}

impl Federation {
    pub(super) fn new(upstream: &str) -> Result<Federation, Failed> {
        Ok(Federation {
            client: client::client()?,
            upstream: upstream.to_owned(),
        })
    }

    async fn ask(&self, service: &str, operation: &impl Serialize) -> Result<Bytes, Failed> {
        let request = self
            .client
            .post(format!("{}/{service}/graphql", self.upstream))
            .header(CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(operation)?);
        client::body(request).await
    }

    async fn users(&self, ids: &[i64]) -> Result<Bytes, Failed> {
        let representations = ids.iter().map(|id| Representation {
            typename: "User",
            id: *id,
        });
        let variables = Representations {
            representations: representations.collect(),
        };
        let operation = Operation {
            query: USERS,
            variables: Some(variables),
        };
        self.ask("users", &operation).await
    }
}

impl Backend for Federation {
    async fn answer(&self) -> Result<Bytes, Failed> {
        let operation = Operation {
            query: POSTS,
            variables: None::<()>,
        };
        let list = self.ask("posts", &operation).await?;
        let list: Received<PostsData<'_>> = serde_json::from_slice(&list)?;
        let posts = &list.data.posts;
        let mut ids: Vec<i64> = Vec::new();
        for key in posts.iter().filter_map(|post| post.user.as_ref()) {
            if !ids.contains(&key.id) {
                ids.push(key.id);
            }
        }
        let users = self.users(&ids).await?;
        let users: Received<UsersData<'_>> = serde_json::from_slice(&users)?;
        if users.data.entities.len() != ids.len() {
            return Err(
                "the users' service gave another number of entities than was asked for".into(),
            );
        }
        let by_id: HashMap<i64, &User<'_>> = ids
            .iter()
            .zip(&users.data.entities)
            .filter_map(|(id, user)| Some((*id, user.as_ref()?)))
            .collect();
        answer(posts, &by_id)
    }
}

fn answer(posts: &[Post<'_>], users: &HashMap<i64, &User<'_>>) -> Result<Bytes, Failed> {
    let joined = posts.iter().map(|post| JoinedPost {
        id: post.id,
        user_id: post.user_id,
        title: post.title.as_deref(),
        user: post.user.as_ref().map(|key| {
            let user = users.get(&key.id);
            JoinedUser {
                id: key.id,
                name: user.and_then(|user| user.name.as_deref()),
                email: user.and_then(|user| user.email.as_deref()),
            }
        }),
    });
    let data = Posts {
        posts: joined.collect::<Vec<_>>(),
    };
    Ok(serde_json::to_vec(&Answer { data })?.into())
}
