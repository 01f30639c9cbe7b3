//! A list of a hundred pages of 15 MB, of which one field is selected.

use crate::Aim;
use crate::attack::{Attack, Class};

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Upstream,
    "big pages",
    "a list with 100 pages of 15 MB",
    |aim| Box::pin(run(aim)),
);

async fn run(aim: Aim) {
    aim.posts(|number, round| {
        crate::wire::operation(&format!(
            "query {{ pages(run: \"{number} {round}\") {{ id }} }}"
        ))
    })
    .await;
}
