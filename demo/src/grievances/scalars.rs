//! Days and months.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::date::Date;

/// A day of the calendar.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day(pub(super) Date);

/// A day of the calendar, as `yyyy-mm-dd`.
#[Scalar(
    name = "Date",
    specified_by_url = "https://specs.sangam.dev/scalars/v0.1#Date"
)]
impl ScalarType for Day {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                let day = Date::parse_iso(text).map(Day);
                day.ok_or_else(|| InputValueError::custom("a day is written yyyy-mm-dd"))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A month of the calendar.
#[derive(Debug, Clone)]
pub(super) struct Month(pub(super) String);

impl Month {
    pub(super) fn first_day(&self) -> Option<Date> {
        Date::parse_iso(&format!("{}-01", self.0))
    }
}

/// A month of the calendar, as `yyyy-mm`.
#[Scalar(specified_by_url = "https://specs.sangam.dev/scalars/v0.1#Month")]
impl ScalarType for Month {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => {
                let month = Some(Month(text)).filter(|month| month.first_day().is_some());
                month.ok_or_else(|| InputValueError::custom("a month is written yyyy-mm"))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}
