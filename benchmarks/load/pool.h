/* All connections of a run: opens them without waiting for each, and tells of their answers. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "connection.h"
#include "figures.h"
#include "plan.h"

struct pool {
  struct plan *plan;
  int epoll;
  struct connection *connections;
  long open;
  /* Handshakes: how many began, how many are over, and what came of them. */
  long begun;
  long finished;
  struct figures handshakes;
  /* Connections that were open and that the server, or the network, ended. */
  uint64_t dropped;
  /* What it said when it did; 0: nothing. */
  int goodbye;
  uint64_t pongs;
  uint64_t pushes;
  int64_t oldest_due;
  /* An answer to a request: called for each, at the time when its bytes were read. */
  void (*on_answer)(void *context, struct connection *connection, const struct answer *answer, int64_t due, int64_t now);
  /* After the last answer of what was read at once. */
  void (*on_read)(void *context, struct connection *connection, int64_t now);
  void *context;
  /* Requests are put together here. */
  char *scratch;
  size_t scratch_bytes;
  uint64_t unique;
};

void pool_prepare(struct pool *pool, struct plan *plan);

/* Opens all connections; returns when each is open or failed. */
void pool_open(struct pool *pool);

/* Waits for events up to that time and handles them. With `also_stdin` true is returned where standard input has something. */
bool pool_wait(struct pool *pool, int64_t until, bool also_stdin);

/* Puts a request of a random kind behind what is in scratch. Returns the new length of that. */
size_t pool_add_request(struct pool *pool, struct connection *connection, size_t length, int64_t due);

/* Sends scratch. The connection is closed and counted where that fails. */
void pool_send(struct pool *pool, struct connection *connection, const char *bytes, size_t length);

/* Requests that the connections still wait for or owe, each noted with the time that it has waited so far. */
uint64_t pool_unanswered(const struct pool *pool);
