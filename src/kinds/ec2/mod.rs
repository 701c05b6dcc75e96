//! Kinds of EC2's networking: VPCs and what is in them.
//!
//! One file a kind. What several share is by concept: [`filters`] (asking about many at once), [`tags`], [`properties`]
//! (JSON in and out), [`rules`] (rules of security groups).
//!
//! Describing goes by filter rather than by a list of identifiers: one that does not exist is then left out of the
//! answer, where in a list it fails the whole call. Source of what calls take, answer and refuse: botocore 1.44.5's
//! model of `ec2`, and "Error codes for the Amazon EC2 API".

mod eip;
mod filters;
mod internet_gateway;
mod nat_gateway;
mod properties;
mod route;
mod route_table;
mod rule_calls;
mod rules;
mod security_group;
mod security_group_egress;
mod security_group_ingress;
mod security_group_rule;
mod subnet;
mod subnet_route_table_association;
mod tags;
mod vpc;
mod vpc_endpoint;
mod vpc_gateway_attachment;

pub use eip::Eip;
pub use internet_gateway::InternetGateway;
pub use nat_gateway::NatGateway;
pub use route::Route;
pub use route_table::RouteTable;
pub use security_group::SecurityGroup;
pub use security_group_egress::SECURITY_GROUP_EGRESS;
pub use security_group_ingress::SECURITY_GROUP_INGRESS;
pub use subnet::Subnet;
pub use subnet_route_table_association::SubnetRouteTableAssociation;
pub use vpc::Vpc;
pub use vpc_endpoint::VpcEndpoint;
pub use vpc_gateway_attachment::VpcGatewayAttachment;

#[cfg(test)]
mod tests {
    use crate::kinds::{Facts, KINDS};
    use crate::model::{PathPattern, PropertyPath, schemas};

    fn facts() -> Vec<&'static Facts> {
        KINDS.iter().map(|kind| kind.facts()).filter(|facts| facts.type_name.starts_with("AWS::EC2::")).collect()
    }

    #[test]
    fn what_is_claimed_is_in_the_schema_and_may_be_set() {
        assert_eq!(facts().len(), 13);
        for facts in facts() {
            let schema = schemas().by_type(facts.type_name).expect("a schema");
            let name = facts.name.map(|rule| rule.property);
            let roots = facts.sends.iter().chain(facts.replaces).chain(facts.unique_by.iter().copied().flatten());
            for root in roots.copied().chain(name) {
                let path = PropertyPath::new(root);
                assert!(schema.shape_at(&path).is_some(), "{} has no {root}", facts.type_name);
                assert!(!schema.is_read_only(&path), "{} {root} cannot be set", facts.type_name);
            }
            for path in facts.except {
                let root = PathPattern::parse(path).root().to_owned();
                assert!(facts.sends.contains(&root.as_str()), "{} {path} is not sent anyway", facts.type_name);
            }
        }
    }

    #[test]
    fn whatever_takes_tags_is_sent_them() {
        for facts in facts() {
            let schema = schemas().by_type(facts.type_name).expect("a schema");
            assert_eq!(schema.tag_property.is_some(), facts.sends.contains(&"tags"), "{}", facts.type_name);
        }
    }
}
