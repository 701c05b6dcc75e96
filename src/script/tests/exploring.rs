//! A program said bit by bit: what is kept, what takes the place of what, and that a mistake leaves nothing behind.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use proptest::prelude::*;
use serde_json::json;

use super::super::explore::{
    Completeness, Entered, Exploring, Loaded, Queries, Question, Setting, Shown, complete, completeness,
};
use super::{Account, Limits, shown};
use crate::event::{Event, Events};
use crate::model::Json;

/// What runs there is always the same; changes are written down.
#[derive(Default)]
struct Running(Mutex<Vec<Question>>);

#[async_trait]
impl Queries for Running {
    async fn ask(&self, question: Question) -> Result<Json, String> {
        let answer = match &question {
            Question::Clusters => json!([{ "name": "one", "running": 2 }, { "name": "two", "running": 0 }]),
            Question::Service { service, .. } => {
                json!({ "name": service, "cluster": "one", "desired": 2, "deployments": [{ "id": "ecs-svc/1" }] })
            }
            Question::Tasks { .. } => json!([
                { "id": "t1", "cluster": "one", "status": "RUNNING", "stoppedReason": null },
                { "id": "t2", "cluster": "one", "status": "STOPPED", "stoppedReason": "out of memory" },
            ]),
            Question::Scale { .. } | Question::Stop { .. } => Json::Null,
            other => return Err(format!("nobody asks {other:?}")),
        };
        self.0.lock().expect("not poisoned").push(question);
        Ok(answer)
    }
}

/// A prompt, and what was printed at it.
struct Prompt {
    exploring: Exploring,
    runtime: tokio::runtime::Runtime,
    printed: Arc<Mutex<Vec<String>>>,
    running: Arc<Running>,
}

