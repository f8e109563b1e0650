// Package measure counts values in buckets, for those who watch a server: how long appends and statements take, how large
// groups are. It is called on hot paths, so it takes no lock, allocates nothing and knows no library; who collects it makes of a
// [Snapshot] what a monitoring system reads.
package measure
