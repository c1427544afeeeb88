#include "connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fail.h"

void connection_prepare(struct connection *connection, uint32_t depth, int64_t *due, uint32_t *slots) {
  *connection = (struct connection){.fd = -1, .state = CONNECTION_CLOSED, .depth = depth, .due = due, .slots = slots};
  for (uint32_t slot = 0; slots != NULL && slot < depth; slot++) slots[slot] = slot;
}

uint32_t connection_take(struct connection *connection, int64_t due) {
  uint32_t slot = connection->slots == NULL ? (connection->oldest + connection->in_flight) % connection->depth : connection->slots[connection->in_flight];
  connection->in_flight++;
  connection->due[slot] = due;
  return slot;
}

int64_t connection_answered(struct connection *connection, uint32_t slot) {
  if (connection->slots == NULL) slot = connection->oldest;
  if (slot >= connection->depth || connection->due[slot] == 0) return 0;
  int64_t due = connection->due[slot];
  connection->due[slot] = 0;
  connection->in_flight--;
  if (connection->slots == NULL) connection->oldest = (connection->oldest + 1) % connection->depth;
  else connection->slots[connection->in_flight] = slot;
  return due;
}

void waiting_bytes_keep(struct waiting_bytes *waiting, const char *bytes, size_t length) {
  char *kept = length == 0 ? NULL : malloc(length);
  if (length > 0 && kept == NULL) fail("out of memory: %zu bytes", length);
  if (length > 0) memcpy(kept, bytes, length);
  free(waiting->bytes);
  *waiting = (struct waiting_bytes){kept, length};
}

static bool write_some(int fd, const char *bytes, size_t length, size_t *written) {
  while (*written < length) {
    ssize_t count = send(fd, bytes + *written, length - *written, MSG_NOSIGNAL);
    if (count >= 0) *written += (size_t)count;
    else if (errno != EINTR) return errno == EAGAIN;
  }
  return true;
}

bool connection_send(struct connection *connection, const char *bytes, size_t length) {
  struct waiting_bytes *unsent = &connection->unsent;
  size_t written = 0;
  if (unsent->length > 0) {
    unsent->bytes = realloc(unsent->bytes, unsent->length + length);
    if (unsent->bytes == NULL) fail("out of memory: %zu bytes", unsent->length + length);
    memcpy(unsent->bytes + unsent->length, bytes, length);
    unsent->length += length;
    return true;
  }
  if (!write_some(connection->fd, bytes, length, &written)) return false;
  if (written < length) waiting_bytes_keep(unsent, bytes + written, length - written);
  return true;
}

bool connection_flush(struct connection *connection) {
  struct waiting_bytes *unsent = &connection->unsent;
  size_t written = 0;
  if (!write_some(connection->fd, unsent->bytes, unsent->length, &written)) return false;
  if (written > 0) waiting_bytes_keep(unsent, unsent->bytes + written, unsent->length - written);
  return true;
}

void connection_close(struct connection *connection) {
  if (connection->fd >= 0) close(connection->fd);
  connection->fd = -1;
  connection->state = CONNECTION_CLOSED;
  waiting_bytes_keep(&connection->received, NULL, 0);
  waiting_bytes_keep(&connection->unsent, NULL, 0);
}
