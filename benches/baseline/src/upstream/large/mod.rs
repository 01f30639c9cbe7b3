//! The four services of the large federation operation: accounts, inventory, products, reviews. They are stubs as those of
//! [`super::services`]: they give the fields that are selected and no others, look up each representation, and refuse what is
//! not valid by their schema.

mod graph;
mod prepare;

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use serde::Deserialize;

pub(crate) use self::graph::{TOP, representations};
use self::prepare::{Entity, Prepared, prepare};
use super::{Calls, cache_control, json, refuse};

const ENTITIES: &str =
    "scalar _Any type Query { _entities(representations: [_Any!]!): [_Entity]! }";

/// The services, and what of their schemas can be asked for.
const SERVICES: [(&str, &str); 4] = [
    (
        "accounts",
        "extend type Query { users: [User!] }
        union _Entity = User
        type User { id: ID! name: String username: String }",
    ),
    (
        "inventory",
        "union _Entity = Product
        type Product { upc: String! inStock: Boolean shippingEstimate: Int }",
    ),
    (
        "products",
        "extend type Query { topProducts: [Product!] }
        union _Entity = Product
        type Product { upc: String! name: String price: Int weight: Int }",
    ),
    (
        "reviews",
        "union _Entity = Product | Review | User
        type Review { id: ID! body: String author: User! product: Product! }
        type User { id: ID! username: String reviews: [Review!]! }
        type Product { upc: String! reviews: [Review!]! }",
    ),
];

#[derive(Deserialize)]
struct Operation<'a> {
    #[serde(borrow)]
    query: Cow<'a, str>,
    #[serde(borrow, default)]
    variables: Variables<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Variables<'a> {
    #[serde(borrow)]
    representations: Vec<Representation<'a>>,
}

/// An entity by its key, with what the service requires of other services.
#[derive(Deserialize)]
#[serde(tag = "__typename")]
enum Representation<'a> {
    User {
        #[serde(borrow)]
        id: Cow<'a, str>,
    },
    Product {
        #[serde(borrow)]
        upc: Cow<'a, str>,
        price: Option<i64>,
        weight: Option<i64>,
    },
}

struct Service {
    schema: Valid<Schema>,
    prepared: RwLock<HashMap<String, Arc<Prepared>>>,
}

struct Upstream {
    services: HashMap<&'static str, Service>,
    calls: Calls,
}

pub(super) async fn serve() -> Result<(), Box<dyn Error>> {
    let calls = Calls::default();
    let mut services = HashMap::new();
    for (name, own) in SERVICES {
        services.insert(name, Service::new(own)?);
    }
    let upstream = Arc::new(Upstream {
        services,
        calls: calls.clone(),
    });
    let router = Router::new()
        .route("/{keeping}/{service}/graphql", post(answer))
        .with_state(upstream);
    Ok(sangam_harness::listen::serve(calls.beside(router)).await?)
}

