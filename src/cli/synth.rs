//! `hzscript synth`: the script as a CloudFormation template.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hzscript::cloud::Cloud;
use hzscript::event::Events;
use hzscript::kinds;
use hzscript::model::existing::{ExistingVpc, VpcQuery};
use hzscript::script::{Evaluated, Functions, Limits, Lookups, Request, evaluate};
use hzscript::synth::{Elsewhere, Environment, Inputs, synth};
use tokio::sync::OnceCell;

use super::args::{SynthArguments, TemplateFormat};
use super::connect::{Folder, Target};
use super::error::Error;
use super::exit::Exit;
use super::input::gather;
use super::render::error::told;
use super::script::Script;
use super::{Tools, evaluate as evaluating};

/// Evaluates the script and writes the template.
///
/// # Errors
/// When it cannot be evaluated, put into a template, or written.
pub async fn run(arguments: &SynthArguments, tools: &Tools) -> Result<Exit, Error> {
    let script = Script::read(&arguments.script)?;
    let inputs = gather(&arguments.inputs, &tools.environment)?;
    let target = Target::choose(&arguments.target, &tools.environment)?;
    let lookups = Arc::new(Asked::new(target, Folder::new(&arguments.folder)));
    let evaluated =
        tools.interrupt.cut(evaluating::run(&script, inputs.clone(), lookups.clone(), &tools.screen)).await??;

    let other = match lookups.environment() {
        None => None,
        Some(here) => {
            let there = here.other();
            let lookups = Arc::new(Pretended { environment: there.clone(), asked: lookups });
            let request = Request {
                file: script.shown(),
                source: script.source.clone(),
                root: Some(script.folder()),
                inputs,
                lookups,
                limits: Limits::default(),
                functions: Functions::default(),
                events: Events::none(),
            };
            // What only works in one region stays there: then the texts stand as they are.
            let evaluated = tools.interrupt.cut(evaluate(request)).await?.ok();
            evaluated.map(|evaluated| (evaluated.program, here, there))
        }
    };
    let elsewhere = other.as_ref().map(|(program, here, there)| Elsewhere { program, here, there });
    let facts = |kind: &str| kinds::by_type(kind).map(|kind| kind.facts());
    let Evaluated { program, sources, .. } = evaluated;
    let template =
        synth(Inputs { program: &program, facts, elsewhere }).map_err(|error| Error::Synth { error, sources })?;
    let text = match format(arguments) {
        TemplateFormat::Json => template.to_json(),
        TemplateFormat::Yaml => template.to_yaml(),
    };
    match &arguments.out {
        None => tools.screen.raw_out(text.trim_end()),
        Some(path) => {
            let failed = |source| Error::Io { what: format!("write {}", path.display()), source };
            std::fs::write(path, text).map_err(failed)?;
        }
    }
    Ok(Exit::Success)
}

fn format(arguments: &SynthArguments) -> TemplateFormat {
    let is_json = |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    match (arguments.format, &arguments.out) {
        (Some(format), _) => format,
        (None, Some(path)) if is_json(path) => TemplateFormat::Json,
        (None, _) => TemplateFormat::Yaml,
    }
}

/// Answers from the cloud, which is connected to when the first question comes; remembers which were asked.
#[derive(Debug)]
pub struct Asked {
    target: Target,
    folder: Folder,
    cloud: OnceCell<Cloud>,
    /// Whether account, region or zones were asked for, and the zones that were told.
    answers: Mutex<Answers>,
}

#[derive(Debug, Default)]
struct Answers {
    located: bool,
    zones: Vec<String>,
}

impl Asked {
    /// Nothing asked yet.
    pub fn new(target: Target, folder: Folder) -> Self {
        Self { target, folder, cloud: OnceCell::new(), answers: Mutex::default() }
    }

    async fn cloud(&self) -> Result<&Cloud, String> {
        let connected = self.cloud.get_or_try_init(|| self.target.connect(&self.folder)).await;
        connected.map_err(|error| told(&error).message)
    }

    fn note(&self, zones: Option<&[String]>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.located = true;
        if let Some(zones) = zones {
            answers.zones = zones.to_vec();
        }
    }

    /// What was told of account, region and zones; `None` when nothing of it was asked.
    fn environment(&self) -> Option<Environment> {
        let zones = {
            let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.located.then(|| answers.zones.clone())?
        };
        let Cloud { account, region, .. } = self.cloud.get()?;
        Some(Environment { account: account.clone(), region: region.clone(), zones })
    }
}

#[async_trait]
impl Lookups for Asked {
    async fn account(&self) -> Result<String, String> {
        let cloud = self.cloud().await?;
        self.note(None);
        Ok(cloud.account.clone())
    }

    async fn region(&self) -> Result<String, String> {
        let cloud = self.cloud().await?;
        self.note(None);
        Ok(cloud.region.clone())
    }

    async fn zones(&self) -> Result<Vec<String>, String> {
        let zones = self.cloud().await?.zones().await.map_err(|error| error.to_string())?;
        self.note(Some(&zones));
        Ok(zones)
    }

    async fn vpcs(&self, wanted: &VpcQuery) -> Result<Vec<ExistingVpc>, String> {
        self.cloud().await?.vpcs(wanted).await.map_err(|error| error.to_string())
    }
}

/// The same answers, but for account, region and zones, which are others.
#[derive(Debug)]
struct Pretended {
    environment: Environment,
    asked: Arc<Asked>,
}

#[async_trait]
impl Lookups for Pretended {
    async fn account(&self) -> Result<String, String> {
        Ok(self.environment.account.clone())
    }

    async fn region(&self) -> Result<String, String> {
        Ok(self.environment.region.clone())
    }

    async fn zones(&self) -> Result<Vec<String>, String> {
        Ok(self.environment.zones.clone())
    }

    async fn vpcs(&self, wanted: &VpcQuery) -> Result<Vec<ExistingVpc>, String> {
        self.asked.vpcs(wanted).await
    }
}
