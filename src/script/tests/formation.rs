//! What is expected of the members of a service.

use super::script;
use crate::model::{Formation, Product};

const SERVICE: &str = r#"let service = ecs_service("s", #{ taskDefinition: "t" });"#;

fn formation(call: &str) -> Option<Formation> {
    let program = script(&format!("{SERVICE}\n{call}")).program();
    let resources = program.program.resources;
    resources.into_iter().find(|resource| resource.address.name() == "s").expect("declared").options.formation
}

#[test]
fn what_is_left_out_is_the_products_own() {
    let hazelcast = Formation { product: Product::Hazelcast, port: 5701, size: None, container: None, namespace: None };
    assert_eq!(formation(""), None);
    assert_eq!(formation(r#"service.expect_cluster(#{ product: "hazelcast" });"#), Some(hazelcast));
    let call = r#"let map = servicediscovery_private_dns_namespace("n", #{ name: "orientdb.com", vpc: "vpc-1" });
service.expect_cluster(#{ product: "orientdb", size: 3, container: "node", namespace: `nodes.${map.name}` });"#;
    let orientdb = Formation {
        product: Product::Orientdb,
        port: 2434,
        size: Some(3),
        container: Some("node".to_owned()),
        namespace: Some("nodes.orientdb.com".to_owned()),
    };
    assert_eq!(formation(call), Some(orientdb));
}

#[test]
fn mistakes_in_it_are_told_where_they_are() {
    let source = format!(
        "{SERVICE}\n{}",
        r#"service.expect_cluster(#{ product: "hazelcats", prt: 5701, port: 0, size: "three" });
service.expect_cluster(#{ port: 5701, namespace: service.serviceArn });
service.expect_cluster(#{ product: "orientdb" });
service.expect_cluster(#{ product: "orientdb" });
ecs_cluster("c").expect_cluster(#{ product: "orientdb" });
ecs_cluster("d", #{}, #{ timeouts: #{ formation: "5m" } });
ecs_service("t", #{ taskDefinition: "t" }, #{ timeouts: #{ formation: "5m", creat: "5m" } });
"#
    );
    insta::assert_snapshot!(script(&source).mistakes(), @r"
    main.rhai:2:36+11 `product` cannot be `hazelcats` ? did you mean `hazelcast`?
    main.rhai:2:49+3 expect_cluster has no property `prt` | not a property ? did you mean `port`?
    main.rhai:2:66+1 `port` is a whole number from 1 to 65535
    main.rhai:2:75+7 `size` is a whole number from 1 to 1000
    main.rhai:3:24+2 expect_cluster needs `product` | `product` is missing ? it is `hazelcast` or `orientdb`
    main.rhai:3:50+7 `namespace` must be known before anything is made
    main.rhai:5:9+14 ecs_service.s expects a cluster already | again
    main.rhai:6:18+14 ecs_cluster has no `expect_cluster`: its objects run no members | not a method of it ? it is a method of ecs_service
    main.rhai:7:39+9 there is no timeout `formation` ? `create`, `update` and `delete`
    main.rhai:8:77+5 there is no timeout `creat` ? did you mean `create`?
    ");
}
