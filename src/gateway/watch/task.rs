//! The task of a watched query: executes it again whenever its answer may have changed, and gives each new answer to its
//! watchers.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::select;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::super::refusal::Refusal;
use super::super::{GraphqlResponse, RequestOutcome};
use super::answer::{Answer, NewAnswer};
use super::query::{Serving, WatchedQuery};
use super::room::Room;
use super::state::{Checked, Ending, State};

/// The longest time between two executions of a query whose answer has errors.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// The most by which an execution is postponed, so that not all queries are executed that expire at the same time.
const LONGEST_DELAY: Duration = Duration::from_secs(1);

/// Executes a query while it is watched, and until another generation serves.
pub(super) async fn run(
    query: Arc<WatchedQuery>,
    serving: watch::Receiver<Serving>,
    room: Arc<Room>,
    state: watch::Sender<Option<State>>,
    checked: watch::Sender<Option<Checked>>,
) {
    let task = Task {
        query: &query,
        serving,
        room: &room,
        state: &state,
        checked: &checked,
        failures: 0,
    };
    select! {
        // The last watcher has left.
        () = state.closed() => {}
        ended = AssertUnwindSafe(task.run()).catch_unwind() => {
            if ended.is_err() {
                tracing::error!(outcome = "panic", "executing a live query ended abnormally");
                let refusal = Refusal::internal("The execution ended without a result");
                state.send_replace(Some(State::Ended(Arc::new(Ending::of(&refusal)))));
            }
        }
    }
}

struct Task<'t> {
    query: &'t WatchedQuery,
    /// The generation that serves.
    serving: watch::Receiver<Serving>,
    room: &'t Arc<Room>,
    state: &'t watch::Sender<Option<State>>,
    checked: &'t watch::Sender<Option<Checked>>,
    /// Successive executions with errors.
    failures: u32,
}

/// What follows an execution.
enum Next {
    /// The next one, after this time at the latest.
    Rest(Duration),
    /// None.
    End,
}

impl Task<'_> {
    async fn run(mut self) {
        if !self.query.is_of(&self.serving.borrow_and_update()) {
            return;
        }
        loop {
            let began = Instant::now();
            let epochs = self.query.epochs();
            let response = self.query.execute().await;
            let Next::Rest(rest) = self.publish(response).await else {
                return;
            };
            let ended = Instant::now();
            let moved = epochs.clone();
            self.checked.send_replace(Some(Checked { began, epochs }));
            select! {
                _ = self.serving.changed() => return,
                () = moved.moved() => {}
                () = sleep(rest) => {}
            }
            select! {
                _ = self.serving.changed() => return,
                () = self.query.asked.notified() => {}
                () = sleep_until(ended + self.query.throttle) => {}
            }
        }
    }

    /// Gives a response to the watchers, if it is another one than before.
    async fn publish(&mut self, mut response: GraphqlResponse) -> Next {
        let payload = response.payloads.next().await;
        let before = match &*self.state.borrow() {
            Some(State::Answer(answer)) => Some(Arc::clone(answer)),
            _ => None,
        };
        let Some(payload) = payload else {
            return self.end(Ending::of(&Refusal::internal(
                "The operation has no result",
            )));
        };
        if response.outcome != RequestOutcome::Executed {
            let refused = Ending {
                outcome: response.outcome,
                body: payload.body,
            };
            return self.refused(refused, before.is_some());
        }
        let is_for_one = response.cache.for_one_request && !self.query.generation.shares_all();
        if self.query.is_shared && is_for_one {
            self.state.send_replace(Some(State::Apart));
            return Next::End;
        }
        self.failures = match response.has_errors {
            true => self.failures.saturating_add(1),
            false => 0,
        };
        let new = NewAnswer::new(payload, response.has_errors);
        let is_same = |before: &Arc<Answer>| before.fingerprint == new.fingerprint;
        if !before.as_ref().is_some_and(is_same) {
            let most = self.query.terms.settings.bytes.0;
            let Some(held) = self.room.hold(new.bytes(), most) else {
                let message =
                    "There is no memory left for the answers of live queries (live.bytes)";
                let refusal = Refusal::overloaded(message);
                return self.end(Ending::of(&refusal));
            };
            let has_patches = self.query.has_patches.load(Ordering::Relaxed);
            let answer = Answer::after(before.as_deref(), has_patches, new, held);
            let answer = State::Answer(Arc::new(answer));
            self.state.send_replace(Some(answer));
        }
        Next::Rest(self.rest(response.cache.max_age))
    }

    /// A refused execution. While the gateway is busy, the watchers keep the answer that they have.
    fn refused(&mut self, refused: Ending, has_answer: bool) -> Next {
        if has_answer && refused.outcome == RequestOutcome::Busy {
            self.failures = self.failures.saturating_add(1);
            return Next::Rest(self.rest(None));
        }
        self.end(refused)
    }

    fn end(&self, ending: Ending) -> Next {
        self.state
            .send_replace(Some(State::Ended(Arc::new(ending))));
        Next::End
    }

    /// How long the answer may be used. `max_age` is its lifetime for clients in seconds, for an answer that is not in the
    /// cache.
    fn rest(&self, max_age: Option<u64>) -> Duration {
        let interval = self.query.terms.settings.interval;
        if self.failures > 0 {
            let doublings = (self.failures - 1).min(16);
            return interval
                .saturating_mul(1 << doublings)
                .min(interval.max(LONGEST_REST));
        }
        let of_client = max_age.filter(|seconds| *seconds > 0);
        let fresh_for = self.query.fresh_for();
        match fresh_for.or(of_client.map(Duration::from_secs)) {
            Some(fresh_for) => fresh_for + self.delay(fresh_for),
            None => interval,
        }
    }

    /// By how much the execution after the end of this time is postponed: up to a tenth of it, and at least what makes sure
    /// that it is over by the clock of the caches.
    fn delay(&self, fresh_for: Duration) -> Duration {
        let share = u32::from(rand::random::<u8>());
        (fresh_for / 10).min(LONGEST_DELAY) * share / 255 + Duration::from_millis(1)
    }
}
