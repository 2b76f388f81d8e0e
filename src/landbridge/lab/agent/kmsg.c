/* The kernel's log, record by record, from where boot ended. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/klog.h>
#include <unistd.h>

#define CONSOLE_LEVEL 8
#define LEVEL_WITH_WARNINGS 5

int kmsg = -1;

void kmsg_open(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0)
		give_up("cannot open /dev/kmsg");
	lseek(kmsg, 0, SEEK_END);
	/* The console carries what the log cannot: a warning that turns into a panic. */
	klogctl(CONSOLE_LEVEL, NULL, LEVEL_WITH_WARNINGS);
}

void kmsg_forward(void)
{
	static char record[8192];

	for (;;) {
		ssize_t length = read(kmsg, record, sizeof(record));

		if (length < 0 && errno == EPIPE) /* overwritten before we came: the next read goes on */
			continue;
		if (length <= 0)
			return;
		send_frame(FRAME_KMSG, 0, record, (size_t)length);
	}
}
