//! Pipelined requests, whose responses are not read until all requests are sent.

use crate::Aim;
use crate::attack::{Attack, Class};

/// Requests per write.
const DEPTH: usize = 200;

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Client,
    "pipelining",
    "200 requests at once on each connection of HTTP/1.1",
    |aim| Box::pin(run(aim)),
);

async fn run(aim: Aim) {
    let client = async |aim: Aim, _: u64| {
        let mut wire = aim.connect().await?;
        let request = wire.request(&crate::wire::operation("{ districts { lgdCode name } }"));
        let requests = request.repeat(DEPTH);
        let mut round = 0;
        while aim.goes_on(round) {
            wire.send(&requests).await?;
            for _ in 0..DEPTH {
                if wire.answer().await?.closes {
                    wire = aim.connect().await?;
                    break;
                }
            }
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
