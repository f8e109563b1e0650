// Package eventgres knows which version this is.
package eventgres

import (
	_ "embed"
	"regexp"
)

// Version is the release that the changelog is at: 0.5.0, or 0.5.0-dev where it has something unreleased above that. It has
// no other source, so that what the program says, what its packages are called and what is written down agree.
var Version = versionOf(changelog)

//go:embed CHANGELOG.md
var changelog string

var heading = regexp.MustCompile(`(?m)^#{2,3} (Unreleased|[0-9]+\.[0-9]+\.[0-9]+)\b`)

func versionOf(changelog string) string {
	suffix := ""
	for _, m := range heading.FindAllStringSubmatch(changelog, 2) {
		if m[1] != "Unreleased" {
			return m[1] + suffix
		}
		suffix = "-dev"
	}
	return "0.0.0-dev"
}
