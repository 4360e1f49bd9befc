/*
 * The baseline of `cudarpc bench`: what this machine does with the same bytes and nothing of CudaRpc.
 *
 *   cudarpc-raw pingpong unix|tcp|shm REQUEST REPLY COUNT     round trips of REQUEST bytes there and REPLY bytes back
 *   cudarpc-raw stream unix|tcp up|down SIZE COUNT            SIZE bytes one way, answered (or asked for) by 32
 *   cudarpc-raw memcpy SIZE COUNT                             one copy of memory
 *   cudarpc-raw start LIBRARY COUNT                           processes that load a libcuda.so.1 and make its first call
 *
 * Two processes. Whoever waits spins, at most for 20 us and less where that did not help, then sleeps, as CudaRpc does. Prints one line
 * of JSON, times in nanoseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ACK = 32 };

/* Nanoseconds, as CudaRpc spins: 50000 over TCP. */
static int64_t most_spin = 20000;

/* How long to spin now: half as long after each time in vain, twice as long after each that helped, all of it every 16th time. */
static int halvings, failures;

static int64_t spin_now(void)
{
    return failures >= 16 ? most_spin : most_spin >> halvings;
}

static void spun(int helped)
{
    int all = failures >= 16;
    halvings = helped ? (all || halvings == 0 ? 0 : halvings - 1) : halvings < 5 ? halvings + 1 : 5;
    failures = helped || all ? 0 : failures + 1;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void report(int64_t *times, long count)
{
    qsort(times, count, sizeof *times, by_value);
    printf("{\"min\":%lld,\"median\":%lld,\"p90\":%lld,\"p99\":%lld,\"p999\":%lld,\"max\":%lld}\n", (long long)times[0],
        (long long)times[count / 2], (long long)times[count * 9 / 10], (long long)times[count * 99 / 100],
        (long long)times[count * 999 / 1000], (long long)times[count - 1]);
}

static void wait_for(int fd, short events)
{
    struct pollfd p = {fd, events, 0};
    poll(&p, 1, -1);
}

static void receive_all(int fd, char *bytes, size_t size)
{
    int64_t until = 0;
    while (size > 0) {
        ssize_t n = recv(fd, bytes, size, MSG_DONTWAIT);
        if (n > 0) {
            if (until > 0) spun(1);
            bytes += n;
            size -= n;
            until = 0;
        } else if (n == 0) {
            exit(0);
        } else if (errno != EAGAIN) {
            die("recv");
        } else if (until == 0) {
            until = now() + spin_now();
        } else if (until > 0 && now() >= until) {
            spun(0);
            until = -1;
        } else if (until < 0) {
            wait_for(fd, POLLIN);
        }
    }
}

static void send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            bytes += n;
            size -= n;
        } else if (errno == EAGAIN) {
            wait_for(fd, POLLOUT);
        } else {
            die("send");
        }
    }
}

static void connect_pair(const char *kind, int pair[2])
{
    if (strcmp(kind, "unix") == 0) {
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) die("socketpair");
        return;
    }
    most_spin = 50000;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (void *)&address, length) != 0 || listen(listener, 1) != 0) die("listen");
    getsockname(listener, (void *)&address, &length);
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(pair[0], (void *)&address, length) != 0) die("connect");
    pair[1] = accept(listener, NULL, NULL);
    setsockopt(pair[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(pair[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    close(listener);
}

/* A process of its own at the other end; it goes with this one. */
static int start_peer(void)
{
    pid_t parent = getpid(), child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) exit(0);
    }
    return child;
}

static void *touched(size_t size)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) die("mmap");
    memset(memory, 1, size);
    return memory;
}

/* `there` bytes one way, `back` the other, `count` times. */
static void exchange(const char *kind, size_t there, size_t back, long count, int64_t *times)
{
    int pair[2];
    connect_pair(kind, pair);
    char *out = touched(there + 1), *in = touched(back + 1);
    if (start_peer() == 0) {
        close(pair[0]);
        while (1) {
            receive_all(pair[1], out, there);
            send_all(pair[1], in, back);
        }
    }
    close(pair[1]);
    for (long i = -count / 10; i < count; i++) {
        int64_t start = now();
        send_all(pair[0], out, there);
        receive_all(pair[0], in, back);
        if (i >= 0) times[i] = now() - start;
    }
    close(pair[0]);
    wait(NULL);
}

/* Shared memory: one slot each way, a word that counts messages and one that says that its reader sleeps. */
struct slot {
    _Alignas(64) _Atomic uint32_t count;
    _Alignas(64) _Atomic uint32_t sleeps;
    _Alignas(64) char bytes[4096];
};

