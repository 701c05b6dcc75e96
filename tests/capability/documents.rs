//! What the documents show works.

use hzscript::kinds::KINDS;
use hzscript::model::schemas;

use crate::support::World;
use crate::support::world::project_script;

const README: &str = include_str!("../../README.md");

/// The texts of the fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let opening = format!("```{language}");
    let mut found = Vec::new();
    let mut lines = README.lines();
    while lines.by_ref().any(|line| line == opening) {
        found.push(lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>().join("\n"));
    }
    found
}

#[test]
fn the_scripts_of_the_readme_run() {
    let scripts = blocks("rhai");
    assert!(!scripts.is_empty());
    for script in scripts {
        let world = World::new();
        let script = world.script("readme.rhai", &script);
        world.hz(&["run", &script, "--yes"]).succeeds();
        world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
        world.hz(&["destroy", &script, "--yes"]).succeeds();
        assert_eq!(world.exists(), []);
    }
}

#[test]
fn the_settings_of_the_readme_are_read() {
    let (projects, settings): (Vec<_>, Vec<_>) =
        blocks("toml").into_iter().partition(|text| text.contains("[defaults]"));
    assert!(!projects.is_empty() && !settings.is_empty());
    for text in projects {
        let world = World::new();
        world.script("hzscript.toml", &text);
        world.script("sessions.rhai", "let members = input(\"members\", 1); output(\"members\", members);");
        world.hz(&["plan", "-v"]).succeeds().told("eu-central-1, stack sessions").told("input members");
        // An account is asked for, and there is none.
        world.hz(&["plan", "--stack", "sessions-prod"]).exits_with(1).told("prod");
    }
    for text in settings {
        let settings: Result<hzscript::local::settings::Settings, _> = toml::from_str(&text);
        assert!(settings.is_ok(), "{settings:?}");
    }
}

#[test]
fn the_kinds_and_scripts_of_the_readme_are_all_there_are() {
    for kind in KINDS {
        let name = kind.facts().type_name.rsplit("::").next().expect("a name");
        let told = README.lines().filter(|line| line.starts_with("| "));
        let mut words = told.flat_map(|line| line.split([' ', ',']));
        assert!(words.any(|word| word == name), "{}", kind.facts().type_name);
    }
    let rest = schemas().kinds().filter(|(_, type_name)| type_name.starts_with("AWS::")).count() - KINDS.len();
    assert!(README.contains(&format!("The other {rest} builders")), "{rest}");
    let types = schemas().type_names().filter(|name| name.starts_with("AWS::") || name.starts_with("Alexa::")).count();
    let told = format!("{},{:03} types", types / 1000, types % 1000);
    assert!(README.contains(&told), "{told}");
    for script in std::fs::read_dir(project_script("")).expect("a folder") {
        let name = script.expect("a file").file_name().into_string().expect("a readable name");
        let is_test = name.ends_with("_test.rhai");
        assert!(is_test || README.contains(&format!("| [`{name}`](scripts/{name}) |")), "{name}");
    }
}

#[test]
fn the_script_beside_cdk_in_the_readme_is_the_one_that_is_compared() {
    let compared = include_str!("../reference/cdk-orientdb-stack.rhai");
    let code: Vec<&str> = compared.lines().skip_while(|line| line.starts_with("//") || line.is_empty()).collect();
    assert!(blocks("rhai").contains(&code.join("\n")), "{compared}");
    assert!(README.contains(&format!("| lines of code | 61 | {} |", code.len())));
}
