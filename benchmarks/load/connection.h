/*
 * One connection: what is unanswered on it, and bytes that wait. It holds memory for bytes only while some wait, since a process
 * holds thousands that rest.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum connection_state { CONNECTION_CONNECTING, CONNECTION_GREETING, CONNECTION_OPEN, CONNECTION_CLOSED };

struct waiting_bytes {
  char *bytes;
  size_t length;
};

struct connection {
  int fd;
  enum connection_state state;
  int64_t opened_at;
  /* Begin of an answer, and end of what the socket did not take. */
  struct waiting_bytes received;
  struct waiting_bytes unsent;
  /* By slot: when the request was due; 0 where none is. */
  int64_t *due;
  /* Slots, the taken ones first; only where answers are numbered. */
  uint32_t *slots;
  uint32_t depth;
  uint32_t in_flight;
  uint32_t oldest;
  /* Of an open loop: its turns so far, and those that found no slot. */
  uint64_t turns;
  uint64_t owed;
};

/* @param slots NULL where answers come in order */
void connection_prepare(struct connection *connection, uint32_t depth, int64_t *due, uint32_t *slots);

/* Takes a slot for a request; one must be free. */
uint32_t connection_take(struct connection *connection, int64_t due);

/* Gives back the slot of an answer, or of the oldest request where answers come in order. Returns when it was due, 0 where nothing was asked. */
int64_t connection_answered(struct connection *connection, uint32_t slot);

/* Sends, or keeps what the socket does not take. False where the connection is gone. */
bool connection_send(struct connection *connection, const char *bytes, size_t length);

/* Sends what waits. False where the connection is gone. */
bool connection_flush(struct connection *connection);

/* Closes the socket and forgets what waits; what is in flight stays to be counted. */
void connection_close(struct connection *connection);

/* Keeps bytes in place of those that wait; they may be a part of them. */
void waiting_bytes_keep(struct waiting_bytes *waiting, const char *bytes, size_t length);
