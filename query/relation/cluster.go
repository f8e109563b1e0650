package relation

import "github.com/eventgres/eventgres/pgwire/pgvalue"

// Cluster has a row for each node of the cluster, none where there is no cluster. It is in no catalog, as Health.
var Cluster = served("eventgres_cluster", 16402, 14, []Column{
	{Name: "node", OID: pgvalue.OIDText},
	{Name: "role", OID: pgvalue.OIDText},
	{Name: "term", OID: pgvalue.OIDInt8},
	{Name: "entry", OID: pgvalue.OIDInt8}, // the newest that it has applied, of the replicated log
	{Name: "position", OID: pgvalue.OIDInt8},
	{Name: "applied", OID: pgvalue.OIDBool}, // all that is known to be committed can be read there
	{Name: "lag_events", OID: pgvalue.OIDInt8},
	{Name: "lag_bytes", OID: pgvalue.OIDInt8},
	{Name: "lag_seconds", OID: pgvalue.OIDFloat8},
	{Name: "last_contact", OID: pgvalue.OIDTimestamptz},
	{Name: "sync_p99_ms", OID: pgvalue.OIDFloat8},
	{Name: "address", OID: pgvalue.OIDText},
	{Name: "peer_address", OID: pgvalue.OIDText},
	{Name: "damage", OID: pgvalue.OIDText},
})

// Functions that change the cluster. Their bodies are the server's.
var (
	ClusterAdd      = changesCluster(16690, "add", "add a node to the cluster, as one that learns", "name", "address")
	ClusterPromote  = changesCluster(16691, "promote", "give a node that has learnt a vote", "name")
	ClusterRemove   = changesCluster(16692, "remove", "take a node out of the cluster", "name")
	ClusterTransfer = changesCluster(16693, "transfer", "have another node lead", "name")
)

func changesCluster(oid uint32, what, about string, names ...string) *Function {
	args := make([]uint32, len(names))
	for i := range args {
		args[i] = pgvalue.OIDText
	}
	return &Function{
		OID: oid, Schema: "public", Name: "eventgres_cluster_" + what, Args: args, ArgNames: names, Result: pgvalue.OIDVoid,
		Volatile: 'v', Strict: true, Effects: true, About: about, Source: "\nBEGIN\n  -- the server itself does it\nEND",
	}
}
