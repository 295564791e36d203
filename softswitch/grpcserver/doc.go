// Package grpcserver serves gRPC over HTTP/2 (gRPC's doc/PROTOCOL-HTTP2.md; RFC 9113; RFC 7541) where a call is so short
// that handing it from goroutine to goroutine costs more than to carry it out. A controller that writes one entry after
// the other waits for each answer: here the goroutine that reads a connection also carries out what is named in
// Options.Direct, and writes the answer. All other calls run in goroutines of their own.
//
// It takes the place of grpc.Server for services generated for that one: handlers, streams, metadata, peers, status
// details, deadlines, credentials and reflection are grpc-go's. Frames and header compression are those of
// golang.org/x/net/http2.
//
// What it leaves out: interceptors, statistics, compression (answered by UNIMPLEMENTED, as a grpc.Server does that has
// no compressor), and pings of its own; connections of dead peers end by TCP's keep-alive.
package grpcserver
