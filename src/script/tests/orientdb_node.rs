//! `orientdb_node`: what a container of one's own task definition starts an OrientDB node with.

use super::script;

#[test]
fn a_node_of_ones_own_task_definition_starts_like_those_of_the_stack() {
    let source = r#"
let alone = orientdb_node(#{ memoryLimit: 2048 });
output("alone", alone);
let named = orientdb_node(#{ clusterName: "a&b", nodeName: "n-1", members: ["n-1.c", "n-2.c"], port: 5701 });
output("named", named.environment);
orientdb_fargate_stack(#{ name: "orient", cloudNamespace: "orientdb.com" });
let same = orientdb_node(#{ clusterName: "orient", serviceDns: "OrientDb.orientdb.com" });
output("xml", same.environment.HAZELCAST_XML);
output("command", same.command);
"#;
    let script = script(source);
    insta::assert_snapshot!(serde_json::to_string(&script.output("alone")).expect("JSON"), @r#"{"command":null,"environment":{"ORIENTDB_OPTS_MEMORY":"-Xms1194m -Xmx1194m","ORIENTDB_SETTINGS":"-Dstorage.diskCache.bufferSize=598"}}"#);
    insta::assert_snapshot!(serde_json::to_string(&script.output("named")).expect("JSON"), @r#"{"HAZELCAST_XML":"<hazelcast xmlns=\"http://www.hazelcast.com/schema/config\"><group><name>a&amp;b</name></group><properties><property name=\"hazelcast.shutdownhook.enabled\">false</property><property name=\"hazelcast.merge.first.run.delay.seconds\">30</property><property name=\"hazelcast.merge.next.run.delay.seconds\">15</property></properties><network><port auto-increment=\"false\">5701</port><public-address>@ADDRESS@</public-address><join><multicast enabled=\"false\"/><tcp-ip enabled=\"true\"><member>n-1.c:5701</member><member>n-2.c:5701</member></tcp-ip></join></network></hazelcast>","ORIENTDB_NODE_NAME":"n-1","ORIENTDB_OPTS_MEMORY":"-Xms512m -Xmx512m","ORIENTDB_SETTINGS":"-Dstorage.diskCache.bufferSize=256"}"#);
    let definition = script.properties("ecs_task_definition.orient");
    let own = |name: &str| serde_json::to_string(&script.output(name)).expect("JSON");
    assert!(definition.contains(&own("xml")), "the stack's nodes have the same configuration");
    let command = script.output("command");
    let crate::model::Value::List(words) = command else { panic!("a list") };
    assert!(definition.contains(&serde_json::to_string(&words[2]).expect("JSON")), "and the same command");
}

#[test]
fn what_is_wrong_in_a_node_is_told_where_it_is_written() {
    let source = r#"orientdb_node(#{ memoryLimit: 512 });
orientdb_node(#{ serviceDns: "a.b", members: ["c.d"] });
orientdb_node(#{ members: "a.b", port: 0, nodName: "x" });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r"
    main.rhai:1:31+3 OrientDB cannot start in 512 MiB: the JVM needs 256, the heap 256 and the disk cache 128, 640 MiB together; Fargate's next size is 1024
    main.rhai:2:46+1 nodes share `serviceDns`, or have names of their own in `members`: leave one out
    main.rhai:3:27+5 members is a list of names, one a node
    main.rhai:3:40+1 a port is a number from 1 to 65535
    main.rhai:3:43+7 orientdb_node has no property `nodName` | not a property ? did you mean `nodeName`?
    ");
}
