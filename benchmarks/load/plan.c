#include "plan.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

static double number(const char *name, const char *value, double least, double most) {
  char *end;
  double parsed = value == NULL ? 0 : strtod(value, &end);
  if (value == NULL || end == value || *end != '\0' || !(parsed >= least && parsed <= most))
    fail("%s: %s is not a number from %g to %g", name, value == NULL ? "nothing" : value, least, most);
  return parsed;
}

static int choice(const char *name, const char *value, const char *const *choices, int count) {
  for (int at = 0; at < count; at++)
    if (value != NULL && strcmp(value, choices[at]) == 0) return at;
  fail("%s: %s is none that is known", name, value == NULL ? "nothing" : value);
}

static char *bytes_of(const char *name, const char *hex, size_t *length) {
  if (hex == NULL || strlen(hex) % 2 != 0) fail("%s: an even number of hexadecimal digits is wanted", name);
  *length = strlen(hex) / 2;
  char *bytes = allocate(*length);
  for (size_t at = 0; at < *length; at++) {
    char digits[3] = {hex[2 * at], hex[2 * at + 1], '\0'}, *end;
    bytes[at] = (char)strtoul(digits, &end, 16);
    if (*end != '\0') fail("%s: %s are no hexadecimal digits", name, digits);
  }
  return bytes;
}

static void read_request(struct plan *plan, const char *name, char **rest) {
  if (plan->request_kinds == MOST_REQUEST_KINDS) fail("request: more than %d kinds", MOST_REQUEST_KINDS);
  struct request_kind *request = &plan->requests[plan->request_kinds++];
  request->weight = number(name, strsep(rest, " "), 0, 1e9);
  request->key_at = (long)number(name, strsep(rest, " "), -1, 1e6);
  request->unique_at = (long)number(name, strsep(rest, " "), -1, 1e6);
  request->bytes = bytes_of(name, strsep(rest, " "), &request->length);
  plan->weights += request->weight;
}

static void read_keys(struct plan *plan, const char *name, char **rest) {
  static const char *const distributions[] = {"uniform", "zipf", "sequence"};
  plan->keys.distribution = (enum distribution)choice(name, strsep(rest, " "), distributions, 3);
  if (*rest == NULL) fail("keys: no file");
  keys_read(&plan->keys, *rest);
}

static void read_line(struct plan *plan, const char *name, char *rest) {
  static const char *const protocols[] = {"midgard", "redis", "memcached", "http"};
  static const char *const modes[] = {"closed", "open", "hold"};
#define IS(text) (strcmp(name, text) == 0)
#define VALUE strsep(&rest, " ")
  if (IS("protocol")) plan->protocol = (enum protocol)choice(name, VALUE, protocols, 4);
  else if (IS("mode")) plan->mode = (enum mode)choice(name, VALUE, modes, 3);
  else if (IS("port")) plan->port = (int)number(name, VALUE, 1, 65535);
  else if (IS("connections")) plan->connections = (long)number(name, VALUE, 1, 1e6);
  else if (IS("depth")) plan->depth = (long)number(name, VALUE, 1, 65536);
  else if (IS("rate")) plan->rate = number(name, VALUE, 0, 1e8);
  else if (IS("warmup")) plan->warmup = number(name, VALUE, 0, 1e6);
  else if (IS("seconds")) plan->seconds = number(name, VALUE, 0.001, 1e6);
  else if (IS("total")) plan->total = number(name, VALUE, 1, 1e15);
  else if (IS("every")) plan->every = number(name, VALUE, 0.001, 1e6);
  else if (IS("seed")) plan->seed = (long)number(name, VALUE, 0, 1e15);
  else if (IS("keys")) read_keys(plan, name, &rest);
  else if (IS("hello")) plan->hello = bytes_of(name, VALUE, &plan->hello_length);
  else if (IS("request")) read_request(plan, name, &rest);
  else if (IS("heartbeat")) plan->heartbeat = number(name, VALUE, 0.01, 1e5);
  else if (IS("opening")) plan->opening = (long)number(name, VALUE, 1, 1e5);
  else if (IS("addresses")) {
    plan->first_address = (long)number(name, VALUE, 0, 50000);
    plan->addresses = (long)number(name, VALUE, 1, 50000 - (double)plan->first_address);
  } else fail("%s: no such line in a plan", name);
#undef VALUE
#undef IS
}

static void check(struct plan *plan) {
  if (plan->port == 0) fail("port: missing");
  if (plan->mode == MODE_OPEN && plan->rate == 0) fail("rate: missing, and an open loop needs one");
  if (plan->mode != MODE_HOLD && plan->request_kinds == 0) fail("request: missing");
  for (int at = 0; at < plan->request_kinds; at++) {
    const struct request_kind *request = &plan->requests[at];
    if (request->key_at >= 0 && plan->keys.count == 0) fail("request: it takes a key, and there are no keys");
    bool is_short = request->key_at >= 0 && (size_t)request->key_at + plan->keys.length > request->length;
    if (is_short || (request->unique_at >= 0 && (size_t)request->unique_at + UNIQUE_BYTES > request->length))
      fail("request: what is put into it does not fit");
    if (plan->protocol == MIDGARD && request->length < FRAME_HEADER_BYTES) fail("request: shorter than the header of a frame");
  }
  if (plan->keys.count > 0) keys_prepare(&plan->keys, (uint64_t)plan->seed);
}

void plan_read(struct plan *plan) {
  *plan = (struct plan){.connections = 1, .depth = 1, .seconds = 1, .seed = 1, .heartbeat = 30, .opening = 500};
  char *line = NULL;
  size_t capacity = 0;
  /* What follows `go` is not ours to take out of the pipe. */
  setvbuf(stdin, NULL, _IONBF, 0);
  for (;;) {
    ssize_t length = getline(&line, &capacity, stdin);
    if (length < 0) fail("the plan ends without go");
    if (length > 0 && line[length - 1] == '\n') line[length - 1] = '\0';
    if (strcmp(line, "go") == 0) break;
    char *rest = line;
    const char *name = strsep(&rest, " ");
    if (*name != '\0') read_line(plan, name, rest);
  }
  free(line);
  check(plan);
}
