//! `hzscript import`: what exists as a script, and taking it over.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use hzscript::apply::formation::FormationCheck;
use hzscript::cloud::Cloud;
use hzscript::import::{Imported, Left, Taken, Wanted, Why, find, write};
use hzscript::kinds::listing::TagFilter;
use hzscript::model::Address;
use hzscript::plan::complete::STACK_TAG;
use hzscript::script::{Evaluated, Given};

use super::args::ImportArguments;
use super::connect::{Folder, StatePlace, Target};
use super::error::Error;
use super::execute::Wording;
use super::exit::Exit;
use super::input::gather;
use super::known::closest;
use super::render::escape;
use super::render::screen::Line;
use super::script::{Script, stack_name};
use super::stack::{Calls, Stack};
use super::{Tools, adopt, evaluate};

/// How many of a sort are named.
const NAMED: usize = 5;

/// Finds what is wanted, and writes the script or takes it over.
///
/// # Errors
/// When there is nothing of what is wanted, it cannot be written, or not be taken over.
pub async fn run(arguments: &ImportArguments, tools: &Tools) -> Result<Exit, Error> {
    let wanted = wanted(arguments)?;
    if let (Some(script), Wanted::One { address, id }) = (&arguments.script, &wanted) {
        return into(arguments, script, address, id, tools).await;
    }
    if let Some(out) = &arguments.out {
        check_free(out)?;
    }
    let inputs = gather(&arguments.inputs, &tools.environment)?;
    let target = Target::choose(&arguments.target, &tools.environment)?;
    let folder = Folder::new(&arguments.stack.folder);
    let cloud = tools.interrupt.cut(target.connect(&folder)).await??;
    let mut taken = match &arguments.append {
        Some(file) => tools.interrupt.cut(already(file, inputs.clone(), &cloud, tools)).await??,
        None => Taken::default(),
    };
    taken.from_stacks = from_stacks(arguments, &wanted);
    let found = tools.interrupt.cut(find(&cloud, &wanted)).await?;
    let imported = write(found.map_err(|error| Error::Import(Box::new(error)))?, &taken);
    if imported.declared.is_empty() {
        return nothing_new(&imported, tools);
    }

    // A comment ends with its line, whatever was typed.
    let typed: String = tools.command().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let heading = format!(
        "// What `{typed}` found\n// in account {}, {}. A run takes it over, and changes nothing but the tags of its stack.\n\n",
        cloud.account, cloud.region
    );
    let file = arguments.out.as_deref().or(arguments.append.as_deref());
    match (file, &arguments.append) {
        (None, _) => tools.screen.out(format!("{heading}{}", imported.text()).trim_end()),
        (Some(file), None) => put(file, &format!("{heading}{}", imported.text()), true)?,
        (Some(file), Some(_)) => put(file, &format!("\n{heading}{}", imported.text()), false)?,
    }
    tell(&imported, file, tools);
    warn_of_states(arguments, &taken, tools).await?;
    match file {
        Some(file) if arguments.adopt => take_over(arguments, file, &imported, inputs, tools).await,
        _ => Ok(Exit::Success),
    }
}

fn wanted(arguments: &ImportArguments) -> Result<Wanted, Error> {
    if let Some(name) = &arguments.cluster {
        return Ok(Wanted::Cluster { name: name.clone(), network: arguments.with_network });
    }
    if let Some(tag) = &arguments.from_tag {
        let (key, value) = match tag.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (tag.as_str(), None),
        };
        if key.is_empty() {
            let message = format!("`{tag}` is no tag");
            return Err(Error::Usage { message, help: Some("write it as KEY or KEY=VALUE".to_owned()) });
        }
        return Ok(Wanted::Tagged(TagFilter { key: key.to_owned(), value }));
    }
    let (address, id) = (arguments.address.as_deref().unwrap_or_default(), arguments.id.clone().unwrap_or_default());
    let address: Address = address
        .parse()
        .map_err(|error: hzscript::model::AddressError| Error::Usage { message: error.to_string(), help: None })?;
    Ok(Wanted::One { address, id })
}

