/* Frames to and from the host. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int port = -1;

static void write_all(const char *data, size_t length)
{
	while (length) {
		ssize_t done = write(port, data, length);

		if (done < 0 && errno == EAGAIN) {
			struct pollfd wait = { .fd = port, .events = POLLOUT };

			poll(&wait, 1, -1);
			continue;
		}
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			give_up("the host is gone");
		data += done;
		length -= (size_t)done;
	}
}

void send_frame(uint16_t kind, uint16_t id, const void *data, size_t length)
{
	/* One write for a whole frame: each write is an exit to the host. */
	static char buffer[sizeof(struct frame_header) + PIECE];
	struct frame_header header = { .length = (uint32_t)length, .kind = kind, .id = id };

	memcpy(buffer, &header, sizeof(header));
	if (length <= PIECE) {
		memcpy(buffer + sizeof(header), data, length);
		write_all(buffer, sizeof(header) + length);
		return;
	}
	write_all(buffer, sizeof(header));
	write_all(data, length);
}

void receive_frames(void (*handle)(const struct frame_header *header, char *data))
{
	static char buffer[sizeof(struct frame_header) + FRAME_MAX];
	static size_t filled;
	size_t used = 0;
	ssize_t got = read(port, buffer + filled, sizeof(buffer) - filled);

	if (got == 0)
		give_up("the host is gone");
	if (got < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		give_up("cannot read from the host");
	}
	filled += (size_t)got;
	while (filled - used >= sizeof(struct frame_header)) {
		struct frame_header header;

		memcpy(&header, buffer + used, sizeof(header));
		if (header.length > FRAME_MAX)
			give_up("a frame from the host is too long");
		if (filled - used - sizeof(header) < header.length)
			break;
		handle(&header, buffer + used + sizeof(header));
		used += sizeof(header) + header.length;
	}
	memmove(buffer, buffer + used, filled - used);
	filled -= used;
}

bool backlog_add(struct backlog *backlog, const void *data, size_t length)
{
	size_t waiting = backlog->length - backlog->taken;
	char *grown = malloc(waiting + length + 1);

	if (!grown)
		return false;
	if (waiting)
		memcpy(grown, backlog->data + backlog->taken, waiting);
	memcpy(grown + waiting, data, length);
	free(backlog->data);
	*backlog = (struct backlog){ .data = grown, .length = waiting + length };
	return true;
}

int backlog_write(struct backlog *backlog, int fd)
{
	while (backlog->taken < backlog->length) {
		ssize_t done = write(fd, backlog->data + backlog->taken, backlog->length - backlog->taken);

		if (done < 0 && errno == EAGAIN)
			return 0;
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		backlog->taken += (size_t)done;
	}
	backlog_free(backlog);
	return 1;
}

void backlog_free(struct backlog *backlog)
{
	free(backlog->data);
	*backlog = (struct backlog){ 0 };
}
