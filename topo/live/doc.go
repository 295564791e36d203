// Package live is a topology with everything in it running in one process: the world of package topo, an embedded
// switch for each gateway, and a controller that drives them over P4Runtime, by connections in memory.
package live