async fn answer(
    State(upstream): State<Arc<Upstream>>,
    Path((keeping, service)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    upstream.calls.count();
    let Some(service) = upstream.services.get(service.as_str()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = headers.get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| !kind.as_bytes().starts_with(b"application/json")) {
        return refuse("the content type is not application/json");
    }
    match service.answer(&body) {
        Ok(answer) => json(answer, cache_control(&keeping)),
        Err(why) => refuse(&why),
    }
}

impl Service {
    fn new(own: &str) -> Result<Service, String> {
        let schema = Schema::parse_and_validate(format!("{ENTITIES}\n{own}"), "schema");
        Ok(Service {
            schema: schema.map_err(|invalid| invalid.errors.to_string())?,
            prepared: RwLock::default(),
        })
    }

    /// The answer to the body of a request, or why there is none.
    fn answer(&self, body: &[u8]) -> Result<Bytes, String> {
        let operation: Operation<'_> = serde_json::from_slice(body)
            .map_err(|error| format!("the body is no request to this service: {error}"))?;
        match &*self.prepared(&operation.query) {
            Prepared::Root(answer) => Ok(answer.clone()),
            Prepared::Entities { users, products } => {
                entities(users, products, &operation.variables.representations).ok_or_else(|| {
                    "a representation is of no entity, or lacks what is required".to_owned()
                })
            }
            Prepared::Refused(why) => Err(why.clone()),
        }
    }

    fn prepared(&self, query: &str) -> Arc<Prepared> {
        let known = self.prepared.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(prepared) = known.get(query) {
            return Arc::clone(prepared);
        }
        drop(known);
        let prepared = Arc::new(prepare(&self.schema, query));
        let mut known = self
            .prepared
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(query.to_owned(), Arc::clone(&prepared));
        prepared
    }
}

/// The answer to the representations, in their order.
fn entities(
    users: &[Entity],
    products: &[Entity],
    representations: &[Representation<'_>],
) -> Option<Bytes> {
    let mut answer = String::from(r#"{"data":{"_entities":["#);
    for (index, representation) in representations.iter().enumerate() {
        if index > 0 {
            answer.push(',');
        }
        match representation {
            Representation::User { id } => answer.push_str(&users.get(graph::number(id)?)?.text),
            Representation::Product { upc, price, weight } => {
                let Entity { text, estimate } = products.get(graph::number(upc)?)?;
                match *estimate {
                    None => answer.push_str(text),
                    Some(at) => {
                        answer.push_str(&text[..at]);
                        answer.push_str(&graph::estimate((*price)?, (*weight)?).to_string());
                        answer.push_str(&text[at..]);
                    }
                }
            }
        }
    }
    answer.push_str("]}}");
    Some(Bytes::from(answer))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const LACKS: &str = "a representation is of no entity, or lacks what is required";

    /// What a service says.
    fn said(service: &str, query: &str, representations: &[Value]) -> String {
        let own = SERVICES.iter().find(|(name, _)| *name == service);
        let body = serde_json::json!({ "query": query, "variables": { "representations": representations } });
        let service = Service::new(own.map_or("", |(_, own)| own));
        let answer = service.and_then(|service| service.answer(body.to_string().as_bytes()));
        answer.map_or_else(
            |why| why,
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    fn of_inventory(fields: &str, product: Value) -> String {
        let query = format!(
            "query ($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Product {{ {fields} }} }} }}"
        );
        said("inventory", &query, &[product])
    }

    #[test]
    fn only_what_is_selected() {
        let answer = said("products", "{ top: topProducts { upc } }", &[]);
        let products = (1..=TOP).map(|upc| format!(r#"{{"upc":"{upc}"}}"#));
        let products = products.collect::<Vec<_>>().join(",");
        assert_eq!(answer, format!(r#"{{"data":{{"top":[{products}]}}}}"#));
    }

    #[test]
    fn the_estimate_is_computed_from_what_is_sent() {
        for (price, estimate) in [(1_000, 15), (1_001, 0)] {
            let product = serde_json::json!({ "__typename": "Product", "upc": "2", "price": price, "weight": 31 });
            let entity = format!(r#"{{"shippingEstimate":{estimate},"inStock":true}}"#);
            assert_eq!(
                of_inventory("shippingEstimate inStock", product),
                format!(r#"{{"data":{{"_entities":[{entity}]}}}}"#)
            );
        }
        let bare = serde_json::json!({ "__typename": "Product", "upc": "2" });
        assert_eq!(of_inventory("shippingEstimate", bare), LACKS);
    }

    #[test]
    fn what_no_service_would_answer() {
        let unknown = serde_json::json!({ "__typename": "Product", "upc": "99" });
        assert_eq!(of_inventory("inStock", unknown), LACKS);
        let invalid = said("products", "{ topProducts { upc inStock } }", &[]);
        assert!(invalid.contains("inStock"), "{invalid}");
        let other = serde_json::json!({ "__typename": "Review", "id": "1" });
        let unreadable = of_inventory("inStock", other);
        assert!(
            unreadable.contains("unknown variant `Review`"),
            "{unreadable}"
        );
    }
}
