//! Properties of the mapping language for random texts and data: nothing panics or exceeds its
//! budget, and the analysis of a selection is true for its evaluation.

mod generate;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sangam::document::{Object, Value};
use sangam::mapping::ast::ExprKind;
use sangam::mapping::{
    Dialect, EvaluationBudget, InputMask, MAX_NESTING, MappingErrorKind, NamedMappings,
    NamedProblem, Problem, ScalarShape, Selection, Shape, Template, Variables, Version,
};

/// Each problem points into the text, between characters.
fn check_problems(text: &str, problems: &[Problem]) {
    assert!(!problems.is_empty());
    for problem in problems {
        assert!(
            text.get(problem.span.clone()).is_some(),
            "{text:?}: {problem:?}"
        );
        assert!(
            !problem.message.is_empty() && !problem.message.ends_with('.'),
            "{problem:?}"
        );
    }
}

fn parse_everything(text: &str) {
    for version in Version::ALL {
        for parsed in [
            Selection::parse(text, version),
            Selection::parse_value(text, version),
        ] {
            match parsed {
                Ok(selection) => {
                    let input = Value::parse_json(br#"{"a": [1, {"b": null}], "b": "x"}"#).unwrap();
                    selection.evaluate(Some(&input), &Variables::new());
                    selection.variables();
                    selection.shape();
                    selection.input_mask();
                }
                Err(problems) => check_problems(text, &problems),
            }
        }
        for parsed in [
            Template::parse_url(text, version),
            Template::parse_header(text, version),
        ] {
            match parsed {
                Ok(template) => drop(template.render(&Variables::new())),
                Err(problems) => check_problems(text, &problems),
            }
        }
    }
}

/// A small budget, so that it is often exceeded.
fn budget() -> EvaluationBudget {
    EvaluationBudget {
        steps: 5_000,
        text: 5_000,
        nodes: 2_000,
        bytes: 20_000,
        warnings: 1_000,
    }
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(elements) => elements.iter().map(size).sum(),
        Value::Object(object) => object.values().map(size).sum(),
        _ => 0,
    }
}

/// The part of a document that a mapping reads.
pub(crate) fn project(value: &Value, need: &InputMask) -> Value {
    match (value, need) {
        (_, InputMask::Whole) => value.clone(),
        (Value::Object(object), InputMask::Keys(keys)) => {
            let kept = keys
                .iter()
                .filter_map(|(name, need)| Some((name.clone(), project(object.get(name)?, need))));
            Object::from_iter(kept).into()
        }
        (Value::Array(elements), InputMask::Keys(_)) => elements
            .iter()
            .map(|element| project(element, need))
            .collect(),
        (scalar, InputMask::Keys(_)) => scalar.clone(),
    }
}

/// Whether a value, or each element of a list, has this shape.
pub(crate) fn fits(value: &Value, shape: &Shape) -> bool {
    match (value, shape) {
        (_, Shape::Any) | (Value::Null, _) => true,
        // A spread may change it.
        (_, Shape::Object { open: true, .. }) => true,
        (_, Shape::OneOf(shapes)) => {
            let listed = |elements: &[Value]| elements.iter().all(|element| fits(element, shape));
            shapes.iter().any(|shape| fits(value, shape)) || value.as_array().is_some_and(listed)
        }
        (Value::Array(elements), Shape::Array(shapes)) => {
            let spelled_out = elements.len() == shapes.len()
                && elements
                    .iter()
                    .zip(shapes)
                    .all(|(element, shape)| fits(element, shape));
            let filtered = || {
                elements
                    .iter()
                    .all(|element| shapes.iter().any(|shape| fits(element, shape)))
            };
            let listed = || elements.iter().all(|element| fits(element, shape));
            spelled_out || filtered() || listed()
        }
        (value, Shape::Literal(literal)) if value == literal => true,
        (Value::Array(elements), _) => elements.iter().all(|element| fits(element, shape)),
        (Value::Object(object), Shape::Object { fields, open }) => {
            object.iter().all(|(name, value)| {
                let field = fields.iter().find(|(field_name, _)| field_name == name);
                field.map_or(*open, |(_, shape)| fits(value, shape))
            })
        }
        // Braces return a scalar unchanged.
        (Value::Bool(_) | Value::Number(_) | Value::String(_), Shape::Object { .. }) => true,
        (Value::Bool(_), Shape::Scalar(ScalarShape::Boolean)) => true,
        (Value::Number(_), Shape::Scalar(ScalarShape::Number)) => true,
        (Value::String(_), Shape::Scalar(ScalarShape::String)) => true,
        _ => false,
    }
}

