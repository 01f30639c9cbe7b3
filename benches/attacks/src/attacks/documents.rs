//! Fifty concurrent documents of 15 MB in one operation.

use std::fmt::Write;

use crate::Aim;
use crate::attack::{Attack, Class};

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    connections: 20,
    ..Attack::new(
        Class::Upstream,
        "big documents",
        "50 documents of 15 MB in one operation",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    aim.posts(|number, round| {
        let mut query = String::from("{ ");
        for alias in 0..50 {
            let _ = write!(
                query,
                "a{alias}: page(run: \"{number} {round} {alias}\") {{ id }} "
            );
        }
        query.push('}');
        crate::wire::operation(&query)
    })
    .await;
}
