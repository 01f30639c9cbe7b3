//! The answer of a GraphQL service: `data` is read, `errors` are located; entities are matched by position.

use super::super::failure::Kind;
use super::super::merge::merge_row;
use super::super::prepare::Prepared;
use super::super::prepare::Targets;
use super::super::project::Stop;
use super::super::service_errors;
use super::super::store::Cell;
use super::super::store::RowId;
use super::Lander;
use crate::cache::Document;
use crate::cache::Fetched;
use crate::document::JsonReader;
use crate::document::Reader;
use crate::document::Str;
use crate::document::Value;
use crate::mapping::Variables;
use crate::plan::Fetch;

impl Lander<'_> {
    /// Puts entities that had been kept into the rows that they are for.
    pub(crate) fn kept(&mut self, fetch: &Fetch, kept: &[(Vec<RowId>, Fetched)]) {
        let variables = Variables::new();
        for (rows, entity) in kept {
            let body = entity.document.body.clone();
            let read = |lander: &mut Self| {
                let number = lander.store.add_document(body.clone());
                let mut reader = JsonReader::new(&body)?;
                lander.read(fetch, number, &mut reader, &variables)
            };
            match self.document(fetch, entity, true, read) {
                Ok((cell, _)) => self.entity(fetch, rows, cell),
                Err(stop) => {
                    let failure = self.unreadable(fetch, stop, entity.document.status);
                    self.fail(fetch, rows, failure);
                }
            }
        }
    }

    /// The answer of a GraphQL service: `data` is read, `errors` are located.
    pub(super) fn service(&mut self, fetch: &Fetch, prepared: &Prepared, fetched: &Fetched) {
        let document = &fetched.document;
        // What is kept has none.
        let mut errors = None;
        let read = self.document(fetch, fetched, true, |lander| {
            let answer = lander.service_answer(fetch, prepared, document)?;
            errors = answer.errors;
            Ok((answer.data, Vec::new()))
        });
        let status = document.status;
        let failing = !(200..300).contains(&status);
        match read {
            Ok((data, _)) => {
                let there = self.service_data(fetch, prepared, data);
                self.service_errors(fetch, prepared, status, there, errors);
            }
            Err(stop) => {
                let mut failure = self.unreadable(fetch, stop, status);
                if failing {
                    failure.kind = Kind::of_status(status);
                    failure.message = "Request failed".to_owned();
                    failure.code = Str::from("CONNECTOR_FETCH");
                }
                self.fail(fetch, &prepared.targets.rows(), failure);
            }
        }
    }

    /// Errors of an answer whose `data` may be there or not.
    fn service_errors(
        &mut self,
        fetch: &Fetch,
        prepared: &Prepared,
        status: u16,
        data: bool,
        errors: Option<Value>,
    ) {
        let failing = !(200..300).contains(&status);
        let kind = match failing {
            true => Kind::of_status(status),
            false => Kind::Upstream,
        };
        if let Some(errors) = errors {
            let whole = !data;
            return service_errors::locate(self, fetch, prepared, &errors, kind, status, whole);
        }
        if data {
            return;
        }
        let (kind, code, message) = match failing {
            true => (kind, "CONNECTOR_FETCH", "Request failed"),
            false => {
                let message = "The service's answer has no data";
                (Kind::BadAnswer, "CONNECTOR_BAD_ANSWER", message)
            }
        };
        let failure = self.failure(fetch, kind, code, message.to_owned(), Some(status));
        self.fail(fetch, &prepared.targets.rows(), failure);
    }

    fn service_answer(
        &mut self,
        fetch: &Fetch,
        prepared: &Prepared,
        document: &Document,
    ) -> Result<Answer, Stop> {
        let body = document.body.clone();
        let number = self.store.add_document(body.clone());
        let mut answer = Answer {
            data: Cell::Missing,
            errors: None,
        };
        let mut reader = JsonReader::new(&body)?;
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            match key.as_str() {
                "data" => answer.data = self.read_data(fetch, prepared, number, &mut reader)?,
                "errors" => {
                    let errors = Value::read(&mut reader)?;
                    if errors.as_array().is_some_and(|errors| !errors.is_empty()) {
                        answer.errors = Some(errors);
                    }
                }
                _ => reader.skip()?,
            }
        }
        reader.finish()?;
        Ok(answer)
    }

    /// Reads `data`, or the `_entities` in it, which are matched by position.
    fn read_data(
        &mut self,
        fetch: &Fetch,
        prepared: &Prepared,
        number: u32,
        reader: &mut JsonReader<'_>,
    ) -> Result<Cell, Stop> {
        let variables = Variables::new();
        let Targets::ByPosition(_) = &prepared.targets else {
            return Ok(self.read(fetch, number, reader, &variables)?.0);
        };
        if reader.peek()? != crate::document::Kind::Object {
            reader.skip()?;
            return Ok(Cell::Missing);
        }
        let mut entities = Cell::Missing;
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            match key.as_str() {
                "_entities" => entities = self.read(fetch, number, reader, &variables)?.0,
                _ => reader.skip()?,
            }
        }
        Ok(entities)
    }

    /// Puts `data` into rows; false when it is not there.
    fn service_data(&mut self, fetch: &Fetch, prepared: &Prepared, data: Cell) -> bool {
        match (&prepared.targets, data) {
            (Targets::ByPosition(targets), data) => self.entities(fetch, targets, data),
            (targets, Cell::Row(fragment)) => {
                for row in targets.rows() {
                    merge_row(self.store, self.plan, row, fragment);
                }
                true
            }
            _ => false,
        }
    }

    /// `_entities` are matched by position, so their number must be right.
    fn entities(&mut self, fetch: &Fetch, targets: &[Vec<RowId>], cell: Cell) -> bool {
        let Cell::List { at, len } = cell else {
            return false;
        };
        if len as usize != targets.len() {
            let message = format!(
                "The service gave {len} entities for {} representations",
                targets.len()
            );
            let rows: Vec<RowId> = targets.iter().flatten().copied().collect();
            self.bad_answer(fetch, &rows, &message);
            return true;
        }
        for (index, rows) in targets.iter().enumerate() {
            let cell = self.store.item(at, index as u32);
            self.entity(fetch, rows, cell);
        }
        true
    }

    fn entity(&mut self, fetch: &Fetch, rows: &[RowId], cell: Cell) {
        match cell {
            Cell::Row(fragment) => {
                for row in rows {
                    merge_row(self.store, self.plan, *row, fragment);
                }
            }
            Cell::Missing | Cell::Null => {}
            _ => {
                self.bad_answer(
                    fetch,
                    rows,
                    "The service gave an entity that is not an object",
                );
            }
        }
    }
}

struct Answer {
    /// What is read of `data`; missing where that is not there.
    data: Cell,
    errors: Option<Value>,
}
