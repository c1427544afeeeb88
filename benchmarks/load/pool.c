#include "pool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fail.h"

#define READ_BYTES (1u << 20)
#define EVENTS 512
/* Of the 28,000 ports that the system gives out for one address: enough stay for others. */
#define CONNECTIONS_OF_ADDRESS 10000
#define STDIN_EVENT UINT32_MAX

static char read_buffer[READ_BYTES];

void pool_prepare(struct pool *pool, struct plan *plan) {
  size_t connections = (size_t)plan->connections, depth = (size_t)plan->depth, largest = 64;
  int64_t *due = allocate(connections * depth * sizeof *due);
  uint32_t *slots = is_numbered(plan->protocol) ? allocate(connections * depth * sizeof *slots) : NULL;
  *pool = (struct pool){.plan = plan, .epoll = epoll_create1(EPOLL_CLOEXEC), .connections = allocate(connections * sizeof(struct connection))};
  for (size_t at = 0; at < connections; at++)
    connection_prepare(&pool->connections[at], (uint32_t)depth, due + at * depth, slots == NULL ? NULL : slots + at * depth);
  for (int at = 0; at < plan->request_kinds; at++)
    if (plan->requests[at].length > largest) largest = plan->requests[at].length;
  pool->scratch_bytes = largest * depth;
  pool->scratch = allocate(pool->scratch_bytes);
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  /* No other run begins at this nanosecond, so what it makes unique is not in the database yet. */
  pool->unique = (uint64_t)(time.tv_sec * NS_PER_SECOND + time.tv_nsec);
  /* Linux wakes up to 50 µs late unless told not to. */
  prctl(PR_SET_TIMERSLACK, 1UL);
}

/* ── Sending ─────────────────────────────────────────────────────── */

static const struct request_kind *choose(struct pool *pool) {
  struct plan *plan = pool->plan;
  const struct request_kind *request = plan->requests;
  if (plan->request_kinds == 1) return request;
  double left = (double)(random_next(&plan->keys.random_state) >> 11) * 0x1p-53 * plan->weights;
  while (request < plan->requests + plan->request_kinds - 1 && (left -= request->weight) >= 0) request++;
  return request;
}

size_t pool_add_request(struct pool *pool, struct connection *connection, size_t length, int64_t due) {
  struct plan *plan = pool->plan;
  const struct request_kind *request = choose(pool);
  char *to = pool->scratch + length;
  uint32_t slot = connection_take(connection, due);
  memcpy(to, request->bytes, request->length);
  if (request->key_at >= 0) memcpy(to + request->key_at, keys_next(&plan->keys), plan->keys.length);
  if (request->unique_at >= 0) {
    uint64_t unique = pool->unique++;
    for (int at = UNIQUE_BYTES - 1; at >= 0; at--, unique >>= 4) to[request->unique_at + at] = "0123456789abcdef"[unique & 15];
  }
  if (is_numbered(plan->protocol)) {
    uint32_t id = htonl(slot);
    memcpy(to + FRAME_REQUEST_ID_AT, &id, sizeof id);
  }
  return length + request->length;
}

static void watch(struct pool *pool, struct connection *connection, int change, uint32_t events) {
  struct epoll_event event = {.events = events, .data.u32 = (uint32_t)(connection - pool->connections)};
  epoll_ctl(pool->epoll, change, connection->fd, &event);
}

static void lose(struct pool *pool, struct connection *connection, int code) {
  bool was_open = connection->state == CONNECTION_OPEN;
  if (connection->state == CONNECTION_CLOSED) return;
  connection_close(connection);
  if (was_open) {
    pool->open--;
    pool->dropped++;
    return;
  }
  pool->finished++;
  figures_note_refused(&pool->handshakes, now_ns() - connection->opened_at, code);
}

void pool_send(struct pool *pool, struct connection *connection, const char *bytes, size_t length) {
  bool had_unsent = connection->unsent.length > 0;
  if (!connection_send(connection, bytes, length)) lose(pool, connection, 0);
  else if (!had_unsent && connection->unsent.length > 0) watch(pool, connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

/* ── Opening ─────────────────────────────────────────────────────── */

static void opened(struct pool *pool, struct connection *connection) {
  connection->state = CONNECTION_OPEN;
  pool->open++;
  pool->finished++;
  figures_note_good(&pool->handshakes, now_ns() - connection->opened_at, 0);
}

static void connected(struct pool *pool, struct connection *connection) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    lose(pool, connection, error);
    return;
  }
  watch(pool, connection, EPOLL_CTL_MOD, EPOLLIN);
  connection->state = CONNECTION_GREETING;
  if (pool->plan->hello == NULL) opened(pool, connection);
  else pool_send(pool, connection, pool->plan->hello, pool->plan->hello_length);
}

/* Without IP_BIND_ADDRESS_NO_PORT the port is taken at bind, from all that are free for any target, and they soon are not. */
static void bind_to(int fd, long address) {
  struct sockaddr_in source = {.sin_family = AF_INET};
  int on = 1;
  source.sin_addr.s_addr = htonl((uint32_t)(0x7f010001L + (address / 200) * 256 + address % 200));
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&source, sizeof source) != 0) fail("cannot use source address %ld: %s", address, strerror(errno));
}

