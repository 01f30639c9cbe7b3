//! The styles of cells: the part `xl/styles.xml`.

use std::fmt::Write;

/// The most decimals that a style has.
const MOST_DECIMALS: u8 = 15;
/// The first number of a number format that is not one of Excel's own.
const OWN_FORMATS: u16 = 164;

/// How a cell looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    General,
    /// Bold.
    Header,
    /// `2026-10-31`
    Date,
    /// `2026-10-31 18:30:00`
    DateTime,
    /// `2026-10`
    Month,
    /// A text that stays one when the cell is edited.
    Quoted,
    /// A number with so many decimals, at most 15.
    Decimals(u8),
}

impl Style {
    /// The index into the cell formats of the part.
    pub(super) fn index(self) -> u8 {
        match self {
            Style::General => 0,
            Style::Header => 1,
            Style::Date => 2,
            Style::DateTime => 3,
            Style::Month => 4,
            Style::Quoted => 5,
            Style::Decimals(decimals) => 6 + decimals.min(MOST_DECIMALS),
        }
    }
}

/// The part.
pub(super) fn part() -> String {
    let mut formats = vec![
        "yyyy\\-mm\\-dd".to_owned(),
        "yyyy\\-mm\\-dd\\ hh:mm:ss".to_owned(),
        "yyyy\\-mm".to_owned(),
        "0".to_owned(),
    ];
    formats
        .extend((1..=MOST_DECIMALS).map(|decimals| format!("0.{}", "0".repeat(decimals.into()))));
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
         <styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">",
    );
    let mut add = |part: std::fmt::Arguments| {
        // Writing to a string does not fail.
        let _ = text.write_fmt(part);
    };
    add(format_args!("<numFmts count=\"{}\">", formats.len()));
    for (format, id) in formats.iter().zip(OWN_FORMATS..) {
        add(format_args!(
            "<numFmt numFmtId=\"{id}\" formatCode=\"{format}\"/>"
        ));
    }
    add(format_args!(
        "</numFmts>\
         <fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>\
         <font><b/><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font></fonts>\
         <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills>\
         <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
         <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>"
    ));
    add(format_args!("<cellXfs count=\"{}\">", 3 + formats.len()));
    const REST: &str = "fillId=\"0\" borderId=\"0\" xfId=\"0\"";
    add(format_args!("<xf numFmtId=\"0\" fontId=\"0\" {REST}/>"));
    add(format_args!(
        "<xf numFmtId=\"0\" fontId=\"1\" {REST} applyFont=\"1\"/>"
    ));
    for (index, id) in (0..formats.len()).zip(OWN_FORMATS..) {
        if index == 3 {
            add(format_args!(
                "<xf numFmtId=\"0\" fontId=\"0\" {REST} quotePrefix=\"1\"/>"
            ));
        }
        add(format_args!(
            "<xf numFmtId=\"{id}\" fontId=\"0\" {REST} applyNumberFormat=\"1\"/>"
        ));
    }
    add(format_args!(
        "</cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>"
    ));
    text
}
