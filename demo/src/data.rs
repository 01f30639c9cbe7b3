//! Reads the data files that are compiled into the stand-ins.

use serde::de::DeserializeOwned;

/// The rows of an embedded CSV file with a header line.
#[expect(
    clippy::expect_used,
    reason = "the data are part of the program: a mistake in them is ours, and every test shows it"
)]
pub(crate) fn csv<T: DeserializeOwned>(text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes())
        .into_deserialize()
        .collect::<Result<_, _>>()
        .expect("an embedded CSV file has the columns that its reader names")
}
