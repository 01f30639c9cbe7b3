//! The answer: users with what they have reviewed, and the products at the top with what is said about them.

use std::collections::HashMap;

use bytes::Bytes;
use serde::Serialize;

use super::super::Failed;
use super::super::text::Text;
use super::received::{Author, Name, Product, Review, Reviewed, Stock, TopProduct, User};
use crate::graphql::Answer;

#[derive(Serialize)]
struct Data<'a> {
    users: Vec<JoinedUser<'a>>,
    #[serde(rename = "topProducts")]
    top_products: Vec<JoinedProduct<'a>>,
}

#[derive(Serialize)]
struct JoinedUser<'a> {
    id: &'a str,
    username: Option<&'a Text<'a>>,
    name: Option<&'a Text<'a>>,
    reviews: Vec<JoinedReview<'a>>,
}

#[derive(Serialize)]
struct JoinedReview<'a> {
    id: &'a str,
    body: Option<&'a Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<JoinedProduct<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<JoinedUser<'a>>,
}

#[derive(Serialize)]
struct JoinedProduct<'a> {
    #[serde(rename = "inStock")]
    in_stock: Option<bool>,
    name: Option<&'a Text<'a>>,
    price: Option<i64>,
    #[serde(rename = "shippingEstimate")]
    shipping_estimate: Option<i64>,
    upc: &'a str,
    weight: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reviews: Option<Vec<JoinedReview<'a>>>,
}

/// The keys of the authors and products that reviews have, without duplicates, in the order in which they appear.
#[derive(Default)]
pub(super) struct Mentioned<'a> {
    pub(super) ids: Vec<&'a str>,
    pub(super) upcs: Vec<&'a str>,
}

impl<'a> Mentioned<'a> {
    pub(super) fn of(all: &'a [Reviewed<'a>]) -> Mentioned<'a> {
        let mut mentioned = Mentioned::default();
        all.iter().for_each(|one| mentioned.reviews(&one.reviews));
        mentioned
    }

    fn reviews(&mut self, reviews: &'a [Review<'a>]) {
        for review in reviews {
            if let Some(product) = &review.product {
                insert(&mut self.upcs, &product.upc);
                self.reviews(product.reviews.as_deref().unwrap_or_default());
            }
            if let Some(author) = &review.author {
                insert(&mut self.ids, &author.id);
                self.reviews(&author.reviews);
            }
        }
    }
}

fn insert<'a>(keys: &mut Vec<&'a str>, key: &'a str) {
    if !keys.contains(&key) {
        keys.push(key);
    }
}

/// What is known of products and users, by their keys.
pub(super) struct Known<'a> {
    pub(super) products: HashMap<&'a str, Product<'a>>,
    pub(super) stock: HashMap<&'a str, Stock>,
    pub(super) names: HashMap<&'a str, Name<'a>>,
}

impl Known<'_> {
    /// The whole answer; the reviews are those of the users, and of the products, in their order.
    pub(super) fn answer(
        &self,
        (users, of_users): (&[User<'_>], &[Reviewed<'_>]),
        (top, of_top): (&[TopProduct<'_>], &[Reviewed<'_>]),
    ) -> Result<Bytes, Failed> {
        let users = users
            .iter()
            .zip(of_users)
            .map(|(user, reviewed)| JoinedUser {
                id: &user.id,
                username: user.username.as_ref(),
                name: user.name.as_ref(),
                reviews: self.reviews(&reviewed.reviews),
            });
        let top = top.iter().zip(of_top);
        let data = Data {
            users: users.collect(),
            top_products: top
                .map(|(product, reviewed)| self.product(&product.upc, Some(&reviewed.reviews)))
                .collect(),
        };
        Ok(serde_json::to_vec(&Answer { data })?.into())
    }

    fn reviews<'a>(&'a self, reviews: &'a [Review<'a>]) -> Vec<JoinedReview<'a>> {
        let joined = reviews.iter().map(|review| JoinedReview {
            id: &review.id,
            body: review.body.as_ref(),
            product: review
                .product
                .as_ref()
                .map(|product| self.product(&product.upc, product.reviews.as_deref())),
            author: review.author.as_ref().map(|author| self.author(author)),
        });
        joined.collect()
    }

    fn author<'a>(&'a self, author: &'a Author<'a>) -> JoinedUser<'a> {
        let name = self.names.get(&*author.id);
        JoinedUser {
            id: &author.id,
            username: author.username.as_ref(),
            name: name.and_then(|name| name.name.as_ref()),
            reviews: self.reviews(&author.reviews),
        }
    }

    fn product<'a>(&'a self, upc: &'a str, reviews: Option<&'a [Review<'a>]>) -> JoinedProduct<'a> {
        let (product, stock) = (self.products.get(upc), self.stock.get(upc));
        JoinedProduct {
            in_stock: stock.and_then(|stock| stock.in_stock),
            name: product.and_then(|product| product.name.as_ref()),
            price: product.and_then(|product| product.price),
            shipping_estimate: stock.and_then(|stock| stock.shipping_estimate),
            upc,
            weight: product.and_then(|product| product.weight),
            reviews: reviews.map(|reviews| self.reviews(reviews)),
        }
    }
}
