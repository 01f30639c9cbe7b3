//! Dates and times: `parseDate(pattern[, zone])`, `formatDate(pattern[, zone])`, `fromEpochSeconds([zone])`,
//! `fromEpochMillis([zone])`, `toEpochSeconds([zone])`, `toEpochMillis([zone])`.
//!
//! A date is a text of ISO 8601: `2026-03-05`, `2026-03-05T10:30:00`, or an instant with its offset, `2026-03-05T10:30:00+05:30`.
//! Patterns have the `%` fields of `strftime`. A zone is a name of the time zone database (`Asia/Kolkata`), which is part of the
//! program, or an offset (`+05:30`). It says where a time without offset is meant, and in which offset an instant is written.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone};

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[
    row("parseDate", (1, 2), ScalarShape::String, parse),
    row("formatDate", (1, 2), ScalarShape::String, format),
    row("fromEpochSeconds", (0, 1), ScalarShape::String, |call| {
        from_epoch(call, 1000)
    }),
    row("fromEpochMillis", (0, 1), ScalarShape::String, |call| {
        from_epoch(call, 1)
    }),
    row("toEpochSeconds", (0, 1), ScalarShape::Number, |call| {
        to_epoch(call, Timestamp::as_second)
    }),
    row("toEpochMillis", (0, 1), ScalarShape::Number, |call| {
        to_epoch(call, Timestamp::as_millisecond)
    }),
];

const fn row(
    name: &'static str,
    (least, most): (usize, usize),
    result: ScalarShape,
    apply: fn(&mut Call<'_, '_>) -> Option<Value>,
) -> Method {
    Method {
        signature: Signature {
            name,
            arguments: Arguments::Count(least, most),
            effect: Effect::Leaf(result),
        },
        apply,
    }
}

/// The longest date, pattern or name of a zone, in bytes. A field of a pattern gives at most some 260 bytes.
const LONGEST: usize = 256;

/// The steps that one call costs, beside its text.
const STEPS: usize = 10;

const NOT_A_DATE: &str = "not a date of ISO 8601";
const NO_ZONE: &str = "the time has no offset: give a zone as argument";

/// A date that a text says.
enum Moment {
    Date(Date),
    /// Without an offset: it is known only where it is meant.
    Local(DateTime),
    Instant(Timestamp, Offset),
}

impl Moment {
    fn of_text(text: &str) -> Option<Moment> {
        let pieces = Pieces::parse(text).ok()?;
        let date = pieces.date();
        let Some(time) = pieces.time() else {
            return Some(Moment::Date(date));
        };
        let local = DateTime::from_parts(date, time);
        match pieces.to_numeric_offset() {
            Some(offset) => Some(Moment::Instant(offset.to_timestamp(local).ok()?, offset)),
            None => Some(Moment::Local(local)),
        }
    }

    fn of_fields(fields: &BrokenDownTime) -> Option<Moment> {
        if fields.timestamp().is_some() || fields.offset().is_some() {
            let timestamp = fields.to_timestamp().ok()?;
            let offset = fields.offset().unwrap_or(Offset::UTC);
            return Some(Moment::Instant(timestamp, offset));
        }
        let date = fields.to_date().ok()?;
        match fields.hour() {
            Some(_) => Some(Moment::Local(DateTime::from_parts(
                date,
                fields.to_time().ok()?,
            ))),
            None => Some(Moment::Date(date)),
        }
    }

    /// A time without offset in a zone; an instant in the offset that the zone has then.
    fn within(self, zone: Option<&TimeZone>) -> Option<Moment> {
        let Some(zone) = zone else {
            return Some(self);
        };
        let timestamp = match self {
            Moment::Date(_) => return Some(self),
            Moment::Local(local) => zone.to_zoned_datetime(local).ok()?.timestamp(),
            Moment::Instant(timestamp, _) => timestamp,
        };
        Some(Moment::Instant(timestamp, zone.to_offset(timestamp)))
    }

    fn text(&self) -> String {
        match self {
            Moment::Date(date) => date.to_string(),
            Moment::Local(local) => local.to_string(),
            Moment::Instant(timestamp, offset) if *offset == Offset::UTC => timestamp.to_string(),
            Moment::Instant(timestamp, offset) => {
                timestamp.display_with_offset(*offset).to_string()
            }
        }
    }

    fn fields(&self) -> BrokenDownTime {
        match self {
            Moment::Date(date) => BrokenDownTime::from(*date),
            Moment::Local(local) => BrokenDownTime::from(*local),
            Moment::Instant(timestamp, offset) => {
                BrokenDownTime::from(&timestamp.to_zoned_datetime(TimeZone::fixed(*offset)))
            }
        }
    }
}

