//! Subscriptions of GraphQL services: opened once for all that want the same, and again when the connection is lost.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, sleep};

use super::feed::Publisher;
use crate::cache::{Documents, Endpoint, Fetched};
use crate::connector::Request;
use crate::execute::Event;
use crate::source::{SubscribeOptions, SubscriptionLost};

/// The time before the first attempt to open a subscription again; it doubles with each further one.
const SHORTEST: Duration = Duration::from_millis(100);

/// The longest time between two attempts.
const LONGEST: Duration = Duration::from_secs(30);

/// A connection that was open for so long is a good one: after it, the pauses are short again.
const STABLE: Duration = LONGEST;

/// A subscription that was lost for so long has ended.
const GIVEN_UP: Duration = Duration::from_secs(300);

/// A subscription of a service.
#[derive(Debug)]
pub struct ServiceSubscription {
    /// The service.
    pub endpoint: Arc<Endpoint>,
    /// The operation.
    pub request: Request,
    /// How it is opened.
    pub options: SubscribeOptions,
    /// Has the clock.
    pub documents: Arc<Documents>,
}

/// Publishes what the service sends until it says that the subscription is complete, or refuses it. If the connection is lost, it
/// is opened again, and subscribers do not notice; events in between are lost. If it cannot be opened at first, or for five
/// minutes, subscribers get the error.
pub async fn service(publisher: Publisher, subscription: ServiceSubscription) {
    let (mut was_open, mut attempts) = (false, Attempts::default());
    let mut open_until = Instant::now();
    loop {
        let lost = match subscription.open().await {
            Ok(mut events) => {
                was_open = true;
                let opened = Instant::now();
                loop {
                    match events.next().await {
                        Some(Ok(response)) => {
                            attempts.succeeded();
                            let (endpoint, now) =
                                (&subscription.endpoint, subscription.documents.now());
                            let fetched = Fetched::of_event(response, endpoint, now);
                            publisher.publish(Event::Document(fetched));
                        }
                        Some(Err(lost)) => {
                            open_until = Instant::now();
                            attempts.was_open(open_until - opened);
                            break lost;
                        }
                        None => return,
                    }
                }
            }
            Err(lost) => lost,
        };
        let connector = subscription.endpoint.coordinate();
        if lost.is_final || !was_open || open_until.elapsed() > GIVEN_UP {
            tracing::warn!(connector = &**connector, error = %lost.error, "a subscription has ended");
            return publisher.publish(Event::Failed(lost.error));
        }
        if attempts.failures == 0 {
            tracing::warn!(connector = &**connector, error = %lost.error, "a subscription was lost");
        }
        // A part is random, so that many gateways do not come back at the same time.
        sleep(attempts.next().mul_f64(rand::random_range(0.5..1.0))).await;
    }
}

impl ServiceSubscription {
    async fn open(&self) -> Result<crate::source::EventStream, SubscriptionLost> {
        let source = self.endpoint.source();
        source.subscribe(&self.request, &self.options).await
    }
}

/// The attempts to open a subscription since it was a good one.
#[derive(Debug, Default)]
struct Attempts {
    failures: u32,
}

impl Attempts {
    /// An event has arrived.
    fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// A connection was lost that had been open for so long. A service that accepts connections and drops them at once has not
    /// recovered.
    fn was_open(&mut self, time: Duration) {
        if time >= STABLE {
            self.failures = 0;
        }
    }

    /// The longest time before the next attempt.
    fn next(&mut self) -> Duration {
        let longest = SHORTEST.saturating_mul(1 << self.failures.min(16));
        self.failures += 1;
        longest.min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_accepts_and_drops_is_asked_more_and_more_seldom() {
        let mut attempts = Attempts::default();
        let pauses: Vec<u128> = (0..12)
            .map(|_| {
                attempts.was_open(Duration::from_millis(5));
                attempts.next().as_millis()
            })
            .collect();
        let doubled = [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600];
        assert_eq!(pauses[..9], doubled);
        assert_eq!(pauses[9..], [30_000; 3]);
    }

    #[test]
    fn after_a_good_connection_the_pauses_are_short_again() {
        for recover in [
            |attempts: &mut Attempts| attempts.was_open(STABLE),
            Attempts::succeeded,
        ] {
            let mut attempts = Attempts::default();
            (0..5).for_each(|_| _ = attempts.next());
            recover(&mut attempts);
            assert_eq!(attempts.next(), SHORTEST);
        }
    }
}
