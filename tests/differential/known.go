package differential

// Known are the ways in which the reference switch may differ from the embedded one without fault. Each is a row of
// the table "Known differences" of docs/targets.md, which says why; the comparisons name the one they allow for.
var Known = []string{
	"CopyOrder",       // the copies of one multicast packet at one port, among each other
	"DigestRepeats",   // a digest that equals one not acknowledged yet is kept back
	"ConstPriorities", // the numbers of constant entries' priorities, and is_const
	"RefusalCodes",    // the code with which an update is refused
	"OneShotReads",    // reading the members that one-shot action sets make
	"DefaultCounters", // direct counters of default actions
	"Clock",           // times in digests
}
