//! `AWS::EC2::SecurityGroupIngress`: its facts. What it does is in [`SecurityGroupRule`].

use super::rules::Direction;
use super::security_group_rule::SecurityGroupRule;
use crate::kinds::Facts;

/// A rule for what comes into a security group.
pub static SECURITY_GROUP_INGRESS: SecurityGroupRule =
    SecurityGroupRule { direction: Direction::Ingress, facts: &FACTS };

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::SecurityGroupIngress",
    sends: &[
        "groupId",
        "ipProtocol",
        "fromPort",
        "toPort",
        "cidrIp",
        "cidrIpv6",
        "sourceSecurityGroupId",
        "description",
    ],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[&["groupId", "ipProtocol", "fromPort", "toPort", "cidrIp", "cidrIpv6", "sourceSecurityGroupId"]],
    deletable_in_use: true,
    arn: None,
};
