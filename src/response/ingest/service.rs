//! Ingests the response of a GraphQL service: reads `data`, locates `errors`, and matches entities by position.

use apollo_compiler::executable::OperationType;

use super::super::failure::Failure;
use super::super::outcome::reported_kind;
use super::super::read_value::{Stop, read_value};
use super::super::service_errors::{self, ServiceErrors};
use super::super::store::Cell;
use super::super::targets::{Consumer, Consumers, Destination, EntityPosition, Targets, of_list};
use super::super::upstream_document::{service_refused, with_response};
use super::{Ingester, REPORTED, REQUEST_FAILED};
use crate::cache::{Document, Fetched};
use crate::connector::{GraphqlService, SubgraphKind};
use crate::document::{JsonReader, Reader, Value};
use crate::errors::{ErrorKind, code};
use crate::mapping::Variables;
use crate::plan::{Fetch, list_of_key};

impl<'a> Ingester<'a> {
    /// Ingests cached entities.
    pub(crate) fn ingest_cached(&mut self, cached: &[(Consumers, Fetched)]) {
        for (consumers, entity) in cached {
            let body = entity.document.body.clone();
            for consumer in consumers {
                let fetch = &self.plan.fetches[consumer.fetch];
                let read = |ingester: &mut Self| {
                    let number = ingester.store.add_document(body.clone());
                    let mut reader = JsonReader::new(&body)?;
                    let cell = ingester.read_for(consumer, (number, 0), &mut reader)?;
                    Ok((cell, Vec::new()))
                };
                let before = self.store.mark();
                // A call may have several consumers, each with a projection of its own fetch.
                let at = std::mem::replace(&mut self.at, consumer.fetch);
                let document = self.document(fetch, entity, true, read);
                self.at = at;
                match document {
                    Ok((cell, _)) => self.entity(consumer, cell),
                    Err(stop) => {
                        self.store.take_back(before, self.bounds.account);
                        let failure =
                            self.unreadable(fetch, stop, entity.document.envelope.status());
                        self.fail(fetch, &consumer.rows, failure);
                    }
                }
            }
        }
    }

    /// Ingests the response to an operation or to `_entities`.
    pub(super) fn service(
        &mut self,
        fetch: &Fetch,
        destination: Destination<'_>,
        fetched: &Fetched,
    ) {
        let document = &fetched.document;
        // Set by the closure only if the document is read: a document with errors is not cached, and has no memo.
        let (mut errors, mut placed) = (None, false);
        let before = self.store.mark();
        let absent = self.store.absent();
        let read = self.document(fetch, fetched, true, |ingester| {
            let answer = ingester.service_answer(fetch, destination, document)?;
            (errors, placed) = (answer.errors, answer.data == Data::Placed);
            let cell = match answer.data {
                Data::Object(cell) => cell,
                Data::Placed | Data::Missing => Cell::Missing,
            };
            Ok((cell, Vec::new()))
        });
        let status = document.envelope.status();
        match read {
            Ok((data, _)) => {
                let has_data = placed || self.object(fetch, destination, data);
                if errors.is_some() {
                    // A null may be an error, which is reported at its fields.
                    self.store.forget_absent(absent);
                }
                self.service_errors(fetch, destination, document, has_data, errors);
            }
            Err(stop) => {
                // Entities are merged list by list: rows of the lists before refer to what has been read.
                if !matches!(destination.targets, Targets::ByPosition(_)) {
                    self.store.take_back(before, self.bounds.account);
                }
                let failure = match document.outcome.failure() {
                    Some(_) => self.without_errors(fetch, document),
                    None => self.unreadable(fetch, stop, status),
                };
                self.fail_targets(fetch, destination.targets, failure);
            }
        }
    }

    /// Handles the errors of a response; `data` says whether it has data.
    fn service_errors(
        &mut self,
        fetch: &Fetch,
        destination: Destination<'_>,
        document: &Document,
        data: bool,
        errors: Option<Value>,
    ) {
        let failing = document.outcome.failure();
        if let Some(errors) = errors {
            let response = ServiceErrors {
                service: self.remote_service(fetch),
                errors: errors.as_array().unwrap_or_default(),
                variables: with_response(destination.variables, document),
                document,
                without_data: !data,
            };
            if response.all_of_client() {
                self.found_client_error(reported_kind(document.outcome, true));
            } else {
                let why = match data {
                    true => "the service reports errors beside its data",
                    false => "the service reports errors and has no data",
                };
                self.found_fault(failing.unwrap_or(ErrorKind::Upstream), why);
            }
            return service_errors::locate(self, fetch, destination, &response);
        }
        if data {
            return self.payload(fetch, destination.variables, document);
        }
        let failure = match failing {
            Some(_) => self.without_errors(fetch, document),
            None => {
                let (kind, code) = (ErrorKind::BadAnswer, code::CONNECTOR_BAD_ANSWER);
                let message = "The service's response has no data";
                self.found_fault(kind, message);
                let status = document.envelope.status();
                self.failure(fetch, kind, code, message.to_owned(), status)
            }
        };
        self.fail_targets(fetch, destination.targets, failure);
    }

