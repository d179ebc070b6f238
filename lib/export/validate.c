/* validate.c — would the destinations accept records now (export §9, check 10): all asked side by side, each in a process of its own. */
#include "exporter.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static gboolean write_destination(const NxDestination *destination, FILE *out, GError **err)
{
  g_autoptr(json_object) line = json_object_new_object();
  nx_json_set_string(line, "kind", "destination");
  nx_json_set_string(line, "name", destination->name);
  nx_json_set(line, "priority", json_object_new_int(destination->priority));
  nx_json_set(line, "enabled", json_object_new_boolean(TRUE));
  nx_json_set(line, "local", json_object_new_boolean(destination->is_local));
  return nx_line_write(out, line, err);
}

/* A line is one write, so that those of several processes do not mix. */
static gboolean write_answer(NxExporter *exporter, const NxDestination *destination, FILE *out)
{
  g_autoptr(json_object) request = json_object_new_object();
  nx_json_set_string(request, "destination", destination->name);
  nx_json_set_string(request, "mode", "validate");
  g_autoptr(json_object) result = nx_exporter_answer(exporter, request);
  return nx_line_write(out, result, NULL);
}

static gboolean write_trouble(const NxDestination *destination, const char *trouble, FILE *out, GError **err)
{
  g_autoptr(json_object) result = json_object_new_object();
  g_autofree char *text = g_strconcat("Unexpected error in check: ", trouble, NULL);
  nx_json_set_string(result, "destination_name", destination->name);
  nx_json_set(result, "valid", json_object_new_boolean(FALSE));
  nx_json_set_string(result, "error", text);
  nx_json_set_string(result, "kind", "export_result");
  return nx_line_write(out, result, err);
}

static GPid start_asking(NxExporter *exporter, const NxDestination *destination, FILE *out)
{
  pid_t parent = getpid(), child = fork();
  if (child != 0)
    return child;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  _exit(getppid() == parent && write_answer(exporter, destination, out) ? 0 : 1);
}

/* `number` is the errno of a process that could not be started. */
static gboolean hear(const NxDestination *destination, GPid pid, int number, FILE *out, GError **err)
{
  if (pid < 0)
    return write_trouble(destination, g_strerror(number), out, err);
  int status = nx_process_wait(pid);
  if (status == 0)
    return TRUE;
  g_autofree char *trouble = status > 128 ? g_strdup_printf("it was ended by signal %d (%s)", status - 128, g_strsignal(status - 128))
                                          : g_strdup_printf("it ended with exit status %d", status);
  return write_trouble(destination, trouble, out, err);
}

gboolean nx_exporter_validate(NxExporter *exporter, FILE *out, GError **err)
{
  g_autofree GPid *pids = g_new0(GPid, exporter->n_slots);
  int number = 0;
  for (gsize i = 0; i < exporter->n_slots; i++)
    if (!write_destination(exporter->slots[i].destination, out, err))
      return FALSE;
  for (gsize i = 0; i < exporter->n_slots; i++) {
    pids[i] = start_asking(exporter, exporter->slots[i].destination, out);
    number = pids[i] < 0 ? errno : number;
  }
  gboolean written = TRUE;
  for (gsize i = 0; i < exporter->n_slots; i++)
    written = hear(exporter->slots[i].destination, pids[i], number, out, written ? err : NULL) && written;
  return written;
}
