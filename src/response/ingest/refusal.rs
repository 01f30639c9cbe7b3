//! Reads a document that refuses the client's input, if that becomes a value and no error (`@clientErrors(selection:)`).

use super::super::bounds::Reached;
use super::super::outcome::reported_kind;
use super::super::read_value::Stop;
use super::super::store::Cell;
use super::super::upstream_document::{is_client_error, with_response};
use super::connect::fits;
use super::{Ingested, Ingester};
use crate::cache::Document;
use crate::connector::Connect;
use crate::document::{JsonReader, Reader};
use crate::mapping::Variables;
use crate::plan::Fetch;
use crate::plan::projection::Projection;

impl Ingester<'_> {
    /// The value that a document becomes that refuses the client's input. `None` if it is an error: because the connect has no
    /// mapping for it, or because this yields nothing that fits the field's type. The error is a bound that was reached.
    pub(super) fn refusal(
        &mut self,
        fetch: &Fetch,
        connect: &Connect,
        document: &Document,
        variables: &Variables,
    ) -> Result<Option<Ingested>, Box<Reached>> {
        let most = self.bounds.account.left();
        let Some(projection) = &fetch.refusal else {
            return Ok(None);
        };
        if !is_client_error(connect, document, variables, most) {
            return Ok(None);
        }
        let variables = with_response(variables, document);
        let before = self.store.mark();
        // What is known of the members of objects is about the other projection.
        let orders = std::mem::take(&mut self.orders[self.at]);
        let read = self.read_refusal(projection, document, &variables);
        self.orders[self.at] = orders;
        if let Ok((cell, raised)) = &read
            && is_value(*cell)
            && fits(connect, *cell, self.store)
        {
            self.found_client_error(reported_kind(document.outcome, true));
            return Ok(Some((*cell, raised.clone())));
        }
        self.store.take_back(before, self.bounds.account);
        match read {
            Err(Stop::Reached(reached)) => Err(reached),
            Ok(_) | Err(Stop::Unreadable(_)) => Ok(None),
        }
    }

    fn read_refusal(
        &mut self,
        projection: &Projection,
        document: &Document,
        variables: &Variables,
    ) -> Result<Ingested, Stop> {
        let body = document.body.clone();
        let number = self.store.add_document(body.clone());
        let mut reader = JsonReader::new(&body)?;
        let ingested = self.with_projector(projection, number, variables, |projector| {
            projector.read(&mut reader, &projection.root)
        })?;
        reader.finish()?;
        Ok(ingested)
    }
}

/// Whether it is a value, and not null.
fn is_value(cell: Cell) -> bool {
    !matches!(cell, Cell::Missing | Cell::Null)
}
