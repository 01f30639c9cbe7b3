//! A name server that never responds: upstreams whose host names have not been resolved cannot be called. All others can,
//! and operations on them can be compiled.

use std::time::Duration;

use crate::Aim;
use crate::attack::{Attack, Class, Finding, World};

/// How long a new operation may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    connections: 700,
    world: World::DeadNames,
    judge: |seen| {
        let [late, asked] = ["new operations late", "new operations"].map(|name| seen.count(name));
        vec![Finding::new(
            late == 0 && asked > 0,
            format!("{late} of {asked} new operations on healthy upstreams had no response in 5 s"),
        )]
    },
    ..Attack::new(
        Class::Upstream,
        "dead name server",
        "an upstream whose name cannot be resolved, requested by as many clients as there are threads",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut wire = aim.connect().await?;
        let mut round = 0;
        while aim.goes_on(round) {
            // One client measures the requests to other upstreams.
            if number == 0 {
                tokio::time::sleep(Duration::from_millis(200)).await;
                let query = format!("{{ a{round}: districts {{ name }} }}");
                let body = crate::wire::operation(&query);
                let asked = wire.ask(&body);
                aim.count("new operations");
                match tokio::time::timeout(PATIENCE, asked).await {
                    Ok(answer) => drop(answer?),
                    Err(_) => {
                        aim.count("new operations late");
                        wire = aim.connect().await?;
                    }
                }
            } else {
                let query = format!("query {{ nameless(run: \"{number} {round}\") {{ id }} }}");
                wire.ask(&crate::wire::operation(&query)).await?;
                aim.count("answered");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
