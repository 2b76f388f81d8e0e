/*
 * What emitted handlers need of the kernel, in user space: enough to run them under the sanitizers.
 *
 * Each thing means here what it means in the kernel: lists, hashes and 64-bit division are real, locks and per-CPU
 * counters are those of one CPU without anybody else.
 */
#ifndef SHIM_H
#define SHIM_H

#include <assert.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

#define U32_MAX UINT32_MAX
#define U64_MAX UINT64_MAX
#define S32_MIN INT32_MIN
#define S64_MIN INT64_MIN

#define __init
#define __exit
#define __percpu
#define KBUILD_MODNAME "shim"
#define likely(x) (x)
#define unlikely(x) (x)
#define fallthrough __attribute__((__fallthrough__))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value) ((void)(*(volatile typeof(x) *)&(x) = (value)))
#define container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define max_t(type, a, b) ({ type _a = (a), _b = (b); _a > _b ? _a : _b; })
#define min_t(type, a, b) ({ type _a = (a), _b = (b); _a < _b ? _a : _b; })
#define min(a, b) ((a) < (b) ? (a) : (b))
#undef static_assert
#define static_assert(condition) _Static_assert(condition, #condition)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define shim_swap(bits, x) __builtin_bswap##bits(x)
#else
#define shim_swap(bits, x) (x)
#endif
#define cpu_to_be16(x) ((__be16)shim_swap(16, x))
#define cpu_to_be32(x) ((__be32)shim_swap(32, x))
#define cpu_to_be64(x) ((__be64)shim_swap(64, x))
#define be16_to_cpu(x) ((u16)shim_swap(16, x))
#define be32_to_cpu(x) ((u32)shim_swap(32, x))
#define be64_to_cpu(x) ((u64)shim_swap(64, x))
#undef htons
#undef htonl
#undef ntohs
#undef ntohl
#define htons(x) cpu_to_be16(x)
#define htonl(x) cpu_to_be32(x)
#define ntohs(x) be16_to_cpu(x)
#define ntohl(x) be32_to_cpu(x)

/* locks */
struct mutex { int held; };
typedef struct { int held; } spinlock_t;
#define DEFINE_MUTEX(name) struct mutex name
#define DEFINE_SPINLOCK(name) spinlock_t name
#define shim_lock(lock) do { assert(!(lock)->held); (lock)->held = 1; } while (0)
#define shim_unlock(lock) do { assert((lock)->held); (lock)->held = 0; } while (0)
#define mutex_lock(lock) shim_lock(lock)
#define mutex_unlock(lock) shim_unlock(lock)
#define spin_lock_bh(lock) shim_lock(lock)
#define spin_unlock_bh(lock) shim_unlock(lock)
#define cond_resched() do { } while (0)

/* counters */
typedef struct { s64 value; } atomic64_t, local64_t;
#define atomic64_inc(counter) ((void)(counter)->value++)
#define atomic64_read(counter) ((counter)->value)
#define local64_add(n, counter) ((void)((counter)->value += (n)))
#define local64_read(counter) ((counter)->value)
#define alloc_percpu(type) ((type *)calloc(1, sizeof(type)))
#define free_percpu(pointer) free(pointer)
#define get_cpu_ptr(pointer) (pointer)
#define put_cpu_ptr(pointer) ((void)(pointer))
#define per_cpu_ptr(pointer, cpu) ((void)(cpu), (pointer))
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < 1; (cpu)++)

/* memory */
#define GFP_KERNEL 0
#define GFP_ATOMIC 0
#define kvcalloc(n, size, flags) calloc(n, size)
#define kzalloc(size, flags) calloc(1, size)
#define kmalloc(size, flags) malloc(size)
#define kvfree(pointer) free(pointer)
#define kfree(pointer) free(pointer)

static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		to[i] = from[i];
		if (!from[i])
			return i;
	}
	to[size - 1] = '\0';
	return -E2BIG;
}

static inline ssize_t strscpy_pad(char *to, const char *from, size_t size)
{
	ssize_t written = strscpy(to, from, size);

	if (written >= 0)
		memset(to + written, 0, size - written);
	return written;
}

/* division */
static inline u64 div_u64(u64 left, u32 right) { return left / right; }
static inline u64 div64_u64(u64 left, u64 right) { return left / right; }
static inline s64 div64_s64(s64 left, s64 right) { return left / right; }
static inline u64 div64_u64_rem(u64 left, u64 right, u64 *remainder)
{
	*remainder = left % right;
	return left / right;
}

/* addresses */
static inline bool ether_addr_equal_unaligned(const u8 *left, const u8 *right) { return !memcmp(left, right, 6); }

/* hashes and lists */
static inline u32 get_random_u32(void) { return 0x5eed; }
static inline u32 jhash(const void *key, u32 length, u32 seed)
{
	const u8 *bytes = key;

	while (length--)
		seed = (seed ^ *bytes++) * 16777619;
	return seed;
}

struct list_head { struct list_head *next, *prev; };
struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };

static inline void INIT_LIST_HEAD(struct list_head *list) { list->next = list->prev = list; }
static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
}

static inline void list_add(struct list_head *entry, struct list_head *head)
{
	entry->next = head->next;
	entry->prev = head;
	head->next->prev = entry;
	head->next = entry;
}

static inline void list_add_tail(struct list_head *entry, struct list_head *head) { list_add(entry, head->prev); }
static inline void list_move(struct list_head *entry, struct list_head *head) { list_del(entry); list_add(entry, head); }
static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
	list_del(entry);
	list_add_tail(entry, head);
}

#define list_entry(pointer, type, member) container_of(pointer, type, member)
#define list_first_entry_or_null(head, type, member) \
	((head)->next == (head) ? NULL : list_entry((head)->next, type, member))
#define list_for_each_entry(pos, head, member)                                            \
	for (pos = list_entry((head)->next, typeof(*pos), member); &pos->member != (head); \
	     pos = list_entry(pos->member.next, typeof(*pos), member))
#define list_for_each_entry_safe(pos, after, head, member)              \
	for (pos = list_entry((head)->next, typeof(*pos), member),      \
	    after = list_entry(pos->member.next, typeof(*pos), member); \
	     &pos->member != (head);                                    \
	     pos = after, after = list_entry(after->member.next, typeof(*after), member))

static inline void hlist_add_head(struct hlist_node *node, struct hlist_head *head)
{
	node->next = head->first;
	if (head->first)
		head->first->pprev = &node->next;
	head->first = node;
	node->pprev = &head->first;
}

static inline void hlist_del(struct hlist_node *node)
{
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
}

#define hlist_entry_or_null(pointer, type, member) ((pointer) ? container_of(pointer, type, member) : NULL)
#define hlist_for_each_entry(pos, head, member)                                               \
	for (pos = hlist_entry_or_null((head)->first, typeof(*pos), member); pos;              \
	     pos = hlist_entry_or_null(pos->member.next, typeof(*pos), member))

#endif
