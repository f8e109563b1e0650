//go:build !race

package query

const raced = false
