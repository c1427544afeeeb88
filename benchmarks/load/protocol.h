/* Where an answer ends, and whether it is one that was hoped for, in each protocol. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum protocol { MIDGARD, REDIS, MEMCACHED, HTTP };

enum answer_kind {
  ANSWER_GOOD,
  ANSWER_ERROR,
  /* Of Midgard alone. */
  ANSWER_PUSH,
  ANSWER_PING,
  ANSWER_PONG,
  ANSWER_WELCOME,
  ANSWER_GOODBYE,
};

struct answer {
  enum answer_kind kind;
  /* All of it, with what announces its length. */
  size_t bytes;
  /* Of an error or goodbye: Midgard's code, HTTP's status; 500 for an error of Redis or memcached, 404 where they have no such key. */
  int code;
  /* Of Midgard: pairs an answer with its request. The others answer in order. */
  uint32_t request_id;
};

/* Kinds of Midgard's frames that we send, and their header without a body. */
enum { FRAME_REQUEST = 0, FRAME_PING = 4, FRAME_PONG = 5 };
#define FRAME_HEADER_BYTES 16
#define FRAME_KIND_AT 5
#define FRAME_REQUEST_ID_AT 8

enum parsed { PARSED_WHOLE, PARSED_INCOMPLETE, PARSED_WRONG };

/* Looks at the answer that begins here. Wrong are bytes that no server of this protocol sends. */
enum parsed answer_parse(enum protocol protocol, const char *bytes, size_t length, struct answer *answer);

/* Whether an answer says to which request it belongs. */
static inline bool is_numbered(enum protocol protocol) { return protocol == MIDGARD; }
