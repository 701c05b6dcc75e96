//! `AWS::EC2::SecurityGroupEgress`: its facts. What it does is in [`SecurityGroupRule`].

use super::rules::Direction;
use super::security_group_rule::SecurityGroupRule;
use crate::kinds::Facts;

/// A rule for what goes out of a security group.
pub static SECURITY_GROUP_EGRESS: SecurityGroupRule = SecurityGroupRule { direction: Direction::Egress, facts: &FACTS };

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::SecurityGroupEgress",
    sends: &[
        "groupId",
        "ipProtocol",
        "fromPort",
        "toPort",
        "cidrIp",
        "cidrIpv6",
        "destinationSecurityGroupId",
        "description",
    ],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[&["groupId", "ipProtocol", "fromPort", "toPort", "cidrIp", "cidrIpv6", "destinationSecurityGroupId"]],
    deletable_in_use: true,
    arn: None,
};
