// Package begin is how a directory becomes that of a member: founding a cluster of empty ones, making one of a single node's, joining one, and going on
// alone when most nodes are lost.
package begin
