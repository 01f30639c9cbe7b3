//! `multipart/mixed` with `subscriptionSpec="1.0"`: a part for each response, as `{"payload": …}`; an empty object is a heartbeat.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::http::header::CONTENT_TYPE;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::unfold;
use multer::{Constraints, Multipart, SizeLimit};

use super::super::error::host_and_port;
use super::message::{Message, with_errors};
use super::{Opening, broken, event, garbage, too_large};
use crate::source::{EventStream, SubscriptionLost};

const ACCEPTED: &str =
    "multipart/mixed;boundary=\"graphql\";subscriptionSpec=\"1.0\", application/json;q=0.9";

/// Bytes of a part beside its content: its headers, its boundary, and what arrives with it.
const BESIDE: usize = 64 << 10;

impl Opening<'_> {
    pub(super) async fn multipart(&self) -> Result<EventStream, SubscriptionLost> {
        let response = match self.post(ACCEPTED).await {
            Ok(response) => response,
            Err(refused) => return refused,
        };
        let host = host_and_port(&self.url);
        let content = response.headers().get(CONTENT_TYPE);
        let content = content
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let Some(boundary) = boundary(content) else {
            return Err(garbage(&host, "multipart without a boundary"));
        };
        let limit = SizeLimit::new().per_field(self.max_bytes as u64);
        let constraints = Constraints::new().size_limit(limit);
        // The reader of the parts bounds their content, and neither their headers nor what is before the first one.
        let unread = Arc::new(AtomicUsize::new(0));
        let (counted, most) = (Arc::clone(&unread), self.max_bytes.saturating_add(BESIDE));
        let content = response.bytes_stream().map(move |received| {
            let received = received.map_err(io::Error::other)?;
            let before = counted.fetch_add(received.len(), Ordering::Relaxed);
            match before.saturating_add(received.len()) > most {
                true => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
                false => Ok(received),
            }
        });
        let stream = PartStream {
            parts: Multipart::with_constraints(content, boundary, constraints),
            unread,
            host,
            max_bytes: self.max_bytes,
            last: None,
        };
        let events = unfold(Some(stream), |stream| async move {
            let mut stream = stream?;
            if let Some(errors) = stream.last.take() {
                return Some((event(errors, &stream.host), None));
            }
            match stream.next().await {
                Ok(Some(response)) => Some((event(response, &stream.host), Some(stream))),
                Ok(None) => {
                    let errors = stream.last.take()?;
                    Some((event(errors, &stream.host), None))
                }
                Err(lost) => Some((Err(lost), None)),
            }
        });
        Ok(events.boxed())
    }
}

/// The boundary of a media type.
fn boundary(content: &str) -> Option<String> {
    let mut parameters = content.split(';').skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_boundary = name.trim().eq_ignore_ascii_case("boundary");
        let value = value.trim().trim_matches('"');
        (is_boundary && !value.is_empty()).then(|| value.to_owned())
    })
}

struct PartStream {
    parts: Multipart<'static>,
    /// Bytes that were received since the last part was complete.
    unread: Arc<AtomicUsize>,
    host: String,
    max_bytes: usize,
    /// A response with the errors with which the service ended the subscription.
    last: Option<Bytes>,
}

impl PartStream {
    /// The next response; `None` if the subscription is complete.
    async fn next(&mut self) -> Result<Option<Bytes>, SubscriptionLost> {
        loop {
            let part = self
                .parts
                .next_field()
                .await
                .map_err(|error| self.lost(&error))?;
            let Some(part) = part else {
                return Ok(None);
            };
            let text = part.bytes().await.map_err(|error| self.lost(&error))?;
            self.unread.store(0, Ordering::Relaxed);
            if text.is_empty() {
                continue;
            }
            let Some(message) = Message::read(&text) else {
                return Err(garbage(&self.host, "a part is no JSON object"));
            };
            if let Some(payload) = message.payload {
                return Ok(Some(payload));
            }
            if let (true, Some(errors)) = (message.has_payload, &message.errors) {
                self.last = Some(with_errors(errors));
                return Ok(None);
            }
            if message.is_response {
                return Ok(Some(text));
            }
        }
    }

    fn lost(&self, error: &multer::Error) -> SubscriptionLost {
        let is_too_long = |cause: &(dyn Error + 'static)| {
            let cause = cause.downcast_ref::<io::Error>();
            cause.is_some_and(|cause| cause.kind() == io::ErrorKind::FileTooLarge)
        };
        match error {
            multer::Error::StreamReadFailed(cause) if is_too_long(&**cause) => {
                too_large(&self.host, self.max_bytes)
            }
            multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
                too_large(&self.host, self.max_bytes)
            }
            multer::Error::StreamReadFailed(_)
            | multer::Error::IncompleteStream
            | multer::Error::IncompleteHeaders
            | multer::Error::IncompleteFieldData { .. } => broken(&self.host),
            _ => garbage(&self.host, "the parts cannot be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::boundary;

    #[test]
    fn boundaries() {
        let of = |content: &str| boundary(content);
        assert_eq!(
            of("multipart/mixed; boundary=graphql").as_deref(),
            Some("graphql")
        );
        assert_eq!(
            of("multipart/mixed;subscriptionSpec=1.0; Boundary=\"-\"").as_deref(),
            Some("-")
        );
        assert_eq!(
            (of("multipart/mixed"), of("multipart/mixed; boundary=")),
            (None, None)
        );
    }
}
