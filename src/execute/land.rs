//! What a call has brought is put into rows: success or failure, mapped or read as it is.

use std::sync::Arc;

use super::answers::document_value;
use super::answers::with_response;
use super::call::Answered;
use super::call::Landed;
use super::context::Runtime;
use super::failure::Failure;
use super::failure::Failures;
use super::failure::Kind;
use super::inputs::comparable_key;
use super::merge::fail_row;
use super::merge::merge_cell;
use super::merge::merge_row;
use super::order::Orders;
use super::pages::cut_off_fails;
use super::prepare::Prepared;
use super::prepare::Targets;
use super::project::Projector;
use super::project::Stop;
use super::store::Cell;
use super::store::RowId;
use super::store::Store;
use crate::cache::Document;
use crate::cache::Fetched;
use crate::connector::Connect;
use crate::document::JsonReader;
use crate::document::Reader;
use crate::document::Str;
use crate::document::Value;
use crate::document::write_json_string;
use crate::graph::query::ConnectMode;
use crate::mapping::Evaluated;
use crate::mapping::Selection;
use crate::mapping::Variables;
use crate::plan::Call;
use crate::plan::Fetch;
use crate::plan::Plan;
use crate::plan::projection::Root;
use crate::source::Format;

/// Something that a mapping had to say, for `explain` and the log.
pub(crate) type Remark = String;

pub(crate) struct Lander<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) plan: &'a Plan,
    pub(crate) store: &'a mut Store,
    pub(crate) failures: &'a mut Failures,
    pub(crate) remarks: Vec<Remark>,
    /// How the answers to the fetch are written, as far as they were read.
    pub(crate) orders: Orders,
}

