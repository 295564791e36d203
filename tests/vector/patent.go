package vector

import "slices"

// Operations lists the operations of the patent application's FIG. 2 to 6, by their numbers.
var Operations = []string{
	"202", "204", "206", "208", "210", "212", "214",
	"302", "304", "308", "310", "312", "314",
	"402", "404", "406", "408", "410", "412", "442", "462",
	"502", "504", "506", "508", "510", "512", "514", "516", "532", "535", "542", "552", "554", "564",
	"602", "604", "606", "608", "610", "612", "614", "616", "636", "656", "658",
}

// Claims lists its claims.
var Claims = []string{
	"claim 1", "claim 2", "claim 3", "claim 4", "claim 5", "claim 6", "claim 7", "claim 8", "claim 9",
	"claim 10", "claim 11", "claim 12", "claim 13", "claim 14", "claim 15", "claim 16", "claim 17",
	"claim 18", "claim 19", "claim 20", "claim 21", "claim 22", "claim 23", "claim 24", "claim 25",
}

// Remarks lists what its text says besides and a packet can show.
var Remarks = []string{
	"text any data",           // other data than the web's may be raced
	"text server nearest",     // the server may win: then nothing is translated
	"text A verifies",         // by the match of both addresses
	"text C verifies",         // each returning packet
	"text busy costs nothing", // a busy replica loses only by silence
}

// knownInPatent tells whether a vector may name s under patent.
func knownInPatent(s string) bool {
	return slices.Contains(Operations, s) || slices.Contains(Claims, s) || slices.Contains(Remarks, s)
}