static void put(struct slot *slot, const char *bytes, size_t size)
{
    memcpy(slot->bytes, bytes, size);
    atomic_fetch_add(&slot->count, 1);
    if (atomic_load(&slot->sleeps)) syscall(SYS_futex, &slot->count, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void get(struct slot *slot, uint32_t seen, char *bytes, size_t size)
{
    int64_t until = 0;
    for (int i = 0; atomic_load_explicit(&slot->count, memory_order_acquire) == seen; i++) {
        __builtin_ia32_pause();
        if (i % 64 != 63) continue;
        if (until == 0) until = now() + spin_now();
        if (until > 0 && now() < until) continue;
        if (until > 0) spun(0);
        until = -1;
        atomic_store(&slot->sleeps, 1);
        syscall(SYS_futex, &slot->count, FUTEX_WAIT, seen, NULL, NULL, 0);
        atomic_store(&slot->sleeps, 0);
    }
    if (until >= 0) spun(1);
    memcpy(bytes, slot->bytes, size);
}

static void exchange_shared(size_t there, size_t back, long count, int64_t *times)
{
    struct slot *slots = mmap(NULL, 2 * sizeof *slots, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (slots == MAP_FAILED || there > sizeof slots->bytes || back > sizeof slots->bytes) die("shared memory");
    char out[4096] = {0}, in[4096] = {0};
    pid_t peer = start_peer();
    if (peer == 0) {
        for (uint32_t i = 0;; i++) {
            get(&slots[0], i, out, there);
            put(&slots[1], in, back);
        }
    }
    for (long i = -count / 10, n = 0; i < count; i++, n++) {
        int64_t start = now();
        put(&slots[0], out, there);
        get(&slots[1], (uint32_t)n, in, back);
        if (i >= 0) times[i] = now() - start;
    }
    kill(peer, SIGKILL);
    wait(NULL);
}

/* A process each, since a library starts once: from before it is loaded until its first answer. */
static void start(const char *library, long count, int64_t *times)
{
    for (long i = 0; i < count; i++) {
        int pipes[2];
        if (pipe(pipes) != 0) die("pipe");
        if (fork() == 0) {
            int64_t begun = now(), taken;
            void *driver = dlopen(library, RTLD_NOW);
            int (*init)(unsigned) = driver ? (int (*)(unsigned))dlsym(driver, "cuInit") : NULL;
            int (*free_memory)(size_t *, size_t *) = driver ? (int (*)(size_t *, size_t *))dlsym(driver, "cuMemGetInfo_v2") : NULL;
            int (*retain)(void **, int) = driver ? (int (*)(void **, int))dlsym(driver, "cuDevicePrimaryCtxRetain") : NULL;
            int (*set)(void *) = driver ? (int (*)(void *))dlsym(driver, "cuCtxSetCurrent") : NULL;
            void *context;
            size_t free, total;
            if (!init || !retain || !set || !free_memory || init(0) || retain(&context, 0) || set(context) || free_memory(&free, &total)) {
                fprintf(stderr, "cudarpc-raw: %s\n", driver ? "a call failed" : dlerror());
                _exit(1);
            }
            taken = now() - begun;
            if (write(pipes[1], &taken, sizeof taken) != sizeof taken) _exit(1);
            _exit(0);
        }
        close(pipes[1]);
        if (read(pipes[0], &times[i], sizeof times[i]) != sizeof times[i]) exit(1);
        close(pipes[0]);
        wait(NULL);
    }
}

static long number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*end != 0 || value < 1) {
        fprintf(stderr, "cudarpc-raw: %s is no number\n", text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "", *kind = argc > 2 ? argv[2] : "";
    int known = strcmp(kind, "unix") == 0 || strcmp(kind, "tcp") == 0, shared = strcmp(kind, "shm") == 0;
    if (argc == 6 && strcmp(what, "pingpong") == 0 && (known || shared)) {
        long count = number(argv[5]);
        int64_t *times = calloc(count, sizeof *times);
        if (shared) exchange_shared(number(argv[3]), number(argv[4]), count, times);
        else exchange(kind, number(argv[3]), number(argv[4]), count, times);
        report(times, count);
    } else if (argc == 6 && strcmp(what, "stream") == 0 && known && (strcmp(argv[3], "up") == 0 || strcmp(argv[3], "down") == 0)) {
        long size = number(argv[4]), count = number(argv[5]);
        int64_t *times = calloc(count, sizeof *times);
        int up = strcmp(argv[3], "up") == 0;
        exchange(kind, up ? size : ACK, up ? ACK : size, count, times);
        report(times, count);
    } else if (argc == 4 && strcmp(what, "memcpy") == 0) {
        long size = number(argv[2]), count = number(argv[3]);
        int64_t *times = calloc(count, sizeof *times);
        char *from = touched(size), *to = touched(size);
        for (long i = -count / 10; i < count; i++) {
            int64_t start = now();
            memcpy(to, from, size);
            __asm__ volatile("" : : "r"(to) : "memory");
            if (i >= 0) times[i] = now() - start;
        }
        report(times, count);
    } else if (argc == 4 && strcmp(what, "start") == 0) {
        long count = number(argv[3]);
        int64_t *times = calloc(count, sizeof *times);
        start(argv[2], count, times);
        report(times, count);
    } else {
        fprintf(stderr, "usage: cudarpc-raw pingpong unix|tcp|shm REQUEST REPLY COUNT | stream unix|tcp up|down SIZE COUNT | memcpy SIZE COUNT"
                        " | start LIBRARY COUNT\n");
        return 2;
    }
    return 0;
}
