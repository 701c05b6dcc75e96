//! What holds for any script and any value.

use std::time::Duration;

use proptest::prelude::*;

use super::super::convert::{to_dynamic, to_value};
use super::super::session::State;
use super::{Limits, script};
use crate::model::{Reference, Secret, TemplatePart, Value};

fn values() -> impl Strategy<Value = Value> {
    let reference = "[a-z]{1,5}".prop_map(|name| Reference {
        address: format!("ec2_vpc.{name}").parse().expect("an address"),
        attribute: "vpcId".to_owned(),
    });
    let template = (reference.clone(), "[a-z]{1,4}", "[a-z]{1,4}").prop_map(|(reference, text, secret)| {
        Value::Template(vec![
            TemplatePart::Text(text),
            TemplatePart::Ref(reference),
            TemplatePart::Secret(Secret::Clear(secret)),
        ])
    });
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-1e9..1e9f64).prop_map(Value::Float),
        "[^\u{E000}\u{E001}]{0,12}".prop_map(Value::String),
        reference.prop_map(Value::from),
        "[a-z]{1,6}".prop_map(|text| Value::Secret(Secret::Clear(text))),
        template,
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::btree_map(".{0,6}", inner, 0..6).prop_map(Value::Map),
        ]
    })
}

/// Values as a script writes them.
fn literals() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>()
            .prop_map(|number| format!("({number} + 0)").replace("-9223372036854775808", "-9223372036854775807")),
        (-1e9..1e9f64).prop_map(|number| format!("{number:?}")),
        any::<bool>().prop_map(|truth| truth.to_string()),
        "[a-zA-Z0-9:/@._ üß*-]{0,24}".prop_map(|text| format!("\"{text}\"")),
        prop::sample::select(vec![
            "()",
            "'c'",
            "0..3",
            "|x| x",
            "secret(\"s\")",
            "ec2_vpc(\"v\", #{ cidrBlock: \"10.0.0.0/16\" }).vpcId",
            "ecs_cluster(\"c\", #{})",
            "`${secret(\"t\")}`",
            "blob(3, 7)",
            "\"\\u{1b}\\u{e000}\"",
        ])
        .prop_map(str::to_owned),
    ];
    let keys =
        prop::sample::select(vec!["cluster", "members", "cidr", "azs", "tags", "Statement", "a", "dependsOn", "image"]);
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::btree_map(keys.clone(), inner, 0..4).prop_map(|map| {
                let pairs: Vec<_> = map.iter().map(|(key, item)| format!("\"{key}\": {item}")).collect();
                format!("#{{ {} }}", pairs.join(", "))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn values_survive_the_way_into_a_script_and_back(value in values()) {
        let mut state = State::default();
        let dynamic = to_dynamic(&value, &mut state);
        prop_assert_eq!(to_value(&dynamic, "", &state.secrets), Ok(value));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_text_upsets_the_evaluation(source in ".{0,80}") {
        let _ = script(&source).evaluate();
    }

    #[test]
    fn no_script_like_text_upsets_the_evaluation(parts in prop::collection::vec(prop_oneof![
        Just("ec2_vpc(\"a\", #{"), Just("cidrBlock: "), Just("\"10.0.0.0/16\""), Just("});"), Just("let x = "),
        Just("input(\"a\", 1)"), Just("[x, "), Just("]"), Just(";"), Just("`${x}`"), Just("fn f(x) {"), Just("}"),
        Just("network(#{"), Just("x.vpcId"), Just("+"), Just("secret(\"s\")"), Just("\u{E000}r"), Just("loop {"),
    ], 0..24)) {
        let mut script = script(&parts.join(" "));
        script.limits = Limits { operations: 10_000, time: Duration::from_millis(200), ..Limits::default() };
        let _ = script.evaluate();
    }

    #[test]
    fn no_argument_upsets_a_function(
        function in prop::sample::select(vec![
            "ecs_service(\"a\", {})", "iam_role(\"a\", {})", "ec2_security_group(\"a\", {}, {})", "logs_log_group({}, {})",
            "network({})", "read_only({})", "image_reference({})", "expect_cluster({}, {})", "assume_role({})",
            "allow({}, {})", "output({}, {})", "input({}, {})", "secret({})", "merge({}, {})",
            "existing_vpc({})",
        ]),
        arguments in prop::collection::vec(literals(), 2),
    ) {
        let mut source = function.to_owned();
        for argument in &arguments {
            source = source.replacen("{}", argument, 1);
        }
        let _ = script(&format!("{source};")).evaluate();
    }
}
