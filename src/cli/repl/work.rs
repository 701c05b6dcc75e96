//! What commands at the prompt do with the stack: plan, carry out, destroy, look.

use std::sync::Arc;

use hzscript::apply::formation::FormationCheck;
use hzscript::live::Live;
use hzscript::plan::{Plan, Scope};
use hzscript::script::{Evaluated, Given};

use super::super::args::{DestroyArguments, DestroyScopeArguments, OutputArguments, TargetName};
use super::super::connect::{Folder, Target};
use super::super::error::Error;
use super::super::execute::{Wording, show};
use super::super::exit::Exit;
use super::super::keys::{Sealing, Use};
use super::super::render::plan::{colored, sign};
use super::super::render::scope::nothing_to_do;
use super::super::render::{difference, escape};
use super::super::run::{carry_out, not_planned};
use super::super::stack::{Calls, Stack, say};
use super::super::{Tools, destroy, state};
use super::look;
use super::{Repl, usage};

impl Repl<'_> {
    /// The stack, to be worked on by one command.
    async fn open_stack(&self, use_of_keys: Use, formation: FormationCheck, tools: &Tools) -> Result<Stack, Error> {
        let arguments = &self.arguments;
        let (parallelism, wait) = (arguments.apply.parallelism, !arguments.apply.no_wait);
        let calls = Calls { parallelism, wait, formation };
        let encrypt = match use_of_keys {
            Use::Needed => arguments.encrypt.encrypt.as_ref(),
            _ => None,
        };
        let sealing = Sealing { encrypt, ..Sealing::of(use_of_keys) };
        let stack = Stack::over(
            (self.target.clone(), self.cloud.clone()),
            self.stack.clone(),
            &arguments.stack,
            calls,
            sealing,
            tools,
        );
        Ok(stack.await?.locking(arguments.apply.lock, tools))
    }

    /// The program as a whole.
    async fn evaluated(&self, tools: &Tools) -> Result<Evaluated, Error> {
        tools.interrupt.cut(self.exploring.program()).await?.map_err(Error::Mistakes)
    }

    async fn planned(&self, tools: &Tools) -> Result<Plan, Error> {
        let evaluated = self.evaluated(tools).await?;
        let stack = self.open_stack(Use::Idle, FormationCheck::Never, tools).await?;
        let looking = async {
            let session = stack.engine.look().await.map_err(|error| stack.failed(error))?;
            let plan = session.plan_within(&evaluated.program, &Scope::default()).await;
            plan.map_err(|error| not_planned(error, &evaluated, &stack))
        };
        tools.interrupt.cut(looking).await?
    }

    /// Shows what a run would change.
    pub(super) async fn plan(&self, tools: &Tools) -> Result<(), Error> {
        let plan = self.planned(tools).await?;
        show(&plan, tools);
        if plan.is_empty() {
            tools.screen.out(&nothing_to_do(&plan));
        }
        Ok(())
    }

    /// Shows the differences of the plan in full.
    pub(super) async fn diff(&self, address: Option<&str>, tools: &Tools) -> Result<(), Error> {
        let plan = self.planned(tools).await?;
        let palette = tools.screen.out_palette();
        let meant = |shown: &str| address.is_none_or(|wanted| wanted == shown);
        let mut found = false;
        for change in plan.changes.iter().filter(|change| meant(&change.address.to_string())) {
            if !change.action.changes() && address.is_none() {
                continue;
            }
            found = true;
            let head = format!("{} {}", sign(change.action), escape::line(&change.address.to_string()));
            tools.screen.out(&colored(change.action, &head, palette));
            for difference in &change.differences {
                difference::lines(difference, palette).iter().for_each(|line| tools.screen.out(line));
            }
            if change.differences.is_empty() {
                let wanted = self.declared(&change.address.to_string());
                wanted.iter().flat_map(|text| text.lines()).for_each(|line| tools.screen.out(&format!("      {line}")));
            }
        }
        match (found, address) {
            (true, _) => Ok(()),
            (false, None) => {
                tools.screen.out("Nothing differs.");
                Ok(())
            }
            (false, Some(address)) => {
                let message = format!("the plan has nothing of {}", escape::line(address));
                Err(usage(&message, Some(":diff alone shows all that differs")))
            }
        }
    }

    /// The properties of a resource as the program has them.
    fn declared(&self, address: &str) -> Option<String> {
        look::shown(&self.exploring.resource(address)?, self.tools.screen.out_palette())
    }

    /// Shows the plan, asks, and carries it out.
    pub(super) async fn apply(&self, tools: &Tools) -> Result<Exit, Error> {
        let evaluated = self.evaluated(tools).await?;
        let formation = self.arguments.formation.formation_check.into();
        let stack = self.open_stack(Use::Needed, formation, tools).await?;
        let again = ":apply";
        let wording = Wording { question: "Apply these changes to", command: again, again, rollback: false };
        carry_out(evaluated, &Scope::default(), &stack, self.arguments.apply.yes, ("apply", wording), tools).await
    }

    /// Shows what would be deleted, asks, and deletes it.
    pub(super) async fn destroy(&self, tools: &Tools) -> Result<Exit, Error> {
        let mut stack = self.arguments.stack.clone();
        stack.stack = Some(self.stack.clone());
        let arguments = DestroyArguments {
            script: None,
            out: None,
            scope: DestroyScopeArguments { only: Vec::new(), except: Vec::new() },
            stack,
            target: self.arguments.target.clone(),
            apply: self.arguments.apply.clone(),
            output: OutputArguments { json: false, no_color: self.arguments.no_color, verbose: false },
        };
        destroy::run(&arguments, tools).await
    }

    /// Shows what the stack has.
    pub(super) async fn state(&self, address: Option<&str>, tools: &Tools) -> Result<(), Error> {
        let stack = self.open_stack(Use::Idle, FormationCheck::Never, tools).await?;
        let snapshot = stack.engine.state().await.map_err(|error| stack.failed(error))?;
        let Some(snapshot) = snapshot else {
            tools.screen.out(&format!("Stack {} was never run: it has nothing.", self.stack));
            return Ok(());
        };
        match address {
            None => state::list(&snapshot, false, tools),
            Some(address) => state::show(address, &snapshot, false, tools)?,
        }
        Ok(())
    }

    /// Shows the inputs, or gives some a value.
    pub(super) async fn inputs(&mut self, given: &[String]) -> Result<(), Error> {
        if !given.is_empty() {
            let mut inputs = self.exploring.given().clone();
            for text in given {
                let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
                    let message = format!("`{}` gives no value", escape::line(text));
                    return Err(usage(&message, Some("write :inputs NAME=VALUE")));
                };
                inputs.insert(name.to_owned(), Given::Text(value.to_owned()));
            }
            let entered = self.exploring.give(inputs).await.map_err(Error::Mistakes)?;
            self.show(&entered);
        }
        let inputs: Vec<_> = self.exploring.inputs().collect();
        if inputs.is_empty() {
            self.tools.screen.out("The program has no inputs.");
            return Ok(());
        }
        let palette = self.tools.screen.out_palette();
        for (name, value) in inputs {
            let shown = look::shown(&value, palette).unwrap_or_else(|| "()".to_owned());
            self.tools.screen.out(&format!("{} = {shown}", escape::line(name)));
        }
        Ok(())
    }

    /// Shows what is worked on, or works on another cloud.
    pub(super) async fn retarget(&mut self, name: Option<&str>, tools: &Tools) -> Result<(), Error> {
        let Some(name) = name else {
            say(&self.target, &self.cloud, &self.stack, tools);
            return Ok(());
        };
        let wanted = match name {
            "local" => TargetName::Local,
            "aws" => TargetName::Aws,
            other => {
                let message = format!("there is no target `{}`", escape::line(other));
                return Err(usage(&message, Some("write :target local, or :target aws")));
            }
        };
        let mut arguments = self.arguments.target.clone();
        arguments.target = Some(wanted);
        if wanted == TargetName::Local {
            (arguments.endpoint_url, arguments.profile) = (None, None);
        } else {
            arguments.faults.rules.clear();
        }
        let target = Target::choose(&arguments, &tools.environment)?;
        let folder = Folder::new(&self.arguments.stack.folder);
        let cloud = tools.interrupt.cut(target.connect(&folder)).await??;
        say(&target, &cloud, &self.stack, tools);
        let queries = Self::running(Live::new(cloud.clone()), &target, self.arguments.apply.yes, tools);
        self.exploring.connect(Arc::new(cloud.clone()), Some(queries));
        (self.target, self.cloud, self.arguments.target) = (target, cloud, arguments);
        let entered = self.exploring.give(self.exploring.given().clone()).await.map_err(Error::Mistakes)?;
        self.show(&entered);
        Ok(())
    }
}