/// The language with all methods.
const WIRE: Dialect = Dialect {
    version: Version::V0_4,
    wire: true,
};

/// A fixed seed: each run has the same cases.
const SEED: u64 = 2026;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(SEED), cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_parses_or_is_refused(text in any::<String>()) {
        parse_everything(&text);
    }

    #[test]
    fn any_row_of_tokens_parses_or_is_refused(tokens in proptest::collection::vec(generate::token(), 0..40)) {
        parse_everything(&tokens.concat());
    }

    #[test]
    fn damaged_selections_parse_or_are_refused(
        text in generate::selection(),
        at in any::<prop::sample::Index>(),
        cut in 0..3usize,
        with in generate::token(),
    ) {
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len() + 1);
        let end = (at + cut).min(chars.len());
        chars.splice(at..end, with.chars());
        parse_everything(&chars.into_iter().collect::<String>());
    }

    #[test]
    fn evaluation_stays_within_its_budget(text in generate::selection(), input in generate::value(), args in generate::value()) {
        let selection = Selection::parse(&text, WIRE).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
        let variables = Variables::new().with("$args", args);
        let evaluated = selection.evaluate_within(Some(&input), &variables, &budget());
        if let Some(value) = &evaluated.value {
            prop_assert!(size(value) <= budget().nodes);
            prop_assert!(evaluated.errors.iter().all(|error| error.kind == MappingErrorKind::Raised));
        }
        prop_assert!(evaluated.warnings.len() <= budget().warnings);
    }

    #[test]
    fn what_a_selection_needs_is_enough(text in generate::selection(), input in generate::value()) {
        let selection = Selection::parse(&text, WIRE).unwrap();
        let whole = selection.evaluate(Some(&input), &Variables::new());
        let projected = project(&input, selection.input_mask());
        let part = selection.evaluate(Some(&projected), &Variables::new());
        prop_assert_eq!(&whole.value, &part.value, "{}\n{:?}\n{}", text, selection.input_mask(), projected);
        prop_assert_eq!(whole.warnings, part.warnings);
    }

    #[test]
    fn what_a_selection_yields_has_its_shape(text in generate::selection(), input in generate::value()) {
        let selection = Selection::parse(&text, WIRE).unwrap();
        let shape = selection.shape();
        if let Some(value) = selection.evaluate(Some(&input), &Variables::new()).value {
            prop_assert!(fits(&value, shape), "{}\n{}\n{:?}", text, value, shape);
        }
    }

    #[test]
    fn a_named_mapping_means_what_its_text_means(text in generate::selection(), input in generate::value(), args in generate::value()) {
        let (named, problems) = NamedMappings::parse(&[("m", &text)], WIRE);
        prop_assert_eq!(problems, []);
        let variables = Variables::new().with("$args", args);
        let whole = Selection::parse(&text, WIRE).unwrap();
        // Between braces, a value has a name, and a text alone is a key.
        let is_items = matches!(whole.root().kind, ExprKind::Object(_));
        for (before, after) in [("", ""), ("w: $.a { ", " }")].into_iter().take(1 + usize::from(is_items)) {
            let Ok(written) = Selection::parse(&format!("{before}{text}{after}"), WIRE) else { continue };
            let spread = Selection::parse_with(&format!("{before}...&m{after}"), WIRE, &named).unwrap();
            let results = [&written, &spread].map(|selection| {
                let evaluated = selection.evaluate(Some(&input), &variables);
                let uses = selection.variables().iter().map(|used| (used.name.clone(), used.path.clone()));
                (evaluated.value, evaluated.warnings, selection.input_mask().clone(), selection.shape().clone(), uses.collect::<Vec<_>>())
            });
            prop_assert_eq!(&results[0], &results[1], "{}", text);
            // Locations are those of the same text.
            let shown = |selection: &Selection| -> Vec<String> {
                let uses = selection.variables().iter();
                uses.map(|used| selection.text()[used.span.clone()].to_owned()).collect()
            };
            prop_assert_eq!(shown(&written), shown(&spread));
        }
    }

    #[test]
    fn what_a_selection_says_of_variables_is_enough(text in generate::selection(), args in generate::value()) {
        let selection = Selection::parse(&text, WIRE).unwrap();
        let uses = selection.variables();
        let mut need = InputMask::Keys(Vec::new());
        for used in uses.iter().filter(|used| &*used.name == "$args") {
            add(&mut need, &used.path);
        }
        let input = Value::Null;
        let whole = selection.evaluate(Some(&input), &Variables::new().with("$args", args.clone()));
        let part = selection.evaluate(Some(&input), &Variables::new().with("$args", project(&args, &need)));
        prop_assert_eq!(whole.value, part.value, "{}\n{:?}", text, need);
    }
}

