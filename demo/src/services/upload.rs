//! The upload service of the desk: takes a file, and gives it an id. It keeps nothing of the file.

use axum::extract::Multipart;
use axum::extract::multipart::Field;
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// The longest file, in bytes.
pub(super) const LONGEST: usize = 5_000_000;

/// How files of the types that are taken begin.
const TYPES: [(&str, &[u8]); 3] = [
    ("application/pdf", b"%PDF-"),
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
];

/// The fields of a form, with the id of the file in place of the file.
pub(super) async fn fields(mut form: Multipart) -> Result<Value, Refusal> {
    let mut fields = Map::new();
    loop {
        let field = form.next_field().await.map_err(|_| broken())?;
        let Some(field) = field else {
            return Ok(Value::Object(fields));
        };
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" => {
                let id = file(field).await?;
                fields.insert("documentId".to_owned(), id.into());
            }
            _ => {
                let text = field.text().await.map_err(|_| broken())?;
                fields.insert(name, text.into());
            }
        }
    }
}

/// Reads a file; returns its id.
async fn file(mut field: Field<'_>) -> Result<String, Refusal> {
    let declared = field.content_type().unwrap_or_default().to_owned();
    let mut length = 0;
    let mut start = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|_| broken())? {
        length += piece.len();
        if length > LONGEST {
            return Err(Refusal::invalid("The file is too long").about("file"));
        }
        let rest = 8_usize.saturating_sub(start.len()).min(piece.len());
        start.extend_from_slice(&piece[..rest]);
    }
    let is_one = |(name, begins): &(&str, &[u8])| *name == declared && start.starts_with(begins);
    if !TYPES.iter().any(is_one) {
        let why = "The file is no PDF, JPEG or PNG, or not of the type that it is declared as";
        return Err(Refusal::invalid(why).about("file"));
    }
    Ok(format!("upload:{:032x}", rand::random::<u128>()))
}

fn broken() -> Refusal {
    Refusal::invalid("The form broke off")
}
