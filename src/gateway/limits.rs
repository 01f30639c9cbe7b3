//! Makes the limits of the lower rooms from the settings. Only [`config`](crate::config) has defaults.

use super::workers::WorkerLimits;
use crate::cache::{Sharing, SharingRules, WaitingLimits};
use crate::config::{Cache, ConnectorLimits, ConnectorSettings, Limits, ShareInFlight};
use crate::execute::ExecutionLimits;

impl From<&Limits> for ExecutionLimits {
    fn from(limits: &Limits) -> ExecutionLimits {
        ExecutionLimits {
            upstream_calls: limits.upstream_calls,
            concurrency: limits.concurrent_calls,
            list_fan_out: limits.list_fanout,
            answer_bytes: limits.answer_bytes.0,
            operation_bytes: limits.operation_bytes.0,
            numbers: limits.into(),
            rows: limits.rows,
            errors: limits.errors,
            timeout: limits.operation_timeout,
        }
    }
}

impl From<&Limits> for WorkerLimits {
    fn from(limits: &Limits) -> WorkerLimits {
        WorkerLimits {
            threads: match limits.compilations {
                0 => std::thread::available_parallelism().map_or(1, |cores| cores.get() / 2),
                threads => threads,
            },
            queue: limits.compilation_queue,
            wait: limits.compilation_wait,
            short: limits.short_document_bytes.0,
        }
    }
}

impl From<ShareInFlight> for Sharing {
    fn from(setting: ShareInFlight) -> Sharing {
        match setting {
            ShareInFlight::Auto => Sharing::Auto,
            ShareInFlight::On => Sharing::On,
            ShareInFlight::Off => Sharing::Off,
        }
    }
}

/// Whether the reads of a source share their calls; `None` for what has no `@source`.
pub(super) fn sharing(
    cache: &Cache,
    connector: &ConnectorSettings,
    source: Option<&str>,
) -> SharingRules {
    let of_source = source.and_then(|source| connector.sources.get(source)?.share_in_flight);
    let setting = of_source.unwrap_or(connector.common.share_in_flight);
    SharingRules {
        sharing: setting.into(),
        joinable_for: cache.share_in_flight_for,
    }
}

/// How many requests may wait for one connector.
pub(super) fn waiting(limits: &Limits, connector: &ConnectorLimits) -> WaitingLimits {
    let share = (limits.concurrent_requests / 4).max(1);
    let calls = connector.in_flight.unwrap_or(share);
    WaitingLimits {
        calls,
        joins: connector.waiters.unwrap_or(calls.saturating_mul(2)),
    }
}
