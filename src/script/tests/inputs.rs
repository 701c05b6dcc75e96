//! Inputs are typed by their defaults.

use super::{Given, script};
use crate::model::{Secret, Value};

#[test]
fn text_is_read_as_the_default_is() {
    let source = r#"
output("int", input("int", 1));
output("float", input("float", 1.0));
output("bool", input("bool", false));
output("text", input("text", "x"));
output("list", input("list", [1]));
output("map", input("map", #{}));
output("required", input("required"));
"#;
    let script = script(source)
        .set("int", "5")
        .set("float", "2")
        .set("bool", "true")
        .set("text", "7")
        .set("list", "[1, \"a\"]")
        .set("map", "{\"a\": 1}")
        .set("required", "r");
    let outputs = serde_json::to_string(&script.program().program.outputs).expect("JSON");
    insta::assert_snapshot!(outputs, @r#"{"bool":true,"float":2.0,"int":5,"list":[1,"a"],"map":{"a":1},"required":"r","text":"7"}"#);
}

#[test]
fn what_does_not_parse_is_told_at_the_call() {
    let source = "let a = input(\"count\", 1);\nlet b = input(\"on\", true);\nlet c = input(\"needed\");\n";
    let script = script(source).set("count", "three").set("on", "yes").set("cont", "1");
    insta::assert_snapshot!(script.mistakes(), @r#"
    main.rhai:1:9+5 the input `count` is `three`, not a whole number | takes a whole number
    main.rhai:2:9+5 the input `on` is `yes`, not true or false | takes true or false
    main.rhai:3:9+5 the input `needed` is not given | required ? give it with --set needed=…, or a default: input("needed", …)
    - the script has no input `cont` ? did you mean `count`?
    "#);
}

#[test]
fn what_stands_in_for_a_secret_is_one() {
    let script = script("output(\"p\", input(\"p\", secret(\"x\")));").set("p", "given");
    assert_eq!(script.output("p"), Value::Secret(Secret::Clear("given".to_owned())));
    assert_eq!(script.program().program.inputs["p"], Value::Secret(Secret::Clear("given".to_owned())));
}

#[test]
fn values_of_a_file_must_be_of_the_type() {
    let mut good = script("output(\"x\", input(\"x\", 1));");
    good.inputs.insert("x".to_owned(), Given::Json(2.into()));
    assert_eq!(good.output("x"), Value::Int(2));
    good.inputs.insert("x".to_owned(), Given::Json("2".into()));
    insta::assert_snapshot!(good.mistakes(), @r#"main.rhai:1:13+5 the input `x` is `"2"`, not a whole number | takes a whole number"#);
}
