//! Texts and numbers: listed values, expressions, formats, ranges.

use super::super::cidr;
use super::super::session::Mistake;
use super::super::suggest::{did_you_mean, listed};
use super::Checker;
use super::structure::bounds;
use crate::model::{Format, Json, Pattern, PropertyPath, Shape, Value};

/// Where a security group may name itself: the group's code puts its own id there.
const SELF_RULES: [(&str, &str); 2] =
    [("securityGroupIngress", "sourceSecurityGroupId"), ("securityGroupEgress", "destinationSecurityGroupId")];

/// Kind, property, least and most of numbers that the schemas leave without limits. Source: the ECS API reference.
const LIMITS: [(&str, &str, Option<f64>, Option<f64>); 3] = [
    ("AWS::ECS::Service", "desiredCount", Some(0.0), None),
    ("AWS::ECS::TaskDefinition", "containerPort", Some(0.0), Some(65535.0)),
    ("AWS::ECS::TaskDefinition", "hostPort", Some(0.0), Some(65535.0)),
];

impl Checker<'_> {
    /// Checks a text, a number or a truth value.
    pub(super) fn scalar(&mut self, value: &Value, shape: &Shape, path: &PropertyPath) {
        self.choice(value, shape, path);
        match value {
            Value::String(text) => self.text(text, shape, path),
            #[allow(clippy::cast_precision_loss, reason = "limits in the schemas are far below 2^53")]
            Value::Int(number) => self.number(*number as f64, shape, path),
            Value::Float(number) => self.number(*number, shape, path),
            _ => {}
        }
    }

    fn choice(&mut self, value: &Value, shape: &Shape, path: &PropertyPath) {
        if shape.choices.is_empty() {
            return;
        }
        let text = |json: &Json| json.as_str().map_or_else(|| json.to_string(), str::to_owned);
        let given = value.to_json().unwrap_or(Json::Null);
        let same =
            |choice: &Json| *choice == given || (shape.any_case && text(choice).eq_ignore_ascii_case(&text(&given)));
        if shape.choices.iter().any(same) {
            return;
        }
        let choices: Vec<String> = shape.choices.iter().map(text).collect();
        let wrong = text(&given);
        let names = || choices.iter().map(String::as_str);
        let help = did_you_mean(&wrong, names()).or_else(|| {
            let help = format!("one of {}", listed(names(), "and"));
            (choices.len() <= 24).then_some(help)
        });
        let mistake = Mistake::new(format!("{} cannot be `{wrong}`", self.named(path))).label("not one of its values");
        self.value(path, mistake.help(help));
    }

    fn text(&mut self, text: &str, shape: &Shape, path: &PropertyPath) {
        if self.names_itself(text, path) {
            return;
        }
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        if shape.max_length.is_some_and(|max| length > max) || shape.min_length.is_some_and(|min| length < min) {
            let wanted = bounds(shape.min_length, shape.max_length);
            let mistake = Mistake::new(format!("{} is {length} characters long, not {wanted}", self.named(path)));
            self.value(path, mistake.label("too long or too short"));
            return;
        }
        if let Some(pattern) = shape.pattern.as_deref().filter(|pattern| !pattern.matches(text)) {
            self.mismatch(text, pattern, path);
            return;
        }
        match &shape.format {
            Some(Format::Ipv4Network) => self.network(text, path),
            Some(Format::Ipv6Network) if text.parse::<ipnet::Ipv6Net>().is_err() => {
                let mistake = Mistake::new(format!("{} is not an IPv6 network", self.named(path)));
                self.value(path, mistake.label("not a network").help("such as `::/0`".to_owned()));
            }
            Some(Format::Json) => {
                if let Err(error) = serde_json::from_str::<Json>(text) {
                    let mistake = Mistake::new(format!("{} is not JSON: {error}", self.named(path)));
                    self.value(path, mistake.help("write a map; it becomes JSON by itself".to_owned()));
                }
            }
            Some(Format::Named { pattern: Some(pattern), .. }) if !pattern.matches(text) => {
                self.mismatch(text, pattern, path);
            }
            Some(Format::Named { .. } | Format::Ipv6Network) | None => {}
        }
    }

    fn mismatch(&mut self, text: &str, pattern: &Pattern, path: &PropertyPath) {
        let shown: String = text.chars().take(60).collect();
        let mistake = Mistake::new(format!("{} cannot be `{shown}`", self.named(path))).label("not of the right form");
        let help = match pattern.meaning() {
            Some(meaning) => format!("it takes {meaning}"),
            None => format!("it must match {}", pattern.source()),
        };
        self.value(path, mistake.help(help));
    }

    fn network(&mut self, text: &str, path: &PropertyPath) {
        match cidr::parse(text) {
            Err(error) => {
                let mistake = Mistake::new(format!("{}: {error}", self.named(path))).label("not a network");
                self.value(path, mistake.help(error.help()));
            }
            Ok(network) => {
                let sized = path.steps().len() == 1
                    && path.root() == "cidrBlock"
                    && matches!(self.schema.type_name.as_str(), "AWS::EC2::VPC" | "AWS::EC2::Subnet");
                if sized && !(16..=28).contains(&network.prefix_len()) {
                    let mistake = Mistake::new(format!("{} is a /{}", self.named(path), network.prefix_len()));
                    let help = "VPCs and subnets are from /16 to /28".to_owned();
                    self.value(path, mistake.label("too large or too small").help(help));
                }
            }
        }
    }

    fn names_itself(&self, text: &str, path: &PropertyPath) -> bool {
        text == "self"
            && self.schema.type_name == "AWS::EC2::SecurityGroup"
            && SELF_RULES.iter().any(|(list, key)| path.root() == *list && path.last_key() == *key)
    }

    fn number(&mut self, number: f64, shape: &Shape, path: &PropertyPath) {
        let known = LIMITS.iter().find(|(kind, key, ..)| *kind == self.schema.type_name && path.last_key() == *key);
        let known = known.map_or((None, None), |(_, _, least, most)| (*least, *most));
        let (minimum, maximum) = (shape.minimum.or(known.0), shape.maximum.or(known.1));
        if maximum.is_some_and(|max| number > max) || minimum.is_some_and(|min| number < min) {
            let wanted = bounds(minimum, maximum);
            let mistake = Mistake::new(format!("{} is {number}, not {wanted}", self.named(path)));
            self.value(path, mistake.label(format!("must be {wanted}")));
        }
        if let Some(factor) = shape.multiple_of.filter(|factor| (number / factor).fract() != 0.0) {
            self.value(path, Mistake::new(format!("{} is {number}, not a multiple of {factor}", self.named(path))));
        }
    }
}
