// Package failpoint has mistakes that sessions make where a test asks for one, to see that the test of random histories finds it: see TestFailpoints of
// integration/serializable. Without the build tag failpoint there are no such places, and the compiler drops the branches. It must know nothing else.
package failpoint