fn add(need: &mut InputMask, path: &[sangam::document::Str]) {
    let InputMask::Keys(keys) = need else { return };
    let Some((first, rest)) = path.split_first() else {
        *need = InputMask::Whole;
        return;
    };
    let at = keys
        .iter()
        .position(|(name, _)| name == first)
        .unwrap_or_else(|| {
            keys.push((first.clone(), InputMask::Keys(Vec::new())));
            keys.len() - 1
        });
    add(&mut keys[at].1, rest);
}

fn limited(text: &str) {
    let selection =
        Selection::parse(text, Version::V0_4).unwrap_or_else(|problems| panic!("{problems:?}"));
    // Small, because tests are not optimised.
    let small = EvaluationBudget {
        steps: 200_000,
        text: 1 << 20,
        nodes: 100_000,
        ..EvaluationBudget::default()
    };
    let evaluated = selection.evaluate_within(Some(&Value::Null), &Variables::new(), &small);
    assert_eq!(evaluated.value, None);
    assert_eq!(
        evaluated
            .errors
            .iter()
            .map(|error| error.kind)
            .collect::<Vec<_>>(),
        [MappingErrorKind::Limit]
    );
    selection.shape();
    selection.input_mask();
}

#[test]
fn values_that_double_at_each_step_are_stopped() {
    limited(&format!("$([1]){}", "->echo([@, @])".repeat(60)));
    limited(&format!(
        "$({{ a: 1 }}){}",
        "->echo({ a: @, b: @ })".repeat(60)
    ));
    limited(&format!("$([1]){}", "->as($x)->echo([$x, $x])".repeat(60)));
}

#[test]
fn looking_at_values_that_double_is_stopped() {
    let double = "->echo([@, @])".repeat(60);
    limited(&format!("$(1){double}->jsonStringify"));
    limited(&format!("$(1){double}->as($x)->echo($(1){double}->eq($x))"));
    limited(&format!("$(1){double}->keysToCamelCaseDeep->size"));
    limited(&format!("$(1){double}->withWarning(@)"));
}

#[test]
fn texts_that_double_at_each_step_are_stopped() {
    limited(&format!(
        "$('ab'){}",
        "->echo([@, @]->joinNotNull(''))".repeat(60)
    ));
    limited(&format!("$('\"'){}", "->jsonStringify".repeat(60)));
}

#[test]
fn maps_within_maps_are_stopped() {
    let list = format!("[{}]", vec!["1"; 200].join(","));
    limited(&format!(
        "$({list})->as($l)->map($l->map($l->map($l->map(1))))"
    ));
    limited(&format!(
        "$({list})->as($l)->filter($l->filter($l->filter($l->filter(true)->size->gt(0))->size->gt(0))->size->gt(0))"
    ));
}

#[test]
fn splitting_is_paid_for() {
    let text = "x".repeat(1000);
    limited(&format!(
        "$('{text}')->split('')->as($l)->map($l)->map(@->joinNotNull('')->split(''))->map(@->map(@->split('')))->as($m)->map($m->map($m))->map(1)->jsonStringify->split('')->as($n)->map($n->map(1))"
    ));
}

