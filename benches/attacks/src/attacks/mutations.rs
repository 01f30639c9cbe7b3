//! Refused mutations, alternating with reads of what they would have changed: the reads are still served from the cache.

use crate::Aim;
use crate::attack::{Attack, Class, Finding};

/// One in so many mutations may cause a further call.
const SHARE: u64 = 10;
/// Calls that fill the cache.
const FILLING: u64 = 4;

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    judge: |seen| {
        let calls = seen.calls.get("services").copied().unwrap_or_default();
        let (mutations, honest) = (seen.count("mutations"), seen.count("honest calls"));
        let more = calls.saturating_sub(mutations + honest);
        vec![Finding::new(
            mutations > 0 && more <= FILLING + mutations / SHARE,
            format!("{mutations} refused mutations led to {more} further calls"),
        )]
    },
    ..Attack::new(
        Class::Query,
        "refused mutations",
        "payments for applications that do not exist, alternating with reads of the same upstream",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut wire = aim.connect().await?;
        let mut round = 0;
        while aim.goes_on(round) {
            let mutation = format!(
                "mutation {{ payApplicationFee(input: {{ idempotencyKey: \"{number}-{round}\", applicationReference: \"JK-NONE\", amountInRupees: \"1\", mode: UPI }}) {{ userErrors {{ code }} }} }}"
            );
            wire.ask(&crate::wire::operation(&mutation)).await?;
            aim.count("mutations");
            let read = "{ services { id } service(slug: \"domicile-certificate\") { id name } }";
            wire.ask(&crate::wire::operation(read)).await?;
            aim.count("reads");
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
