//! The users, products and reviews of the four services: as many as make an answer of about 88 KB.

use serde_json::{Value, json};

use super::super::data;

const USERS: usize = 6;
const PRODUCTS: usize = 9;
/// How many products are at the top: the first ones.
pub(crate) const TOP: usize = 5;
const REVIEWS: usize = 27;

/// An object; those of a type are numbered from 0.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    Query,
    User(usize),
    Product(usize),
    Review(usize),
}

/// What a field is.
pub(super) enum Field {
    Leaf(Value),
    One(Node),
    Many(Vec<Node>),
    /// What a shipment costs: the service has it for no product, and computes it from the representation.
    Estimate,
}

/// The objects that services have entities of.
pub(super) fn entities(typename: &str) -> Vec<Node> {
    match typename {
        "User" => (0..USERS).map(Node::User).collect(),
        "Product" => (0..PRODUCTS).map(Node::Product).collect(),
        _ => Vec::new(),
    }
}

/// The representations of all entities of a type, with these fields.
pub(crate) fn representations(typename: &str, fields: &[&str]) -> Vec<Value> {
    let one = |node: Node| {
        let mut representation = json!({ "__typename": typename });
        for name in fields {
            if let Some(Field::Leaf(value)) = node.field(name) {
                representation[name] = value;
            }
        }
        representation
    };
    entities(typename).into_iter().map(one).collect()
}

/// The number of the object with this key.
pub(super) fn number(key: &str) -> Option<usize> {
    key.parse::<usize>().ok()?.checked_sub(1)
}

/// What a shipment costs; a dear product is sent free of charge.
pub(super) fn estimate(price: i64, weight: i64) -> i64 {
    match price > 1_000 {
        true => 0,
        false => weight / 2,
    }
}

impl Node {
    pub(super) fn typename(self) -> &'static str {
        match self {
            Node::Query => "Query",
            Node::User(_) => "User",
            Node::Product(_) => "Product",
            Node::Review(_) => "Review",
        }
    }

    /// The value of a field, whatever service has it; `None` if there is no such field.
    pub(super) fn field(self, name: &str) -> Option<Field> {
        let seed = |number: usize| number as u64;
        let key = |number: usize| Field::Leaf(json!((number + 1).to_string()));
        let text = |number: usize, count| Field::Leaf(json!(data::words(seed(number), count)));
        let reviews = |of: &dyn Fn(usize) -> bool| {
            Field::Many(
                (0..REVIEWS)
                    .filter(|it| of(*it))
                    .map(Node::Review)
                    .collect(),
            )
        };
        Some(match (self, name) {
            (_, "__typename") => Field::Leaf(json!(self.typename())),
            (Node::Query, "users") => Field::Many(entities("User")),
            (Node::Query, "topProducts") => Field::Many((0..TOP).map(Node::Product).collect()),
            (Node::User(number) | Node::Review(number), "id") => key(number),
            (Node::User(number), "name") => text(number + 2_000, 2),
            (Node::User(number), "username") => text(number + 2_100, 1),
            (Node::User(number), "reviews") => reviews(&|review| author(review) == number),
            (Node::Product(number), "upc") => key(number),
            (Node::Product(number), "name") => text(number + 3_000, 1),
            (Node::Product(number), "price") => Field::Leaf(json!(99 + 150 * number)),
            (Node::Product(number), "weight") => Field::Leaf(json!(100 + 70 * number)),
            (Node::Product(number), "inStock") => Field::Leaf(json!(number % 3 > 0)),
            (Node::Product(_), "shippingEstimate") => Field::Estimate,
            (Node::Product(number), "reviews") => reviews(&|review| product(review) == number),
            (Node::Review(number), "body") => text(number + 4_000, 4),
            (Node::Review(number), "author") => Field::One(Node::User(author(number))),
            (Node::Review(number), "product") => Field::One(Node::Product(product(number))),
            _ => return None,
        })
    }
}

/// Who wrote a review; everybody wrote some.
fn author(review: usize) -> usize {
    review % USERS
}

/// What a review is about; there are some about every product.
fn product(review: usize) -> usize {
    (5 * review + review / USERS) % PRODUCTS
}
