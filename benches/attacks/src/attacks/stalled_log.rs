//! The reader of the log has stopped, and refusals must be logged.

use crate::Aim;
use crate::attack::{Attack, Class, World};

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    world: World::StalledLog,
    ..Attack::new(
        Class::Client,
        "stalled log",
        "invalid queries while the log is not read",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut wire = aim.connect().await?;
        let mut round = 0;
        // Enough to fill the pipe, however few clients there are.
        while aim.goes_on(round) || round < 400 {
            let query = format!("{{ nothing{number}x{round} }}");
            wire.ask(&crate::wire::operation(&query)).await?;
            aim.count("answered");
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
