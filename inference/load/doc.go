// Package load generates load on an HTTP server and measures what its users
// would feel.
//
// The usual mistake is to send the next request when the last one is answered:
// a server that stalls for a second then delays one request in the record
// instead of the thousand that real users would have sent meanwhile
// ("coordinated omission", G. Tene). Here, in open loop, requests are due at
// fixed times whatever the server does, and a latency counts from the moment
// when the request was due. The closed loop exists as well, to find the highest
// rate; its latencies are not those of users.
//
// The client is written against the socket: it sends the same prepared bytes
// and reads just enough of the answer, so that it takes little of the machine
// that it measures.
package load
