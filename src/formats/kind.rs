//! The kinds of columns, by the type of the field, and the forms of their values.

use apollo_compiler::Name;
use apollo_compiler::schema::ExtendedType;

/// What a column holds, by the GraphQL type of its field.
///
/// A type promises a form, and custom scalars are not checked against it: who writes a cell looks at the value, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `String` and enums.
    Text,
    /// `ID`: text, also if it has only digits.
    Id,
    /// `Int`.
    Int,
    /// `Float`.
    Float,
    /// `Boolean`.
    Boolean,
    /// The scalar `Decimal`: an exact number, as text.
    Decimal,
    /// The scalar `Date`.
    Date,
    /// The scalar `DateTime`.
    DateTime,
    /// The scalar `Month`.
    Month,
    /// Another custom scalar: any JSON value.
    Custom,
}

impl Kind {
    /// The kind of a leaf type.
    pub(super) fn of(name: &Name, ty: Option<&ExtendedType>) -> Kind {
        if !matches!(ty, Some(ExtendedType::Scalar(_))) {
            return Kind::Text;
        }
        match name.as_str() {
            "String" => Kind::Text,
            "ID" => Kind::Id,
            "Int" => Kind::Int,
            "Float" => Kind::Float,
            "Boolean" => Kind::Boolean,
            "Decimal" => Kind::Decimal,
            "Date" => Kind::Date,
            "DateTime" => Kind::DateTime,
            "Month" => Kind::Month,
            _ => Kind::Custom,
        }
    }

    /// Whether a text of this kind may be a number: `"-12.50"` is one, if it has the form of a decimal number.
    pub(super) fn may_be_decimal(self) -> bool {
        matches!(self, Kind::Decimal | Kind::Custom)
    }
}

/// Whether a text has the form of the scalar `Decimal`: `-?(0|[1-9][0-9]*)(\.[0-9]+)?`.
pub(super) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(is_number)
}

/// Whether a spreadsheet could take a text for a formula, by its first character: those of the OWASP list on "CSV
/// injection", with the full-width forms that some languages of Excel take for the same.
pub(super) fn begins_like_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers() {
        for text in ["0", "-12.50", "1234.50", "-0.5", "10.00"] {
            assert!(is_decimal(text), "{text}");
        }
        for text in [
            "", "-", "01", "-.5", "5.", "1e5", "+1", "1-1", "--1", "NaN", "１",
        ] {
            assert!(!is_decimal(text), "{text}");
        }
    }
}
