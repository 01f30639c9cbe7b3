//! Reads PromQL, as far as the example rules and the dashboard use it: a text that is not well-formed is an error.

use std::ops::Range;

/// What an expression reads.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) selectors: Vec<Selector>,
    /// Labels that an aggregation or a match of two vectors names, with the selectors inside of it.
    pub(super) groupings: Vec<(Vec<String>, Range<usize>)>,
}

/// `name{label="value"}`, with a range or without.
#[derive(Debug)]
pub(super) struct Selector {
    pub(super) name: String,
    pub(super) matchers: Vec<Matcher>,
    is_range: bool,
}

/// `label="value"`, or another operator.
#[derive(Debug)]
pub(super) struct Matcher {
    pub(super) label: String,
    pub(super) operator: String,
    pub(super) value: String,
}

const AGGREGATIONS: [&str; 8] = [
    "sum", "avg", "min", "max", "count", "topk", "bottomk", "quantile",
];
/// Functions of a range of values.
const OF_RANGES: [&str; 6] = [
    "rate",
    "increase",
    "changes",
    "irate",
    "max_over_time",
    "avg_over_time",
];
const OF_VALUES: [&str; 5] = [
    "histogram_quantile",
    "time",
    "absent",
    "clamp_min",
    "vector",
];

/// Operators by precedence, the weakest first.
const OPERATORS: [&[&str]; 5] = [
    &["or"],
    &["and", "unless"],
    &["==", "!=", ">=", "<=", ">", "<"],
    &["+", "-"],
    &["*", "/", "%"],
];

pub(super) fn parse(text: &str) -> Result<Query, String> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        query: Query::default(),
    };
    parser.expression(0)?;
    match parser.tokens.get(parser.at) {
        Some(token) => Err(format!("`{token}` is not expected")),
        None => Ok(parser.query),
    }
}

/// Words, numbers, strings (with their first quotation mark) and signs.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let is_word = |character: char| character.is_ascii_alphanumeric() || "_:.".contains(character);
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' {
            let end = rest[1..].find('"').ok_or("a string does not end")?;
            tokens.push(rest[..end + 1].to_owned());
            rest = rest[end + 2..].trim_start();
            continue;
        } else if is_word(first) {
            rest.find(|character| !is_word(character))
                .unwrap_or(rest.len())
        } else if ["==", "!=", ">=", "<=", "=~", "!~"]
            .iter()
            .any(|sign| rest.starts_with(sign))
        {
            2
        } else if "+-*/%<>=(){}[],".contains(first) {
            1
        } else {
            return Err(format!("`{first}` is not expected"));
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<String>,
    at: usize,
    query: Query,
}

