/* Requests of guest processes to the host: a socket of theirs becomes a numbered connection. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_PATH "/run/landbridge/host.sock" /* in step with landbridge/lab/guest.py */

struct connection {
	int fd;
	uint16_t id; /* never a place's number: a late answer must not reach the next client */
	bool hang_up; /* close as soon as the backlog is written */
	struct backlog replies;
};

static int listener = -1;
static struct connection connections[CONNECTIONS_MAX];

void connections_listen(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET_PATH };

	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		connections[i].fd = -1;
	mkdir("/run/landbridge", 0755);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 64))
		give_up("cannot listen on " SOCKET_PATH);
	chmod(SOCKET_PATH, 0666);
}

static struct connection *connection_find(uint16_t id)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (connections[i].fd >= 0 && connections[i].id == id)
			return &connections[i];
	return NULL;
}

static void connection_close(struct connection *connection)
{
	close(connection->fd);
	backlog_free(&connection->replies);
	*connection = (struct connection){ .fd = -1 };
}

static void connection_flush(struct connection *connection)
{
	int state = backlog_write(&connection->replies, connection->fd);

	if (state < 0 || (state > 0 && connection->hang_up))
		connection_close(connection);
}

void connection_reply(uint16_t id, const char *data, size_t length)
{
	struct connection *connection = connection_find(id);

	if (!connection)
		return;
	if (!backlog_add(&connection->replies, data, length))
		connection_close(connection);
	else
		connection_flush(connection);
}

void connection_hang_up(uint16_t id)
{
	struct connection *connection = connection_find(id);

	if (!connection)
		return;
	connection->hang_up = true;
	connection_flush(connection);
}

static void connection_accept(void)
{
	static uint16_t next_id;

	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (connections[i].fd >= 0)
			continue;
		connections[i] = (struct connection){
			.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK),
			.id = next_id++,
		};
		return;
	}
}

static bool connections_full(void)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (connections[i].fd < 0)
			return false;
	return true;
}

static void connection_read(struct connection *connection)
{
	static char data[PIECE];
	uint16_t id = connection->id;
	ssize_t got = read(connection->fd, data, sizeof(data));

	if (got > 0) {
		send_frame(FRAME_REQUEST, id, data, (size_t)got);
	} else if (got == 0 || errno != EAGAIN) {
		connection_close(connection);
		send_frame(FRAME_CLOSED, id, "", 0);
	}
}

size_t connections_poll(struct pollfd *polled)
{
	size_t count = 0;

	/* With every place taken, new clients wait in the socket's queue. */
	polled[count++] = (struct pollfd){ .fd = connections_full() ? -1 : listener, .events = POLLIN };
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		short events = POLLIN;

		if (connections[i].fd < 0)
			continue;
		if (connections[i].replies.length)
			events |= POLLOUT;
		polled[count++] = (struct pollfd){ .fd = connections[i].fd, .events = events };
	}
	return count;
}

void connections_ready(const struct pollfd *polled, size_t count)
{
	for (size_t p = 1; p < count; p++) {
		for (size_t i = 0; polled[p].revents && i < CONNECTIONS_MAX; i++) {
			struct connection *connection = &connections[i];

			if (connection->fd != polled[p].fd)
				continue;
			if (polled[p].revents & POLLOUT)
				connection_flush(connection);
			if (connection->fd == polled[p].fd && polled[p].revents & (POLLIN | POLLHUP | POLLERR))
				connection_read(connection);
			break;
		}
	}
	if (polled[0].revents)
		connection_accept();
}
