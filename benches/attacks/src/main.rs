//! `make prove-attacks`: one program with several roles, each of which runs as a process of its own.
//!
//! - [`run`]: starts the others and the gateway, runs the honest clients, prints the table.
//! - `attack`: one attacker, limited to half a core.
//! - `upstream`: a part of what the gateway calls.
#![allow(clippy::print_stdout, reason = "a program that prints its results")]

mod run;
mod table;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use sangam_attacks::upstream::Upstreams;
use sangam_attacks::{ATTACKS, Aim, Extent, Phase};
use tokio::sync::watch;

const USAGE: &str = "usage: sangam-attacks run GATEWAY CONNECTORS MISBEHAVING-CONNECTORS\n       \
                     sangam-attacks attack NAME ADDRESS SECONDS\n       \
                     sangam-attacks upstream PART";

/// The share of one core that all attackers together may use.
const SHARE: f64 = 0.5;
/// How long running rounds may take after the end of the attack.
const GRACE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match role(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(3)
        }
    }
}

fn role(arguments: &[&str]) -> Result<ExitCode, Box<dyn Error>> {
    let many = || {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
    };
    match arguments {
        ["run", gateway, connectors @ ..] => {
            let connectors = connectors.iter().map(Into::into).collect();
            many()?.block_on(run::run(gateway.into(), connectors))
        }
        ["attack", name, address, seconds] => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let time = Duration::from_secs(seconds.parse()?);
            runtime.block_on(attack(name, address.parse()?, time))?;
            Ok(ExitCode::SUCCESS)
        }
        ["upstream", part] => {
            many()?.block_on(Upstreams::serve(part))?;
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprintln!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}

/// Attacks for a time, and prints the counts as one line of JSON.
async fn attack(name: &str, address: SocketAddr, time: Duration) -> Result<(), Box<dyn Error>> {
    let attack = ATTACKS.iter().find(|attack| attack.name == name);
    let attack = attack.ok_or("there is no such attack")?;
    let (phases, phase) = watch::channel(Phase::On);
    let extent = Extent {
        connections: attack.connections,
        rounds: u64::MAX,
    };
    let aim = Aim::new(address, extent, phase).held_to(SHARE);
    let clock = async move {
        tokio::time::sleep(time).await;
        // Fails only if the attack has ended.
        let _ = phases.send(Phase::Ended);
        tokio::time::sleep(GRACE).await;
        let _ = phases.send(Phase::Cut);
        // Rounds that do not end are left behind.
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = (attack.run)(aim.clone()) => (),
        () = clock => (),
    }
    let (sent, opened) = aim.cost();
    let said = serde_json::json!({ "sent": sent, "opened": opened, "counts": aim.counts() });
    println!("{said}");
    Ok(())
}
