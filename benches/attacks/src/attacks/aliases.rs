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

const FIELDS: &str =
    "id code name category languages platforms popularity averageRating ratingCount isNew";

async fn run(aim: Aim) {
    aim.posts(|number, round| {
        let mut query = String::from("{ ");
        let name = (number * 7 + round) % 100;
        for alias in 0..49 {
            let _ = write!(
                query,
                "a{name}_{alias}: umangServices(first: 100) {{ nodes {{ {FIELDS} }} edges {{ cursor node {{ {FIELDS} }} }} }} "
            );
        }
        query.push('}');
        crate::wire::operation(&query)
    })
    .await;
}
