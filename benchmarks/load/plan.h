/*
 * What to do, read from standard input: a line each, a name and its values, up to the line `go`. benchmarks/src/load/plan.ts writes it.
 *
 *   protocol midgard|redis|memcached|http
 *   mode closed|open|hold
 *   port 8080                  on 127.0.0.1
 *   connections 50
 *   depth 16                   closed: requests sent at once, the next when all are answered; open: most unanswered on one connection
 *   rate 10000                 open and hold: requests a second, on all connections together
 *   warmup 0.5                 seconds before those that are measured
 *   seconds 5                  that are measured
 *   total 100000               closed: requests in all; when these are answered, if that is sooner, the run ends
 *   every 1                    seconds between two lines on the way; none without
 *   seed 1                     of the random keys
 *   keys uniform|zipf|sequence <path>
 *                               see keys.h; without them every request of a kind is the same
 *   hello <hex>                sent first on each connection, and answered before anything else is sent
 *   request <weight> <key at> <unique at> <hex>
 *                              a kind of request and how often it is chosen; where its key and 16 digits that no other request has are
 *                              put, -1 for nowhere
 *   heartbeat 30               hold: seconds from one ping of a connection to its next
 *   opening 500                hold: handshakes under way at once
 *   addresses 0 2              hold: number of the first source address, and of how many
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "keys.h"
#include "protocol.h"

enum mode { MODE_CLOSED, MODE_OPEN, MODE_HOLD };

#define MOST_REQUEST_KINDS 8
#define UNIQUE_BYTES 16

struct request_kind {
  double weight;
  long key_at;
  long unique_at;
  char *bytes;
  size_t length;
};

struct plan {
  enum protocol protocol;
  enum mode mode;
  int port;
  long connections;
  long depth;
  double rate;
  double warmup;
  double seconds;
  double total;
  double every;
  long seed;
  struct keys keys;
  char *hello;
  size_t hello_length;
  struct request_kind requests[MOST_REQUEST_KINDS];
  int request_kinds;
  double weights;
  double heartbeat;
  long opening;
  long first_address;
  long addresses;
};

/* Ends the program with a message that names the line where something is wrong. */
void plan_read(struct plan *plan);
