//! What the four services send.

use std::borrow::Cow;

use serde::Deserialize;

use super::super::text::Text;

#[derive(Deserialize)]
pub(super) struct Received<T> {
    pub(super) data: T,
}

#[derive(Deserialize)]
pub(super) struct Entities<T> {
    #[serde(rename = "_entities")]
    pub(super) entities: Vec<T>,
}

#[derive(Deserialize)]
pub(super) struct Accounts<'a> {
    #[serde(borrow)]
    pub(super) users: Vec<User<'a>>,
}

#[derive(Deserialize)]
pub(super) struct User<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) username: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct TopProducts<'a> {
    #[serde(borrow, rename = "topProducts")]
    pub(super) top_products: Vec<TopProduct<'a>>,
}

#[derive(Deserialize)]
pub(super) struct TopProduct<'a> {
    #[serde(borrow)]
    pub(super) upc: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    pub(super) price: Option<i64>,
    pub(super) weight: Option<i64>,
}

/// The reviews of a user or of a product.
#[derive(Deserialize)]
pub(super) struct Reviewed<'a> {
    #[serde(borrow)]
    pub(super) reviews: Vec<Review<'a>>,
}

/// By a user: with its product. Of a product: with its author.
#[derive(Deserialize)]
pub(super) struct Review<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) body: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) product: Option<ReviewedProduct<'a>>,
    #[serde(borrow)]
    pub(super) author: Option<Author<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ReviewedProduct<'a> {
    #[serde(borrow)]
    pub(super) upc: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) reviews: Option<Vec<Review<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Author<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) username: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) reviews: Vec<Review<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Product<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    pub(super) price: Option<i64>,
    pub(super) weight: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Stock {
    #[serde(rename = "inStock")]
    pub(super) in_stock: Option<bool>,
    #[serde(rename = "shippingEstimate")]
    pub(super) shipping_estimate: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Name<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}
