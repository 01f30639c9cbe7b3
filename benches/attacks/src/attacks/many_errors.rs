//! A list of sixteen thousand rows with an error in each.

use crate::Aim;
use crate::attack::{Attack, Class};

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    connections: 20,
    ..Attack::new(
        Class::Upstream,
        "many errors",
        "a list of 16,000 rows with an error in each",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    aim.posts(|_, _| crate::wire::operation("{ wrongRows { id name } }"))
        .await;
}
