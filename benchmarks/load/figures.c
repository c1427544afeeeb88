#include "figures.h"

#include <inttypes.h>
#include <sys/resource.h>

void figures_clear(struct figures *figures) {
  histogram_clear(&figures->good_times);
  histogram_clear(&figures->refused_times);
  figures->good = 0;
  figures->refused = 0;
  figures->bytes = 0;
  figures->codes = 0;
}

void figures_note_good(struct figures *figures, int64_t ns, uint64_t bytes) {
  figures->good++;
  histogram_note(&figures->good_times, ns);
  figures->bytes += bytes;
}

void figures_note_refused(struct figures *figures, int64_t ns, int code) {
  figures->refused++;
  histogram_note(&figures->refused_times, ns);
  int at = 0;
  while (at < figures->codes && figures->by_code[at].code != code) at++;
  /* More codes than there is room for are counted with the last one. */
  if (at == MOST_CODES) at--;
  if (at == figures->codes) {
    figures->codes++;
    figures->by_code[at].code = code;
    figures->by_code[at].count = 0;
  }
  figures->by_code[at].count++;
}

void figures_print(const struct figures *figures, FILE *out) {
  uint64_t good = figures->good;
  fprintf(out, "\"good\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"errors\":{", good, figures->refused);
  for (int at = 0; at < figures->codes; at++)
    fprintf(out, "%s\"%d\":%" PRIu64, at == 0 ? "" : ",", figures->by_code[at].code, figures->by_code[at].count);
  fprintf(out, "},\"answerBytes\":%.1f,\"latencyUs\":", good == 0 ? 0 : (double)figures->bytes / (double)good);
  histogram_print(&figures->good_times, out);
  fputs(",\"refusedUs\":", out);
  histogram_print(&figures->refused_times, out);
}

double own_cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}
