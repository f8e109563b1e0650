// Package peer is how the nodes of a cluster reach each other: TLS 1.3 with certificates on both sides, whose name is the node's; messages of the protocol one
// way on a connection; questions and answers, and sealed segments, on others.
package peer
