//! The same list under as many aliases as allowed, with all its fields: a long response to a short operation.

use std::fmt::Write;

use crate::Aim;
use crate::attack::{Attack, Class};

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Query,
    "aliases",
    "49 aliases of one long list with all its fields",
    |aim| Box::pin(run(aim)),
);

async fn run(aim: Aim) {
    aim.posts(|number, round| {
        let mut query = String::from("{ ");
        let first = 200 + (number * 7 + round) % 100;
        for alias in 0..49 {
            let _ = write!(
                query,
                "a{alias}: umangServices(first: {first}) {{ items {{ id name category state languages platforms popularity rating ratingCount isNew }} }} "
            );
        }
        query.push('}');
        crate::wire::operation(&query)
    })
    .await;
}
