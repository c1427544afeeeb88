/*
 * Puts load on a server of this machine and prints JSON lines about it: `load < plan`. See plan.h for what a plan says.
 *
 * In C, since a generator in JavaScript costs more than the servers that it measures, and then hides what tells them apart.
 */
#include <stdio.h>

#include "clock.h"
#include "fail.h"
#include "modes.h"

void print_opened(const struct pool *pool, double seconds) {
  printf("{\"kind\":\"opened\",\"connections\":%ld,\"seconds\":%.3f,", pool->open, seconds);
  figures_print(&pool->handshakes, stdout);
  puts("}");
  fflush(stdout);
}

int main(void) {
  static struct plan plan;
  static struct pool pool;
  plan_read(&plan);
  pool_prepare(&pool, &plan);
  int64_t began_at = now_ns();
  pool_open(&pool);
  print_opened(&pool, (double)(now_ns() - began_at) / NS_PER_SECOND);
  if (pool.open == 0) fail("no connection could be opened on port %d", plan.port);
  if (plan.mode == MODE_HOLD) run_hold(&pool);
  else run_load(&pool);
  return 0;
}
