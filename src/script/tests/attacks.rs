//! Scripts written to do harm, each by name: they end by themselves or are stopped by a limit that counts, not by the
//! clock, and say which. What is outside they do not reach.

use std::fs;
use std::time::Duration;

use super::{Limits, script, shown};

/// What becomes of an attack.
enum Ends {
    /// A mistake that says this.
    With(&'static str),
    /// The script as a whole is nothing out of the ordinary.
    Well,
}
use Ends::{Well, With};

const OPERATIONS: &str = "takes more than 100000 operations";
const MEMORY: &str = "holds more than 32 MiB of memory";
const LONG_TEXT: &str = "a text is longer than 1024 KiB";
const LONG_LIST: &str = "a list is longer than 1048576";
const DEEP: &str = "expressions nest more than 64 deep";
const DEEP_VALUE: &str = "lists and maps nest deeper than 64";
const DEEP_CALLS: &str = "functions call each other more than 64 deep";

/// Scripts that would never end, or not fit.
const ATTACKS: &[(&str, &str, Ends)] = &[
    ("a loop", "loop { }", With(OPERATIONS)),
    ("a loop with a condition", "let x = 0; while x >= 0 { x += 1; x %= 7; }", With(OPERATIONS)),
    ("a loop until never", "do { } until false;", With(OPERATIONS)),
    ("a loop over a range without end", "for i in 0..9223372036854775807 { }", With(OPERATIONS)),
    ("a loop over steps of nothing", "for i in range(0, 10, 0) { }", With("step")),
    ("loops in loops", "for a in 0..1000 { for b in 0..1000 { for c in 0..1000 { } } }", With(OPERATIONS)),
    ("a loop that catches what stops it", "loop { try { loop { } } catch { } }", With(OPERATIONS)),
    ("a loop that catches what it throws", "loop { try { throw 1; } catch (e) { } }", With(OPERATIONS)),
    ("recursion", "fn f(x) { f(x) }\nf(1);", With(DEEP_CALLS)),
    ("recursion of two", "fn f(x) { g(x) }\nfn g(x) { f(x) }\nf(1);", With(DEEP_CALLS)),
    ("recursion that catches its end", "fn f(x) { try { f(x) } catch { f(x) } }\nf(1);", With(DEEP_CALLS)),
    ("recursion through a closure", "let f = |f| f.call(f);\nf.call(f);", With(DEEP_CALLS)),
    ("recursion through a list", "fn f(x) { [x].map(|y| f(y)) }\nf(1);", With(DEEP_CALLS)),
    ("calls that double", "fn f(n) { if n > 0 { f(n - 1) + f(n - 1) } else { 1 } }\nf(40);", With(OPERATIONS)),
    ("a sort that never ends", "let x = [3, 2, 1];\nx.sort(|a, b| { loop { } });", With(OPERATIONS)),
    ("a sort by name that never ends", "let x = [3, 2, 1];\nx.sort_by(|a, b| { loop { } });", With(OPERATIONS)),
    ("an order that never ends", "[3, 2, 1].order(|a, b| { loop { } });", With(OPERATIONS)),
    ("a sort that throws", "let x = [3, 2, 1];\nx.sort(|a, b| throw \"no\");", With("no")),
    ("a sort that contradicts itself", "let x = []; x.pad(500, 1);\nx.sort(|a, b| -1);\nx.sort(|a, b| true);", Well),
    ("a map that never ends", "[1].map(|x| { loop { } });", With(OPERATIONS)),
    ("a filter that never ends", "[1].filter(|x| { loop { } });", With(OPERATIONS)),
    ("a reduction that never ends", "[1, 2].reduce(|sum, x| { loop { } }, 0);", With(OPERATIONS)),
    ("a question that never ends", "[1].some(|x| { loop { } });", With(OPERATIONS)),
    ("a search that never ends", "[1].find(|x| { loop { } });", With(OPERATIONS)),
    ("a drain that never ends", "let x = [1]; x.drain(|x| { loop { } });", With(OPERATIONS)),
    ("a retain that never ends", "let x = [1]; x.retain(|x| { loop { } });", With(OPERATIONS)),
    ("a dedup that never ends", "let x = [1, 1]; x.dedup(|a, b| { loop { } });", With(OPERATIONS)),
    ("a filter of a map that never ends", "let m = #{ a: 1 }; m.filter(|k, v| { loop { } });", With(OPERATIONS)),
    ("a text doubled", "let s = \"x\";\nloop { s += s; }", With(LONG_TEXT)),
    ("a text doubled with +", "let s = \"x\";\nloop { s = s + s; }", With(LONG_TEXT)),
    ("a text doubled in backticks", "let s = \"x\";\nloop { s = `${s}${s}`; }", With(MEMORY)),
    ("a text doubled by replacing", "let s = \"x\";\nloop { s.replace(\"x\", \"xx\"); }", With(LONG_TEXT)),
    ("a text of large letters", "let s = \"ß\";\nloop { s += s; s = s.to_upper(); }", With(LONG_TEXT)),
    ("a text put into JSON again and again", "let s = \"\\\"\\\\\";\nloop { s = json(s); }", With(LONG_TEXT)),
    ("a text padded", "let s = \"x\";\ns.pad(9223372036854775807, \"yz\");", With(LONG_TEXT)),
    ("a text padded with a character", "let s = \"x\";\ns.pad(10000000000, 'y');", With(LONG_TEXT)),
    (
        "texts taken apart",
        "let s = \"x\"; s.pad(1000000, \"x\"); let a = [];\nloop { a.push(s.to_chars()); }",
        With(MEMORY),
    ),
    ("texts split", "let s = \"x\"; s.pad(1000000, \"x\"); let a = [];\nloop { a.push(s.split(\"\")); }", With(MEMORY)),
    ("a list doubled", "let a = [1];\nloop { a += a; }", With(MEMORY)),
    ("a list doubled with +", "let a = [1];\nloop { a = a + a; }", With(MEMORY)),
    ("a list appended to itself", "let a = [1];\nloop { a.append(a); }", With(MEMORY)),
    ("a list padded", "let a = [];\na.pad(9223372036854775807, 1);", With(LONG_LIST)),
    ("a list padded with lists", "let a = [];\na.pad(1000000, [1, 2, 3]);", With("padded with too many lists or maps")),
    (
        "a list of maps that grows",
        "let a = [];\nloop { a.push(#{ a: 1, b: [1, 2, 3], c: \"x\" }); }",
        With("more than"),
    ),
    ("a list of numbers that grows", "let a = [];\nloop { a.push(a.len()); }", With("more than")),
    ("a list inserted into", "let a = [];\nloop { a.insert(0, a.len()); }", With(OPERATIONS)),
    ("a map that grows by indexing", "let m = #{};\nlet i = 0;\nloop { m[`k${i}`] = i; i += 1; }", With("more than")),
    (
        "a map that grows by long keys",
        "let m = #{};\nlet s = \"\"; s.pad(100000, \"x\");\nloop { m[s + m.len()] = 1; }",
        With(MEMORY),
    ),
    ("maps merged with themselves", "let m = #{ a: 1 };\nloop { m = #{ a: m, b: m }; }", With(MEMORY)),
    ("lists in lists", "let a = [1];\nloop { a = [a, a]; }", With(MEMORY)),
    ("lists that nest by moving", "let b = [[]];\nloop { b = [[b.pop()]]; }", With(DEEP_VALUE)),
    ("lists that nest by draining", "let b = [[]];\nloop { b = [b.drain(0..1)]; }", With(DEEP_VALUE)),
    ("a closure curried again and again", "let f = |x| x;\nloop { f = f.curry(1); }", With("more than")),
    (
        "a closure in itself",
        "let a = [];\nlet f = || a;\na.push(f);\nprint(a);\nprint(`${a}`);",
        With("data race detected"),
    ),
    (
        "a map in itself",
        "let a = #{};\nlet f = || a;\na.f = a;\na.g = f;\nprint(a);\njson(a);",
        With("a function in it, which cannot be JSON"),
    ),
    (
        "JSON that nests",
        "let s = \"1\";\nfor i in 0..5000 { s = \"[\" + s + \"]\"; }\nparse_json(s);",
        With("not JSON"),
    ),
    (
        "JSON that is long",
        "let s = \"1\"; s.pad(1000000, \",1\");\nlet a = [];\nloop { a.push(parse_json(\"[\" + s + \"]\")); }",
        With(MEMORY),
    ),
    ("JSON of too many parts", "let a = [];\na.pad(100000, 1);\njson(a);", With("more than 65536 parts")),
    ("numbers that overflow", "let x = 9223372036854775807;\nx + 1;", With("overflow")),
    ("a power that overflows", "10 ** 10000;", With("overflow")),
    ("a shift too far", "1 << 100000;", Well),
    ("a division by nothing", "1 / 0;", With("zero")),
    ("the smallest by minus one", "(-9223372036854775807 - 1) / -1;", With("overflow")),
    (
        "networks without number",
        "cidr_subnets(\"10.0.0.0/8\", 24, 9223372036854775807);",
        With("has no 9223372036854775807 parts"),
    ),
    ("words for itself", "eval(\"loop { }\");", With("reserved keyword 'eval' is disabled")),
    ("a function called by its name", "Fn(\"eval\").call(\"1\");", With("'eval' is a reserved keyword")),
    ("mistakes without number", "loop { logs_log_group(\"a\", #{ x: 1 }); }", With(OPERATIONS)),
    ("declarations without number", "let i = 0;\nloop { i += 1; logs_log_group(`a${i}`, #{}); }", With("more than")),
    ("warnings without number", "let i = 0;\nloop { i += 1; warn((), `w${i}`); }", With(OPERATIONS)),
    ("inputs without number", "let i = 0;\nloop { i += 1; input(`a${i}`, 1); }", With("more than")),
    ("secrets without number", "let i = 0;\nloop { i += 1; secret(`a${i}`); }", With(OPERATIONS)),
];

#[test]
fn every_attack_ends_by_a_limit_that_counts() {
    let mut wrong = Vec::new();
    for (name, source, ends) in ATTACKS {
        let mut attack = script(source);
        // How fast the machine is does not matter: no attack may be left to the clock.
        attack.limits = Limits { operations: 100_000, memory: 32 << 20, time: Duration::from_secs(60) };
        let said = attack.evaluate().err().map(|mistakes| shown(&mistakes.mistakes));
        let right = match (ends, &said) {
            (Well, None) => true,
            (With(wanted), Some(said)) => {
                said.contains(wanted) && !said.contains("takes longer") && !said.contains("failed unexpectedly")
            }
            (Well, Some(_)) | (With(_), None) => false,
        };
        if !right {
            wrong.push(format!("{name}: {}", said.as_deref().unwrap_or("nothing is said")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_way_to_nest_is_stopped_where_it_is_read() {
    let ways = [
        ("lists", "[", "]"),
        ("brackets", "(", ")"),
        ("maps", "#{ a: ", "}"),
        ("blocks", "{", "}"),
        ("negations", "!", ""),
        ("sums", "1 + (", ")"),
        ("conditions", "if true {", "}"),
        ("closures", "|| ", ""),
        ("texts in texts", "`${", "}`"),
        ("indexes", "[0][", "]"),
    ];
    for (name, open, close) in ways {
        let said = script(&format!("let x = {}1{};", open.repeat(10_000), close.repeat(10_000))).mistakes();
        assert!(said.contains(DEEP) || said.contains("deep"), "{name}: {said}");
    }
}

#[test]
fn nothing_outside_is_there_to_be_called() {
    let words = [
        "sleep(1)",
        "timestamp()",
        "exit()",
        "exit(1)",
        "blob(10)",
        "rand()",
        "env(\"HOME\")",
        "getenv(\"HOME\")",
        "env::var(\"HOME\")",
        "std::env::var(\"HOME\")",
        "system(\"id\")",
        "exec(\"id\")",
        "command(\"id\")",
        "open(\"/etc/passwd\")",
        "open_file(\"/etc/passwd\")",
        "read(\"/etc/passwd\")",
        "read_file(\"/etc/passwd\")",
        "include(\"/etc/passwd\")",
        "write_file(\"x\", \"y\")",
        "http_get(\"http://127.0.0.1\")",
        "get(\"http://127.0.0.1\")",
        "fetch(\"http://127.0.0.1\")",
        "connect(\"127.0.0.1:80\")",
        "cwd()",
        "args()",
        "pid()",
        "now()",
    ];
    for word in words {
        let said = script(&format!("{word};")).mistakes();
        let refused = ["there is no function", "undefined module"];
        assert!(refused.iter().any(|refused| said.contains(refused)), "{word}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn imports_stay_in_the_folder_whatever_leads_out_of_it() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().expect("a folder");
    let (root, outside) = (folder.path().join("project"), folder.path().join("outside"));
    for made in [&root.join("sub"), &outside] {
        fs::create_dir_all(made).expect("made");
    }
    fs::write(outside.join("secret.rhai"), "fn hush() { 1 }").expect("written");
    fs::write(root.join("sub/leads.rhai"), "import \"../../outside/secret\" as x;").expect("written");
    fs::create_dir(root.join("folder.rhai")).expect("made");
    symlink(&outside, root.join("linked")).expect("linked");
    symlink(outside.join("secret.rhai"), root.join("file.rhai")).expect("linked");
    symlink("file.rhai", root.join("twice.rhai")).expect("linked");
    symlink("circle.rhai", root.join("circle.rhai")).expect("linked");
    symlink("/dev/zero", root.join("zero.rhai")).expect("linked");
    symlink("/proc/self/environ", root.join("environment.rhai")).expect("linked");
    let named = std::process::Command::new("mkfifo").arg(root.join("pipe.rhai")).status().expect("it starts");
    assert!(named.success());
    let absolute = outside.join("secret").display().to_string();
    let out = "is outside of the folder that imports are confined to";
    let cases = [
        ("../outside/secret", out),
        ("sub/../../outside/secret", out),
        ("./../outside/secret", out),
        ("../project/../outside/secret", out),
        ("../nothing/is/there", out),
        (&absolute, out),
        ("/etc/passwd", out),
        ("linked/secret", out),
        ("linked/../outside/secret", ""),
        ("file", out),
        ("twice", out),
        ("zero", out),
        ("environment", out),
        ("sub/leads", out),
        ("circle", "cannot import `circle`"),
        ("pipe", "is no file"),
        ("folder.rhai", "is no file"),
        ("", ""),
        ("file\\0.rhai", ""),
        ("http://127.0.0.1/x", "there is no such file"),
    ];
    for (path, wanted) in cases {
        let mut importing = script(&format!("import \"{path}\" as x;"));
        importing.root = Some(root.clone());
        let said = importing.mistakes();
        assert!(said.contains(wanted) && !said.contains("hush"), "{path}: {said}");
    }
}