/// Stacks from which objects may be taken over: those that were named.
fn from_stacks(arguments: &ImportArguments, wanted: &Wanted) -> BTreeSet<String> {
    let mut stacks: BTreeSet<String> = arguments.from_stack.iter().cloned().collect();
    if let Wanted::Tagged(TagFilter { key, value: Some(stack) }) = wanted
        && key == STACK_TAG
    {
        stacks.insert(stack.clone());
    }
    stacks
}

/// What a script has that is added to.
async fn already(file: &Path, inputs: BTreeMap<String, Given>, cloud: &Cloud, tools: &Tools) -> Result<Taken, Error> {
    let script = Script::read(file)?;
    let Evaluated { program, .. } = evaluate::run(&script, inputs, Arc::new(cloud.clone()), &tools.screen).await?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = script.source.split(|c| !is_part(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let adopted = program.resources.iter().filter_map(|resource| {
        let id = resource.options.id.clone()?;
        Some(((resource.address.kind().to_string(), id), resource.address.clone()))
    });
    let adopted = adopted.collect();
    let addresses = program.resources.iter().map(|resource| resource.address.clone()).collect();
    Ok(Taken { addresses, words, adopted, from_stacks: BTreeSet::new() })
}

fn check_free(out: &Path) -> Result<(), Error> {
    if std::fs::symlink_metadata(out).is_err() {
        return Ok(());
    }
    let message = format!("{} is there already, and nothing is written over it", out.display());
    Err(Error::Usage { message, help: Some("--append FILE adds to a script; or choose another name".to_owned()) })
}

/// Writes a new file, or adds to one.
fn put(file: &Path, text: &str, new: bool) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    let options = if new { options.write(true).create_new(true) } else { options.append(true) };
    let written =
        options.open(file).and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|source| Error::Io { what: format!("write {}", file.display()), source })
}

/// Nothing is to be declared: all of it is, or it is another stack's.
fn nothing_new(imported: &Imported, tools: &Tools) -> Result<Exit, Error> {
    let others: BTreeSet<&str> = imported.left.iter().filter_map(|left| stack_of(left)).collect();
    match others.first() {
        None => {
            tools.screen.line(&Line::Imported { file: None, script: "", declared: &[], left: &[], inputs: &[] });
            tell_left(&imported.left, tools);
            tools.screen.err("Everything that was found is declared already; nothing was written.");
            Ok(Exit::Success)
        }
        Some(stack) => Err(Error::Usage {
            message: format!("all that was found is of the stack {stack}, by its tags; nothing was written"),
            help: Some(format!("when that stack is no more, or is to let go of it: --from-stack {stack}")),
        }),
    }
}

fn stack_of(left: &Left) -> Option<&str> {
    match &left.why {
        Why::Stacks(stack) => Some(stack),
        Why::Declared(_) => None,
    }
}

/// Says what was declared and what was not.
fn tell(imported: &Imported, file: Option<&Path>, tools: &Tools) {
    let Imported { declared, left, inputs } = imported;
    let shown = file.map(|file| file.display().to_string());
    let (addresses, text): (Vec<String>, String) =
        (declared.iter().map(|one| one.address.to_string()).collect(), imported.text());
    let others: Vec<String> = left.iter().map(|one| format!("{} {}", one.kind, one.id)).collect();
    tools.screen.line(&Line::Imported {
        file: shown.as_deref(),
        script: &text,
        declared: &addresses,
        left: &others,
        inputs,
    });
    tell_left(left, tools);
    if !inputs.is_empty() {
        let names = inputs.iter().map(|name| format!("--set {name}=…")).collect::<Vec<_>>().join(" ");
        let asks = "The script asks for what AWS does not tell or what should not stand in a script";
        tools.screen.err(&escape::lines(&format!("{asks}: {names}")));
    }
    if let Some(file) = shown {
        let count = declared.len();
        let objects = if count == 1 { "1 object".to_owned() } else { format!("{count} objects") };
        tools.screen.err(&escape::lines(&format!("{objects} declared in {file}. To take over: hzscript run {file}")));
    }
}

