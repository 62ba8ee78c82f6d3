/* Many WebSockets that only listen, at as little cost as can be: counts frames exactly, and says how old they were.
 *
 * Usage: receiver PORT PATH HEADERS-FILE SOCKETS. Each line of the file is one header; socket n takes line n modulo
 * their number ("-": none). Opens all sockets, then prints {"open": SOCKETS}.
 * On each line "look" on stdin it prints what has come since the last mark; "mark" does so too, and begins anew:
 *   facts   whole text messages of at least 200 bytes; lines of the stream itself are shorter
 *   least, most   the fewest and the most of these on one socket
 *   closed  sockets that the server has ended, since the start
 *   p50_us, p95_us, p99_us, most_us   their age: a message carries its moment, "@" and 19 digits, nanoseconds of the
 *           machine's monotonic clock. To 1/32 of the value. Messages without such a moment have no age.
 * A message may be cut anywhere. Pings are answered. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SHORTEST_FACT = 200, ROOM = 1 << 20, FINE = 32, CLASSES = 48 * FINE, MOST_LINES = 4096 };

struct one {
    int fd, greeted, gone;
    uint64_t facts;
    unsigned char *rest; /* a message that is not whole yet */
    size_t held;
};

static struct one *ones;
static int how_many, greeted, closed;
static uint64_t others, ages, oldest, classes[CLASSES];
static unsigned char room[2 * ROOM];
static char *headers[MOST_LINES];

static uint64_t now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "receiver: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Classes of microseconds, each 1/32 wider than the one before it; the first 32 are single microseconds. */
static int class_of(uint64_t us)
{
    if (us < FINE)
        return (int)us;
    int power = 63 - __builtin_clzll(us);
    int found = (power - 4) * FINE + (int)((us >> (power - 5)) - FINE);
    return found < CLASSES ? found : CLASSES - 1;
}

static uint64_t top_of(int class)
{
    if (class < FINE)
        return (uint64_t)class;
    int power = class / FINE + 4;
    return ((uint64_t)(class % FINE + FINE + 1) << (power - 5)) - 1;
}

static uint64_t at_percent(double percent)
{
    uint64_t wanted = (uint64_t)((double)ages * percent / 100.0 + 0.999999), seen = 0;
    for (int class = 0; class < CLASSES; class++)
        if ((seen += classes[class]) >= wanted && wanted)
            return top_of(class) < oldest ? top_of(class) : oldest;
    return oldest;
}

static void take_text(struct one *one, const unsigned char *text, size_t length, uint64_t at)
{
    if (length < SHORTEST_FACT) {
        others++;
        return;
    }
    one->facts++;
    const unsigned char *found = text;
    while ((found = memchr(found, '@', (size_t)(text + length - found))) && text + length - found > 19) {
        uint64_t sent_at = 0;
        int digits = 0;
        while (digits < 19 && found[1 + digits] >= '0' && found[1 + digits] <= '9')
            sent_at = sent_at * 10 + (uint64_t)(found[1 + digits++] - '0');
        if (digits == 19) {
            uint64_t us = at > sent_at ? (at - sent_at) / 1000 : 0;
            classes[class_of(us)]++;
            ages++;
            if (us > oldest)
                oldest = us;
            return;
        }
        found++;
    }
}

static void pong(const struct one *one, const unsigned char *text, size_t length)
{
    unsigned char answer[131] = {0x8a, (unsigned char)(0x80 | length)}; /* the mask is zero: allowed, and all the same */
    memcpy(answer + 6, text, length);
    if (send(one->fd, answer, 6 + length, MSG_NOSIGNAL) < 0)
        errno = 0;
}

/* Takes whole messages off the front; gives how many bytes they were. */
static size_t take(struct one *one, const unsigned char *data, size_t size, uint64_t at)
{
    size_t start = 0;
    if (!one->greeted) {
        const unsigned char *end = memmem(data, size, "\r\n\r\n", 4);
        if (!end)
            return 0;
        if (memcmp(data, "HTTP/1.1 101", 12) != 0) {
            fprintf(stderr, "receiver: refused: %.*s\n", (int)size, (const char *)data);
            exit(1);
        }
        one->greeted = 1;
        greeted++;
        start = (size_t)(end - data) + 4;
    }
    while (size - start >= 2) {
        const unsigned char *frame = data + start;
        size_t head = frame[1] == 126 ? 4 : frame[1] == 127 ? 10 : 2, length = frame[1];
        if (size - start < head)
            break;
        if (head > 2) {
            length = 0;
            for (size_t at_byte = 2; at_byte < head; at_byte++)
                length = length << 8 | frame[at_byte];
        }
        if (size - start < head + length)
            break;
        if (frame[0] == 0x81)
            take_text(one, frame + head, length, at);
        else if (frame[0] == 0x89 && length < 126)
            pong(one, frame + head, length);
        start += head + length;
    }
    return start;
}

