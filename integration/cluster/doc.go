// Package cluster tests clusters of three processes from outside: how they are founded and joined, what becomes of appends and reads while leaders are
// killed, nodes are stopped and go on, and the network between them is cut, one way too; what a damaged file does; and how long clients wait.
//
// The network is one proxy for each node's port for other nodes. It finds out which process connects, and holds back what one node sends to another while
// that direction is cut: nothing is closed, and what was held back comes when the cut has healed, as with a real network.
//
// Environment:
//
//	EVENTGRES_LONG=1    a hundred kills instead of five, and long histories
package cluster
