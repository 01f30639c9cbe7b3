//! The certificate of an application as a PDF: one page of text, in Helvetica, which every reader has.
//!
//! A PDF is a list of numbered objects, and a table of where each begins (ISO 32000-1, section 7.5).

use std::fmt::Write as _;

use super::register::Application;

/// The file of an issued certificate.
pub(super) fn pdf(application: &Application) -> Vec<u8> {
    let issued = application.decided.map(|day| day.dashed());
    let lines = [
        "Government of Jammu & Kashmir (sample)".to_owned(),
        application.service.service_name.english().to_owned(),
        format!("Certificate number: JKC-{}", application.file),
        format!("Issued on: {}", issued.unwrap_or_default()),
        format!("District (LGD code): {}", application.district),
        format!("Issued to: {}", application.applicant),
        "This document is a sample. It certifies nothing.".to_owned(),
    ];
    document(&lines)
}

/// A document of one page with these lines.
fn document(lines: &[String]) -> Vec<u8> {
    let mut page = "BT\n/F1 14 Tf\n72 770 Td\n28 TL\n".to_owned();
    for line in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "({}) Tj T*", escaped(line));
    }
    page.push_str("ET\n");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R \
         /Resources << /Font << /F1 4 0 R >> >> >>"
            .to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{page}endstream", page.len()),
    ];
    let mut text = "%PDF-1.4\n".to_owned();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, object) in (1..).zip(&objects) {
        let _ = writeln!(table, "{:010} 00000 n ", text.len());
        let _ = write!(text, "{number} 0 obj\n{object}\nendobj\n");
    }
    let start = text.len();
    let size = objects.len() + 1;
    let _ = write!(
        text,
        "{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    text.into_bytes()
}

/// A text in parentheses; what Helvetica does not have without a table of its own becomes a question mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '(' | ')' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_where_each_object_begins() {
        let pdf = document(&["A (b)".to_owned(), "क".to_owned()]);
        let text = String::from_utf8(pdf).unwrap();
        assert!(text.contains("(A \\(b\\)) Tj") && text.contains("(?) Tj"));
        let (_, start) = text.split_once("startxref\n").unwrap();
        let start: usize = start.lines().next().unwrap().parse().unwrap();
        let table = text[start..].lines().skip(3).take(5);
        for (number, line) in (1..).zip(table) {
            let at: usize = line[..10].parse().unwrap();
            assert!(
                text[at..].starts_with(&format!("{number} 0 obj\n")),
                "{line}"
            );
        }
        let page = text.split_once("stream\n").unwrap().1;
        let (page, _) = page.split_once("endstream").unwrap();
        assert!(text.contains(&format!("/Length {} ", page.len())));
    }
}
