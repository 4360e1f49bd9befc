/*
 * What the machine itself takes: the least that a round trip or a copy between two processes costs, for the figures of CudaRpc to be
 * compared with in the same run.
 *
 *   cc -O2 -o rings rings.c
 *   ./rings pingpong unix|shm ROUNDS BYTES       BYTES there and back; median and 99th percentile
 *   ./rings stream unix|shm BYTES [CAPACITY]     BYTES into memory of another process; median, beside one memcpy of as many
 *   ./rings wake futex|eventfd|poll|recv ROUNDS  two processes that do nothing but sleep and wake each other
 *
 * shm is two rings as Runtime/CudaRpc/Transport/SharedMemory has them, without checks: spin, then say that one sleeps and wait for a byte.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SPIN = 20000, PIECE = 64 << 10, LINE = 128 };

struct ring {
    _Alignas(LINE) uint64_t head;
    _Alignas(LINE) uint64_t tail;
    _Alignas(LINE) uint32_t consumer_sleeps;
    _Alignas(LINE) uint32_t producer_sleeps;
};

struct end {
    int socket, space; /* bells for bytes, and for space */
    struct ring *in, *out;
    char *in_bytes, *out_bytes;
    uint64_t capacity;
};

static struct end ends[2];

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static int by_value(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/* Each on a processor of its own: on one, the other could not answer while this one spins. */
static pid_t fork_apart(void) {
    pid_t child = fork();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(child == 0 && sysconf(_SC_NPROCESSORS_ONLN) > 1, &one);
    sched_setaffinity(0, sizeof one, &one);
    return child;
}

static void ring_bell(int bell) {
    char byte = 0;
    if (send(bell, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) fail("bell");
}

static void sleep_until_bell(int bell) {
    char bytes[64];
    if (recv(bell, bytes, sizeof bytes, 0) < 1) _exit(1);
}

static void wait_until_changed(uint64_t *word, uint64_t old, uint32_t *sleeps, int bell) {
    for (uint64_t until = now() + SPIN; now() < until;)
        for (int turn = 0; turn < 16; turn++) {
            if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != old) return;
            __builtin_ia32_pause();
        }
    while (1) {
        __atomic_exchange_n(sleeps, 1, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != old) break;
        sleep_until_bell(bell);
    }
    __atomic_store_n(sleeps, 0, __ATOMIC_RELAXED);
}

static void wake(uint32_t *sleeps, int bell) {
    if (__atomic_load_n(sleeps, __ATOMIC_SEQ_CST) && __atomic_exchange_n(sleeps, 0, __ATOMIC_SEQ_CST)) ring_bell(bell);
}

static void shm_send(struct end *end, const char *bytes, uint64_t length) {
    while (length > 0) {
        uint64_t head = end->out->head, tail = __atomic_load_n(&end->out->tail, __ATOMIC_ACQUIRE), free = end->capacity - (head - tail);
        if (free == 0) {
            wait_until_changed(&end->out->tail, tail, &end->out->producer_sleeps, end->space);
            continue;
        }
        uint64_t at = head & (end->capacity - 1), piece = length;
        if (piece > free) piece = free;
        if (piece > PIECE) piece = PIECE;
        if (piece > end->capacity - at) piece = end->capacity - at;
        memcpy(end->out_bytes + at, bytes, piece);
        __atomic_exchange_n(&end->out->head, head + piece, __ATOMIC_SEQ_CST);
        wake(&end->out->consumer_sleeps, end->socket);
        bytes += piece;
        length -= piece;
    }
}

static void shm_receive(struct end *end, char *bytes, uint64_t length) {
    while (length > 0) {
        uint64_t tail = end->in->tail, head = __atomic_load_n(&end->in->head, __ATOMIC_ACQUIRE), there = head - tail;
        if (there == 0) {
            wait_until_changed(&end->in->head, head, &end->in->consumer_sleeps, end->socket);
            continue;
        }
        uint64_t at = tail & (end->capacity - 1), piece = length;
        if (piece > there) piece = there;
        if (piece > PIECE) piece = PIECE;
        if (piece > end->capacity - at) piece = end->capacity - at;
        memcpy(bytes, end->in_bytes + at, piece);
        __atomic_exchange_n(&end->in->tail, tail + piece, __ATOMIC_SEQ_CST);
        if (end->capacity - (there - piece) >= end->capacity / 2) wake(&end->in->producer_sleeps, end->space);
        bytes += piece;
        length -= piece;
    }
}

static void unix_send(struct end *end, const char *bytes, uint64_t length) {
    while (length > 0) {
        ssize_t sent = send(end->socket, bytes, length, MSG_NOSIGNAL);
        if (sent < 0) fail("send");
        bytes += sent;
        length -= sent;
    }
}

static void unix_receive(struct end *end, char *bytes, uint64_t length) {
    uint64_t until = now() + SPIN;
    while (length > 0) {
        ssize_t got = recv(end->socket, bytes, length, now() < until ? MSG_DONTWAIT : 0);
        if (got == 0) _exit(1);
        if (got > 0) {
            bytes += got;
            length -= got;
        }
    }
}

static void connect_ends(uint64_t capacity) {
    int data[2], space[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, data) || socketpair(AF_UNIX, SOCK_STREAM, 0, space)) fail("socketpair");
    char *segment = mmap(0, 2 * (sizeof(struct ring) + capacity), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (segment == MAP_FAILED) fail("mmap");
    struct ring *rings = (struct ring *)segment;
    char *bytes = segment + 2 * sizeof(struct ring);
    for (int side = 0; side < 2; side++)
        ends[side] = (struct end){data[side], space[side], &rings[side], &rings[!side], bytes + side * capacity, bytes + !side * capacity, capacity};
}

static void report(uint64_t *times, int count, const char *what) {
    qsort(times, count, sizeof *times, by_value);
    printf("%s median_ns %lu p99_ns %lu\n", what, times[count / 2], times[(uint64_t)count * 99 / 100]);
}

typedef void transfer(struct end *, const char *, uint64_t);

static void pingpong(int shm, int rounds, uint64_t length) {
    char *bytes = calloc(1, length), name[64];
    uint64_t *times = calloc(rounds, sizeof *times);
    transfer *out = shm ? shm_send : unix_send;
    void (*in)(struct end *, char *, uint64_t) = shm ? shm_receive : unix_receive;
    connect_ends(1 << 20);
    pid_t child = fork_apart();
    struct end *mine = &ends[child == 0];
    if (child == 0) {
        for (int round = 0; round < rounds; round++) {
            in(mine, bytes, length);
            out(mine, bytes, length);
        }
        _exit(0);
    }
    for (int round = 0; round < rounds; round++) {
        uint64_t begin = now();
        out(mine, bytes, length);
        in(mine, bytes, length);
        times[round] = now() - begin;
    }
    waitpid(child, 0, 0);
    snprintf(name, sizeof name, "pingpong %s %lu", shm ? "shm" : "unix", length);
    report(times, rounds, name);
}

static void stream(int shm, uint64_t length, uint64_t capacity) {
    enum { ROUNDS = 60 };
    char *bytes = malloc(length), *copy = malloc(length), ready = 0, name[64];
    uint64_t plain[ROUNDS], times[ROUNDS];
    memset(bytes, 1, length);
    memset(copy, 2, length);
    transfer *out = shm ? shm_send : unix_send;
    void (*in)(struct end *, char *, uint64_t) = shm ? shm_receive : unix_receive;
    connect_ends(capacity);
    pid_t child = fork_apart();
    struct end *mine = &ends[child == 0];
    if (child == 0) {
        for (int round = 0; round < ROUNDS; round++) {
            in(mine, copy, length);
            out(mine, &ready, 1);
        }
        _exit(0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t begin = now();
        memcpy(copy, bytes, length);
        __asm__ volatile("" : : "r"(copy) : "memory");
        plain[round] = now() - begin;
        begin = now();
        out(mine, bytes, length);
        in(mine, &ready, 1);
        times[round] = now() - begin;
    }
    waitpid(child, 0, 0);
    snprintf(name, sizeof name, "memcpy %lu", length);
    report(plain, ROUNDS, name);
    snprintf(name, sizeof name, "stream %s %lu capacity %lu", shm ? "shm" : "unix", length, capacity);
    report(times, ROUNDS, name);
    printf("ratio %.2f of one memcpy\n", (double)plain[ROUNDS / 2] / times[ROUNDS / 2]);
}

static void wake_up(const char *how, int rounds) {
    int pair[2], events[2] = {eventfd(0, 0), eventfd(0, 0)};
    uint32_t *words = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t *times = calloc(rounds, sizeof *times), value = 1;
    char bytes[64] = {0}, name[64];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) fail("socketpair");
    pid_t child = fork_apart();
    int me = child == 0, other = !me;
    for (int round = 0; round < rounds; round++) {
        uint64_t begin = now();
        for (int step = 0; step < 2; step++) {
            struct pollfd both[2] = {{pair[me], POLLIN, 0}, {events[me], POLLIN, 0}};
            if (step == me) {
                if (*how == 'f') {
                    __atomic_store_n(&words[other * 64], 1, __ATOMIC_SEQ_CST);
                    syscall(SYS_futex, &words[other * 64], FUTEX_WAKE, 1, 0, 0, 0);
                } else if (*how == 'e') {
                    if (write(events[other], &value, 8) != 8) fail("write");
                } else
                    ring_bell(pair[me]);
            } else if (*how == 'f') {
                while (!__atomic_exchange_n(&words[me * 64], 0, __ATOMIC_SEQ_CST)) syscall(SYS_futex, &words[me * 64], FUTEX_WAIT, 0, 0, 0, 0);
            } else if (*how == 'e') {
                if (poll(both, 2, -1) < 1 || read(events[me], &value, 8) != 8) fail("read");
                value = 1;
            } else {
                if (*how == 'p') poll(both, 1, -1);
                if (recv(pair[me], bytes, sizeof bytes, 0) < 1) fail("recv");
            }
        }
        times[round] = now() - begin;
    }
    if (child == 0) _exit(0);
    waitpid(child, 0, 0);
    snprintf(name, sizeof name, "wake %s", how);
    report(times, rounds, name);
}

int main(int count, char **words) {
    if (count == 5 && !strcmp(words[1], "pingpong"))
        pingpong(!strcmp(words[2], "shm"), atoi(words[3]), strtoull(words[4], 0, 0));
    else if (count >= 4 && !strcmp(words[1], "stream"))
        stream(!strcmp(words[2], "shm"), strtoull(words[3], 0, 0), count > 4 ? strtoull(words[4], 0, 0) : 1 << 20);
    else if (count == 4 && !strcmp(words[1], "wake"))
        wake_up(words[2], atoi(words[3]));
    else
        return fprintf(stderr, "see the head of rings.c\n"), 2;
    return 0;
}