#[test]
fn a_budget_of_its_own_is_kept() {
    let selection = Selection::parse("$->map(@.x)", Version::V0_1).unwrap();
    let input: Value = (0..100).map(Value::from).collect();
    let small = EvaluationBudget {
        steps: 50,
        ..EvaluationBudget::default()
    };
    let evaluated = selection.evaluate_within(Some(&input), &Variables::new(), &small);
    assert_eq!(evaluated.value, None);
    assert_eq!(
        evaluated.errors[0].message,
        "the mapping was stopped: it exceeds its limit of steps"
    );

    let quiet = EvaluationBudget {
        warnings: 3,
        ..EvaluationBudget::default()
    };
    let evaluated = selection.evaluate_within(Some(&input), &Variables::new(), &quiet);
    assert!(evaluated.value.is_some());
    assert_eq!(
        (evaluated.warnings.len(), evaluated.dropped_warnings),
        (3, 97)
    );
}

#[test]
fn nesting_of_texts_is_bounded() {
    let nested = |open: &str, close: &str, levels: usize| {
        format!("v: {}a{}", open.repeat(levels), close.repeat(levels))
    };
    for (open, close) in [
        ("$(", ")"),
        ("$([", "])"),
        ("$({ a: ", "})"),
        ("a { v: ", "}"),
        ("a->echo(", ")"),
        ("a->match([@, ", "])"),
        ("{ v: ", "}"),
    ] {
        assert!(
            Selection::parse(&nested(open, close, 10), Version::V0_2).is_ok(),
            "{open}"
        );
        for levels in [MAX_NESTING + 1, 10_000] {
            let problems =
                Selection::parse(&nested(open, close, levels), Version::V0_2).unwrap_err();
            assert!(
                problems
                    .iter()
                    .any(|problem| problem.message.contains("nested deeper")),
                "{open}: {problems:?}"
            );
        }
    }
}

