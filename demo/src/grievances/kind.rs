//! What grievances are about.

use async_graphql::Enum;
use serde::de::IntoDeserializer;
use serde::de::value::Error;
use serde::{Deserialize, Deserializer};

/// What a grievance is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Enum, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[graphql(name = "GrievanceType")]
pub(super) enum Kind {
    /// A bridge is not finished.
    BridgeIncomplete,
    /// A permission to build is not given.
    BuildingPermission,
    /// A certificate is not issued.
    CertificateNotIssued,
    /// A claim of crop insurance is not settled.
    CropInsuranceClaim,
    /// An electricity bill is wrong or does not come.
    ElectricityBill,
    /// Somebody has built on land that is not theirs.
    Encroachment,
    /// Garbage is not collected.
    GarbageNotLifted,
    /// A health card is wrong or not issued.
    HealthCard,
    /// An instalment of a housing scheme is not paid.
    HousingInstalment,
    /// A lane or a drain is damaged or missing.
    LaneOrDrain,
    /// A marksheet is wrong or not issued.
    Marksheet,
    /// A hospital or health centre lacks medicine.
    MedicineNotAvailable,
    /// A change of ownership is not entered in the land records.
    MutationOfLand,
    /// There is no drinking water.
    NoDrinkingWater,
    /// A new electricity connection is not given.
    NoNewConnection,
    /// Not sorted yet.
    NotClassified,
    /// Of a type that is not in this list.
    Other,
    /// A pension is not paid.
    PensionNotPaid,
    /// A water pipe is broken.
    PipeBroken,
    /// A ration card is wrong or not issued.
    RationCard,
    /// A ration shop does not give what is due.
    RationNotSupplied,
    /// A road is damaged.
    RoadDamaged,
    /// A scholarship is not paid.
    ScholarshipNotPaid,
    /// A school building is damaged or missing.
    SchoolBuilding,
    /// Seed or fertiliser is missing or bad.
    SeedOrFertiliser,
    /// Snow is not cleared.
    SnowNotCleared,
    /// The staff of an office or health centre is not there.
    StaffNotPresent,
    /// A street light is missing or out of order.
    StreetLight,
    /// A school lacks a teacher.
    TeacherNotPosted,
    /// A transformer is damaged.
    TransformerDamaged,
    /// A dispute about wages with a private employer.
    WagesDispute,
    /// Wages of a public works scheme are not paid.
    WagesNotPaid,
    /// A water bill is wrong or does not come.
    WaterBill,
    /// The registration of a worker is refused or late.
    WorkerRegistration,
}

impl Kind {
    /// Reads it as the register writes it: `Ration card`. Offices add types; what is not known yet is `Other`.
    pub(super) fn read<'d, D: Deserializer<'d>>(from: D) -> Result<Kind, D::Error> {
        let written = String::deserialize(from)?;
        let name = written.to_uppercase().replace(' ', "_");
        let kind: Result<Kind, Error> = Kind::deserialize(name.into_deserializer());
        Ok(kind.unwrap_or(Kind::Other))
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};

    use super::Kind;

    #[test]
    fn a_type_that_is_new_in_the_register_is_another_one() {
        let read = |written: &'static str| {
            let text: StrDeserializer<'_, Error> = written.into_deserializer();
            Kind::read(text)
        };
        assert_eq!(read("Ration card"), Ok(Kind::RationCard));
        assert_eq!(read("Drone over an orchard"), Ok(Kind::Other));
    }
}
