//! From the arguments to a connection, a place for the state, and the line that says what is worked on.

use std::path::{Path, PathBuf};

use hzscript::cloud::{Cloud, Connection};
use hzscript::local::Local;
use hzscript::local::fault::Crash;
use hzscript::local::settings::Settings;
use hzscript::state::StateStore;
use hzscript::stores::{self, Access};

use super::args::{FolderArguments, StackArguments, TargetArguments, TargetName};
use super::environment::Environment;
use super::error::Error;
use super::faults::{Upset, told};

/// The region of the embedded AWS when nothing else is said.
pub const LOCAL_REGION: &str = "eu-west-1";

/// Which cloud is meant.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// The embedded AWS.
    Local {
        /// The region.
        region: String,
        /// What goes wrong on purpose.
        upset: Upset,
    },
    /// An account.
    Aws {
        /// The region, when it is given.
        region: Option<String>,
        /// The profile, when it is given.
        profile: Option<String>,
        /// Where calls go instead of AWS's own addresses, when it is given.
        endpoint_url: Option<String>,
    },
}

impl Target {
    /// What the arguments mean.
    ///
    /// # Errors
    /// When they do not go together.
    pub fn choose(arguments: &TargetArguments, environment: &Environment) -> Result<Self, Error> {
        let TargetArguments { target, region, profile, endpoint_url, faults } = arguments;
        if let Some(region) = region {
            check_region(region)?;
        }
        if let Some(url) = endpoint_url {
            check_endpoint(url)?;
        }
        let usage =
            |message: &str, help: &str| Err(Error::Usage { message: message.to_owned(), help: Some(help.to_owned()) });
        match (target, endpoint_url) {
            (Some(TargetName::Local), Some(_)) => usage(
                "--endpoint-url goes with --target aws, not with --target local",
                "leave out one of the two: the embedded AWS needs no address",
            ),
            (None | Some(TargetName::Local), None) => {
                if profile.is_some() {
                    return usage(
                        "--profile has no meaning for the embedded AWS",
                        "add --target aws to work on the profile's account, or leave --profile out",
                    );
                }
                Ok(Self::Local { region: local_region(region.as_deref(), environment)?, upset: Upset::given(faults)? })
            }
            (Some(TargetName::Aws), _) | (None, Some(_)) if !faults.rules.is_empty() => usage(
                "--fault is for the embedded AWS only",
                "leave it out, or work on the embedded AWS: --target local",
            ),
            (Some(TargetName::Aws), _) | (None, Some(_)) if !faults.as_policy.is_empty() => usage(
                "--as-policy is for the embedded AWS only",
                "on AWS, whose credentials are used says what may be done: choose others with --profile NAME",
            ),
            (Some(TargetName::Aws), _) | (None, Some(_)) => Ok(Self::Aws {
                region: region.clone(),
                profile: profile.clone(),
                endpoint_url: endpoint_url
                    .clone()
                    .or_else(|| environment.variable("AWS_ENDPOINT_URL").map(str::to_owned)),
            }),
        }
    }

    /// Its name: `local` or `aws`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Local { .. } => "local",
            Self::Aws { .. } => "aws",
        }
    }

    /// Connects to it.
    ///
    /// # Errors
    /// When there is no connection, or no telling which account it is.
    pub async fn connect(&self, folder: &Folder) -> Result<Cloud, Error> {
        let connected = match self {
            Self::Local { region, upset } => Cloud::embedded(&folder.open_local_with(upset)?, region).await,
            Self::Aws { region, profile, endpoint_url } => {
                let (region, profile, endpoint_url) = (region.clone(), profile.clone(), endpoint_url.clone());
                Cloud::connect(&Connection { region, profile, endpoint_url }).await
            }
        };
        connected.map_err(|error| Error::Connect(Box::new(error)))
    }

    /// What goes wrong on purpose, in a line; `None` when nothing does.
    ///
    /// # Errors
    /// When the settings of the embedded AWS cannot be read.
    pub fn faults(&self, folder: &Folder) -> Result<Option<String>, Error> {
        match self {
            Self::Local { upset, .. } => Ok(told(&upset.on(folder.settings()?))),
            Self::Aws { .. } => Ok(None),
        }
    }

    /// Patterns of images that are known not to be there.
    ///
    /// # Errors
    /// When the settings of the embedded AWS cannot be read.
    pub fn denied_images(&self, folder: &Folder) -> Result<Vec<String>, Error> {
        match self {
            Self::Local { .. } => Ok(folder.settings()?.deny_images),
            Self::Aws { .. } => Ok(Vec::new()),
        }
    }

    /// At which write of the state the process ends, where that is asked for.
    pub fn crash_of_writes(&self) -> Option<Crash> {
        match self {
            Self::Local { upset, .. } => upset.faults.crash_of_writes(),
            Self::Aws { .. } => None,
        }
    }

    /// The first line of all output: what is worked on.
    pub fn header(&self, cloud: &Cloud, stack: &str) -> String {
        format!("{}, stack {stack}", self.place(cloud))
    }

    /// The account and region, and who answers.
    pub fn place(&self, cloud: &Cloud) -> String {
        let Cloud { account, region, .. } = cloud;
        match self {
            Self::Local { .. } => format!("local: the embedded AWS, account {account}, {region}"),
            Self::Aws { profile, endpoint_url, .. } => {
                let at = endpoint_url.as_ref().map(|url| format!(" at {url}")).unwrap_or_default();
                let by = profile.as_ref().map(|profile| format!(", profile {profile}")).unwrap_or_default();
                format!("aws{at}: account {account}{by}, {region}")
            }
        }
    }
}

