//! Whether a request to `/hooks/<connector>` comes from the upstream.
//!
//! Comparisons take a time that does not depend on where the texts differ.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use http::HeaderMap;
use ring::hmac;

use crate::config::{ConnectorLimits, Secret, WebhookProof};

/// The headers of Standard Webhooks.
const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// Where other signatures and tokens are, unless the settings say otherwise.
const BODY_SIGNATURE: &str = "x-hub-signature-256";
const TOKEN: &str = "x-webhook-token";

/// Signatures of one request that are compared; a sender has two while it changes its secret.
const SIGNATURES: usize = 8;

/// How requests of one upstream are verified.
#[derive(Debug, Clone)]
pub struct Verification {
    secret: Secret,
    proof: WebhookProof,
    header: String,
    window: Duration,
}

/// Why a request is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// A header is missing.
    #[error("the request has no signature or token")]
    Unsigned,
    /// The signature or the token is another one.
    #[error("the signature or token is not valid")]
    Invalid,
    /// It was signed too long ago, or is of the future.
    #[error("the time of the signature is too far from now")]
    OutOfTime,
}

/// A request of the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// It is remembered by this hash: another request with the same one is a copy.
    Once {
        /// Of its id, or of its signature if it has none.
        hash: [u8; 32],
        /// How long a copy would be accepted; `None`: forever.
        within: Option<Duration>,
    },
    /// Nothing tells a copy from another request.
    Unnumbered,
}

impl Verification {
    /// By the settings of a connector; `None` if its upstream may not send anything.
    pub fn of(settings: &ConnectorLimits) -> Option<Verification> {
        let default = match settings.webhook_proof {
            WebhookProof::Standard => SIGNATURE,
            WebhookProof::Body => BODY_SIGNATURE,
            WebhookProof::Token => TOKEN,
        };
        let header = settings.webhook_header.as_ref();
        Some(Verification {
            secret: settings.webhook_secret.clone()?,
            proof: settings.webhook_proof,
            header: header.map_or(default, |header| header.as_str()).to_owned(),
            window: settings.webhook_window,
        })
    }

    /// Verifies a request. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// It is not one of the upstream.
    pub fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: i64,
    ) -> Result<Verified, Unverified> {
        let text = |name: &str| {
            let value = headers.get(name).ok_or(Unverified::Unsigned)?;
            value.to_str().map_err(|_| Unverified::Invalid)
        };
        let given = text(&self.header)?;
        match self.proof {
            WebhookProof::Token => {
                let given = given.strip_prefix("Bearer ").unwrap_or(given);
                match self.secret.matches(given) {
                    true => Ok(Verified::Unnumbered),
                    false => Err(Unverified::Invalid),
                }
            }
            WebhookProof::Body => {
                let digits = given.strip_prefix("sha256=").unwrap_or(given);
                let tag = hex(digits).ok_or(Unverified::Invalid)?;
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose().as_bytes());
                hmac::verify(&key, body, &tag).map_err(|_| Unverified::Invalid)?;
                // Two bodies with one signature are the same body.
                Ok(Verified::Once {
                    hash: *blake3::hash(&tag).as_bytes(),
                    within: None,
                })
            }
            WebhookProof::Standard => {
                let (id, time) = (text(ID)?, text(TIMESTAMP)?);
                let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body].concat();
                let key = hmac::Key::new(hmac::HMAC_SHA256, &self.standard_key());
                let tags = given.split(' ').take(SIGNATURES).filter_map(|one| {
                    let digits = one.strip_prefix("v1,")?;
                    STANDARD.decode(digits).ok()
                });
                // All are compared, so that the time does not tell which one is valid.
                let valid = tags.fold(false, |valid, tag| {
                    valid | hmac::verify(&key, &signed, &tag).is_ok()
                });
                if !valid {
                    return Err(Unverified::Invalid);
                }
                let time: i64 = time.parse().map_err(|_| Unverified::Invalid)?;
                if now.abs_diff(time) > self.window.as_secs() {
                    return Err(Unverified::OutOfTime);
                }
                Ok(Verified::Once {
                    hash: *blake3::hash(id.as_bytes()).as_bytes(),
                    within: Some(self.window * 2),
                })
            }
        }
    }

    /// The key of Standard Webhooks: what follows `whsec_` is Base64; another text is the key itself.
    fn standard_key(&self) -> Vec<u8> {
        let text = self.secret.expose();
        let encoded = text
            .strip_prefix("whsec_")
            .map(|text| text.trim_end_matches('='));
        let decoded = encoded.and_then(|encoded| STANDARD_NO_PAD.decode(encoded).ok());
        decoded.unwrap_or_else(|| text.as_bytes().to_vec())
    }
}