static void begin(struct pool *pool, struct connection *connection) {
  const struct plan *plan = pool->plan;
  struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons((uint16_t)plan->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int on = 1;
  connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (connection->fd < 0) fail("cannot open connection %ld: %s", pool->begun + 1, strerror(errno));
  setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (plan->addresses > 0) bind_to(connection->fd, plan->first_address + pool->begun / CONNECTIONS_OF_ADDRESS % plan->addresses);
  connection->opened_at = now_ns();
  connection->state = CONNECTION_CONNECTING;
  pool->begun++;
  int result = connect(connection->fd, (struct sockaddr *)&target, sizeof target);
  int error = result == 0 || errno == EINPROGRESS ? 0 : errno;
  if (error != 0) lose(pool, connection, error);
  else watch(pool, connection, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
}

void pool_open(struct pool *pool) {
  const struct plan *plan = pool->plan;
  while (pool->finished < plan->connections) {
    while (pool->begun < plan->connections && pool->begun - pool->finished < plan->opening) begin(pool, &pool->connections[pool->begun]);
    pool_wait(pool, now_ns() + NS_PER_SECOND, false);
  }
}

/* ── Receiving ───────────────────────────────────────────────────── */

static void pong(struct pool *pool, struct connection *connection, const char *ping, size_t length) {
  char frame[FRAME_HEADER_BYTES + 125];
  if (length > sizeof frame) return;
  memcpy(frame, ping, length);
  frame[FRAME_KIND_AT] = FRAME_PONG;
  pool_send(pool, connection, frame, length);
}

static void take_answer(struct pool *pool, struct connection *connection, const struct answer *answer, const char *bytes, int64_t now) {
  if (connection->state == CONNECTION_GREETING) {
    if (answer->kind == ANSWER_WELCOME) opened(pool, connection);
    else lose(pool, connection, answer->code);
    return;
  }
  switch (answer->kind) {
    case ANSWER_PING: pong(pool, connection, bytes, answer->bytes); return;
    case ANSWER_PONG: pool->pongs++; return;
    case ANSWER_PUSH: pool->pushes++; return;
    case ANSWER_GOODBYE: pool->goodbye = answer->code; return;
    case ANSWER_WELCOME: fail("a second welcome came");
    default: break;
  }
  int64_t due = connection_answered(connection, answer->request_id);
  if (due != 0) pool->on_answer(pool->context, connection, answer, due, now);
  else if (answer->kind == ANSWER_ERROR) pool->goodbye = answer->code;
  else fail("an answer came to request %u, and it is not in flight", answer->request_id);
}

static void receive(struct pool *pool, struct connection *connection) {
  size_t kept = connection->received.length, at = 0;
  if (kept > 0) memcpy(read_buffer, connection->received.bytes, kept);
  ssize_t count = recv(connection->fd, read_buffer + kept, READ_BYTES - kept, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    lose(pool, connection, count < 0 ? errno : 0);
    return;
  }
  int64_t now = now_ns();
  size_t end = kept + (size_t)count;
  struct answer answer = {0};
  enum parsed parsed = PARSED_INCOMPLETE;
  while (at < end && connection->fd >= 0) {
    parsed = answer_parse(pool->plan->protocol, read_buffer + at, end - at, &answer);
    if (parsed != PARSED_WHOLE) break;
    take_answer(pool, connection, &answer, read_buffer + at, now);
    at += answer.bytes;
  }
  if (connection->fd < 0) return;
  if (parsed == PARSED_WRONG || end - at == READ_BYTES) fail("what came is no answer of this protocol: %.*s", (int)(end - at < 80 ? end - at : 80), read_buffer + at);
  if (kept > 0 || at < end) waiting_bytes_keep(&connection->received, read_buffer + at, end - at);
  if (pool->on_read != NULL && connection->state == CONNECTION_OPEN) pool->on_read(pool->context, connection, now);
}

static void flush(struct pool *pool, struct connection *connection) {
  if (!connection_flush(connection)) lose(pool, connection, errno);
  else if (connection->unsent.length == 0) watch(pool, connection, EPOLL_CTL_MOD, EPOLLIN);
}

static void handle(struct pool *pool, const struct epoll_event *event) {
  struct connection *connection = &pool->connections[event->data.u32];
  if (connection->state == CONNECTION_CONNECTING && (event->events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) connected(pool, connection);
  else if ((event->events & EPOLLOUT) && connection->unsent.length > 0) flush(pool, connection);
  if (connection->fd >= 0 && (event->events & (EPOLLIN | EPOLLERR | EPOLLHUP))) receive(pool, connection);
}

bool pool_wait(struct pool *pool, int64_t until, bool also_stdin) {
  static bool watches_stdin = false;
  struct epoll_event events[EVENTS];
  int64_t left = until - now_ns();
  struct timespec timeout = {left <= 0 ? 0 : left / NS_PER_SECOND, left <= 0 ? 0 : left % NS_PER_SECOND};
  bool has_stdin = false;
  if (also_stdin && !watches_stdin) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = STDIN_EVENT};
    if (epoll_ctl(pool->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) != 0) fail("standard input must be a pipe: its end ends the run");
    watches_stdin = true;
  }
  int count = epoll_pwait2(pool->epoll, events, EVENTS, &timeout, NULL);
  for (int at = 0; at < count; at++) {
    if (events[at].data.u32 == STDIN_EVENT) has_stdin = true;
    else handle(pool, &events[at]);
  }
  return has_stdin;
}