static void receive(struct one *one)
{
    memcpy(room, one->rest, one->held);
    ssize_t got = recv(one->fd, room + one->held, ROOM, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        close(one->fd);
        one->gone = 1;
        closed++;
        return;
    }
    size_t size = one->held + (size_t)got, taken = take(one, room, size, now());
    one->held = size - taken;
    if (one->held > ROOM)
        fail("a message is too long");
    one->rest = one->held ? realloc(one->rest, one->held) : one->rest;
    if (one->held)
        memcpy(one->rest, room + taken, one->held);
}

static void look(int and_mark)
{
    uint64_t facts = 0, least = UINT64_MAX, most = 0;
    for (int at = 0; at < how_many; at++) {
        facts += ones[at].facts;
        least = ones[at].facts < least ? ones[at].facts : least;
        most = ones[at].facts > most ? ones[at].facts : most;
        if (and_mark)
            ones[at].facts = 0;
    }
    printf("{\"facts\":%lu,\"least\":%lu,\"most\":%lu,\"others\":%lu,\"closed\":%d,\"aged\":%lu,", facts, least, most,
           others, closed, ages);
    printf("\"p50_us\":%lu,\"p95_us\":%lu,\"p99_us\":%lu,\"most_us\":%lu}\n", at_percent(50), at_percent(95),
           at_percent(99), oldest);
    fflush(stdout);
    if (and_mark) {
        memset(classes, 0, sizeof classes);
        ages = oldest = others = 0;
    }
}

static void open_one(struct one *one, const struct sockaddr_in *there, const char *path, const char *header)
{
    char said[2048];
    int on = 1;
    one->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(one->fd, (const struct sockaddr *)there, sizeof *there))
        fail("connect");
    setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int size = snprintf(said, sizeof said,
                        "GET %s HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s%s\r\n",
                        path, header, *header ? "\r\n" : "");
    if (send(one->fd, said, (size_t)size, MSG_NOSIGNAL) != size)
        fail("the handshake");
}

int main(int count, char **words)
{
    if (count != 5)
        fail("usage: receiver PORT PATH HEADERS-FILE SOCKETS");
    int lines = 0, wanted = atoi(words[4]), opened = 0, said_open = 0, epoll = epoll_create1(0);
    char *line = NULL, asked[64];
    size_t size = 0;
    headers[0] = "";
    FILE *file = strcmp(words[3], "-") ? fopen(words[3], "r") : NULL;
    while (file && lines < MOST_LINES && getline(&line, &size, file) > 0) {
        line[strcspn(line, "\r\n")] = 0;
        headers[lines++] = strdup(line);
    }
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    there.sin_port = htons((uint16_t)atoi(words[1]));
    ones = calloc((size_t)wanted, sizeof *ones);
    how_many = wanted;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, found[512];
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
    for (;;) {
        while (opened < wanted && opened - greeted < 20) { /* a few at a time: a storm is another benchmark */
            open_one(&ones[opened], &there, words[2], headers[lines ? opened % lines : 0]);
            event.data.ptr = &ones[opened];
            epoll_ctl(epoll, EPOLL_CTL_ADD, ones[opened++].fd, &event);
        }
        if (greeted == wanted && !said_open) {
            said_open = printf("{\"open\":%d}\n", wanted);
            fflush(stdout);
        }
        int ready = epoll_wait(epoll, found, 512, -1);
        for (int at = 0; at < ready; at++) {
            struct one *one = found[at].data.ptr;
            if (one) {
                receive(one);
            } else {
                if (read(0, asked, sizeof asked) <= 0)
                    return 0;
                look(asked[0] == 'm');
            }
        }
    }
}
