//! The answer of a GraphQL service: `data` is read, `errors` are located; entities are matched by position.

use super::super::failure::Kind;
use super::super::merge::merge_row;
use super::super::prepare::Prepared;
use super::super::prepare::Targets;
use super::super::project::Stop;
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
            let number = self.store.add_document(body.clone());
            let read = JsonReader::new(&body)
                .map_err(Stop::from)
                .and_then(|mut reader| self.read(fetch, number, &mut reader, &variables));
            match read {
                Ok((cell, _)) => self.entity(fetch, rows, cell),
                Err(stop) => {
                    let failure = self.unreadable(fetch, stop, entity.document.status);
                    self.fail(fetch, rows, failure);
                }
            }
        }
    }

    /// The answer of a GraphQL service: `data` is read, `errors` are located.
    pub(super) fn service(&mut self, fetch: &Fetch, prepared: &Prepared, document: &Document) {
        let rows = prepared.targets.rows();
        let number = self.store.add_document(document.body.clone());
        match self.service_answer(fetch, prepared, document, number) {
            Ok(Answer {
                data: true,
                errors: None,
            }) => {}
            Ok(Answer { data, errors }) => {
                let failing = !(200..300).contains(&document.status);
                let kind = if failing {
                    Kind::of_status(document.status)
                } else {
                    Kind::Upstream
                };
                match errors {
                    Some(errors) => super::super::service_errors::locate(
                        self,
                        fetch,
                        prepared,
                        &errors,
                        kind,
                        document.status,
                        !data,
                    ),
                    None => {
                        let (kind, code, message) = if failing {
                            (kind, "CONNECTOR_FETCH", "Request failed")
                        } else {
                            let message = "The service's answer has no data";
                            (Kind::BadAnswer, "CONNECTOR_BAD_ANSWER", message)
                        };
                        let (message, status) = (message.to_owned(), Some(document.status));
                        let failure = self.failure(fetch, kind, code, message, status);
                        self.fail(fetch, &rows, failure);
                    }
                }
            }
            Err(stop) => {
                let failing = !(200..300).contains(&document.status);
                let mut failure = self.unreadable(fetch, stop, document.status);
                if failing {
                    failure.kind = Kind::of_status(document.status);
                    failure.message = "Request failed".to_owned();
                    failure.code = Str::from("CONNECTOR_FETCH");
                }
                self.fail(fetch, &rows, failure);
            }
        }
    }

    fn service_answer(
        &mut self,
        fetch: &Fetch,
        prepared: &Prepared,
        document: &Document,
        number: u32,
    ) -> Result<Answer, Stop> {
        let mut answer = Answer {
            data: false,
            errors: None,
        };
        let body = document.body.clone();
        let mut reader = JsonReader::new(&body)?;
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            match key.as_str() {
                "data" => answer.data = self.service_data(fetch, prepared, number, &mut reader)?,
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

    /// Reads `data`; false when it is not there.
    fn service_data(
        &mut self,
        fetch: &Fetch,
        prepared: &Prepared,
        number: u32,
        reader: &mut JsonReader<'_>,
    ) -> Result<bool, Stop> {
        let variables = Variables::new();
        match &prepared.targets {
            Targets::ByPosition(targets) => {
                if reader.peek()? != crate::document::Kind::Object {
                    reader.skip()?;
                    return Ok(false);
                }
                let mut found = false;
                reader.enter_object()?;
                while let Some(key) = reader.next_key()? {
                    if key.as_str() != "_entities" {
                        reader.skip()?;
                        continue;
                    }
                    let (cell, _) = self.read(fetch, number, reader, &variables)?;
                    found = self.entities(fetch, targets, cell);
                }
                Ok(found)
            }
            targets => {
                let (cell, _) = self.read(fetch, number, reader, &variables)?;
                let Cell::Row(fragment) = cell else {
                    return Ok(false);
                };
                for row in targets.rows() {
                    merge_row(self.store, self.plan, row, fragment);
                }
                Ok(true)
            }
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
    /// `data` was there.
    data: bool,
    errors: Option<Value>,
}