/// The bytes of hexadecimal digits.
fn hex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.len() > 128 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.chunks_exact(2);
    let bytes = pairs.map(|pair| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8));
    bytes.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn verification(proof: WebhookProof, secret: &str) -> Verification {
        Verification::of(&ConnectorLimits {
            webhook_secret: Some(Secret::new(secret)),
            webhook_proof: proof,
            ..ConnectorLimits::default()
        })
        .unwrap()
    }

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let all = all.iter();
        all.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    /// The example of the specification of Standard Webhooks.
    #[test]
    fn standard_webhooks() {
        let verification = verification(
            WebhookProof::Standard,
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        );
        let body = br#"{"test": 2432232314}"#;
        let (id, time) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330");
        let valid = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let verify = |id: &str, signature: &str, body: &[u8], now| {
            let headers = headers(&[(ID, id), (TIMESTAMP, time), (SIGNATURE, signature)]);
            verification.verify(&headers, body, now)
        };
        let accepted = verify(id, valid, body, 1_614_265_330).unwrap();
        assert_eq!(
            accepted,
            verify(id, &format!("v1,AAAA v1a,x {valid}"), body, 1_614_265_630).unwrap()
        );
        let later = verify(id, valid, body, 1_614_265_631);
        assert_eq!(later, Err(Unverified::OutOfTime));
        assert_eq!(
            verify(id, valid, body, 1_614_265_029),
            Err(Unverified::OutOfTime)
        );
        assert_eq!(
            verify("msg_2", valid, body, 1_614_265_330),
            Err(Unverified::Invalid)
        );
        assert_eq!(
            verify(id, valid, b"{}", 1_614_265_330),
            Err(Unverified::Invalid)
        );
        assert_eq!(
            verify(id, "v1,", body, 1_614_265_330),
            Err(Unverified::Invalid)
        );
        let unsigned = verification.verify(&HeaderMap::new(), body, 1_614_265_330);
        assert_eq!(unsigned, Err(Unverified::Unsigned));
    }

    /// The example of the documentation of GitHub's webhooks.
    #[test]
    fn a_signature_of_the_body() {
        let verification = verification(WebhookProof::Body, "It's a Secret to Everybody");
        let verify = |signature: &str, body: &str| {
            let headers = headers(&[(BODY_SIGNATURE, signature)]);
            verification.verify(&headers, body.as_bytes(), 0)
        };
        let valid = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let accepted = verify(valid, "Hello, World!").unwrap();
        assert_eq!(
            accepted,
            verify(&valid[7..].to_uppercase(), "Hello, World!").unwrap()
        );
        assert_eq!(verify(valid, "Hello, World?"), Err(Unverified::Invalid));
        for broken in ["sha256=", "sha256=7", "sha256=zz", "", "7571"] {
            assert_eq!(verify(broken, "Hello, World!"), Err(Unverified::Invalid));
        }
    }

    #[test]
    fn a_token() {
        let verification = verification(WebhookProof::Token, "open-sesame");
        let verify = |token: &str| verification.verify(&headers(&[(TOKEN, token)]), b"{}", 0);
        assert_eq!(verify("open-sesame"), Ok(Verified::Unnumbered));
        assert_eq!(verify("Bearer open-sesame"), Ok(Verified::Unnumbered));
        assert_eq!(verify("open"), Err(Unverified::Invalid));
    }
}
