//! The settings as written: in the file, in the environment and in flags, which are overlaid on each other.

use std::collections::BTreeMap;

use super::connector::RawConnectorSettings;
use super::places::Places;
use super::section::Section;
use super::sections::{
    RawAdmin, RawCache, RawCheck, RawCors, RawCost, RawDns, RawFiles, RawGeneral, RawLimits,
    RawLive, RawLog, RawOperations, RawPersisted, RawStreaming, RawTls, RawTracing,
};
use super::value::Percentage;

/// The settings as written.
#[derive(Debug, Clone, Default)]
pub struct RawSettings {
    /// The keys at the top level.
    pub general: RawGeneral,
    /// `[limits]`
    pub limits: RawLimits,
    /// `[cost]`
    pub cost: RawCost,
    /// `[check]`
    pub check: RawCheck,
    /// `[cache]`
    pub cache: RawCache,
    /// `[persisted]`
    pub persisted: RawPersisted,
    /// `[dns]`
    pub dns: RawDns,
    /// `[admin]`
    pub admin: RawAdmin,
    /// `[tls]`
    pub tls: RawTls,
    /// `[cors]`
    pub cors: RawCors,
    /// `[operations]`
    pub operations: RawOperations,
    /// `[files]`
    pub files: RawFiles,
    /// `[live]`
    pub live: RawLive,
    /// `[streaming]`
    pub streaming: RawStreaming,
    /// `[log]`
    pub log: RawLog,
    /// `[tracing]`
    pub tracing: RawTracing,
    /// `[override_labels]`
    pub override_labels: BTreeMap<String, Percentage>,
    /// `[connector.<name>]`
    pub connectors: BTreeMap<String, RawConnectorSettings>,
    /// Where the keys of the file are.
    pub(super) places: Places,
}

impl RawSettings {
    /// Overlays `self` on `lower`.
    pub fn over(self, lower: RawSettings) -> RawSettings {
        let mut connectors = lower.connectors;
        let mut override_labels = lower.override_labels;
        override_labels.extend(self.override_labels);
        for (name, upper) in self.connectors {
            let below = connectors.remove(&name).unwrap_or_default();
            connectors.insert(name, upper.over(below));
        }
        RawSettings {
            general: self.general.over(lower.general),
            limits: self.limits.over(lower.limits),
            cost: self.cost.over(lower.cost),
            check: self.check.over(lower.check),
            cache: self.cache.over(lower.cache),
            persisted: self.persisted.over(lower.persisted),
            dns: self.dns.over(lower.dns),
            admin: self.admin.over(lower.admin),
            tls: self.tls.over(lower.tls),
            cors: self.cors.over(lower.cors),
            operations: self.operations.over(lower.operations),
            files: self.files.over(lower.files),
            live: self.live.over(lower.live),
            streaming: self.streaming.over(lower.streaming),
            log: self.log.over(lower.log),
            tracing: self.tracing.over(lower.tracing),
            override_labels,
            connectors,
            places: lower.places,
        }
    }
}