fn tell_left(left: &[Left], tools: &Tools) {
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Left { kind, id, why } in left {
        let (line, one) = match why {
            Why::Stacks(stack) => {
                (format!("Left to the stack {stack} (--from-stack {stack} takes it over)"), id.clone())
            }
            Why::Declared(address) => ("Declared already".to_owned(), address.to_string()),
        };
        lines.entry(line).or_default().push(if matches!(why, Why::Stacks(_)) { format!("{kind} {one}") } else { one });
    }
    for (line, mut ids) in lines {
        let more = ids.len().saturating_sub(NAMED);
        ids.truncate(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        tools.screen.err(&escape::lines(&format!("{line}: {}{more}", ids.join(", "))));
    }
}

/// A state that still has what is taken over from its stack would delete it when that is destroyed.
async fn warn_of_states(arguments: &ImportArguments, taken: &Taken, tools: &Tools) -> Result<(), Error> {
    let place = StatePlace::choose(&arguments.stack, &tools.environment);
    for stack in &taken.from_stacks {
        let Ok(name) = stack_name(Some(stack), None) else { continue };
        let Some(store) = place.open_existing(&name).await? else { continue };
        let there = store.load().await?.is_some_and(|snapshot| !snapshot.resources.is_empty());
        if there {
            let text = format!(
                "The state of the stack {stack} still has resources: what two stacks have, a destroy of either deletes. Let \
                 {stack} go of them first, or run nothing of it again."
            );
            tools.screen.err(&escape::lines(&text));
        }
    }
    Ok(())
}

/// Runs of a script no more than taking over what was just written.
async fn take_over(
    arguments: &ImportArguments,
    file: &Path,
    imported: &Imported,
    inputs: BTreeMap<String, Given>,
    tools: &Tools,
) -> Result<Exit, Error> {
    let script = Script::read(file)?;
    let name = stack_name(arguments.stack.stack.as_deref(), Some(&script.path))?;
    let stack = Stack::open(name, &arguments.stack, &arguments.target, calls(arguments), tools).await?;
    let evaluated = tools.interrupt.cut(evaluate::on(&stack, &script, inputs, &tools.screen)).await??;
    let only: BTreeSet<Address> = imported.declared.iter().map(|declared| declared.address.clone()).collect();
    adopt::run(&stack, &evaluated, &only, arguments.apply.yes, wording(&tools.command()), tools).await
}

/// Takes one object over as what a script declares.
async fn into(
    arguments: &ImportArguments,
    script: &Path,
    address: &Address,
    id: &str,
    tools: &Tools,
) -> Result<Exit, Error> {
    let script = Script::read(script)?;
    let name = stack_name(arguments.stack.stack.as_deref(), Some(&script.path))?;
    let inputs = gather(&arguments.inputs, &tools.environment)?;
    let stack = Stack::open(name, &arguments.stack, &arguments.target, calls(arguments), tools).await?;
    let mut evaluated = tools.interrupt.cut(evaluate::on(&stack, &script, inputs, &tools.screen)).await??;
    let resources = &mut evaluated.program.resources;
    let addresses: Vec<String> = resources.iter().map(|resource| resource.address.to_string()).collect();
    let Some(resource) = resources.iter_mut().find(|resource| resource.address == *address) else {
        let near = closest(&address.to_string(), addresses.iter().map(String::as_str)).map(str::to_owned);
        let help = match near {
            Some(near) => format!("did you mean {near}?"),
            None => format!("--append {} instead of the script writes the declaration", script.shown()),
        };
        let message = format!("{} does not declare {address}", script.shown());
        return Err(Error::Usage { message, help: Some(help) });
    };
    resource.options.id = Some(id.to_owned());
    if let [from] = arguments.from_stack.as_slice() {
        resource.options.from_stack = Some(from.clone());
    }
    let only = BTreeSet::from([address.clone()]);
    adopt::run(&stack, &evaluated, &only, arguments.apply.yes, wording(&tools.command()), tools).await
}

fn calls(arguments: &ImportArguments) -> Calls {
    let (parallelism, wait) = (arguments.apply.parallelism, !arguments.apply.no_wait);
    Calls { parallelism, wait, formation: FormationCheck::Never }
}

fn wording(command: &str) -> Wording<'_> {
    Wording { question: "Take this over into", command, again: command, rollback: false }
}
