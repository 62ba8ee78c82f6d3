/* The least that sending to many sockets can cost: one process, one epoll, one send() for each socket.
 *
 * Usage: floor PORT. Each line on stdin goes as one text message to every open WebSocket. It answers a handshake
 * without a key of its own, and never reads what clients say: enough for the receiver beside it, and for nobody else. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 65536, STDIN = 0, LONGEST = 60000 };

static const char ACCEPTED[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
static int open_fds[MOST], how_many, place_of[MOST];
static unsigned char frame[LONGEST + 4];
static char line[LONGEST + 1];
static size_t held;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void send_all(size_t length)
{
    unsigned char *text = frame + 4;
    size_t head = length < 126 ? 2 : 4;
    memcpy(text, line, length);
    unsigned char *start = text - head;
    start[0] = 0x81;
    start[1] = length < 126 ? (unsigned char)length : 126;
    if (head == 4) {
        start[2] = (unsigned char)(length >> 8);
        start[3] = (unsigned char)length;
    }
    for (int at = 0; at < how_many; at++)
        if (send(open_fds[at], start, head + length, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)(head + length))
            fprintf(stderr, "floor: a socket did not take a frame\n");
}

static void hear_stdin(void)
{
    ssize_t got = read(STDIN, line + held, LONGEST - held);
    if (got <= 0)
        exit(0);
    held += (size_t)got;
    char *end;
    while ((end = memchr(line, '\n', held))) {
        size_t length = (size_t)(end - line);
        send_all(length);
        held -= length + 1;
        memmove(line, end + 1, held);
    }
}

static void hear_client(int fd)
{
    char said[4096];
    ssize_t got = recv(fd, said, sizeof said, MSG_DONTWAIT);
    if (got <= 0) {
        if (place_of[fd] >= 0) {
            open_fds[place_of[fd]] = open_fds[--how_many];
            place_of[open_fds[place_of[fd]]] = place_of[fd];
        }
        close(fd);
    } else if (place_of[fd] < 0 && memmem(said, (size_t)got, "\r\n\r\n", 4)) {
        if (send(fd, ACCEPTED, sizeof ACCEPTED - 1, MSG_NOSIGNAL) < 0)
            return;
        place_of[fd] = how_many;
        open_fds[how_many++] = fd;
    }
}

int main(int count, char **words)
{
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    here.sin_port = htons((uint16_t)atoi(count > 1 ? words[1] : "0"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096))
        fail("floor: listen");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, found[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    event.data.fd = STDIN;
    epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN, &event);
    for (;;) {
        int ready = epoll_wait(epoll, found, 256, -1);
        for (int at = 0; at < ready; at++) {
            int fd = found[at].data.fd;
            if (fd == STDIN) {
                hear_stdin();
            } else if (fd == listener) {
                int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (client < 0 || client >= MOST)
                    fail("floor: accept");
                setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                place_of[client] = -1;
                event.data.fd = client;
                epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
            } else {
                hear_client(fd);
            }
        }
    }
}