impl Lander<'_> {
    /// Puts what a call came to into the rows that it was made for.
    pub(crate) fn land(&mut self, fetch: &Fetch, prepared: &Prepared, landed: &Landed) {
        match landed {
            Landed::Documents { pages, cut_off } => match &fetch.call {
                Call::Connect { connect, mode } => {
                    let connect = self.runtime.graph.connect(fetch.service, *connect).cloned();
                    if let Some(connect) = connect {
                        self.connect(fetch, &connect, *mode, prepared, pages, cut_off.as_deref());
                    }
                }
                Call::Operation(_) | Call::Entities { .. } => {
                    if let Some(answer) = pages.first() {
                        self.service(fetch, prepared, &answer.fetched.document);
                    }
                }
            },
            Landed::MappingOnly => {
                if let Call::Connect { connect, mode } = &fetch.call {
                    let connect = self.runtime.graph.connect(fetch.service, *connect).cloned();
                    if let Some(connect) = connect {
                        self.mapping_only(fetch, &connect, *mode, prepared);
                    }
                }
            }
            Landed::Kept => {}
            Landed::Unrendered(error) => {
                self.unrendered(fetch, &prepared.targets.rows(), &error.message)
            }
            Landed::Failed(error) => {
                let (kind, code, message) = Kind::of_source(error.kind);
                tracing::debug!(
                    connector = %self.runtime.services[fetch.service.0 as usize].name,
                    detail = %error.detail,
                    "call failed"
                );
                let failure = self.failure(fetch, kind, code, message.to_owned(), None);
                self.fail(fetch, &prepared.targets.rows(), failure);
            }
        }
    }

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

    /// A request that cannot be rendered fails its rows.
    pub(crate) fn unrendered(&mut self, fetch: &Fetch, rows: &[RowId], message: &str) {
        let message = format!("The request cannot be made: {message}");
        let failure = self.failure(fetch, Kind::Invalid, "CONNECTOR_REQUEST", message, None);
        self.fail(fetch, rows, failure);
    }

    pub(crate) fn failure(
        &mut self,
        fetch: &Fetch,
        kind: Kind,
        code: &str,
        message: String,
        status: Option<u16>,
    ) -> Failure {
        let coordinate = match &fetch.call {
            Call::Connect { connect, .. } => self
                .runtime
                .graph
                .connect(fetch.service, *connect)
                .map(|connect| Arc::from(connect.coordinate.as_str())),
            _ => None,
        };
        Failure {
            message,
            code: Str::from(code),
            kind,
            service: Some(Arc::clone(
                &self.runtime.services[fetch.service.0 as usize].name,
            )),
            coordinate,
            status,
            extensions: None,
        }
    }

    pub(crate) fn fail(&mut self, fetch: &Fetch, rows: &[RowId], failure: Failure) {
        let failure = self.failures.add(failure);
        for row in rows {
            fail_row(self.store, self.plan, *row, fetch.read, failure);
        }
    }

    fn connect(
        &mut self,
        fetch: &Fetch,
        connect: &Arc<Connect>,
        mode: ConnectMode,
        prepared: &Prepared,
        answers: &[Answered],
        cut_off: Option<&str>,
    ) {
        let rows = prepared.targets.rows();
        let mut cells = Vec::with_capacity(answers.len());
        let mut raised = Vec::new();
        for answer in answers {
            let document = &answer.fetched.document;
            if !answer.succeeded {
                let failure = self.upstream_failure(fetch, connect, document, &prepared.variables);
                return self.fail(fetch, &rows, failure);
            }
            let needs_response = connect.reads.status
                || connect.reads.all_response_headers
                || !connect.reads.response_headers.is_empty();
            let with_response =
                needs_response.then(|| with_response(&prepared.variables, document));
            let variables = with_response.as_ref().unwrap_or(&prepared.variables);
            match self.project(fetch, document, variables) {
                Ok((cell, own)) => {
                    cells.push(cell);
                    raised.extend(own);
                }
                Err(stop) => {
                    let failure = self.unreadable(fetch, stop, document.status);
                    return self.fail(fetch, &rows, failure);
                }
            }
        }
        if let Some(why) = cut_off {
            let message = format!("The list was cut off: {why}");
            self.remarks.push(message.clone());
            if cut_off_fails(connect) {
                let failure = self.failure(fetch, Kind::Limit, "LIST_CUT_OFF", message, None);
                return self.fail(fetch, &rows, failure);
            }
            tracing::warn!(
                coordinate = connect.coordinate,
                error = why,
                "a list was cut off"
            );
        }
        let cell = match cells.as_slice() {
            [cell] => *cell,
            several => self.joined(several),
        };
        self.place(fetch, mode, prepared, cell);
        self.raise(fetch, &rows, &raised);
    }

    /// Errors that a mapping has raised about its whole value stand at the field that it serves.
    fn raise(&mut self, fetch: &Fetch, rows: &[RowId], raised: &[String]) {
        let first = self.plan.read(fetch.read).fields.first();
        let slot = fetch.argument_slot.or(first.map(|field| field.slot));
        let Some(slot) = slot else { return };
        for message in raised {
            for row in rows {
                self.store.raise(*row, slot, message.clone());
            }
        }
    }

    /// Lists of pages joined in order.
    fn joined(&mut self, pages: &[Cell]) -> Cell {
        let mut items = Vec::new();
        for page in pages {
            match page {
                Cell::List { at, len } => items.extend_from_slice(self.store.items(*at, *len)),
                Cell::Missing | Cell::Null => {}
                single => items.push(*single),
            }
        }
        self.store.add_list(&items)
    }

    fn mapping_only(
        &mut self,
        fetch: &Fetch,
        connect: &Arc<Connect>,
        mode: ConnectMode,
        prepared: &Prepared,
    ) {
        let evaluated = connect.selection.evaluate(None, &prepared.variables);
        self.remark(&evaluated);
        let errors = evaluated.errors.iter();
        let mut raised: Vec<String> = errors.map(|error| error.message.clone()).collect();
        // What the mapping yields is read by name, as any evaluated selection's value is.
        let then = match &fetch.projection.root {
            Root::Evaluated { then, .. } => then,
            root => root,
        };
        let value = evaluated.value.unwrap_or_default();
        let read = self.with_projector(fetch, 0, &prepared.variables, |projector| {
            projector.value(&value, then)
        });
        match read {
            Ok((cell, own)) => {
                raised.extend(own);
                self.place(fetch, mode, prepared, cell);
                self.raise(fetch, &prepared.targets.rows(), &raised);
            }
            Err(stop) => {
                let failure = self.unreadable(fetch, stop, 200);
                self.fail(fetch, &prepared.targets.rows(), failure);
            }
        }
    }

    fn remark(&mut self, evaluated: &Evaluated) {
        for warning in &evaluated.warnings {
            self.remarks
                .push(format!("{}: {}", warning.path, warning.message));
        }
    }

    /// A value goes where its kind of connect says.
    fn place(&mut self, fetch: &Fetch, mode: ConnectMode, prepared: &Prepared, cell: Cell) {
        match (mode, &prepared.targets) {
            (ConnectMode::Root | ConnectMode::Implicit, targets) => {
                let Some(slot) = fetch.argument_slot else {
                    return;
                };
                let cell = if cell == Cell::Missing {
                    Cell::Null
                } else {
                    cell
                };
                for row in targets.rows() {
                    merge_cell(self.store, self.plan, row, slot, cell);
                }
            }
            (_, Targets::ByKey(keys)) => self.place_by_key(fetch, keys, cell),
            (_, targets) => match cell {
                Cell::Row(fragment) => {
                    for row in targets.rows() {
                        merge_row(self.store, self.plan, row, fragment);
                    }
                }
                Cell::Missing | Cell::Null => {}
                _ => {
                    let message = "The service's answer is not an object".to_owned();
                    let failure = self.failure(
                        fetch,
                        Kind::BadAnswer,
                        "CONNECTOR_BAD_ANSWER",
                        message,
                        None,
                    );
                    self.fail(fetch, &targets.rows(), failure);
                }
            },
        }
    }

    /// A batch's elements find their rows by key, never by position; of a repeated key the first counts.
    fn place_by_key(
        &mut self,
        fetch: &Fetch,
        keys: &ahash::AHashMap<Vec<u8>, Vec<RowId>>,
        cell: Cell,
    ) {
        let elements: Vec<Cell> = match cell {
            Cell::List { at, len } => self.store.items(at, len).to_vec(),
            Cell::Row(_) => vec![cell],
            Cell::Null => Vec::new(),
            _ => {
                let message = "The service's answer to a batch is not a list".to_owned();
                let failure = self.failure(
                    fetch,
                    Kind::BadAnswer,
                    "CONNECTOR_BAD_ANSWER",
                    message,
                    None,
                );
                let rows: Vec<RowId> = keys.values().flatten().copied().collect();
                return self.fail(fetch, &rows, failure);
            }
        };
        let mut seen = ahash::AHashSet::with_capacity(elements.len());
        let mut with_key = 0;
        let count = elements.len();
        for element in elements {
            let Cell::Row(fragment) = element else {
                continue;
            };
            let Some(key) = comparable_key(self.store, fragment, &fetch.inputs) else {
                continue;
            };
            with_key += 1;
            let Some(rows) = keys.get(&key) else { continue };
            if !seen.insert(key) {
                self.remarks
                    .push("the batch's answer repeats a key: the first one counts".to_owned());
                tracing::warn!("a batch's answer repeats a key");
                continue;
            }
            for row in rows {
                merge_row(self.store, self.plan, *row, fragment);
            }
        }
        if with_key == 0 && count > 0 {
            let message = "No element of the service's answer to a batch has its key".to_owned();
            let failure = self.failure(
                fetch,
                Kind::BadAnswer,
                "CONNECTOR_BAD_ANSWER",
                message,
                None,
            );
            let rows: Vec<RowId> = keys.values().flatten().copied().collect();
            self.fail(fetch, &rows, failure);
        }
    }

    fn project(
        &mut self,
        fetch: &Fetch,
        document: &Document,
        variables: &Variables,
    ) -> Result<(Cell, Vec<String>), Stop> {
        let body = match document.format {
            Format::Json => document.body.clone(),
            Format::Text => {
                let mut text = Vec::with_capacity(document.body.len() + 2);
                write_json_string(&String::from_utf8_lossy(&document.body), &mut text);
                bytes::Bytes::from(text)
            }
            Format::Empty => bytes::Bytes::from_static(b"null"),
        };
        let number = self.store.add_document(body.clone());
        let mut reader = JsonReader::new(&body)?;
        let (cell, raised) = self.read(fetch, number, &mut reader, variables)?;
        reader.finish()?;
        Ok((cell, raised))
    }

    fn read(
        &mut self,
        fetch: &Fetch,
        document: u32,
        reader: &mut JsonReader<'_>,
        variables: &Variables,
    ) -> Result<(Cell, Vec<String>), Stop> {
        self.with_projector(fetch, document, variables, |projector| {
            projector.read(reader, &fetch.projection.root)
        })
    }

    /// Reads something into rows. Gives the cell, and errors that an expression has raised beside it.
    fn with_projector(
        &mut self,
        fetch: &Fetch,
        document: u32,
        variables: &Variables,
        read: impl FnOnce(&mut Projector<'_>) -> Result<Cell, Stop>,
    ) -> Result<(Cell, Vec<String>), Stop> {
        let remarks = &mut self.remarks;
        let mut report = |evaluated: &Evaluated| {
            for warning in &evaluated.warnings {
                remarks.push(format!("{}: {}", warning.path, warning.message));
            }
        };
        let mut projector = Projector {
            store: self.store,
            projection: &fetch.projection,
            types: &self.runtime.graph.types,
            document,
            variables,
            report: &mut report,
            offset: 0,
            pending: Vec::new(),
            max_bytes: self.runtime.limits.row_bytes,
            raised: Vec::new(),
            orders: &mut self.orders,
            told: Vec::new(),
        };
        let cell = read(&mut projector)?;
        Ok((cell, projector.raised))
    }

    fn unreadable(&mut self, fetch: &Fetch, stop: Stop, status: u16) -> Failure {
        match stop {
            Stop::Unreadable(error) => {
                tracing::debug!(%error, "an answer cannot be read");
                let message = "The service's answer cannot be read".to_owned();
                self.failure(
                    fetch,
                    Kind::BadAnswer,
                    "CONNECTOR_BAD_ANSWER",
                    message,
                    Some(status),
                )
            }
            Stop::TooLarge => {
                let message =
                    "The service's answer has more parts than one request may hold".to_owned();
                self.failure(
                    fetch,
                    Kind::Limit,
                    "RESPONSE_LIMIT_EXCEEDED",
                    message,
                    Some(status),
                )
            }
        }
    }

    /// The failure that an upstream reports, by the connector's own `errors` mapping.
    fn upstream_failure(
        &mut self,
        fetch: &Fetch,
        connect: &Connect,
        document: &Document,
        variables: &Variables,
    ) -> Failure {
        let status = document.status;
        let input = document_value(document);
        if (200..300).contains(&status) && input.is_none() {
            let message = "The service's answer cannot be read".to_owned();
            return self.failure(
                fetch,
                Kind::BadAnswer,
                "CONNECTOR_BAD_ANSWER",
                message,
                Some(status),
            );
        }
        let kind = if (200..300).contains(&status) {
            Kind::Upstream
        } else {
            Kind::of_status(status)
        };
        let mut failure = self.failure(
            fetch,
            kind,
            "CONNECTOR_FETCH",
            "Request failed".to_owned(),
            Some(status),
        );
        let variables = with_response(variables, document);
        let evaluate = |selection: &Selection| selection.evaluate(input.as_ref(), &variables).value;
        match connect
            .error_message
            .as_ref()
            .and_then(|message| evaluate(message))
        {
            Some(Value::String(message)) => failure.message = message.to_string(),
            Some(Value::Number(number)) => failure.message = number.to_string(),
            _ => {}
        }
        let mut extensions = crate::document::Object::new();
        for selection in &connect.error_extensions {
            if let Some(Value::Object(own)) = evaluate(selection) {
                for (name, value) in own.iter() {
                    extensions.insert(name.clone(), value.clone());
                }
            }
        }
        if !extensions.is_empty() {
            failure.extensions = Some(Arc::new(extensions));
        }
        failure
    }

    /// The answer of a GraphQL service: `data` is read, `errors` are located.
    fn service(&mut self, fetch: &Fetch, prepared: &Prepared, document: &Document) {
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
                    Some(errors) => super::service_errors::locate(
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
            let failure = self.failure(
                fetch,
                Kind::BadAnswer,
                "CONNECTOR_BAD_ANSWER",
                message,
                None,
            );
            let rows: Vec<RowId> = targets.iter().flatten().copied().collect();
            self.fail(fetch, &rows, failure);
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
                let message = "The service gave an entity that is not an object".to_owned();
                let code = "CONNECTOR_BAD_ANSWER";
                let failure = self.failure(fetch, Kind::BadAnswer, code, message, None);
                self.fail(fetch, rows, failure);
            }
        }
    }
}

struct Answer {
    /// `data` was there.
    data: bool,
    errors: Option<Value>,
}
