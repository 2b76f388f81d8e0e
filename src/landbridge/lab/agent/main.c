/* The guest's first process: boot, then serve the host until the guest is ended. */
#define _GNU_SOURCE
#include "agent.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void set_clock(const char *data, size_t length)
{
	uint64_t nanoseconds;
	struct timespec now;

	if (length != sizeof(nanoseconds))
		return;
	memcpy(&nanoseconds, data, sizeof(nanoseconds));
	now.tv_sec = (time_t)(nanoseconds / 1000000000u);
	now.tv_nsec = (long)(nanoseconds % 1000000000u);
	clock_settime(CLOCK_REALTIME, &now);
}

static void handle(const struct frame_header *header, char *data)
{
	uint32_t number = 0;

	if (header->length >= sizeof(number))
		memcpy(&number, data, sizeof(number));
	switch (header->kind) {
	case FRAME_START:
		job_start(header->id, data, header->length);
		break;
	case FRAME_STDIN:
		job_stdin(header->id, data, header->length);
		break;
	case FRAME_SIGNAL:
		job_signal(header->id, (int)number);
		break;
	case FRAME_RESIZE:
		job_resize(header->id, (uint16_t)number, (uint16_t)(number >> 16));
		break;
	case FRAME_REPLY:
		connection_reply(header->id, data, header->length);
		break;
	case FRAME_HANGUP:
		connection_hang_up(header->id);
		break;
	case FRAME_CLOCK:
		set_clock(data, header->length);
		break;
	}
}

static int watch_children(void)
{
	sigset_t children;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		give_up("cannot watch children");
	return fd;
}

static void hello(void)
{
	struct utsname name;

	uname(&name);
	send_frame(FRAME_HELLO, 0, name.release, strlen(name.release));
}

int main(void)
{
	static struct pollfd polled[3 + 3 * JOBS_MAX + 1 + CONNECTIONS_MAX];
	int children;

	boot();
	port = open_port();
	kmsg_open();
	connections_listen();
	children = watch_children();
	hello();
	for (;;) {
		size_t jobs;
		size_t connections;

		polled[0] = (struct pollfd){ .fd = port, .events = POLLIN };
		polled[1] = (struct pollfd){ .fd = kmsg, .events = POLLIN };
		polled[2] = (struct pollfd){ .fd = children, .events = POLLIN };
		jobs = jobs_poll(polled + 3);
		connections = connections_poll(polled + 3 + jobs);
		if (poll(polled, 3 + jobs + connections, -1) < 0)
			continue;
		if (polled[1].revents)
			kmsg_forward();
		jobs_ready(polled + 3, jobs);
		connections_ready(polled + 3 + jobs, connections);
		if (polled[2].revents) {
			struct signalfd_siginfo seen;

			while (read(children, &seen, sizeof(seen)) == sizeof(seen))
				;
			jobs_reap();
		}
		if (polled[0].revents)
			receive_frames(handle);
	}
}
