//! Reading what exists takes as few calls as AWS's batches allow, however many resources there are.

use std::collections::BTreeMap;

use crate::support::Stack;

/// A thousand resources of kinds that AWS describes in batches.
const SCRIPT: &str = r#"
for n in 0..250 { logs_log_group(`logs-${n}`, #{}); }
let vpc = ec2_vpc("vpc", #{ cidrBlock: "10.0.0.0/16" });
for n in 0..299 { ec2_security_group(`group-${n}`, #{ groupDescription: "members", vpcId: vpc.vpcId }); }
for n in 0..150 { ec2_subnet(`subnet-${n}`, #{ cidrBlock: `10.0.${n}.0/24`, vpcId: vpc.vpcId }); }
for n in 0..150 { iam_role(`role-${n}`, #{ assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") }); }
for n in 0..100 { ecs_cluster(`cluster-${n}`, #{}); }
for n in 0..50 { ec2_route_table(`table-${n}`, #{ vpcId: vpc.vpcId }); }
"#;

/// The most calls of each operation that reading them may take: resources by what AWS tells in one answer, as the API
/// references of the services say.
const ALLOWED: [(&str, u64); 11] = [
    // 100 clusters a call.
    ("DescribeClusters", 1),
    // 50 names a call.
    ("DescribeLogGroups", 5),
    // CloudWatch Logs tells the tags of one group a call.
    ("ListTagsForResource", 250),
    // 200 values a filter, here and in what follows: those of the subnets, and the default one of the VPC.
    ("DescribeNetworkAcls", 2),
    ("DescribeRouteTables", 1),
    // Those declared, and the default one of the VPC.
    ("DescribeSecurityGroups", 3),
    ("DescribeSubnets", 1),
    ("DescribeVpcs", 1),
    // One attribute of one VPC a call, and there are two.
    ("DescribeVpcAttribute", 2),
    // 100 roles a page: what they may do, and what they say of themselves.
    ("GetAccountAuthorizationDetails", 2),
    ("ListRoles", 2),
];

#[tokio::test(start_paused = true)]
async fn reading_a_thousand_resources_takes_a_few_calls() {
    let stack = Stack::new().await;
    stack.runs(SCRIPT).await;
    let calls = stack.engine.cloud().calls.clone();
    let before = calls.counted();
    let drift = stack.engine.look().await.expect("begun").drift().await.expect("read");
    assert_eq!((drift.unchanged, drift.resources.len()), (1000, 0));
    let made: BTreeMap<String, u64> = calls
        .counted()
        .into_iter()
        .map(|(call, count)| (call.1.clone(), count.sent - before.get(&call).map_or(0, |count| count.sent)))
        .filter(|(_, sent)| *sent > 0)
        .collect();
    let allowed = BTreeMap::from(ALLOWED.map(|(call, most)| (call.to_owned(), most)));
    let over: Vec<_> = made.iter().filter(|(call, sent)| allowed.get(*call).is_none_or(|most| *sent > most)).collect();
    assert!(over.is_empty(), "{over:?} of {made:?}");
}
