package eventgres

import "testing"

func TestVersion(t *testing.T) {
	for changelog, want := range map[string]string{
		"# Changelog\n\n## Unreleased\n\n- 1.2.3\n\n### 0.5.0\n\n### 0.4.0\n": "0.5.0-dev",
		"# Changelog\n\n## 0.6.0\n\n- news\n\n### 0.5.0\n":                    "0.6.0",
		"# Changelog\n\n## 1.0.0, of a day\n":                                 "1.0.0",
	} {
		if got := versionOf(changelog); got != want {
			t.Errorf("%s of\n%s", got, changelog)
		}
	}
	if Version == versionOf("") {
		t.Error("the changelog has no release")
	}
}
