// Package structure measures how the files of a package hang together: which uses what another declares. Its test bounds that
// for package query, whose files would otherwise grow into one knot; which packages may import which is integration/readme's to test.
//
//	go test ./integration/structure -run Show -v -show ./engine
//
// prints the arrows of any package.
package structure
