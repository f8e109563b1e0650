package pgwire

import "crypto/x509/pkix"

// commonNames are those of a subject, of which [pkix.Name.CommonName] has the last.
func commonNames(attributes []pkix.AttributeTypeAndValue) (names []string) {
	for _, a := range attributes {
		if a.Type.Equal([]int{2, 5, 4, 3}) {
			name, _ := a.Value.(string)
			names = append(names, name)
		}
	}
	return names
}
