//! What a file cannot hold, and how much memory the files take.

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use sangam::budget::{Budget, Exceeded};
use sangam::formats::{CsvOptions, FormatError, FormatFault, Shape, XlsxOptions, csv, xlsx};

use super::{shape, workbook};

fn schema() -> Valid<Schema> {
    let text = "type Query { rows: [Row] } type Row { code: ID name: String amount: Decimal count: Int day: Date } scalar Decimal scalar Date";
    Schema::parse_and_validate(text, "schema.graphql").unwrap()
}

fn rows() -> Shape {
    shape(&schema(), "{ rows { code name amount count day } }")
}

/// The data of so many rows.
fn data(count: usize) -> String {
    let rows = (0..count).map(|row| {
        format!(
            r#"{{"code":"JB-{row}","name":"Road {row} to the school","amount":"{row}.50","count":{row},"day":"2026-10-31"}}"#
        )
    });
    format!(r#"{{"rows":[{}]}}"#, rows.collect::<Vec<_>>().join(","))
}

fn options() -> XlsxOptions<'static> {
    XlsxOptions::new(None)
}

/// What is charged is the compressed workbook, which takes a fraction of its data.
#[test]
fn a_hundred_thousand_rows_take_little_memory() {
    let data = data(100_000);
    let account = Budget::unbounded().account(data.len());
    let shape = shape(&schema(), "{ rows { name amount } }");
    let workbook = xlsx(&shape, data.as_bytes(), &options(), &account).unwrap();
    assert!(
        workbook.len() < data.len() / 2,
        "{} of {}",
        workbook.len(),
        data.len()
    );
    let rows = workbook::sheet(&workbook, 1);
    assert_eq!(rows.matches("<row ").count(), 100_001);
    let last = "<c r=\"B100001\" s=\"8\"><v>99999.50</v></c></row></sheetData>";
    assert!(rows.contains(last), "{}", &rows[rows.len() - 1000..]);
    let about = workbook::sheet(&workbook, 2);
    assert!(about.contains(">100000 rows of rows<"), "{about}");
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let (shape, data) = (rows(), data(20_000));
    let account = Budget::unbounded().account(500_000);
    let refused = xlsx(&shape, data.as_bytes(), &options(), &account).unwrap_err();
    assert_eq!(refused, FormatError::TooLarge(Exceeded::Account(500_000)));
    assert_eq!(refused.fault(), FormatFault::TooLarge);
    let budget = Budget::new(500_000, 500_000);
    let refused = csv(
        &shape,
        data.as_bytes(),
        CsvOptions::default(),
        &budget.account(usize::MAX),
    );
    let refused = refused.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "The file is too large: all operations together may hold 500000 bytes"
    );
    assert_eq!(refused.fault(), FormatFault::Busy);
}

#[test]
fn more_rows_than_a_sheet_has_are_refused() {
    let shape = shape(&schema(), "{ rows { count } }");
    let account = Budget::unbounded().account(usize::MAX);
    let data = |count: usize| format!(r#"{{"rows":[{}{{}}]}}"#, "{},".repeat(count - 1));
    xlsx(&shape, data(1_048_575).as_bytes(), &options(), &account).unwrap();
    let refused = xlsx(&shape, data(1_048_576).as_bytes(), &options(), &account).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`rows` has more rows than a sheet of Excel can have (1048576); ask for less, or for .csv or .ndjson"
    );
    assert_eq!(refused.fault(), FormatFault::Request);
}

#[test]
fn more_columns_than_a_sheet_has_are_refused() {
    let account = Budget::unbounded().account(usize::MAX);
    let fields = |count: usize| {
        let fields = (0..count).map(|field| format!("c{field}: count"));
        format!("{{ rows {{ {} }} }}", fields.collect::<Vec<_>>().join(" "))
    };
    let widest = shape(&schema(), &fields(16_384));
    xlsx(&widest, br#"{"rows":[{"c16383":1}]}"#, &options(), &account).unwrap();
    let wider = shape(&schema(), &fields(16_385));
    let refused = xlsx(&wider, b"null", &options(), &account).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`rows` has 16385 columns, and a sheet of Excel can have 16384; ask for .csv or .ndjson"
    );
}

#[test]
fn a_text_that_no_cell_can_hold_is_refused() {
    let shape = rows();
    let account = Budget::unbounded().account(usize::MAX);
    let data = |length: usize| format!(r#"{{"rows":[{{}},{{"name":"{}"}}]}}"#, "x".repeat(length));
    xlsx(&shape, data(32_767).as_bytes(), &options(), &account).unwrap();
    let refused = xlsx(&shape, data(32_768).as_bytes(), &options(), &account).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Row 2 of `rows` has a text in `name` that is longer than a cell of Excel can be (32767); ask for .csv or .ndjson"
    );
}

#[test]
fn data_of_another_operation_is_refused() {
    let shape = rows();
    let account = Budget::unbounded().account(usize::MAX);
    for (data, expected) in [
        (&b"{\"rows\":[1]}"[..], FormatError::Unfit),
        (b"{\"rows\":{}}", FormatError::Unfit),
        (b"[]", FormatError::Unfit),
    ] {
        let refused = csv(&shape, data, CsvOptions::default(), &account).unwrap_err();
        assert_eq!(refused, expected);
        assert_eq!(refused.fault(), FormatFault::Gateway);
    }
    for data in [
        &b"{\"rows\":["[..],
        b"",
        b"{} {}",
        b"{\"rows\":[{\"code\":}]}",
        b"\xff",
    ] {
        let refused = csv(&shape, data, CsvOptions::default(), &account).unwrap_err();
        assert!(matches!(refused, FormatError::Unreadable(_)), "{refused:?}");
    }
}

#[test]
fn a_byte_order_mark_is_written_on_request() {
    let account = Budget::unbounded().account(usize::MAX);
    let options = CsvOptions {
        path: None,
        byte_order_mark: true,
    };
    let file = csv(&rows(), b"{\"rows\":[]}", options, &account).unwrap();
    assert_eq!(file, "\u{feff}code,name,amount,count,day\r\n".as_bytes());
}
