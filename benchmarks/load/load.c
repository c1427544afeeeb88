/*
 * A closed loop measures what a server can do: each connection sends `depth` requests at once and the next when all are answered.
 *
 * An open loop measures how long clients wait at a rate: requests are due at even distances whatever the server does, and a
 * latency counts from when its request was due and not from when it could be sent. Whoever counts from the sending asks a server
 * that stands still nothing, and so does not see that it does (coordinated omission).
 */
#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "modes.h"

/* An answer may come so much after the end of an open loop; what has not come then is told of as unanswered. */
#define DRAIN_NS (2 * NS_PER_SECOND)

struct load {
  struct pool *pool;
  bool is_open_loop;
  int64_t measured_from;
  int64_t ends_at;
  /* Of what was measured: in an open loop by when it was due. */
  struct figures total;
  /* By when it was answered, since the last line. */
  struct figures interval;
  /* Good and refused answers that came between measured_from and ends_at: the throughput. */
  uint64_t came_good;
  uint64_t came_refused;
  /* Of a closed loop: requests so far, and in all; 0 of these is no limit. */
  uint64_t asked;
  uint64_t most;
  /* The open loop's next turn. */
  uint64_t turn;
  int64_t began_at;
  double turn_ns;
  uint64_t unanswered;
};

static void note(struct figures *figures, const struct answer *answer, int64_t ns) {
  if (answer->kind == ANSWER_GOOD) figures_note_good(figures, ns, answer->bytes);
  else figures_note_refused(figures, ns, answer->code);
}

static void on_answer(void *context, struct connection *connection, const struct answer *answer, int64_t due, int64_t now) {
  struct load *load = context;
  bool came_in_time = now >= load->measured_from && now < load->ends_at;
  int64_t counts_at = load->is_open_loop ? due : now;
  (void)connection;
  if (load->pool->plan->every > 0) note(&load->interval, answer, now - due);
  if (came_in_time) *(answer->kind == ANSWER_GOOD ? &load->came_good : &load->came_refused) += 1;
  if (counts_at >= load->measured_from && counts_at < load->ends_at) note(&load->total, answer, now - due);
}

static void send_batch(struct load *load, struct connection *connection, int64_t now) {
  size_t length = 0;
  for (; connection->in_flight < connection->depth && (load->most == 0 || load->asked < load->most); load->asked++)
    length = pool_add_request(load->pool, connection, length, now);
  if (length > 0) pool_send(load->pool, connection, load->pool->scratch, length);
}

/* When the open loop's nth turn is; the connections take turns. */
static int64_t turn_at(const struct load *load, uint64_t turn) { return load->began_at + (int64_t)((double)turn * load->turn_ns); }

static void send_owed(struct load *load, struct connection *connection) {
  uint64_t connections = (uint64_t)load->pool->plan->connections;
  uint64_t number = (uint64_t)(connection - load->pool->connections);
  size_t length = 0;
  for (; connection->owed > 0 && connection->in_flight < connection->depth; connection->owed--) {
    uint64_t turn = (connection->turns++) * connections + number;
    length = pool_add_request(load->pool, connection, length, turn_at(load, turn));
  }
  if (length > 0) pool_send(load->pool, connection, load->pool->scratch, length);
}

static void on_read(void *context, struct connection *connection, int64_t now) {
  struct load *load = context;
  if (load->is_open_loop) send_owed(load, connection);
  else if (connection->in_flight == 0 && now < load->ends_at) send_batch(load, connection, now);
}

/* Gives each connection whose turn has come its request. Those of a connection that is gone are answered by nobody. */
static void take_turns(struct load *load, int64_t now) {
  uint64_t connections = (uint64_t)load->pool->plan->connections;
  int64_t latest = now < load->ends_at ? now : load->ends_at - 1;
  for (int64_t due; (due = turn_at(load, load->turn)) <= latest; load->turn++) {
    struct connection *connection = &load->pool->connections[load->turn % connections];
    connection->owed++;
    if (connection->state == CONNECTION_OPEN) send_owed(load, connection);
  }
}

