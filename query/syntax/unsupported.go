package syntax

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// NoWorkerDetail is for servers of which it is true; see [Session.said].
const NoWorkerDetail = "It needs the analytics worker, which this server does not have."

// UnsupportedError says that a statement needs the full SQL path.
func UnsupportedError(src string, b *Unsupported) error {
	return pgerror.Errorf(pgerror.FeatureNotSupported, "%s is not supported yet", b.What).
		WithDetail(NoWorkerDetail).
		WithHint("Reads of events and streams may filter, order by position or version, limit, count, and take min and max.").
		At(CharPosition(src, b.Pos))
}
