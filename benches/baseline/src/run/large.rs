//! The large federation operation: users with their reviews, and products with theirs, several levels deep. Its plan has six calls
//! to four services.

use serde_json::{Value, json};

use super::request;
use super::wrk::Call;
use crate::backend::large::{INVENTORY, NAMES, PRODUCTS, REVIEWS, TOP_PRODUCTS, USERS};
use crate::upstream::large::{TOP, representations};

pub(super) const OPERATION: &str = "
fragment U on User { id username name }
fragment R on Review { id body }
fragment P on Product { inStock name price shippingEstimate upc weight }
{
  users { ...U reviews { ...R product { ...P reviews { ...R author { ...U reviews { ...R product { ...P } } } } } } }
  topProducts { ...P reviews { ...R author { ...U reviews { ...R product { ...P } } } } }
}
";

pub(super) const SERVICES: [&str; 4] = ["accounts", "inventory", "products", "reviews"];

/// The calls of one request, as the backend makes them: reviews mention all users and all products.
pub(super) fn calls() -> Vec<Call> {
    let entities = |query: &str, of: Vec<Value>| {
        json!({ "query": query, "variables": { "representations": of } }).to_string()
    };
    let (users, products) = (
        representations("User", &["id"]),
        representations("Product", &["upc"]),
    );
    let priced = representations("Product", &["upc", "price", "weight"]);
    let reviewed = [users.clone(), products[..TOP].to_vec()].concat();
    [
        ("accounts", request(USERS)),
        ("products", request(TOP_PRODUCTS)),
        ("reviews", entities(REVIEWS, reviewed)),
        ("products", entities(PRODUCTS, products)),
        ("inventory", entities(INVENTORY, priced)),
        ("accounts", entities(NAMES, users)),
    ]
    .map(|(service, body)| Call {
        method: "POST",
        path: format!("/no-store/{service}/graphql"),
        body,
    })
    .to_vec()
}