/* What nobody answered took at least until now; left out, the slowest would be missing from the quantiles. */
static void note_unanswered(struct load *load, int64_t now) {
  struct pool *pool = load->pool;
  for (long at = 0; at < pool->plan->connections; at++) {
    struct connection *connection = &pool->connections[at];
    for (uint32_t slot = 0; slot < connection->depth; slot++) {
      int64_t due = connection->due[slot];
      if (due == 0) continue;
      load->unanswered++;
      if (load->is_open_loop && due >= load->measured_from) histogram_note(&load->total.good_times, now - due);
    }
    for (; connection->owed > 0; connection->owed--) {
      int64_t due = turn_at(load, (connection->turns++) * (uint64_t)pool->plan->connections + (uint64_t)at);
      load->unanswered++;
      if (due >= load->measured_from) histogram_note(&load->total.good_times, now - due);
    }
  }
}

static bool is_settled(const struct load *load) {
  for (long at = 0; at < load->pool->plan->connections; at++) {
    const struct connection *connection = &load->pool->connections[at];
    if (connection->state == CONNECTION_OPEN && (connection->in_flight > 0 || connection->owed > 0)) return false;
  }
  return true;
}

static void print_interval(struct load *load, int64_t now, double seconds) {
  printf("{\"kind\":\"interval\",\"at\":%.3f,\"seconds\":%.3f,\"open\":%ld,", (double)(now - load->began_at) / NS_PER_SECOND, seconds, load->pool->open);
  figures_print(&load->interval, stdout);
  puts("}");
  fflush(stdout);
  figures_clear(&load->interval);
}

static bool is_done(const struct load *load) { return load->most > 0 && load->asked == load->most && is_settled(load); }

static void drive(struct load *load) {
  struct pool *pool = load->pool;
  int64_t every = (int64_t)(pool->plan->every * NS_PER_SECOND), line_at = every == 0 ? INT64_MAX : load->began_at + every;
  for (int64_t now = load->began_at; now < load->ends_at && pool->open > 0 && !is_done(load); now = now_ns()) {
    if (load->is_open_loop) take_turns(load, now);
    if (now >= line_at) {
      print_interval(load, now, (double)(now - line_at + every) / NS_PER_SECOND);
      line_at = now + every;
    }
    int64_t until = load->is_open_loop ? turn_at(load, load->turn) : load->ends_at;
    if (until > load->ends_at) until = load->ends_at;
    pool_wait(pool, until < line_at ? until : line_at, false);
  }
  /* Those that were due since the last look. */
  if (load->is_open_loop) take_turns(load, load->ends_at);
  for (int64_t until = now_ns() + DRAIN_NS; load->is_open_loop && !is_settled(load) && now_ns() < until;) pool_wait(pool, until, false);
}

static void print_total(struct load *load, double cpu_seconds) {
  double seconds = load->pool->plan->seconds;
  printf("{\"kind\":\"total\",\"seconds\":%.3f,\"rate\":%.1f,\"refusedRate\":%.1f,\"unanswered\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"goodbye\":%d,", seconds,
         (double)load->came_good / seconds, (double)load->came_refused / seconds, load->unanswered, load->pool->dropped, load->pool->goodbye);
  figures_print(&load->total, stdout);
  printf(",\"cpuSeconds\":%.3f}\n", cpu_seconds);
}

void run_load(struct pool *pool) {
  static struct load load;
  const struct plan *plan = pool->plan;
  load.pool = pool;
  load.is_open_loop = plan->mode == MODE_OPEN;
  load.turn_ns = load.is_open_loop ? NS_PER_SECOND / plan->rate : 0;
  load.most = load.is_open_loop ? 0 : (uint64_t)plan->total;
  pool->context = &load;
  pool->on_answer = on_answer;
  pool->on_read = on_read;
  double cpu_before = own_cpu_seconds();
  load.began_at = now_ns();
  load.measured_from = load.began_at + (int64_t)(plan->warmup * NS_PER_SECOND);
  load.ends_at = load.measured_from + (int64_t)(plan->seconds * NS_PER_SECOND);
  for (long at = 0; !load.is_open_loop && at < plan->connections; at++)
    if (pool->connections[at].state == CONNECTION_OPEN) send_batch(&load, &pool->connections[at], load.began_at);
  drive(&load);
  double cpu_seconds = own_cpu_seconds() - cpu_before;
  if (load.is_open_loop || pool->open == 0) note_unanswered(&load, now_ns());
  print_total(&load, cpu_seconds);
}
