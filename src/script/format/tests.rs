//! What the formatter keeps, of the project's own scripts and of made-up ones.

use super::super::tests::script;
use super::*;

mod made_up;

/// The project's own scripts.
fn files() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for part in ["scripts", "stdlib"] {
        for file in std::fs::read_dir(folder.join(part)).expect("a folder") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "rhai") {
                let text = std::fs::read_to_string(&path).expect("readable");
                found.push((path.display().to_string(), text));
            }
        }
    }
    assert!(found.len() >= 14, "{}", found.len());
    found
}

fn formatted(text: &str) -> String {
    format("a.rhai", text).unwrap_or_else(|mistakes| panic!("{text}\n{:#?}", mistakes.mistakes))
}

/// Whether nothing is lost, and a second time changes nothing.
#[track_caller]
fn holds(text: &str) -> String {
    keeps(text, formatted)
}

#[track_caller]
fn keeps(text: &str, formatted: fn(&str) -> String) -> String {
    let once = formatted(text);
    assert_eq!(significant(&once), significant(text), "the tokens of\n{text}");
    assert_eq!(comments(&once), comments(text), "the comments of\n{text}");
    assert_eq!(formatted(&once), once, "a second time, of\n{text}");
    once
}

/// The text with every blank and line break that can be there taken away, or put there.
fn scrambled(text: &str, between: &str) -> String {
    let mut out = String::new();
    let mut before: Option<crate::script::syntax::lexer::Token<'_>> = None;
    for token in tokens(text) {
        let comment = before.is_some_and(|before| before.kind == Kind::LineComment);
        if comment {
            out.push('\n');
        } else if before.is_some() && !token.glued {
            out.push_str(if token.is_comment() { " " } else { between });
        }
        out.push_str(token.text);
        before = Some(token);
    }
    out
}

#[test]
fn the_projects_own_scripts_are_formatted() {
    for (file, text) in files() {
        assert!(holds(&text) == text, "`hzscript fmt {file}` changes it");
    }
}

#[test]
fn real_scripts_keep_what_they_say_however_they_are_laid_out() {
    for (_, text) in files() {
        for between in [" ", "\n", "\n\n\n", "\t"] {
            holds(&scrambled(&text, between));
        }
    }
}

#[test]
fn made_up_scripts_keep_what_they_say() {
    let mut parsed = 0;
    for seed in 0..600 {
        let text = made_up::script(seed);
        // The interpreter refuses some of them for their types, which do not matter here.
        let laid_out = |text: &str| print::printed(&tree::parse(text));
        let kept = std::panic::catch_unwind(|| keeps(&text, laid_out));
        let Ok(kept) = kept else { panic!("seed {seed}") };
        if format("a.rhai", &text).is_ok() {
            parsed += 1;
            assert!(format("a.rhai", &kept).is_ok_and(|again| again == kept), "seed {seed}");
        }
    }
    assert!(parsed > 100, "{parsed} of them are scripts");
}

#[test]
fn a_program_is_the_same_from_a_formatted_script() {
    for (file, text) in
        files().into_iter().filter(|(file, _)| file.contains("/scripts/") && !file.ends_with("_test.rhai"))
    {
        let joined = scrambled(&text, " ");
        let before = script(&joined).program().program;
        let after = script(&formatted(&joined)).program().program;
        let plain = |mut program: crate::model::Program| {
            // Where it stands in the file is what formatting changes.
            program.resources.iter_mut().for_each(|resource| resource.source = crate::model::Source::default());
            program
        };
        assert_eq!(plain(before), plain(after), "{file}");
    }
}

#[test]
fn scripts_look_alike() {
    let text = r##"
let   a=1;let b=[1,2,
3,];

// own


let m = #{a:1,b:2,
 c:3, // trailing
};
let n = #{
 x:1, y : 2 };
fn f( a,b ){a+b}
private   fn g(){ return - 1; }
if a==1{print("x")}else if b {print("y");print("z")} else{}
let c=|x,y|x*y; let d = || 5; let e = [1].map(|v|{ v+1 });
switch a { 1=>"a", 2|3 if a>1=>{ foo() } 4..=5=>-1,_=>() }
let s = `a ${ #{ x : 1 }.x   } b`;
a = a
 + 1 -
 2;
foo (1 , 2)[ 0 ].bar( );
f!(1);
while  !a && b<=-2{a+=1}
do { a } while a<3;
for (x,i) in 0..a{ }
try{ x }catch(e){ y }
import "x" as y;
let z = y::foo( -1.abs(), - 1.abs() );
/* block */ let q = /* inner */ 3 /* c */; // after
let long = ec2_security_group("a name", #{ groupDescription: "a description that is long enough", vpcId: net.vpc.vpcId });
warn("taskDefinition", "what is said about it, at some length, so that it goes beyond the line", "and what to do about it");
// end"##;
    insta::assert_snapshot!(holds(text), @r##"
    let a = 1;
    let b = [1, 2, 3];

    // own

    let m = #{
        a: 1,
        b: 2,
        c: 3, // trailing
    };
    let n = #{
        x: 1, y: 2,
    };
    fn f(a, b) { a + b }
    private fn g() { return - 1; }
    if a == 1 { print("x") } else if b {
        print("y");
        print("z")
    } else {}
    let c = |x, y| x * y;
    let d = || 5;
    let e = [1].map(|v| { v + 1 });
    switch a { 1 => "a", 2 | 3 if a > 1 => { foo() } 4..=5 => -1, _ => () }
    let s = `a ${ #{ x : 1 }.x   } b`;
    a = a
        + 1
        - 2;
    foo(1, 2)[0].bar();
    f!(1);
    while !a && b <= -2 { a += 1 }
    do { a } while a < 3;
    for (x, i) in 0..a {}
    try { x } catch (e) { y }
    import "x" as y;
    let z = y::foo(-1.abs(), - 1.abs());
    /* block */ let q = /* inner */ 3; /* c */ // after
    let long = ec2_security_group("a name", #{
        groupDescription: "a description that is long enough",
        vpcId: net.vpc.vpcId,
    });
    warn(
        "taskDefinition",
        "what is said about it, at some length, so that it goes beyond the line",
        "and what to do about it",
    );
    // end
    "##);
    assert_eq!(formatted("\u{feff}let a = 1;\r\n\r\n\r\nlet b = 2;\r\n"), "let a = 1;\n\nlet b = 2;\n");
    assert_eq!(formatted("\n\n"), "");
}

#[test]
fn what_is_no_script_is_told_of() {
    let mistakes = format("a.rhai", "let a = 1;\nlet = 2;\n").expect_err("no script").mistakes;
    let places: Vec<_> = mistakes.iter().filter_map(|mistake| mistake.place.as_ref()).map(|place| place.line).collect();
    assert_eq!(places, [2]);
    // What it would be evaluated to does not matter.
    assert_eq!(formatted("nobody_knows(   it)"), "nobody_knows(it)\n");
}