/// The region of the embedded AWS: as given, as the environment says, or the usual one.
///
/// # Errors
/// When it is none.
pub fn local_region(given: Option<&str>, environment: &Environment) -> Result<String, Error> {
    let variables = ["AWS_REGION", "AWS_DEFAULT_REGION"];
    let region = given.or_else(|| variables.iter().find_map(|name| environment.variable(name)));
    let region = region.unwrap_or(LOCAL_REGION);
    check_region(region)?;
    Ok(region.to_owned())
}

/// An endpoint is a URL with a host.
fn check_endpoint(url: &str) -> Result<(), Error> {
    let host = ["http://", "https://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    if host.is_some_and(|host| !host.is_empty() && !host.starts_with('/') && !host.contains(char::is_whitespace)) {
        return Ok(());
    }
    let message = format!("`{url}` is not an address that calls can be sent to");
    Err(Error::Usage { message, help: Some("--endpoint-url looks like http://127.0.0.1:4566".to_owned()) })
}

/// A region is part of host names: small letters, digits and `-`.
///
/// # Errors
/// When it is none.
pub fn check_region(region: &str) -> Result<(), Error> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !region.is_empty() && region.len() <= 32 && region.chars().all(good) {
        return Ok(());
    }
    let message = format!("`{region}` is not a region");
    Err(Error::Usage { message, help: Some("a region looks like eu-west-1".to_owned()) })
}

/// The folder this program keeps its files in.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// As the arguments say.
    pub fn new(arguments: &FolderArguments) -> Self {
        Self(arguments.dir.clone())
    }

    /// Makes it if it is not there, and keeps it out of version control then.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(&self) -> Result<(), Error> {
        if self.0.is_dir() {
            return Ok(());
        }
        let failed = |source| Error::Io { what: format!("make the folder {}", self.0.display()), source };
        std::fs::create_dir_all(&self.0).map_err(failed)?;
        std::fs::write(self.0.join(".gitignore"), "*\n").map_err(failed)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the embedded AWS's data is.
    pub fn local(&self) -> PathBuf {
        self.0.join("local")
    }

    /// Opens the embedded AWS.
    ///
    /// # Errors
    /// When its settings or its data cannot be read.
    pub fn open_local(&self) -> Result<Local, Error> {
        self.open_local_with(&Upset::default())
    }

    /// Opens the embedded AWS, with what goes wrong beside what does by its settings.
    ///
    /// # Errors
    /// When its settings or its data cannot be read.
    pub fn open_local_with(&self, upset: &Upset) -> Result<Local, Error> {
        self.make()?;
        let settings = self.settings()?;
        let folder = self.local();
        Local::open(&folder, upset.on(settings)).map_err(|source| Error::Local { folder, source })
    }

    /// The settings of the embedded AWS.
    fn settings(&self) -> Result<Settings, Error> {
        read_settings(&self.local().join("settings.toml"))
    }
}

fn read_settings(path: &Path) -> Result<Settings, Error> {
    let unreadable = |reason: String| Error::Settings { path: path.to_owned(), reason };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Settings::default()),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    toml::from_str(&text).map_err(|error| unreadable(error.to_string()))
}

/// Where a stack's state is kept.
#[derive(Debug)]
pub struct StatePlace {
    kept: Kept,
    access: Access,
}

#[derive(Debug)]
enum Kept {
    /// A folder of this machine.
    Folder(PathBuf),
    /// Somewhere else.
    Url(String),
}

impl StatePlace {
    /// As the arguments say.
    pub fn choose(arguments: &StackArguments, environment: &Environment) -> Self {
        Self::of(arguments.state.as_deref(), &arguments.folder, environment)
    }

