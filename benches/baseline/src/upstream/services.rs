//! Two Federation subgraphs: posts, and the users that they name, as entities. They are stubs: an answer is put together
//! from pieces that were made before. But they read what they are sent, give the fields that it selects and no others,
//! and refuse what no such service would answer; a side that sent something cheaper or wrong would get nothing for it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Calls, cache_control, data, json, refuse, selection};

#[derive(Deserialize)]
struct Operation {
    query: String,
    #[serde(default)]
    variables: Variables,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Variables {
    representations: Vec<Representation>,
}

#[derive(Deserialize)]
struct Representation {
    #[serde(rename = "__typename")]
    typename: String,
    id: u64,
}

/// What the same operation gives each time it comes.
#[derive(Clone)]
enum Prepared {
    /// The whole answer of the posts' service.
    Posts(Bytes),
    /// The entity of each user.
    Users(Arc<Vec<String>>),
    Refused(&'static str),
}

struct Upstream {
    users: Vec<Value>,
    prepared: Mutex<BTreeMap<(Service, String), Prepared>>,
    calls: Calls,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Service {
    Posts,
    Users,
}

pub(super) async fn serve() -> io::Result<()> {
    let calls = Calls::default();
    let upstream = Arc::new(Upstream {
        users: (1..=data::USERS).map(data::user).collect(),
        prepared: Mutex::default(),
        calls: calls.clone(),
    });
    let router = Router::new()
        .route("/{keeping}/posts/graphql", post(posts))
        .route("/{keeping}/users/graphql", post(users))
        .with_state(upstream);
    sangam_harness::listen::serve(calls.beside(router)).await
}

async fn posts(
    State(upstream): State<Arc<Upstream>>,
    Path(keeping): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    upstream.answer(Service::Posts, &keeping, &headers, &body)
}

async fn users(
    State(upstream): State<Arc<Upstream>>,
    Path(keeping): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    upstream.answer(Service::Users, &keeping, &headers, &body)
}

impl Upstream {
    fn answer(
        &self,
        service: Service,
        keeping: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Response {
        self.calls.count();
        let kind = headers.get(header::CONTENT_TYPE);
        if kind.is_none_or(|kind| !kind.as_bytes().starts_with(b"application/json")) {
            return refuse("the content type is not application/json");
        }
        let Ok(operation) = serde_json::from_slice::<Operation>(body) else {
            return refuse("the body is no GraphQL request");
        };
        match self.prepared(service, &operation.query) {
            Prepared::Posts(answer) => json(answer, cache_control(keeping)),
            Prepared::Users(users) => match entities(&users, &operation.variables) {
                Some(answer) => json(answer, cache_control(keeping)),
                None => refuse("a representation is of no user"),
            },
            Prepared::Refused(why) => refuse(why),
        }
    }

    fn prepared(&self, service: Service, query: &str) -> Prepared {
        let mut all = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (service, query.to_owned());
        let made = all.entry(key).or_insert_with(|| match service {
            Service::Posts => prepare_posts(query),
            Service::Users => self.prepare_users(query),
        });
        made.clone()
    }

    fn prepare_users(&self, query: &str) -> Prepared {
        const ENTITY: &str = "_entities.on User.";
        let Some(mut paths) = selection::paths(query) else {
            return Prepared::Refused("the query cannot be read");
        };
        if !paths.remove("_entities") || !query.contains("(representations: $representations)") {
            return Prepared::Refused(
                "the query does not ask for the entities of $representations",
            );
        }
        paths.remove("_entities.__typename");
        let fields: Option<BTreeSet<&str>> =
            paths.iter().map(|path| path.strip_prefix(ENTITY)).collect();
        let Some(fields) = fields.filter(|fields| {
            let user_fields = ["__typename", "id", "name", "email"];
            !fields.is_empty() && fields.iter().all(|field| user_fields.contains(field))
        }) else {
            return Prepared::Refused("the query asks for fields that no user has");
        };
        let entity = |user: &Value| {
            let field = |name: &&str| match *name {
                "__typename" => (String::from(*name), json!("User")),
                name => (name.to_owned(), user[name].clone()),
            };
            Value::Object(fields.iter().map(field).collect()).to_string()
        };
        Prepared::Users(Arc::new(self.users.iter().map(entity).collect()))
    }
}

fn prepare_posts(query: &str) -> Prepared {
    let Some(mut paths) = selection::paths(query) else {
        return Prepared::Refused("the query cannot be read");
    };
    if !paths.remove("posts") || paths.is_empty() {
        return Prepared::Refused("the query does not ask for posts");
    }
    let post_paths = [
        "posts.__typename",
        "posts.id",
        "posts.userId",
        "posts.title",
        "posts.user",
        "posts.user.__typename",
        "posts.user.id",
    ];
    if paths
        .iter()
        .any(|path| !post_paths.contains(&path.as_str()))
    {
        return Prepared::Refused("the query asks for fields that no post has");
    }
    let one = |id: u64| {
        let whole = data::post(id);
        let mut post = json!({});
        for field in ["id", "userId", "title"] {
            if paths.contains(&format!("posts.{field}")) {
                post[field] = whole[field].clone();
            }
        }
        if paths.contains("posts.__typename") {
            post["__typename"] = json!("Post");
        }
        if paths.contains("posts.user") {
            post["user"] = json!({});
        }
        if paths.contains("posts.user.id") {
            post["user"]["id"] = json!(data::author(id));
        }
        if paths.contains("posts.user.__typename") {
            post["user"]["__typename"] = json!("User");
        }
        post
    };
    let posts: Vec<Value> = (1..=data::POSTS).map(one).collect();
    let answer = json!({ "data": { "posts": posts } });
    Prepared::Posts(Bytes::from(answer.to_string()))
}

/// The answer to the representations, in their order.
fn entities(users: &[String], variables: &Variables) -> Option<Bytes> {
    let mut answer = String::from(r#"{"data":{"_entities":["#);
    for (index, representation) in variables.representations.iter().enumerate() {
        if representation.typename != "User" {
            return None;
        }
        if index > 0 {
            answer.push(',');
        }
        answer.push_str(data::of_user(users, representation.id)?);
    }
    answer.push_str("]}}");
    Some(Bytes::from(answer))
}
