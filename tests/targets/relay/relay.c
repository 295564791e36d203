/* Relays frames between two interfaces: what AF_PACKET can do when nothing is done to a packet.
 *
 *   relay simple|ring IFACE IFACE
 *
 * simple: one recv and one send per frame. ring: frames are received in memory shared with the
 * kernel (TPACKET_V2) and sent with sendmmsg, up to BURST at a time. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BURST = 64, SLOTS = 2048, SLOT = 2048, BLOCK = 65536 };

struct way { int in, out, ring; char *memory; };

static void die(const char *what) { perror(what); exit(1); }

static int open_port(const char *name, int protocol)
{
	int one = 1, size = 8 << 20;
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0) die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one)) die("PACKET_IGNORE_OUTGOING");
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = if_nametoindex(name) };
	if (bind(fd, (struct sockaddr *)&at, sizeof at)) die(name);
	struct packet_mreq promiscuous = { .mr_ifindex = at.sll_ifindex, .mr_type = PACKET_MR_PROMISC };
	setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous);
	return fd;
}

static void map_ring(struct way *w)
{
	int version = TPACKET_V2;
	struct tpacket_req req = { BLOCK, SLOTS * SLOT / BLOCK, SLOT, SLOTS };
	if (setsockopt(w->in, SOL_PACKET, PACKET_VERSION, &version, sizeof version)) die("PACKET_VERSION");
	if (setsockopt(w->in, SOL_PACKET, PACKET_RX_RING, &req, sizeof req)) die("PACKET_RX_RING");
	w->memory = mmap(0, SLOTS * SLOT, PROT_READ | PROT_WRITE, MAP_SHARED, w->in, 0);
	if (w->memory == MAP_FAILED) die("mmap");
}

static void *simple(void *arg)
{
	struct way *w = arg;
	static __thread char frame[65536];
	for (;;) {
		ssize_t n = recv(w->in, frame, sizeof frame, 0);
		if (n > 0) send(w->out, frame, n, 0);
	}
}

static struct tpacket2_hdr *slot(struct way *w, int i) { return (void *)(w->memory + (size_t)(i % SLOTS) * SLOT); }

static int full(struct way *w, int i) { return __atomic_load_n(&slot(w, i)->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER; }

static void *ring(void *arg)
{
	struct way *w = arg;
	struct mmsghdr messages[BURST];
	struct iovec pieces[BURST];
	for (int next = 0;;) {
		struct pollfd p = { .fd = w->in, .events = POLLIN };
		while (!full(w, next)) poll(&p, 1, -1);
		int n = 0;
		memset(messages, 0, sizeof messages);
		for (; n < BURST && full(w, next + n); n++) {
			struct tpacket2_hdr *h = slot(w, next + n);
			pieces[n] = (struct iovec){ (char *)h + h->tp_mac, h->tp_snaplen };
			messages[n].msg_hdr.msg_iov = &pieces[n];
			messages[n].msg_hdr.msg_iovlen = 1;
		}
		for (int sent = 0; sent < n;) {
			int k = sendmmsg(w->out, messages + sent, n - sent, MSG_DONTWAIT);
			sent += k > 0 ? k : 1; /* what cannot be sent is lost */
		}
		for (int i = 0; i < n; i++) __atomic_store_n(&slot(w, next + i)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		next = (next + n) % SLOTS;
	}
}

int main(int argc, char **argv)
{
	if (argc != 4) { fprintf(stderr, "usage: relay simple|ring IFACE IFACE\n"); return 2; }
	int rings = !strcmp(argv[1], "ring");
	static struct way ways[2];
	pthread_t threads[2];
	for (int i = 0; i < 2; i++) {
		ways[i].in = open_port(argv[2 + i], ETH_P_ALL);
		ways[i].out = open_port(argv[3 - i], 0);
		if (rings) map_ring(&ways[i]);
	}
	puts("ready");
	fflush(stdout);
	for (int i = 0; i < 2; i++) pthread_create(&threads[i], 0, rings ? ring : simple, &ways[i]);
	pthread_join(threads[0], 0);
	return 0;
}