    /// By the place given, or in the folder.
    pub fn of(state: Option<&str>, folder: &FolderArguments, environment: &Environment) -> Self {
        let kept = match state {
            None => Kept::Folder(folder.dir.join("state")),
            Some(text) => match text.split_once("://") {
                Some(("file", path)) => Kept::Folder(PathBuf::from(path)),
                Some(_) => Kept::Url(text.to_owned()),
                None => Kept::Folder(PathBuf::from(text)),
            },
        };
        Self { kept, access: environment.access() }
    }

    /// The same, with the credentials and the region that are worked with, where its URL says none.
    pub fn beside(mut self, target: &Target) -> Self {
        if let Target::Aws { region, profile, .. } = target {
            self.access.region.clone_from(region);
            self.access.profile.clone_from(profile);
        }
        self
    }

    /// Opens it for `stack`; a folder is made.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(&self, stack: &str) -> Result<StateStore, Error> {
        Ok(match &self.kept {
            Kept::Folder(folder) => StateStore::in_folder(folder, stack)?,
            Kept::Url(url) => stores::open(url, stack, &self.access).await?,
        })
    }

    /// Opens it for `stack` unless it is a folder that is not there: then nothing was ever kept in it.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open_existing(&self, stack: &str) -> Result<Option<StateStore>, Error> {
        match &self.kept {
            Kept::Folder(folder) if !folder.exists() => Ok(None),
            _ => self.open(stack).await.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::FaultArguments;

    fn arguments() -> TargetArguments {
        TargetArguments {
            target: None,
            region: None,
            profile: None,
            endpoint_url: None,
            faults: FaultArguments::default(),
        }
    }

    fn chosen(arguments: &TargetArguments, variables: &[(&str, &str)]) -> Result<Target, String> {
        Target::choose(arguments, &Environment::with(variables)).map_err(|error| match error {
            Error::Usage { message, .. } => message,
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn nothing_reaches_an_account_unless_it_is_asked_for() {
        let local = |region: &str| Ok(Target::Local { region: region.to_owned(), upset: Upset::default() });
        assert_eq!(
            chosen(&arguments(), &[("AWS_PROFILE", "prod"), ("AWS_ENDPOINT_URL", "http://a")]),
            local("eu-west-1")
        );
        assert_eq!(chosen(&arguments(), &[("AWS_REGION", "us-east-1")]), local("us-east-1"));
        let region = TargetArguments { region: Some("eu-north-1".to_owned()), ..arguments() };
        assert_eq!(chosen(&region, &[("AWS_REGION", "us-east-1")]), local("eu-north-1"));
    }

    #[test]
    fn an_address_of_ones_own_means_aws() {
        let endpoint_url = Some("http://127.0.0.1:4566".to_owned());
        let given = TargetArguments { endpoint_url: endpoint_url.clone(), ..arguments() };
        assert_eq!(chosen(&given, &[]), Ok(Target::Aws { region: None, profile: None, endpoint_url }));
        let local = TargetArguments { target: Some(TargetName::Local), ..given };
        assert_eq!(
            chosen(&local, &[]),
            Err("--endpoint-url goes with --target aws, not with --target local".to_owned())
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let profile = TargetArguments { profile: Some("prod".to_owned()), ..arguments() };
        assert_eq!(chosen(&profile, &[]), Err("--profile has no meaning for the embedded AWS".to_owned()));
        let rules = vec!["drop=create".parse().expect("a fault")];
        let faults = FaultArguments { rules, as_policy: Vec::new() };
        let faults = TargetArguments { target: Some(TargetName::Aws), faults, ..arguments() };
        assert_eq!(chosen(&faults, &[]), Err("--fault is for the embedded AWS only".to_owned()));
        let region = TargetArguments { region: Some("example.com/".to_owned()), ..arguments() };
        assert_eq!(chosen(&region, &[]), Err("`example.com/` is not a region".to_owned()));
    }

    #[test]
    fn the_folder_keeps_itself_out_of_version_control_when_it_is_made() {
        let outer = tempfile::tempdir().expect("a folder");
        let folder = |dir: PathBuf| Folder::new(&FolderArguments { dir });
        let new = outer.path().join("deep/.hzscript");
        folder(new.clone()).make().expect("it is made");
        assert_eq!(std::fs::read_to_string(new.join(".gitignore")).ok().as_deref(), Some("*\n"));
        folder(outer.path().to_owned()).make().expect("it is there");
        assert!(!outer.path().join(".gitignore").exists());
    }

    #[test]
    fn a_setting_that_is_not_one_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.toml");
        assert_eq!(read_settings(&path).ok(), Some(Settings::default()));
        std::fs::write(&path, "pace = 0.5\n").expect("it is written");
        assert_eq!(read_settings(&path).map(|settings| settings.pace).ok(), Some(0.5));
        std::fs::write(&path, "pce = 0.5\n").expect("it is written");
        assert!(matches!(read_settings(&path), Err(Error::Settings { reason, .. }) if reason.contains("`pce`")));
    }
}
