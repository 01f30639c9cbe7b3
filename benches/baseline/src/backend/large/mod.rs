//! The large federation operation: six calls to four services, of which those that need nothing of each other are made at the same
//! time. Caches nothing.

mod answer;
mod received;

use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::Bytes;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};

use self::answer::{Known, Mentioned};
use self::received::{Accounts, Entities, Product, Received, Reviewed, TopProduct, TopProducts};
use super::{Backend, Failed, client};

pub(crate) const USERS: &str = "{ users { id username name } }";
pub(crate) const TOP_PRODUCTS: &str = "{ topProducts { name price upc weight } }";
pub(crate) const REVIEWS: &str = "query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { reviews { id body product { upc reviews { id body author { id username reviews { id body product { upc } } } } } } } ... on Product { reviews { id body author { id username reviews { id body product { upc } } } } } } }";
pub(crate) const PRODUCTS: &str = "query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Product { name price weight } } }";
pub(crate) const INVENTORY: &str = "query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Product { inStock shippingEstimate } } }";
pub(crate) const NAMES: &str = "query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { name } } }";

#[derive(Serialize)]
struct Operation<'a> {
    query: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variables: Option<Variables<'a>>,
}

#[derive(Serialize)]
struct Variables<'a> {
    representations: &'a [Representation<'a>],
}

#[derive(Serialize)]
#[serde(tag = "__typename")]
enum Representation<'a> {
    User {
        id: &'a str,
    },
    Product {
        upc: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        price: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        weight: Option<i64>,
    },
}

pub(super) struct Large {
    client: Client,
    upstream: String,
}

impl Large {
    pub(super) fn new(upstream: &str) -> Result<Large, Failed> {
        Ok(Large {
            client: client::client()?,
            upstream: upstream.to_owned(),
        })
    }

    async fn ask(
        &self,
        service: &str,
        query: &str,
        representations: &[Representation<'_>],
    ) -> Result<Bytes, Failed> {
        let variables = (!representations.is_empty()).then_some(Variables { representations });
        let request = self
            .client
            .post(format!("{}/{service}/graphql", self.upstream))
            .header(CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(&Operation { query, variables })?);
        client::body(request).await
    }
}

impl Backend for Large {
    async fn answer(&self) -> Result<Bytes, Failed> {
        let users = self.ask("accounts", USERS, &[]);
        let top = self.ask("products", TOP_PRODUCTS, &[]);
        let (users, top) = tokio::try_join!(users, top)?;
        let users: Received<Accounts<'_>> = serde_json::from_slice(&users)?;
        let top: Received<TopProducts<'_>> = serde_json::from_slice(&top)?;
        let (users, top) = (users.data.users, top.data.top_products);

        let keys = users
            .iter()
            .map(|user| Representation::User { id: &user.id });
        let keys = keys.chain(top.iter().map(|product| of_product(&product.upc)));
        let keys: Vec<Representation<'_>> = keys.collect();
        let reviews = self.ask("reviews", REVIEWS, &keys).await?;
        let reviews: Vec<Reviewed<'_>> = entities(&reviews, keys.len())?;
        let (of_users, of_top) = reviews.split_at(users.len());

        let Mentioned { ids, upcs } = Mentioned::of(&reviews);
        let received = OnceLock::new();
        let products = self.products(&upcs, &top, &received);
        let keys = ids.iter().map(|id| Representation::User { id });
        let keys: Vec<Representation<'_>> = keys.collect();
        let names = self.ask("accounts", NAMES, &keys);
        let ((products, all, stock), names) = tokio::try_join!(products, names)?;
        let known = Known {
            stock: by_key(&all, entities(&stock, all.len())?),
            names: by_key(&ids, entities(&names, ids.len())?),
            products,
        };
        known.answer((&users, of_users), (&top, of_top))
    }
}

impl Large {
    /// The products that reviews mention, from their service, and those at the top, which are known already; then the keys of
    /// all of them, and what the inventory says about each. `received` holds the bytes.
    async fn products<'a>(
        &self,
        upcs: &[&'a str],
        top: &'a [TopProduct<'a>],
        received: &'a OnceLock<Bytes>,
    ) -> Result<(HashMap<&'a str, Product<'a>>, Vec<&'a str>, Bytes), Failed> {
        let keys: Vec<Representation<'_>> = upcs.iter().map(|upc| of_product(upc)).collect();
        let bytes = self.ask("products", PRODUCTS, &keys).await?;
        let bytes = received.get_or_init(|| bytes);
        let mut products = by_key(upcs, entities::<Option<Product<'_>>>(bytes, upcs.len())?);
        let mut all = upcs.to_vec();
        for top in top {
            if !upcs.contains(&&*top.upc) {
                all.push(&top.upc);
            }
            products.insert(
                &top.upc,
                Product {
                    name: top.name.clone(),
                    price: top.price,
                    weight: top.weight,
                },
            );
        }
        let keys = all.iter().map(|upc| Representation::Product {
            upc,
            price: products.get(upc).and_then(|product| product.price),
            weight: products.get(upc).and_then(|product| product.weight),
        });
        let keys: Vec<Representation<'_>> = keys.collect();
        let stock = self.ask("inventory", INVENTORY, &keys).await?;
        Ok((products, all, stock))
    }
}

fn of_product(upc: &str) -> Representation<'_> {
    Representation::Product {
        upc,
        price: None,
        weight: None,
    }
}

/// The entities of an answer, of which there have to be so many.
fn entities<'a, T: Deserialize<'a>>(answer: &'a [u8], count: usize) -> Result<Vec<T>, Failed> {
    let received: Received<Entities<T>> = serde_json::from_slice(answer)?;
    let entities = received.data.entities;
    match entities.len() == count {
        true => Ok(entities),
        false => Err("a service gave another number of entities than was asked for".into()),
    }
}

/// Entities by their keys, without those that the service does not know.
fn by_key<'a, T>(keys: &[&'a str], entities: Vec<Option<T>>) -> HashMap<&'a str, T> {
    let pairs = keys.iter().zip(entities);
    pairs
        .filter_map(|(key, entity)| Some((*key, entity?)))
        .collect()
}
