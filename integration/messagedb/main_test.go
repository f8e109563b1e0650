package messagedb

import "net"

func splitAddress(address string) (host, port string, err error) { return net.SplitHostPort(address) }