impl Parser {
    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is_next = self.peek() == wanted;
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        match self.take(wanted) {
            true => Ok(()),
            false => Err(format!("`{wanted}` is expected, not `{}`", self.peek())),
        }
    }

    fn next(&mut self) -> Result<String, String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token.ok_or_else(|| "the expression does not end".to_owned())
    }

    /// An expression of operators of this precedence and stronger ones.
    fn expression(&mut self, precedence: usize) -> Result<(), String> {
        let Some(operators) = OPERATORS.get(precedence) else {
            return self.operand();
        };
        let first = self.query.selectors.len();
        self.expression(precedence + 1)?;
        while operators.contains(&self.peek()) {
            self.at += 1;
            self.take("bool");
            let mut labels = Vec::new();
            for word in ["on", "ignoring", "group_left", "group_right"] {
                if self.take(word) && (word.len() < 9 || self.peek() == "(") {
                    labels.extend(self.labels()?);
                }
            }
            self.expression(precedence + 1)?;
            let inside = first..self.query.selectors.len();
            self.query.groupings.push((labels, inside));
        }
        Ok(())
    }

    fn operand(&mut self) -> Result<(), String> {
        let token = self.next()?;
        if token == "-" {
            return self.operand();
        }
        if token == "(" {
            self.expression(0)?;
            return self.expect(")");
        }
        if token.starts_with(|character: char| character.is_ascii_digit()) {
            return token
                .parse::<f64>()
                .map(drop)
                .map_err(|_| format!("`{token}` is no number"));
        }
        if !token.starts_with(|character: char| character.is_ascii_alphabetic()) {
            return Err(format!("`{token}` is not expected"));
        }
        if AGGREGATIONS.contains(&&*token) {
            return self.aggregation(&token);
        }
        match self.peek() {
            "(" => self.call(&token),
            _ => self.selector(token),
        }
    }

    fn aggregation(&mut self, name: &str) -> Result<(), String> {
        let (first, mut labels) = (self.query.selectors.len(), Vec::new());
        let mut grouping = |parser: &mut Parser| -> Result<(), String> {
            if parser.take("by") || parser.take("without") {
                labels.extend(parser.labels()?);
            }
            Ok(())
        };
        grouping(self)?;
        self.expect("(")?;
        if ["topk", "bottomk", "quantile"].contains(&name) {
            self.expression(0)?;
            self.expect(",")?;
        }
        self.values(first)?;
        self.expect(")")?;
        grouping(self)?;
        let inside = first..self.query.selectors.len();
        self.query.groupings.push((labels, inside));
        Ok(())
    }

    fn call(&mut self, name: &str) -> Result<(), String> {
        let of_range = OF_RANGES.contains(&name);
        if !of_range && !OF_VALUES.contains(&name) {
            return Err(format!("`{name}` is no function"));
        }
        self.expect("(")?;
        let first = self.query.selectors.len();
        while !self.take(")") {
            match of_range {
                true => {
                    self.expression(0)?;
                    let given = &self.query.selectors[first..];
                    if given.len() != 1 || !given[0].is_range {
                        return Err(format!("`{name}` needs a range"));
                    }
                    // It yields values.
                    self.query.selectors[first].is_range = false;
                }
                false => self.values(first)?,
            }
            if self.peek() != ")" {
                self.expect(",")?;
            }
        }
        Ok(())
    }

    /// An expression that yields no range.
    fn values(&mut self, first: usize) -> Result<(), String> {
        self.expression(0)?;
        match self.query.selectors[first..]
            .iter()
            .find(|selector| selector.is_range)
        {
            Some(selector) => Err(format!(
                "`{}` is a range, and needs a function",
                selector.name
            )),
            None => Ok(()),
        }
    }

    fn labels(&mut self) -> Result<Vec<String>, String> {
        self.expect("(")?;
        let mut labels = Vec::new();
        while !self.take(")") {
            labels.push(self.next()?);
            if self.peek() != ")" {
                self.expect(",")?;
            }
        }
        Ok(labels)
    }

    fn selector(&mut self, name: String) -> Result<(), String> {
        let mut matchers = Vec::new();
        if self.take("{") {
            while !self.take("}") {
                let (label, operator, value) = (self.next()?, self.next()?, self.next()?);
                if !["=", "!=", "=~", "!~"].contains(&&*operator) {
                    return Err(format!("`{operator}` compares no label"));
                }
                let value = value
                    .strip_prefix('"')
                    .ok_or("a value is not quoted")?
                    .to_owned();
                matchers.push(Matcher {
                    label,
                    operator,
                    value,
                });
                if self.peek() != "}" {
                    self.expect(",")?;
                }
            }
        }
        let is_range = self.take("[");
        if is_range {
            let duration = self.next()?;
            let (number, unit) = duration.split_at(duration.len().saturating_sub(1));
            if number.parse::<u32>().is_err() || !["s", "m", "h", "d"].contains(&unit) {
                return Err(format!("`{duration}` is no duration"));
            }
            self.expect("]")?;
        }
        self.query.selectors.push(Selector {
            name,
            matchers,
            is_range,
        });
        Ok(())
    }
}

#[test]
fn the_reader_refuses_what_is_not_well_formed() {
    for text in [
        "sum by (a) (rate(m{b=\"c\"}[5m])) / on (a) group_left sum(n) > 0.5 and p == 1",
        "histogram_quantile(0.95, sum by (le) (rate(m_bucket[5m])))",
        "time() - m > 3600",
        "sum(m) without (a)",
        "-m + 1",
        "topk(5, m)",
    ] {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    for text in [
        "",
        "sum(m",
        "m{a=b}",
        "m{a\"b\"}",
        "rate(m)",
        "m[5m]",
        "sum(m[5m])",
        "rate(m[5x])",
        "unknown(m)",
        "m n",
        "m >",
        "m > > n",
        "sum by a (m)",
        "m{a=\"b}",
    ] {
        let read =
            parse(text).and_then(
                |query| match query.selectors.iter().any(|one| one.is_range) {
                    true => Err("a range".to_owned()),
                    false => Ok(query),
                },
            );
        assert!(read.is_err(), "{text}: {read:?}");
    }
}
