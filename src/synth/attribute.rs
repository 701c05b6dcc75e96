//! What a reference is in a template: `Ref`, `Fn::GetAtt`, or what is declared.

use super::render::Renderer;
use super::text::Piece;
use super::{Known, Problem};
use crate::model::{Reference, Value};

/// What `Ref` answers, of kinds that are identified by several properties together; for the others it is the one that
/// identifies them. From "Return values" of each in the
/// [template reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
const REF_ANSWERS: &[(&str, &str)] = &[
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "arn"),
    ("AWS::EC2::EIP", "publicIp"),
    ("AWS::ECS::Service", "serviceArn"),
];

/// Attributes that CloudFormation tells under another name.
const TOLD_AS: &[(&str, &str, &str)] = &[
    ("AWS::ECS::Service", "serviceName", "name"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "name", "loadBalancerName"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "name", "targetGroupName"),
    ("AWS::SecretsManager::Secret", "arn", "id"),
];

/// What a reference stands for.
pub(super) enum Target<'a> {
    /// What is declared, here and elsewhere.
    Declared(&'a Value, Option<&'a Value>),
    /// What CloudFormation answers.
    Told(Vec<Piece>),
}

impl<'a> Renderer<'a> {
    /// What a reference stands for; a problem is noted when it is nothing.
    pub(super) fn target(&mut self, reference: &Reference) -> Option<Target<'a>> {
        let Some(known) = self.known.get(&reference.address).copied() else {
            self.problems.push(Problem::Dangling { reference: reference.clone() });
            return None;
        };
        let target = self.attribute(known, &reference.attribute);
        if target.is_none() {
            self.problems.push(Problem::NotTold { reference: reference.clone() });
        }
        target
    }

    fn attribute(&mut self, known: Known<'a>, name: &str) -> Option<Target<'a>> {
        let Known { schema, facts, id, .. } = known;
        let type_name = schema.type_name.as_str();
        let identifier = schema.primary_identifier.as_slice();
        let address = &known.resource.address;
        if matches!(identifier, [only] if only == name) || REF_ANSWERS.contains(&(type_name, name)) {
            self.implied.insert(address);
            return Some(Target::Told(vec![Piece::Ref(id.to_owned())]));
        }
        if schema.attributes().contains(&name) {
            self.implied.insert(address);
            let cfn_name = schema.shape.properties.get(name)?.cfn_name.clone();
            return Some(Target::Told(vec![Piece::Attribute(id.to_owned(), cfn_name)]));
        }
        if let Some((_, _, told)) = TOLD_AS.iter().find(|(of, asked, _)| (*of, *asked) == (type_name, name)) {
            return self.attribute(known, told);
        }
        if let Some((value, twin)) = known.property(name) {
            // The template does not show any more that one is made after the other.
            self.replaced.insert(address);
            return Some(Target::Declared(value, twin));
        }
        let named = facts.and_then(|facts| facts.name).map(|rule| rule.property);
        match name {
            "id" => self.identifier(known),
            "arn" => {
                let of_schema = identifier.iter().map(String::as_str).find(|part| part.ends_with("Arn"));
                self.attribute(known, facts.and_then(|facts| facts.arn).or(of_schema).filter(|arn| *arn != "arn")?)
            }
            "name" if named != Some("name") => self.attribute(known, named?),
            _ if named == Some(name) => {
                self.named.insert(address);
                self.replaced.insert(address);
                Some(Target::Told(made_up(id)))
            }
            _ => None,
        }
    }

    /// The physical identifier as hzscript has it: its parts joined by `|`.
    fn identifier(&mut self, known: Known<'a>) -> Option<Target<'a>> {
        let mut pieces = Vec::new();
        for (at, part) in known.schema.primary_identifier.iter().enumerate() {
            if at > 0 {
                pieces.push(Piece::Text("|".to_owned()));
            }
            match self.attribute(known, part)? {
                Target::Told(told) => pieces.extend(told),
                Target::Declared(value, twin) => pieces.extend(self.pieces(value, twin)),
            }
        }
        Some(Target::Told(pieces))
    }
}

/// The name of what nobody named and somebody calls by its name: the template then gives it one.
pub(super) fn made_up(id: &str) -> Vec<Piece> {
    vec![Piece::Ref("AWS::StackName".to_owned()), Piece::Text(format!("-{id}"))]
}
