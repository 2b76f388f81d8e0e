// SPDX-License-Identifier: GPL-2.0
/*
 * The floor: the same crossings as bare system calls from C.
 *
 *   bare get LEVEL OPTION SIZE COUNT        getsockopt COUNT times
 *   bare set LEVEL OPTION SIZE COUNT        setsockopt COUNT times
 *   bare ask PROTOCOL HEX COUNT             send these bytes and receive an answer, COUNT times
 *   bare drain FD COUNT                     receive COUNT datagrams from an inherited socket
 *
 * Prints nanoseconds for one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <sys/socket.h>

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void report(long long start, long count)
{
	printf("%.1f\n", (double)(now() - start) / count);
}

static void options(int set, char **args)
{
	int level = atoi(args[0]), option = atoi(args[1]);
	socklen_t size = atoi(args[2]), len;
	long i, count = atol(args[3]);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	static char buffer[65536];
	long long start = now();

	for (i = 0; i < count; i++) {
		len = size;
		if (set ? setsockopt(fd, level, option, buffer, size)
			: getsockopt(fd, level, option, buffer, &len))
			fail("sockopt");
	}
	report(start, count);
}

static void ask(char **args)
{
	static unsigned char request[65536], answer[65536];
	size_t i, size = strlen(args[1]) / 2;
	long n, count = atol(args[2]);
	int one = 1, fd = socket(AF_NETLINK, SOCK_RAW, atoi(args[0]));
	long long start;

	for (i = 0; i < size; i++)
		sscanf(args[1] + 2 * i, "%2hhx", &request[i]);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	start = now();
	for (n = 0; n < count; n++) {
		((struct nlmsghdr *)request)->nlmsg_seq = n + 1;
		if (send(fd, request, size, 0) < 0 || recv(fd, answer, sizeof(answer), 0) < 0)
			fail("netlink");
	}
	report(start, count);
}

static void drain(char **args)
{
	static char buffer[65536];
	int fd = atoi(args[0]);
	long i, count = atol(args[1]);
	long long start = now();

	for (i = 0; i < count; i++)
		if (recv(fd, buffer, sizeof(buffer), 0) < 0)
			fail("recv");
	report(start, count);
}

int main(int argc, char **argv)
{
	if (argc == 6 && (!strcmp(argv[1], "get") || !strcmp(argv[1], "set")))
		options(!strcmp(argv[1], "set"), argv + 2);
	else if (argc == 5 && !strcmp(argv[1], "ask"))
		ask(argv + 2);
	else if (argc == 4 && !strcmp(argv[1], "drain"))
		drain(argv + 2);
	else
		return fprintf(stderr, "usage: bare get|set|ask|drain ...\n"), 2;
	return 0;
}
