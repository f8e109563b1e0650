// Package standby is what SQL has to do with a cluster: who leads it, what a node that follows refuses and in which words, the view of its nodes, and
// the functions that change them.
//
// It knows a cluster by an interface alone, [Cluster], and a session by [Host]. A server that is no cluster's member has no [Member]: all methods of
// one may be called on nil, and say what a single node does. Where PostgreSQL's hot standby refuses something, a node that follows refuses it with the
// same code and message, and a hint that names the leader.
package standby