    /// Notes that the payloads of a mutation say that the client's input is wrong.
    fn payload(&mut self, fetch: &Fetch, variables: &Variables, document: &Document) {
        let is_mutation = self.plan.kind == OperationType::Mutation && fetch.path.is_empty();
        let service = self.remote_service(fetch).filter(|_| is_mutation);
        let declared = service.and_then(|service| service.client_errors.as_ref());
        let Some(declared) = declared.filter(|declared| declared.payload.is_some()) else {
            return;
        };
        if service_refused(declared, document, variables, self.bounds.account.left()) {
            self.found_client_error(reported_kind(document.outcome, true));
        }
    }

    /// The failure of a response that is no success, and has no errors.
    fn without_errors(&mut self, fetch: &Fetch, document: &Document) -> Failure {
        let status = document.envelope.status().map(|status| status.number);
        let declared = self.remote_service(fetch);
        let declared = declared.and_then(|service| service.client_errors.as_ref());
        let of_client = declared.is_some_and(|declared| declared.has_status(status));
        let failure = self.reported(fetch, document, of_client, REQUEST_FAILED);
        match of_client {
            true => self.found_client_error(failure.kind),
            false => self.found_fault(failure.kind, REPORTED),
        }
        failure
    }

    /// The GraphQL service that a fetch calls, unless it is in this process.
    fn remote_service(&self, fetch: &Fetch) -> Option<&'a GraphqlService> {
        match &self.graph.subgraph(fetch.subgraph).kind {
            SubgraphKind::Service(service) => Some(service),
            _ => None,
        }
    }

    fn service_answer(
        &mut self,
        fetch: &Fetch,
        destination: Destination<'_>,
        document: &Document,
    ) -> Result<ServiceResponse, Stop> {
        let body = document.body.clone();
        let number = self.store.add_document(body.clone());
        let mut answer = ServiceResponse {
            data: Data::Missing,
            errors: None,
        };
        let mut reader = JsonReader::new(&body)?;
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            match key.as_str() {
                "data" => answer.data = self.read_data(fetch, destination, number, &mut reader)?,
                "errors" => {
                    let errors = read_value(&mut reader, self.bounds.account)?;
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

    /// Reads `data`. If it has lists of entities, merges them by position.
    fn read_data(
        &mut self,
        fetch: &Fetch,
        destination: Destination<'_>,
        number: u32,
        reader: &mut JsonReader<'_>,
    ) -> Result<Data, Stop> {
        let Targets::ByPosition(positions) = destination.targets else {
            let (cell, _) = self.read(fetch, (number, 0), reader, &Variables::new())?;
            return Ok(Data::Object(cell));
        };
        if reader.peek()? != crate::document::Kind::Object {
            reader.skip()?;
            return Ok(Data::Missing);
        }
        Ok(match self.entity_lists(fetch, positions, number, reader)? {
            true => Data::Placed,
            false => Data::Missing,
        })
    }

    /// Merges the object in `data` into the targets; false if `data` is no object.
    fn object(&mut self, fetch: &Fetch, destination: Destination<'_>, data: Cell) -> bool {
        match (destination.targets, data) {
            (Targets::ByPosition(_), _) => false,
            (targets, Cell::Row(new_row)) => {
                self.refuse_unknown_ids(fetch, new_row);
                self.merge_rows(fetch, &targets.rows(), new_row);
                true
            }
            _ => false,
        }
    }

    /// Reads and merges the lists of entities; false if one is missing.
    fn entity_lists(
        &mut self,
        fetch: &Fetch,
        positions: &[EntityPosition],
        number: u32,
        reader: &mut JsonReader<'_>,
    ) -> Result<bool, Stop> {
        let mut open = positions.len();
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            let of_list = list_of_key(key.as_str()).map(|list| of_list(positions, list));
            let Some(of_list) = of_list.filter(|of_list| !of_list.is_empty()) else {
                reader.skip()?;
                continue;
            };
            if reader.peek()? != crate::document::Kind::List {
                reader.skip()?;
                continue;
            }
            match self.entity_list(of_list, number, reader)? {
                EntityList::Each(cells) => {
                    let consumers = of_list.iter().flat_map(|position| &position.consumers);
                    for (consumer, cell) in consumers.zip(cells) {
                        self.entity(consumer, cell);
                    }
                }
                EntityList::WrongLength(length) => {
                    let count = of_list.len();
                    let message =
                        format!("The service gave {length} entities for {count} representations");
                    let (kind, code) = (ErrorKind::BadAnswer, code::CONNECTOR_BAD_ANSWER);
                    self.found_fault(kind, message.clone());
                    let failure = self.failure(fetch, kind, code, message, None);
                    let failure = self.failures.add(failure);
                    self.fail_positions(of_list, failure);
                }
            }
            open = open.saturating_sub(of_list.len());
        }
        Ok(open == 0)
    }

    /// Reads a list of entities. They are matched by position, so their number must be right.
    fn entity_list(
        &mut self,
        positions: &[EntityPosition],
        number: u32,
        reader: &mut JsonReader<'_>,
    ) -> Result<EntityList, Stop> {
        if let Some(only) = only_consumer(positions) {
            // The usual case: one projection reads all entities, as a list.
            let cell = self.read_for(only, (number, 0), reader)?;
            let Cell::List { at, len } = cell else {
                return Ok(EntityList::WrongLength(0));
            };
            return Ok(match len as usize == positions.len() {
                true => EntityList::Each(self.store.items(at, len).to_vec()),
                false => EntityList::WrongLength(len as usize),
            });
        }
        let (mut cells, mut count) = (Vec::with_capacity(positions.len()), 0);
        reader.enter_list()?;
        while reader.next_element()? {
            let consumers = positions
                .get(count)
                .map(|position| position.consumers.as_slice());
            count += 1;
            match consumers.unwrap_or_default() {
                [] => reader.skip()?,
                [consumer] => cells.push(self.read_for(consumer, (number, 0), reader)?),
                consumers => {
                    let span = reader.capture()?;
                    for consumer in consumers {
                        let mut entity_reader = JsonReader::new(span.of(reader.text()))?;
                        cells.push(self.read_for(
                            consumer,
                            (number, span.start),
                            &mut entity_reader,
                        )?);
                    }
                }
            }
        }
        Ok(match count == positions.len() {
            true => EntityList::Each(cells),
            false => EntityList::WrongLength(count),
        })
    }

    /// Reads an entity by the projection of the consumer's fetch.
    fn read_for(
        &mut self,
        consumer: &Consumer,
        at: (u32, u32),
        reader: &mut JsonReader<'_>,
    ) -> Result<Cell, Stop> {
        let (plan, before) = (self.plan, self.at);
        self.at = consumer.fetch;
        let read = self.read(&plan.fetches[consumer.fetch], at, reader, &Variables::new());
        self.at = before;
        read.map(|(cell, _)| cell)
    }

    fn entity(&mut self, consumer: &Consumer, cell: Cell) {
        match cell {
            Cell::Row(new_row) => {
                let plan = self.plan;
                self.merge_rows(&plan.fetches[consumer.fetch], &consumer.rows, new_row);
            }
            Cell::Missing | Cell::Null => {
                if self.plan.fetches[consumer.fetch].tells_existence {
                    self.store.add_absent(&consumer.rows);
                }
            }
            _ => {
                let fetch = &self.plan.fetches[consumer.fetch];
                let message = "The service gave an entity that is not an object";
                self.bad_answer(fetch, &consumer.rows, message);
            }
        }
    }
}

/// A list of entities that has been read.
enum EntityList {
    /// A cell for each consumer, in order.
    Each(Vec<Cell>),
    /// The list has this length, which is not the number of representations.
    WrongLength(usize),
}

/// The consumer of the first position, if its fetch is the only consumer of all positions.
fn only_consumer(positions: &[EntityPosition]) -> Option<&Consumer> {
    let alone = |position: &EntityPosition| match position.consumers.as_slice() {
        [consumer] => Some(consumer.fetch),
        _ => None,
    };
    let first = positions.first()?;
    let fetch = alone(first)?;
    let all = positions
        .iter()
        .all(|position| alone(position) == Some(fetch));
    all.then(|| first.consumers.first()).flatten()
}

/// The `data` of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Data {
    /// It is missing, or one of its lists of entities is.
    Missing,
    /// It is an object, which must still be merged.
    Object(Cell),
    /// It had lists of entities, which have been merged.
    Placed,
}

struct ServiceResponse {
    data: Data,
    errors: Option<Value>,
}
