//! Evaluating the script, with what it may ask of the account.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use hzscript::cloud::Cloud;
use hzscript::model::existing::{ExistingSubnet, ExistingVpc, VpcQuery};
use hzscript::script::{Evaluated, Given, Limits, Lookups, Request, evaluate};

use super::error::Error;
use super::render::diagnostics;
use super::render::screen::{Line, Screen};
use super::script::Script;

/// Evaluates a script and prints its warnings.
///
/// # Errors
/// All its mistakes.
pub async fn run(
    script: &Script,
    inputs: BTreeMap<String, Given>,
    lookups: Arc<dyn Lookups>,
    screen: &Screen,
) -> Result<Evaluated, Error> {
    let request = Request {
        file: script.shown(),
        source: script.source.clone(),
        root: Some(script.folder()),
        inputs,
        lookups,
        limits: Limits::default(),
        events: screen.events(),
    };
    let evaluated = evaluate(request).await.map_err(Error::Mistakes)?;
    for diagnostic in &evaluated.warnings {
        screen.line(&Line::Warning { diagnostic });
        let text = diagnostics::warning(diagnostic, &evaluated.sources, screen.err_palette(), screen.width());
        screen.err(&text);
    }
    Ok(evaluated)
}

/// Answers from the account that is connected to.
#[derive(Debug)]
pub struct Connected(pub Cloud);

#[async_trait]
impl Lookups for Connected {
    async fn account(&self) -> Result<String, String> {
        Ok(self.0.account.clone())
    }

    async fn region(&self) -> Result<String, String> {
        Ok(self.0.region.clone())
    }

    async fn zones(&self) -> Result<Vec<String>, String> {
        self.0.zones().await.map_err(|error| error.to_string())
    }

    async fn vpcs(&self, wanted: &VpcQuery) -> Result<Vec<ExistingVpc>, String> {
        self.0.vpcs(wanted).await.map_err(|error| error.to_string())
    }
}

/// Answers that stand in for an account's: no account is asked.
#[derive(Debug)]
pub struct Offline {
    /// The account's twelve digits.
    pub account: String,
    /// The region's code.
    pub region: String,
}

#[async_trait]
impl Lookups for Offline {
    async fn account(&self) -> Result<String, String> {
        Ok(self.account.clone())
    }

    async fn region(&self) -> Result<String, String> {
        Ok(self.region.clone())
    }

    async fn zones(&self) -> Result<Vec<String>, String> {
        Ok(["a", "b", "c"].map(|zone| format!("{}{zone}", self.region)).to_vec())
    }

    async fn vpcs(&self, wanted: &VpcQuery) -> Result<Vec<ExistingVpc>, String> {
        let id = match wanted {
            VpcQuery::Id(id) => id.clone(),
            VpcQuery::Name(_) => format!("vpc-{:017x}", 0),
        };
        let mut subnets = Vec::new();
        for zone in self.zones().await? {
            for public in [true, false] {
                let number = subnets.len();
                subnets.push(ExistingSubnet {
                    id: format!("subnet-{number:017x}"),
                    zone: zone.clone(),
                    cidr: format!("10.0.{number}.0/24"),
                    public,
                });
            }
        }
        Ok(vec![ExistingVpc { id, cidr: "10.0.0.0/16".to_owned(), subnets }])
    }

    fn stand_in(&self) -> bool {
        true
    }
}