/// The deepest accepted text and value need only a small stack: threads that run requests have twice
/// as much.
#[test]
fn the_deepest_that_passes_fits_on_the_stack() {
    let deepest = |open: &str, close: &str| {
        let nested = |levels: usize| format!("v: {}a{}", open.repeat(levels), close.repeat(levels));
        (1..=MAX_NESTING)
            .rev()
            .map(nested)
            .find(|text| Selection::parse(text, Version::V0_2).is_ok())
    };
    let work = move || {
        let nested = |open: &str, close: &str, levels| {
            format!("{}{}", open.repeat(levels), close.repeat(levels))
        };
        let input = Value::parse_json(nested("[", "]", 128).as_bytes()).unwrap();
        let objects =
            Value::parse_json(format!("{}1{}", "{\"a\":".repeat(128), "}".repeat(128)).as_bytes())
                .unwrap();
        let parts = [
            ("$(", ")"),
            ("$([", "])"),
            ("a->echo(", ")"),
            ("a->match([@, ", "])"),
            ("{ v: ", "}"),
            ("a { v: ", "}"),
        ];
        for (open, close) in parts {
            let selection =
                Selection::parse(&deepest(open, close).unwrap(), Version::V0_2).unwrap();
            selection.evaluate(Some(&objects), &Variables::new());
            selection.evaluate(Some(&input), &Variables::new());
            selection.input_mask();
        }
        let growing = format!("$([$]){}", "->echo([@])".repeat(250));
        let grown = Selection::parse(&growing, Version::V0_4)
            .unwrap()
            .evaluate(Some(&input), &Variables::new());
        let value = grown.value.unwrap();
        assert!(value == value.clone() && value.to_json().len() > 700);
    };
    std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn names_bound_at_one_place_are_bounded() {
    let problems =
        Selection::parse(&format!("v: a{}", "->as($x)".repeat(65)), Version::V0_1).unwrap_err();
    assert_eq!(problems[0].message, "too many names are bound");
    assert!(Selection::parse(&format!("v: a{}", "->as($x)".repeat(64)), Version::V0_1).is_ok());
}

#[test]
fn a_text_full_of_problems_tells_the_first_ones() {
    let problems = Selection::parse(&"v: a->frist ".repeat(10_000), Version::V0_1).unwrap_err();
    assert_eq!(problems.len(), 50);
}

#[test]
fn growth_of_values_is_bounded() {
    let text = |steps: usize| format!("v: a{}", "->echo([@])".repeat(steps));
    assert!(Selection::parse(&text(200), Version::V0_1).is_ok());
    let problems = Selection::parse(&text(1_000), Version::V0_1).unwrap_err();
    assert_eq!(problems[0].message, "this builds values that nest too deep");
    // The last method may make it flat.
    for end in ["->size", "->jsonStringify", "->echo(1)"] {
        let problems = Selection::parse(&format!("{}{end}", text(2_000)), Version::V0_4);
        let problems = problems.unwrap_err();
        assert_eq!(problems[0].message, "this builds values that nest too deep");
    }
}

#[test]
fn length_of_texts_is_bounded() {
    let long = "a ".repeat(200_000);
    let problems = Selection::parse(&long, Version::V0_1).unwrap_err();
    assert_eq!(
        problems[0].message,
        "a mapping is at most 262144 bytes long"
    );
}

/// Each mapping spreads the one before it twice.
#[test]
fn growth_of_named_mappings_is_bounded() {
    let doubling = |levels: usize| -> Vec<(String, String)> {
        let names = (0..levels).map(|level| format!("m{level}"));
        let texts = (0..levels).map(|level| match level {
            0 => "first second".to_owned(),
            _ => "a { ...&m0 } b { ...&m0 }".replace("m0", &format!("m{}", level - 1)),
        });
        names.zip(texts).collect()
    };
    let texts = doubling(60);
    let texts: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    let (named, problems) = NamedMappings::parse(&texts, WIRE);
    let messages: Vec<&str> = problems
        .iter()
        .map(|problem| match problem {
            NamedProblem::Text(_, problem) => &*problem.message,
            NamedProblem::Circle(_) => "a circle",
        })
        .collect();
    assert_eq!(
        messages,
        ["with what it spreads, this mapping is longer than 262144 bytes"]
    );
    // The texts of a folder are bounded together, too.
    let spread = || Selection::parse_with("...&m12", WIRE, &named);
    let refused = (0..1_000).find_map(|_| spread().err()).unwrap();
    assert_eq!(
        refused[0].message,
        "the mappings of this folder are too long, with all that they spread"
    );
}

#[test]
fn nesting_of_named_mappings_is_bounded() {
    let nested = |inner: &str, levels: usize| {
        format!("{}{inner}{}", "a { ".repeat(levels), " }".repeat(levels))
    };
    let (deep, deeper) = (nested("b", 40), nested("...&deep", 10));
    let texts = [("deep", &*deep), ("deeper", &*deeper)];
    let (named, problems) = NamedMappings::parse(&texts, WIRE);
    assert_eq!(problems, []);
    let parse = |levels| Selection::parse_with(&nested("...&deeper", levels), WIRE, &named);
    assert!(parse(14).is_ok());
    let problems = parse(15).unwrap_err();
    assert_eq!(
        problems[0].message,
        "with `deeper`, this nests deeper than 64 levels"
    );
}

/// A chain of many mappings, each of which spreads the next, and all in one circle.
#[test]
fn long_chains_of_named_mappings_are_no_trouble() {
    let texts = |last: &str| -> Vec<(String, String)> {
        let chain = (0..5_000).map(|n| (format!("m{n}"), format!("...&m{}", n + 1)));
        chain
            .chain([("m5000".to_owned(), last.to_owned())])
            .collect()
    };
    let parse = |texts: &[(String, String)]| {
        let texts: Vec<(&str, &str)> = texts
            .iter()
            .map(|(name, text)| (&**name, &**text))
            .collect();
        NamedMappings::parse(&texts, WIRE).1
    };
    assert!(matches!(
        parse(&texts("...&m0")).as_slice(),
        [NamedProblem::Circle(spreads)] if spreads.len() == 5_001
    ));
    // The copies of a chain together are too long.
    assert!(!parse(&texts("id")).is_empty());
}

#[test]
fn long_paths_and_wide_objects_are_no_trouble() {
    let path = format!("v: a{}", ".b".repeat(50_000));
    assert!(
        Selection::parse(&path, Version::V0_1)
            .unwrap()
            .evaluate(None, &Variables::new())
            .value
            .is_some()
    );
    let wide: String = (0..10_000).map(|n| format!("k{n} ")).collect();
    let selection = Selection::parse(&wide, Version::V0_1).unwrap();
    assert!(matches!(selection.input_mask(), InputMask::Keys(keys) if keys.len() == 10_000));
}

#[test]
fn a_selection_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Selection>();
    shared::<Template>();
    shared::<Variables>();
}