fn prompt() -> Prompt {
    let printed: Arc<Mutex<Vec<String>>> = Arc::default();
    let (heard, running) = (printed.clone(), Arc::new(Running::default()));
    let exploring = Exploring::new(Setting {
        root: None,
        inputs: [].into(),
        lookups: Arc::new(Account),
        limits: Limits::default(),
        events: Events::to(move |event| {
            if let Event::Printed { text, .. } = event {
                heard.lock().expect("not poisoned").push(text);
            }
        }),
        queries: Some(running.clone()),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    Prompt { exploring, runtime, printed, running }
}

impl Prompt {
    fn enter(&mut self, entry: &str) -> Entered {
        let entered = self.runtime.block_on(self.exploring.enter(entry));
        entered.unwrap_or_else(|mistakes| panic!("{entry}: {}", shown(&mistakes.mistakes)))
    }

    /// What is wrong with an entry; nothing is changed by it.
    fn refuses(&mut self, entry: &str) -> String {
        let before = (self.exploring.text(), self.exploring.known());
        let mistakes = match self.runtime.block_on(self.exploring.enter(entry)) {
            Ok(entered) => panic!("{entered:?}"),
            Err(mistakes) => mistakes,
        };
        assert_eq!((self.exploring.text(), self.exploring.known()), before);
        shown(&mistakes.mistakes)
    }

    fn load(&mut self, source: &str) -> Result<Entered, String> {
        let loaded = Loaded { file: "main.rhai".to_owned(), source: source.to_owned(), root: None };
        self.runtime.block_on(self.exploring.load(loaded)).map_err(|mistakes| shown(&mistakes.mistakes))
    }

    fn value(&mut self, entry: &str) -> String {
        let entered = self.enter(entry);
        assert!(!entered.kept, "{entry} only looks");
        serde_json::to_string(&entered.value).expect("it is JSON")
    }

    /// The program as a whole, as addresses with a property.
    fn program(&self, property: &str) -> String {
        let evaluated = self.runtime.block_on(self.exploring.program());
        let evaluated = evaluated.unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes.mistakes)));
        let line = |resource: &crate::model::Resource| {
            let value = resource.properties.get(property).and_then(crate::model::Value::to_json);
            format!("{} {}", resource.address, value.unwrap_or_default())
        };
        evaluated.program.resources.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

const SCRIPT: &str = "\
// The network.
let cidr = input(\"cidr\", \"10.0.0.0/16\"); // of all
let net = ec2_vpc(\"net\", #{ cidrBlock: cidr });

ec2_subnet(\"a\", #{ vpcId: net.vpcId, cidrBlock: \"10.0.1.0/24\" });
output(\"vpc\", net.vpcId);
";

#[test]
fn what_declares_and_defines_is_kept_and_what_looks_is_not() {
    let mut prompt = prompt();
    assert!(prompt.enter("let n = 1 + 1").kept);
    assert_eq!(prompt.value("n * 3"), "6");
    let entered = prompt.enter("let c = ecs_cluster(\"c\", #{ clusterName: `c${n}` }); c");
    assert_eq!(entered.changed.added, ["ecs_cluster.c"]);
    assert!(matches!(&entered.value, Shown::Resource { address, .. } if address == "ecs_cluster.c"));
    assert_eq!(prompt.value("c.arn"), "\"(ecs_cluster.c.arn)\"");
    prompt.enter("fn twice(x) { x * 2 }");
    assert_eq!(prompt.value("twice(n)"), "4");
    insta::assert_snapshot!(prompt.exploring.text(), @r#"
    let n = 1 + 1;
    let c = ecs_cluster("c", #{ clusterName: `c${n}` });
    fn twice(x) { x * 2 }
    "#);
    assert_eq!(prompt.program("clusterName"), "ecs_cluster.c \"c2\"");
}

#[test]
fn what_is_said_anew_takes_the_place_of_what_was_said() {
    let mut prompt = prompt();
    prompt.load(SCRIPT).expect("it is taken in");
    assert_eq!(prompt.enter("let cidr = \"10.0.0.0/20\"").changed.changed, ["ec2_vpc.net"]);
    let again = prompt.enter("ec2_vpc(\"net\", #{ cidrBlock: cidr, enableDnsSupport: true })");
    assert_eq!(again.changed.changed, ["ec2_vpc.net"]);
    prompt.enter("output(\"vpc\", net.cidrBlock)");
    let removed = prompt.enter("let net = existing_vpc(#{ name: \"shared\" }).vpc");
    assert_eq!(removed.changed.removed, ["ec2_vpc.net"]);
    insta::assert_snapshot!(prompt.exploring.text(), @r#"
    // The network.
    let cidr = "10.0.0.0/20"; // of all
    let net = existing_vpc(#{ name: "shared" }).vpc;

    ec2_subnet("a", #{ vpcId: net.vpcId, cidrBlock: "10.0.1.0/24" });
    output("vpc", net.cidrBlock);
    "#);
}

#[test]
fn what_takes_a_place_may_need_what_was_said_since() {
    let mut prompt = prompt();
    prompt.load("let a = 1;\nec2_vpc(\"v\", #{ cidrBlock: \"10.0.0.0/16\" });\n").expect("it is taken in");
    prompt.enter("let size = 20");
    prompt.enter("ec2_vpc(\"v\", #{ cidrBlock: `10.0.0.0/${size}` })");
    insta::assert_snapshot!(prompt.exploring.text(), @r#"
    let a = 1;
    let size = 20;
    ec2_vpc("v", #{ cidrBlock: `10.0.0.0/${size}` });
    "#);
}

#[test]
fn a_part_of_what_a_statement_declares_is_not_replaced() {
    let mut prompt = prompt();
    prompt.enter("for n in [1, 2, 3] { ecs_cluster(`c${n}`, #{}); }");
    insta::assert_snapshot!(
        prompt.refuses("ecs_cluster(\"c2\", #{ clusterName: \"x\" })"),
        @"(prompt):1:1+0 ecs_cluster.c2 is declared by a statement that declares ecs_cluster.c1, ecs_cluster.c3 as well ? write that statement again as a whole, or give this another name"
    );
    insta::assert_snapshot!(
        prompt.refuses("ecs_cluster(\"x\", #{});\necs_cluster(\"x\", #{})"),
        @r#"(prompt):2:13+3 ecs_cluster.x is declared twice, first at (program):2:1 | again ? give one of them another name"#
    );
}

#[test]
fn mistakes_are_placed_in_the_entry_and_change_nothing() {
    let mut prompt = prompt();
    prompt.load(SCRIPT).expect("it is taken in");
    let wrong = [
        "let x = ;",
        "let a = 1;\n  nonsense(a)",
        "ec2_subnet(\"b\", #{\n  vpcId: net.vpcId,\n  cidrBlok: \"10.0.2.0/24\",\n})",
        "net.foo",
        "let cidr = 5;",
        "throw \"x\"",
        "let net = 1;",
        "fn input(a) { a }",
        "ec2_vpc(\"c\", #{ cidrBlock: cidr }); loop {}",
        "let a = 1; return",
    ];
    let told = wrong.map(|entry| prompt.refuses(entry)).join("\n");
    insta::assert_snapshot!(told, @r"
    (prompt):1:9+1 unexpected ';'
    (prompt):2:3+8 there is no function `nonsense (number)` | not a function
    (prompt):3:3+8 ec2_subnet has no property `cidrBlok` | not a property ? did you mean `cidrBlock`?
    (prompt):1:5+3 ec2_vpc has no attribute `foo` | not an attribute ? beside its properties it has `arn`, `cidrBlockAssociations`, `defaultNetworkAcl`, `defaultSecurityGroup`, `id`, `ipv6CidrBlocks`, `name` and `vpcId`
    main.rhai:3:40+4 `cidrBlock`: `5` is not an IPv4 network | not a network ? such as `10.0.0.0/16`
    (prompt):1:1+5 x
    main.rhai:5:31+5 there is no property `vpcId` of a value of type number
    (prompt):1:4+5 the script defines a function `input`, which the language has already ? give it another name, such as `my_input`
    (prompt):1:42+1 the script takes more than 20000000 operations ? look for a loop that does not end
    (prompt):1:1+0 `return` would end the program here ? leave it out: the value of an entry is that of its last statement
    ");
    assert_eq!(prompt.exploring.text(), SCRIPT);
}

#[test]
fn what_is_missing_is_told_once_and_may_come_later() {
    let mut prompt = prompt();
    let entered = prompt.enter("let td = ecs_task_definition(\"t\", #{ family: \"t\" })");
    assert_eq!(entered.missing.len(), 1, "{:?}", entered.missing);
    assert_eq!(prompt.enter("let n = 1").missing, []);
    let mistakes = prompt.runtime.block_on(prompt.exploring.program()).expect_err("it is not whole");
    assert_eq!(mistakes.mistakes.len(), 1);
    prompt.enter("td.add_container(\"c\", #{ image: \"nginx:1.27\" })");
    assert_eq!(prompt.program("family"), "ecs_task_definition.t \"t\"");
}

#[test]
fn a_file_is_read_again_under_what_was_typed() {
    let mut prompt = prompt();
    prompt.load(SCRIPT).expect("it is taken in");
    prompt.enter("let cidr = \"10.1.0.0/16\"");
    prompt.enter("ecs_cluster(\"c\")");
    let mended = SCRIPT.replace("10.0.1.0/24", "10.1.1.0/24");
    prompt.load(&mended).expect("it is taken in again");
    assert_eq!(
        prompt.program("cidrBlock"),
        "ec2_vpc.net \"10.1.0.0/16\"\nec2_subnet.a \"10.1.1.0/24\"\necs_cluster.c null"
    );
    let told = prompt.load("let x = ec2_vpc(\"x\", #{ cidr: 1 });").expect_err("it has a mistake");
    assert!(told.starts_with("main.rhai:1:25"), "{told}");
    assert!(prompt.exploring.text().contains("10.1.1.0/24"), "the one before stays");
    prompt.exploring.clear();
    assert!(prompt.exploring.is_empty() && prompt.exploring.text().is_empty());
}

#[test]
fn a_line_is_printed_when_it_is_said_and_not_again() {
    let mut prompt = prompt();
    prompt.enter("let a = 1; print(`a is ${a}`)");
    prompt.enter("print(\"one\")");
    prompt.enter("let b = 2");
    prompt.enter("let a = 3");
    assert_eq!(*prompt.printed.lock().expect("not poisoned"), ["a is 1", "one", "a is 3"]);
}

#[test]
fn what_runs_is_asked_and_never_part_of_the_program() {
    let mut prompt = prompt();
    assert_eq!(prompt.value("clusters().map(|c| c.name)"), r#"["one","two"]"#);
    prompt.enter("let stopped = service(\"s\").tasks().filter(|t| t.lastStatus == \"STOPPED\")");
    assert_eq!(prompt.value("stopped.len()"), "1");
    assert_eq!(prompt.value("stopped[0].stoppedReason"), "\"out of memory\"");
    assert_eq!(prompt.value("service(\"s\").deployments().len()"), "1");
    prompt.enter("fn busy() { clusters().filter(|c| c.running > 0) }");
    assert_eq!(prompt.value("busy()[0].name"), "\"one\"");
    assert_eq!(prompt.exploring.text(), "");
    prompt.enter("service(\"s\").scale(5)");
    let asked = prompt.running.0.lock().expect("not poisoned").pop();
    assert!(matches!(asked, Some(Question::Scale { count: 5, .. })), "{asked:?}");
    prompt.enter("let n = 1");
    let told = [
        "ecs_cluster(clusters()[0].name)",
        "n = clusters().len()",
        "ecs_cluster(`c${stopped.len()}`)",
        "clusters()[0].scale(5)",
        "service(\"s\").nam",
        "role(\"r\")",
        "service(\"s\").logs(#{ sinse: \"10m\" })",
    ]
    .map(|entry| prompt.refuses(entry));
    insta::assert_snapshot!(told.join("\n"), @r#"
    (prompt):1:1+0 an entry that asks about what runs cannot declare anything ? the program must be the same whenever it is evaluated: write down what was answered, in an entry of its own
    (prompt):1:1+0 `n` is the program's: an entry that asks about what runs cannot change it ? give the answer a name of its own with `let`
    (prompt):1:1+0 an entry that asks about what runs cannot declare anything ? the program must be the same whenever it is evaluated: write down what was answered, in an entry of its own
    (prompt):1:15+5 a cluster has no `scale()` | not a method of it ? write `cluster.services()`, `cluster.service("name")`, `cluster.tasks()` or `cluster.members()`
    (prompt):1:14+3 a service has no attribute `nam` | not an attribute ? did you mean `name`?
    (prompt):1:1+4 nobody asks Role { role: "r" }
    (prompt):1:29+5 `logs` has no property `sinse` | not a property ? did you mean `since`?
    "#);
    // A script has none of it.
    let told = prompt.load("clusters()").expect_err("there is no such function");
    assert!(told.starts_with("main.rhai:1:1+8 a script has no function `clusters"), "{told}");
}

#[test]
fn entries_that_go_on_are_told_from_those_that_are_wrong() {
    let goes_on = [
        "ecs_cluster(\"c\", #{",
        "let a = [1,",
        "let a =",
        "fn f(",
        "fn f()",
        "fn f() { 1",
        "`a ${",
        "`a",
        "/* x",
        "if a {",
        "if a { 1 } else",
        "a +",
        "f(1, ",
        "for x in",
        "a.",
        "let",
        "#{ a: ",
        "switch x { 1 =>",
        "a[",
        "!",
        "(((",
    ];
    for text in goes_on {
        assert_eq!(completeness(text), Completeness::GoesOn, "{text}");
    }
    let whole = [
        "",
        "a",
        "let a = 1;",
        "}",
        ")",
        "let a = );",
        "\"not ended",
        "let 5",
        "f(1))",
        "a b",
        "unknown(1)",
        "if a { 1 }",
        "'ab'",
        "#{ a: 1, a: 2 }",
        "// c",
        "/* c */",
        "fn f() { 1 } f()",
    ];
    for text in whole {
        assert_eq!(completeness(text), Completeness::Whole, "{text}");
    }
    assert_eq!(completeness(&"(".repeat(10_000)), Completeness::Whole, "it is told of how deep it is");
}

/// What completes an entry, up to the cursor at `^`.
fn completed(prompt: &Prompt, entry: &str) -> String {
    let cursor = entry.find('^').expect("a cursor");
    let text = entry.replacen('^', "", 1);
    let addresses: Vec<String> = prompt.exploring.addresses().map(str::to_owned).collect();
    let functions: Vec<String> = prompt.exploring.functions().map(str::to_owned).collect();
    let found = complete(&text, cursor, &prompt.exploring.known(), &addresses, &functions);
    let names = found.found.into_iter().take(8).map(|one| one.text);
    let all: Vec<String> = names.chain(found.wanted.map(|wanted| format!("{wanted:?}"))).collect();
    format!("{entry}: {}", if all.is_empty() { "nothing".to_owned() } else { all.join(" ") })
}

#[test]
fn entries_are_completed_by_what_may_stand_there() {
    let mut prompt = prompt();
    prompt.load(SCRIPT).expect("it is taken in");
    prompt.enter("let tags = #{ team: \"data\", tier: 1 }");
    prompt.enter("let mine = tasks()");
    prompt.enter("fn nearly() { 1 }");
    let found = [
        "ecs_se^",
        "net^",
        "near^",
        "clust^",
        "net.vpcI^",
        "tags.t^",
        "mine[0].sto^",
        "mine.fil^",
        "mine.filter(|t| t.sta^",
        "service(\"a\").sc^",
        "cluster(\"^",
        "service(\"^",
        "cluster(\"c\").service(\"^",
        "ecs_service(\"a\", #{ desi^",
        "ecs_service(\"a\", #{ desiredCount: 1, launchType: \"F^",
        "ecs_service(\"a\", #{ networkConfiguration: #{ awsvpcConfiguration: #{ assign^",
        "ecs_task_definition(\"t\", #{ containerDefinitions: [#{ ima^",
        "ecs_service(\"a\", #{}, #{ depends^",
        "ecs_service(\"a\", #{}, #{ dependsOn: [\"ec2_^",
        "network(#{ ci^",
        "\"ecs_se^",
        "// ecs_se^",
    ];
    insta::assert_snapshot!(found.map(|entry| completed(&prompt, entry)).join("\n"), @r##"
    ecs_se^: ecs_service
    net^: net network
    near^: nearly
    clust^: cluster clusters
    net.vpcI^: vpcId
    tags.t^: team tier
    mine[0].sto^: stop stoppedReason
    mine.fil^: filter
    mine.filter(|t| t.sta^: status
    service("a").sc^: scale
    cluster("^: Clusters
    service("^: Services(None)
    cluster("c").service("^: Services(Some("c"))
    ecs_service("a", #{ desi^: desiredCount
    ecs_service("a", #{ desiredCount: 1, launchType: "F^: FARGATE
    ecs_service("a", #{ networkConfiguration: #{ awsvpcConfiguration: #{ assign^: assignPublicIp
    ecs_task_definition("t", #{ containerDefinitions: [#{ ima^: image
    ecs_service("a", #{}, #{ depends^: dependsOn
    ecs_service("a", #{}, #{ dependsOn: ["ec2_^: ec2_subnet.a ec2_vpc.net
    network(#{ ci^: cidr
    "ecs_se^: nothing
    // ecs_se^: nothing
    "##);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// No entry, whatever is in it, breaks the prompt: what it leaves behind is a program that can be evaluated, and a
    /// mistake leaves nothing.
    #[test]
    fn no_entry_breaks_the_prompt(entries in prop::collection::vec(entry(), 1..5)) {
        let mut prompt = prompt();
        for entry in &entries {
            let before = prompt.exploring.text();
            let entered = prompt.runtime.block_on(prompt.exploring.enter(entry));
            let after = prompt.exploring.text();
            match entered {
                Ok(entered) => prop_assert!(entered.kept || after == before),
                Err(mistakes) => {
                    prop_assert!(!mistakes.mistakes.is_empty());
                    prop_assert_eq!(&after, &before);
                }
            }
            let cursor = entry.char_indices().nth(3).map_or(entry.len(), |(at, _)| at);
            let _ = complete(entry, cursor, &prompt.exploring.known(), &[], &[]);
            let _ = completeness(entry);
            // What is kept is a script.
            prompt.exploring.saved(Loaded { file: "main.rhai".to_owned(), source: after.clone(), root: None });
            prop_assert!(prompt.load(&after).is_ok(), "{after}");
        }
    }
}

/// Entries that are scripts, nearly scripts, or nothing of the sort.
fn entry() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "let a = 1",
        "let a = a",
        "a",
        ";",
        "let b = ecs_cluster(\"c\")",
        "ecs_cluster(\"c\", #{ clusterName: \"x\" })",
        "output(\"o\", 1)",
        "fn f(x) { x }",
        "f(1)",
        "clusters()",
        "let t = tasks()",
        "t",
        "if true { ",
        "}",
        "(",
        ")",
        "#{",
        "`",
        "${",
        "\"",
        "'",
        "/*",
        "//",
        "\n",
        "print(1)",
        "throw 1",
        "input(\"i\", 1)",
        "secret(\"s\")",
        "import \"x\" as x",
        "loop { break; }",
        "b.arn",
        "é",
        "\u{E000}",
        "const c = 2",
        "a = 2",
        "return",
        "eval(\"1\")",
        "warn(\"a\", \"b\")",
    ]);
    prop_oneof![prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.join(" ")), "[ -~\\n]{0,24}", ".{0,12}",]
}
