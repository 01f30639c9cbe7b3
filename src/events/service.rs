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
    let (mut was_open, mut failures) = (false, 0);
    let mut open_until = Instant::now();
    loop {
        let lost = match subscription.open().await {
            Ok(mut events) => {
                was_open = true;
                loop {
                    match events.next().await {
                        Some(Ok(response)) => {
                            failures = 0;
                            let (endpoint, now) =
                                (&subscription.endpoint, subscription.documents.now());
                            let fetched = Fetched::of_event(response, endpoint, now);
                            publisher.publish(Event::Document(fetched));
                        }
                        Some(Err(lost)) => {
                            open_until = Instant::now();
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
        if failures == 0 {
            tracing::warn!(connector = &**connector, error = %lost.error, "a subscription was lost");
        }
        sleep(pause(failures)).await;
        failures += 1;
    }
}

impl ServiceSubscription {
    async fn open(&self) -> Result<crate::source::EventStream, SubscriptionLost> {
        let source = self.endpoint.source();
        source.subscribe(&self.request, &self.options).await
    }
}

/// The time before an attempt. A part of it is random, so that many gateways do not come back at the same time.
fn pause(failures: u32) -> Duration {
    let longest = SHORTEST.saturating_mul(1 << failures.min(16)).min(LONGEST);
    longest.mul_f64(rand::random_range(0.5..1.0))
}
