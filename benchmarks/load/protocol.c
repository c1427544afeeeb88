#include "protocol.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LARGEST_ANSWER (64u << 20)
#define STATUS_BYTES 12 /* HTTP/1.1 200 */

enum { NOT_FOUND = 404, FAILED = 500, UNTOLD = 0 };

static uint32_t number_at(const char *bytes) {
  const unsigned char *at = (const unsigned char *)bytes;
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The code of an error's body, `{code, message}` in MessagePack or JSON: sought, not decoded, since `code` comes first in ours. */
static int code_in(const char *body, size_t length) {
  static const char name[] = "code";
  const char *at = memmem(body, length, name, sizeof name - 1);
  const char *end = body + length;
  if (at == NULL) return UNTOLD;
  at += sizeof name - 1;
  if (end - at >= 3 && (unsigned char)*at == 0xcd) return (unsigned char)at[1] << 8 | (unsigned char)at[2];
  int code = 0;
  while (at < end && (*at == '"' || *at == ':' || *at == ' ')) at++;
  for (; at < end && *at >= '0' && *at <= '9' && code < 100000; at++) code = code * 10 + (*at - '0');
  return code;
}

static enum parsed parse_midgard(const char *bytes, size_t length, struct answer *answer) {
  static const enum answer_kind kinds[] = {[1] = ANSWER_GOOD,  [2] = ANSWER_ERROR,   [3] = ANSWER_PUSH,   [4] = ANSWER_PING,
                                           [5] = ANSWER_PONG, [7] = ANSWER_WELCOME, [8] = ANSWER_GOODBYE};
  if (length < 4) return PARSED_INCOMPLETE;
  size_t announced = number_at(bytes);
  if (announced < FRAME_HEADER_BYTES - 4 || announced > LARGEST_ANSWER) return PARSED_WRONG;
  if (length < announced + 4) return PARSED_INCOMPLETE;
  unsigned kind = (unsigned char)bytes[FRAME_KIND_AT];
  if (bytes[4] != 1 || kind == 0 || kind == 6 || kind > 8) return PARSED_WRONG;
  answer->kind = kinds[kind];
  answer->bytes = announced + 4;
  answer->request_id = number_at(bytes + FRAME_REQUEST_ID_AT);
  bool tells = answer->kind == ANSWER_ERROR || answer->kind == ANSWER_GOODBYE;
  answer->code = tells ? code_in(bytes + FRAME_HEADER_BYTES, answer->bytes - FRAME_HEADER_BYTES) : 0;
  return PARSED_WHOLE;
}

static enum parsed whole(struct answer *answer, size_t length, size_t bytes, int code) {
  if (length < bytes) return PARSED_INCOMPLETE;
  answer->kind = code == 0 ? ANSWER_GOOD : ANSWER_ERROR;
  answer->bytes = bytes;
  answer->code = code;
  return PARSED_WHOLE;
}

/* Bytes up to and with the line's end, or 0 where it has not come. */
static size_t line_bytes(const char *bytes, size_t length) {
  const char *end = memchr(bytes, '\n', length);
  return end == NULL ? 0 : (size_t)(end - bytes) + 1;
}

static enum parsed parse_redis(const char *bytes, size_t length, struct answer *answer) {
  size_t line = line_bytes(bytes, length);
  if (line == 0) return length > 4096 ? PARSED_WRONG : PARSED_INCOMPLETE;
  if (bytes[0] == '-') return whole(answer, length, line, FAILED);
  if (bytes[0] == '+' || bytes[0] == ':') return whole(answer, length, line, 0);
  if (bytes[0] != '$') return PARSED_WRONG;
  long size = strtol(bytes + 1, NULL, 10);
  if (size < 0) return whole(answer, length, line, NOT_FOUND);
  return size > (long)LARGEST_ANSWER ? PARSED_WRONG : whole(answer, length, line + (size_t)size + 2, 0);
}

/* Bytes behind the given number of spaces in a line, or NULL. */
static const char *word(const char *line, size_t length, int spaces) {
  for (size_t at = 0; at < length; at++)
    if (line[at] == ' ' && --spaces == 0) return line + at + 1;
  return NULL;
}

static enum parsed parse_memcached(const char *bytes, size_t length, struct answer *answer) {
  static const char value[] = "VALUE ", end[] = "END\r\n";
  size_t line = line_bytes(bytes, length);
  if (line == 0) return length > 4096 ? PARSED_WRONG : PARSED_INCOMPLETE;
  if (line == sizeof end - 1 && memcmp(bytes, end, sizeof end - 1) == 0) return whole(answer, length, line, NOT_FOUND);
  if (line < sizeof value || memcmp(bytes, value, sizeof value - 1) != 0) {
    bool failed = memmem(bytes, line, "ERROR", 5) != NULL;
    bool stored = line == 8 && memcmp(bytes, "STORED\r\n", 8) == 0;
    return failed || stored ? whole(answer, length, line, failed ? FAILED : 0) : PARSED_WRONG;
  }
  /* VALUE <key> <flags> <bytes> */
  const char *size = word(bytes, line, 3);
  if (size == NULL) return PARSED_WRONG;
  unsigned long size_bytes = strtoul(size, NULL, 10);
  return size_bytes > LARGEST_ANSWER ? PARSED_WRONG : whole(answer, length, line + size_bytes + 2 + sizeof end - 1, 0);
}

/* Of an answer's header lines; -1 where there is none. */
static long content_length(const char *header, const char *end) {
  static const char name[] = "content-length:";
  for (const char *line = header; line < end;) {
    if ((size_t)(end - line) > sizeof name && strncasecmp(line, name, sizeof name - 1) == 0) return strtol(line + sizeof name - 1, NULL, 10);
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    if (newline == NULL) break;
    line = newline + 1;
  }
  return -1;
}

/* An answer without Content-Length is wrong here: whoever measures sees to it that the server sends one. */
static enum parsed parse_http(const char *bytes, size_t length, struct answer *answer) {
  const char *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (end == NULL) return length > (64u << 10) ? PARSED_WRONG : PARSED_INCOMPLETE;
  if (end - bytes < STATUS_BYTES || memcmp(bytes, "HTTP/1.", 7) != 0) return PARSED_WRONG;
  int status = (int)strtol(bytes + 9, NULL, 10);
  long body = status == 204 || status == 304 ? 0 : content_length(bytes, end + 2);
  if (body < 0 || body > (long)LARGEST_ANSWER) return PARSED_WRONG;
  return whole(answer, length, (size_t)(end + 4 - bytes) + (size_t)body, status < 400 ? 0 : status);
}

enum parsed answer_parse(enum protocol protocol, const char *bytes, size_t length, struct answer *answer) {
  switch (protocol) {
    case MIDGARD: return parse_midgard(bytes, length, answer);
    case REDIS: return parse_redis(bytes, length, answer);
    case MEMCACHED: return parse_memcached(bytes, length, answer);
    default: return parse_http(bytes, length, answer);
  }
}
