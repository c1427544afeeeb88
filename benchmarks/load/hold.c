/* Thousands of connections that mostly rest, as those of game servers and players do. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "modes.h"

#define TRIES 64

struct hold {
  struct pool *pool;
  struct figures total;
  struct figures interval;
  int64_t began_at;
  uint64_t pings;
  double ping_ns;
  /* 0 before the line `read`. */
  int64_t reads_from;
  uint64_t reads;
  double read_ns;
  uint64_t random_state;
  uint64_t unanswered;
};

static void on_answer(void *context, struct connection *connection, const struct answer *answer, int64_t due, int64_t now) {
  struct hold *hold = context;
  struct figures *const both[] = {&hold->total, &hold->interval};
  (void)connection;
  for (int at = 0; at < 2; at++) {
    if (answer->kind == ANSWER_GOOD) figures_note_good(both[at], now - due, answer->bytes);
    else figures_note_refused(both[at], now - due, answer->code);
  }
}

static int64_t ping_at(const struct hold *hold) { return hold->began_at + (int64_t)((double)(hold->pings + 1) * hold->ping_ns); }

static int64_t read_at(const struct hold *hold) {
  return hold->reads_from == 0 || hold->pool->plan->rate == 0 ? INT64_MAX : hold->reads_from + (int64_t)((double)hold->reads * hold->read_ns);
}

static void ping(struct hold *hold) {
  static const char frame[FRAME_HEADER_BYTES] = {0, 0, 0, FRAME_HEADER_BYTES - 4, 1, FRAME_PING};
  struct connection *connection = &hold->pool->connections[hold->pings++ % (uint64_t)hold->pool->plan->connections];
  if (connection->state == CONNECTION_OPEN) pool_send(hold->pool, connection, frame, sizeof frame);
}

/* An open connection at random that has nothing in flight. */
static struct connection *idle_one(struct hold *hold) {
  for (int tries = 0; tries < TRIES; tries++) {
    struct connection *connection = &hold->pool->connections[random_next(&hold->random_state) % (uint64_t)hold->pool->plan->connections];
    if (connection->state == CONNECTION_OPEN && connection->in_flight < connection->depth) return connection;
  }
  return NULL;
}

static void read_one(struct hold *hold) {
  int64_t due = read_at(hold);
  struct connection *connection = idle_one(hold);
  hold->reads++;
  if (connection == NULL) {
    hold->unanswered++;
    return;
  }
  pool_send(hold->pool, connection, hold->pool->scratch, pool_add_request(hold->pool, connection, 0, due));
}

static void print_line(struct hold *hold, const char *kind, const struct figures *figures, int64_t now) {
  const struct pool *pool = hold->pool;
  uint64_t pings = hold->pings;
  printf("{\"kind\":\"%s\",\"at\":%.3f,\"open\":%ld,\"dropped\":%" PRIu64 ",\"goodbye\":%d,\"pings\":%" PRIu64 ",\"pongs\":%" PRIu64 ",\"unanswered\":%" PRIu64 ",",
         kind, (double)(now - hold->began_at) / NS_PER_SECOND, pool->open, pool->dropped, pool->goodbye, pings, pool->pongs, hold->unanswered);
  figures_print(figures, stdout);
  printf(",\"cpuSeconds\":%.3f}\n", own_cpu_seconds());
  fflush(stdout);
}

/* Returns false where standard input has ended. */
static bool take_command(struct hold *hold, int64_t now) {
  char text[64];
  ssize_t length = read(STDIN_FILENO, text, sizeof text);
  if (length > 0 && memmem(text, (size_t)length, "read", 4) != NULL && hold->reads_from == 0) hold->reads_from = now;
  return length > 0;
}

static void hold_on(struct hold *hold) {
  int64_t every = (int64_t)(hold->pool->plan->every * NS_PER_SECOND), line_at = every == 0 ? INT64_MAX : hold->began_at + every;
  for (;;) {
    int64_t now = now_ns();
    while (ping_at(hold) <= now) ping(hold);
    while (read_at(hold) <= now) read_one(hold);
    if (now >= line_at) {
      print_line(hold, "interval", &hold->interval, now);
      figures_clear(&hold->interval);
      line_at += every;
    }
    int64_t until = ping_at(hold) < read_at(hold) ? ping_at(hold) : read_at(hold);
    if (pool_wait(hold->pool, until < line_at ? until : line_at, true) && !take_command(hold, now)) return;
  }
}

void run_hold(struct pool *pool) {
  static struct hold hold;
  const struct plan *plan = pool->plan;
  hold.pool = pool;
  hold.began_at = now_ns();
  hold.ping_ns = plan->heartbeat * NS_PER_SECOND / (double)plan->connections;
  hold.read_ns = plan->rate > 0 ? NS_PER_SECOND / plan->rate : 0;
  hold.random_state = (uint64_t)plan->seed + 1;
  pool->context = &hold;
  pool->on_answer = on_answer;
  hold_on(&hold);
  for (long at = 0; at < plan->connections; at++) {
    hold.unanswered += pool->connections[at].in_flight;
    connection_close(&pool->connections[at]);
  }
  print_line(&hold, "total", &hold.total, now_ns());
}
