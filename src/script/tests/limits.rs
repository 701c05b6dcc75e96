//! Scripts that would not end, or not fit, are stopped with a clear error.

use std::time::Duration;

use super::{Limits, script};

/// What is said of a script under limits such that how fast the machine is does not matter.
fn under(operations: u64, memory: usize, source: &str) -> String {
    let mut script = script(source);
    script.limits = Limits { operations, memory, time: Duration::from_secs(600) };
    script.mistakes()
}

/// With few operations.
fn stopped(source: &str) -> String {
    under(300_000, usize::MAX, source)
}

/// With little memory. Where exactly it ran out is left aside: it depends on the allocator.
fn full(source: &str) -> String {
    without_place(&under(u64::MAX, 8 << 20, source))
}

fn without_place(said: &str) -> String {
    said.split_once(' ').map_or("", |(_, message)| message).to_owned()
}

#[test]
fn loops_without_end() {
    insta::assert_snapshot!(stopped("let x = 0;\nloop { x += 1; }"), @"main.rhai:2:13+1 the script takes more than 300000 operations ? look for a loop that does not end");
    insta::assert_snapshot!(stopped("loop { try { throw 1; } catch { } }"), @"main.rhai:1:20+1 the script takes more than 300000 operations ? look for a loop that does not end");
    insta::assert_snapshot!(stopped("fn f(x) { f(x) }\nf(1);"), @"main.rhai:2:1+1 functions call each other more than 64 deep ? does one call itself without end?");
    insta::assert_snapshot!(stopped("let x = [3, 2, 1];\nx.sort(|a, b| { loop {} });"), @"main.rhai:2:3+4 the script takes more than 300000 operations ? look for a loop that does not end");
    insta::assert_snapshot!(stopped("let x = [3, 2, 1];\nx.sort(|a, b| throw \"no\");"), @"main.rhai:2:15+5 no < main.rhai:2:3+4");
}

#[test]
fn time_is_limited() {
    let mut slow = script("loop { }");
    slow.limits = Limits { operations: u64::MAX, time: Duration::from_millis(50), ..Limits::default() };
    insta::assert_snapshot!(without_place(&slow.mistakes()), @"the script takes longer than 0.05 seconds ? look for a loop that does not end");
}

#[test]
fn memory_is_limited() {
    insta::assert_snapshot!(full("let s = \"x\";\nloop { s += s; }"), @"a text is longer than 1024 KiB");
    insta::assert_snapshot!(full("let s = \"x\";\nloop { s = `${s}${s}`; }"), @"the script holds more than 8 MiB of memory ? look for a loop that does not end");
    insta::assert_snapshot!(full("let a = [1];\nloop { a += a; }"), @"the script holds more than 8 MiB of memory ? look for a loop that does not end");
    insta::assert_snapshot!(full("let a = [];\nloop { a.push(\"0123456789\".to_upper() + a.len()); }"), @"the script holds more than 8 MiB of memory ? look for a loop that does not end");
    insta::assert_snapshot!(full("let m = #{};\nlet i = 0;\nloop { m[`k${i}`] = i; i += 1; }"), @"the script holds more than 8 MiB of memory ? look for a loop that does not end");
    insta::assert_snapshot!(full("let s = \"x\";\ns.pad(10000000000, \"y\");"), @"a text is longer than 1024 KiB");
    insta::assert_snapshot!(full("let a = [];\na.pad(10000000000, 1);"), @"a list is longer than 1048576");
    insta::assert_snapshot!(full("let b = [[]];\nloop { b = [[b.pop()]]; }"), @"lists and maps nest deeper than 64");
    insta::assert_snapshot!(full("let b = [[]];\nloop { b = [b.drain(0..1)]; }"), @"lists and maps nest deeper than 64");
    insta::assert_snapshot!(full("let b = [[]];\nloop { b = [b.drain(|x| true)]; }"), @"lists and maps nest deeper than 64");
}

#[test]
fn nesting_is_limited() {
    let deep = |open: &str, close: &str| format!("let x = {}1{};", open.repeat(10_000), close.repeat(10_000));
    for (open, close) in
        [("[", "]"), ("(", ")"), ("#{ a: ", "}"), ("{", "}"), ("!", ""), ("1 + (", ")"), ("if true {", "}")]
    {
        let said = stopped(&deep(open, close));
        assert!(said.contains("expressions nest more than 64 deep"), "{open}: {said}");
    }
}

#[test]
fn variables_are_counted() {
    let many: String = (0..50_000).map(|i| format!("let x{i} = {i};\n")).collect();
    insta::assert_snapshot!(stopped(&many), @"main.rhai:5001:1+3 the script defines more than 5000 variables");
}

#[test]
fn values_of_properties_are_limited() {
    insta::assert_snapshot!(stopped("let a = [];\na.pad(100000, 1);\noutput(\"a\", a);\njson(a);"), @r"
    main.rhai:3:13+1 the output `a` has more than 65536 parts in it
    main.rhai:4:6+1 the value has more than 65536 parts in it, which cannot be JSON
    ");
    insta::assert_snapshot!(stopped("let a = [];\nfor i in 0..100 { a = [a]; }\noutput(\"a\", a);\noutput(\"f\", #{ g: || 1 });"), @r"
    main.rhai:3:13+1 the output `a` has a value that nests deeper than 64 in it
    main.rhai:4:19+1 the output `f` has a function in it
    ");
}

#[test]
fn a_thousand_declarations_are_checked() {
    let source = r#"
let vpc = ec2_vpc("v", #{ cidrBlock: "10.0.0.0/16" });
for i in 0..1000 {
    ec2_security_group(`g${i}`, #{ groupDescription: "d", vpcId: vpc.vpcId, tags: [#{ key: "n", value: `${i}` }] });
}
"#;
    assert_eq!(script(source).program().program.resources.len(), 1001);
}
