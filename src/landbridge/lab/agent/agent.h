/* The guest's first process: it boots the guest, then runs what the host asks for.
 *
 * One byte stream joins it to the host (a virtio-serial port, or a second serial line). Both
 * directions carry frames: a header, then `length` bytes. All numbers are little-endian, which the
 * guest's processor is too.
 */
#ifndef LANDBRIDGE_AGENT_H
#define LANDBRIDGE_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Keep the numbers in step with landbridge/lab/wire.py. */
enum frame_kind {
	/* host to guest; id is a job, except for REPLY and HANGUP: a connection */
	FRAME_START = 1,
	FRAME_STDIN = 2,
	FRAME_SIGNAL = 3,
	FRAME_RESIZE = 4,
	FRAME_REPLY = 5,
	FRAME_HANGUP = 6,
	FRAME_CLOCK = 7,
	/* guest to host */
	FRAME_HELLO = 64,
	FRAME_STDOUT = 65,
	FRAME_STDERR = 66,
	FRAME_EXIT = 67,
	FRAME_TAKEN = 68,
	FRAME_KMSG = 69,
	FRAME_REQUEST = 70,
	FRAME_CLOSED = 71,
};

struct frame_header {
	uint32_t length;
	uint16_t kind;
	uint16_t id;
};

#define FRAME_MAX (1u << 20)
#define PIECE 32768

/* Payload of FRAME_START: this, then cwd, argv and envp as NUL-terminated strings. */
struct start {
	uint32_t flags;
	uint32_t uid;
	uint32_t gid;
	uint32_t argc;
	uint32_t envc;
	uint16_t rows;
	uint16_t columns;
};

#define START_TTY 1u
#define START_STDIN 2u

/* Bytes that wait until their reader has room. */
struct backlog {
	char *data;
	size_t length;
	size_t taken;
};

bool backlog_add(struct backlog *backlog, const void *data, size_t length);
/* 1: all written, 0: some is left, -1: the reader is gone. */
int backlog_write(struct backlog *backlog, int fd);
void backlog_free(struct backlog *backlog);

/* boot.c */
void boot(void);
int open_port(void);
void give_up(const char *what) __attribute__((noreturn));

/* wire.c */
extern int port;
void send_frame(uint16_t kind, uint16_t id, const void *data, size_t length);
void receive_frames(void (*handle)(const struct frame_header *header, char *data));

/* kmsg.c */
extern int kmsg;
void kmsg_open(void);
void kmsg_forward(void);

/* job.c */
struct pollfd;
void job_start(uint16_t id, char *data, size_t length);
void job_stdin(uint16_t id, const char *data, size_t length);
void job_signal(uint16_t id, int signal);
void job_resize(uint16_t id, uint16_t rows, uint16_t columns);
void jobs_reap(void);
size_t jobs_poll(struct pollfd *polled);
void jobs_ready(const struct pollfd *polled, size_t count);

/* connection.c */
void connections_listen(void);
void connection_reply(uint16_t id, const char *data, size_t length);
void connection_hang_up(uint16_t id);
size_t connections_poll(struct pollfd *polled);
void connections_ready(const struct pollfd *polled, size_t count);

#define JOBS_MAX 64
#define CONNECTIONS_MAX 64

#endif