fn parse(call: &mut Call<'_, '_>) -> Option<Value> {
    let text = short(call)?;
    let pattern = pattern(call)?;
    let zone = zone(call, 1)?;
    let fields = strtime::parse(&*pattern, text).ok();
    let moment = fields.as_ref().and_then(Moment::of_fields);
    match moment.and_then(|moment| moment.within(zone.as_ref())) {
        Some(moment) => written(call, moment.text()),
        None => call.fail(|| "not a date of this pattern".to_owned()),
    }
}

fn format(call: &mut Call<'_, '_>) -> Option<Value> {
    let text = short(call)?;
    let pattern = pattern(call)?;
    let zone = zone(call, 1)?;
    let Some(moment) = Moment::of_text(text) else {
        return call.fail(|| NOT_A_DATE.to_owned());
    };
    let moment = moment.within(zone.as_ref());
    match moment.and_then(|moment| moment.fields().to_string(&*pattern).ok()) {
        Some(text) => written(call, text),
        None => call.fail(|| "the date does not have what the pattern asks for".to_owned()),
    }
}

fn from_epoch(call: &mut Call<'_, '_>, millis_of_one: i64) -> Option<Value> {
    call.charge(STEPS)?;
    let number = match call.input {
        Value::Number(number) => Some(number.as_whole().map_or_else(
            || number.as_f64() * millis_of_one as f64,
            |whole| whole.saturating_mul(millis_of_one) as f64,
        )),
        Value::String(text) => text
            .parse::<i64>()
            .ok()
            .map(|whole| whole.saturating_mul(millis_of_one) as f64),
        _ => return call.unfit("a number, or its digits"),
    };
    let zone = zone(call, 0)?;
    // Instants of jiff are within ten thousand years, whose milliseconds a float holds exactly.
    let millis = number
        .filter(|millis| millis.abs() < 1e15)
        .map(|millis| millis.floor() as i64);
    let timestamp = millis.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    let Some(timestamp) = timestamp else {
        return call.fail(|| "not an instant".to_owned());
    };
    match Moment::Instant(timestamp, Offset::UTC).within(zone.as_ref()) {
        Some(moment) => written(call, moment.text()),
        None => call.fail(|| "not an instant".to_owned()),
    }
}

fn to_epoch(call: &mut Call<'_, '_>, count: fn(Timestamp) -> i64) -> Option<Value> {
    let text = short(call)?;
    let zone = zone(call, 0)?;
    let moment = match Moment::of_text(text) {
        Some(Moment::Date(date)) => Moment::Local(date.to_datetime(Time::midnight())),
        Some(moment) => moment,
        None => return call.fail(|| NOT_A_DATE.to_owned()),
    };
    match moment.within(zone.as_ref()) {
        Some(Moment::Instant(timestamp, _)) => Some(Value::from(count(timestamp))),
        _ => call.fail(|| NO_ZONE.to_owned()),
    }
}

/// The input, as a short text. Missing, with a warning, if it is none.
fn short<'c>(call: &mut Call<'c, '_>) -> Option<&'c str> {
    call.charge(STEPS)?;
    let input = call.input;
    match input.as_str().filter(|text| text.len() <= LONGEST) {
        Some(text) => Some(text),
        None => {
            call.unfit("a short string");
            None
        }
    }
}

fn pattern(call: &mut Call<'_, '_>) -> Option<String> {
    let argument = call.argument(0);
    let pattern = argument
        .as_ref()
        .and_then(Value::as_str)
        .filter(|text| text.len() <= LONGEST);
    if pattern.is_none() {
        call.unfit_argument("a pattern like \"%Y-%m-%d\"", argument.as_ref());
    }
    pattern.map(str::to_owned)
}

/// The zone of an argument; within, `None` if there is no such argument.
fn zone(call: &mut Call<'_, '_>, index: usize) -> Option<Option<TimeZone>> {
    if call.given() <= index {
        return Some(None);
    }
    let argument = call.argument(index);
    let name = argument
        .as_ref()
        .and_then(Value::as_str)
        .filter(|name| name.len() <= LONGEST);
    let zone = name.and_then(|name| match name.starts_with(['+', '-']) {
        true => offset(name).map(TimeZone::fixed),
        false => TimeZone::get(name).ok(),
    });
    if zone.is_none() {
        call.unfit_argument(
            "a zone like \"Asia/Kolkata\" or \"+05:30\"",
            argument.as_ref(),
        );
    }
    zone.map(Some)
}

/// `+05:30`, `-0800`.
fn offset(text: &str) -> Option<Offset> {
    let fields = strtime::parse("%z", text).or_else(|_| strtime::parse("%:z", text));
    fields.ok()?.offset()
}

fn written(call: &mut Call<'_, '_>, text: String) -> Option<Value> {
    call.charge_text(text.len())?;
    Some(text.into())
}
