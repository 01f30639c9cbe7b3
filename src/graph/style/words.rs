//! The words of a name, and names in the usual cases.

/// The words of a name in small letters: `feeInRupees`, `fee_in_rupees` and `FEE_IN_RUPEES` are `fee`, `in`, `rupees`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut after_small = false;
    for (at, letter) in name.char_indices() {
        if letter == '_' {
            after_small = false;
            words.push(String::new());
            continue;
        }
        let before_small =
            name[at + letter.len_utf8()..].starts_with(|next: char| next.is_lowercase());
        let starts_word = letter.is_uppercase() && (after_small || before_small);
        if starts_word || words.is_empty() {
            words.push(String::new());
        }
        after_small = !letter.is_uppercase();
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `PascalCase`.
pub(super) fn pascal(name: &str) -> String {
    words(name).iter().map(|word| capital(word)).collect()
}

/// `camelCase`.
pub(super) fn camel(name: &str) -> String {
    let words = words(name);
    let Some((first, others)) = words.split_first() else {
        return String::new();
    };
    let others: String = others.iter().map(|word| capital(word)).collect();
    format!("{first}{others}")
}

/// `UPPER_CASE`.
pub(super) fn upper(name: &str) -> String {
    words(name).join("_").to_uppercase()
}

/// The same word with a capital.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_with_capitals_and_after_underscores() {
        assert_eq!(words("districtLgdCode"), ["district", "lgd", "code"]);
        assert_eq!(words("HALF_YEARLY"), ["half", "yearly"]);
        assert_eq!(words("URLOfPage2"), ["url", "of", "page2"]);
        assert_eq!(words("__x"), ["x"]);
        assert_eq!(pascal("work_status"), "WorkStatus");
        assert_eq!(camel("Work_status"), "workStatus");
        assert_eq!(upper("halfYearly"), "HALF_YEARLY");
        assert_eq!(camel("_"), "");
    }
}
