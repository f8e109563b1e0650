package pgfn

import "testing"

// TestWordEdges has expressions in which \b means what \m or \M does, and others, which are refused.
func TestWordEdges(t *testing.T) {
	for pattern, ok := range map[string]bool{
		`\mfoo\M`: true, `\m(foo|bar)\M`: true, `\m\w+\M`: true, `\m[a-z]*x\M`: true, `[[:<:]]a[[:>:]]`: true, `x|\mfoo`: true, `(\mfoo\M)+`: true, `^\mfoo\M$`: true, `\M`: false,
		`\m`: false, `\m|a`: false, `\m.`: false, `.\M`: false, `\m(foo|)`: false, `\ma*`: false, `\ma?b`: true, `a\m`: false, `\m$`: false, `(\m)+foo`: true, `\m\M`: false,
		`\m(a|-)`: false, `\m\Mfoo`: false, `foo\m\M`: false, `\m|[^a]`: false, `\mfoo|\mbar`: true, `\mé`: false, `a*\M`: false, `ba*\M`: true, `\m\sa`: false, `\y`: true,
	} {
		if _, err := CompileRegexp(pattern, ""); (err == nil) != ok {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}
