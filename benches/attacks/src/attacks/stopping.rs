//! The gateway must stop while clients send requests: no client may lose its next request.

use std::io;

use crate::Aim;
use crate::attack::{Attack, Class, Finding, World};

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    world: World::Stopping,
    judge: |seen| {
        let [lost, asked, answered] =
            ["lost", "asked to close", "answered"].map(|name| seen.count(name));
        vec![Finding::new(
            lost == 0 && answered > 0,
            format!("{lost} requests lost; {asked} clients were asked to close the connection"),
        )]
    },
    ..Attack::new(
        Class::Client,
        "stopping",
        "SIGTERM while clients keep asking on their connections",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let client = async |aim: Aim, _: u64| {
        let mut wire = aim.connect().await?;
        let body = crate::wire::operation("{ districts { name } }");
        let mut round = 0;
        while aim.goes_on(round) {
            match wire.ask(&body).await {
                Ok(answer) => {
                    aim.count("answered");
                    if answer.closes {
                        aim.count("asked to close");
                        // A client that was asked to close uses another server.
                        return Ok(());
                    }
                }
                Err(error) => {
                    aim.count("lost");
                    aim.count(&format!("lost: {}", io::Error::kind(&error)));
                    return Ok(());
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
