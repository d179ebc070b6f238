/* plugins.c — see plugins.h. A plug-in is a filter of file lines, run once a file under the limits of a reader. It gets no walls, since it is
 * a program somebody installed, but none of our environment either. */
#include "plugins.h"
#include "formats.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A plug-in's preview: what is larger is no preview. */
#define PREVIEW_MAX (16 * 1024 * 1024)
#define PREVIEW_SIDE_MAX 10000

typedef struct {
  const char *path;
  const char *argument; /* or NULL */
  int input;            /* -1: none */
} Start;

static void become_plugin(int results, gpointer user_data)
{
  const Start *start = user_data;
  char *argv[] = { (char *)start->path, (char *)start->argument, NULL };
  if ((start->input >= 0 && dup2(start->input, STDIN_FILENO) < 0) || dup2(results, STDOUT_FILENO) < 0)
    _exit(126);
  signal(SIGPIPE, SIG_DFL); /* we ignore both, and a program inherits that */
  signal(SIGXFSZ, SIG_DFL);
  execv(start->path, argv);
  _exit(127);
}

static NxWorker *start_program(const NxSandbox *sandbox, Start *start, GError **err)
{
  NxTask task = { .work = become_plugin, .user_data = start, .keep = &start->input, .n_keep = start->input >= 0 ? 1 : 0, .limits_only = TRUE };
  return nx_worker_start(sandbox, &task, err);
}

/* ------------------------------------------------------------------------------------------------------------ what they read */

/* Takes what the program writes within a look; FALSE when that was all. */
static gboolean receive(NxWorker *worker)
{
  struct pollfd readable = { .fd = nx_worker_fd(worker), .events = POLLIN };
  const gboolean has_ended = nx_worker_has_ended(worker); /* asked first: what it wrote before is there now */
  nx_worker_forward_log(worker);
  const gboolean is_open = poll(&readable, 1, has_ended ? 0 : NX_EXTRACT_PLUGIN_LOOK_MS) <= 0 || nx_worker_receive(worker);
  return is_open && !has_ended;
}

/* Waits for all that the program writes; its fault or time-out is *reason. */
static void wait_for(NxWorker *worker, char **reason)
{
  gint64 deadline = g_get_monotonic_time() + nx_patience_us(NX_FORMAT_SECONDS);
  while (receive(worker)) {
    if (g_get_monotonic_time() < deadline && !nx_interrupted())
      continue;
    nx_worker_kill(worker, "it took too long to say what it reads");
    break;
  }
  *reason = nx_worker_end(worker);
}

NxExtractPlugin *nx_extract_plugin_described(const char *name, const char *path, const GByteArray *received, GError **err)
{
  g_autofree char *program = g_strconcat(NX_FORMAT_PROGRAM, name, NULL);
  g_autoptr(NxFormatLine) line = nx_format_line_parse(program, (const char *)received->data, received->len, err);
  if (!line)
    return NULL;
  NxExtractPlugin *plugin = g_new0(NxExtractPlugin, 1);
  plugin->name = g_steal_pointer(&program);
  plugin->path = g_strdup(path);
  plugin->extensions = g_steal_pointer(&line->extensions);
  plugin->priority = line->priority;
  return plugin;
}

static NxExtractPlugin *ask(const NxSandbox *sandbox, const char *name, GError **err)
{
  g_autofree char *program = g_strconcat(NX_FORMAT_PROGRAM, name, NULL);
  g_autofree char *path = nx_program_path(program);
  g_autofree char *reason = NULL;
  Start start = { .path = path, .argument = "--describe", .input = -1 };
  g_autoptr(NxWorker) worker = start_program(sandbox, &start, err);
  if (!worker)
    return NULL;
  wait_for(worker, &reason);
  nx_worker_tell_cut_log(worker, program);
  if (!reason)
    return nx_extract_plugin_described(name, path, nx_worker_received(worker), err);
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%s", reason);
  return NULL;
}

void nx_extract_plugin_free(NxExtractPlugin *plugin)
{
  if (!plugin)
    return;
  g_free(plugin->name);
  g_free(plugin->path);
  g_strfreev(plugin->extensions);
  g_free(plugin);
}

static gint by_priority(gconstpointer a, gconstpointer b)
{
  const NxExtractPlugin *one = *(NxExtractPlugin *const *)a, *other = *(NxExtractPlugin *const *)b;
  return one->priority != other->priority ? (one->priority < other->priority) - (one->priority > other->priority) : strcmp(one->name, other->name);
}

GPtrArray *nx_extract_find_plugins(const NxSandbox *sandbox)
{
  GPtrArray *plugins = g_ptr_array_new_with_free_func((GDestroyNotify)nx_extract_plugin_free);
  g_auto(GStrv) names = nx_program_list(NX_FORMAT_PROGRAM);
  for (char **name = names; *name; name++) {
    g_autoptr(GError) problem = NULL;
    NxExtractPlugin *plugin = ask(sandbox, *name, &problem);
    if (plugin)
      g_ptr_array_add(plugins, plugin);
    else
      nx_log_warning("plug-in %s%s is not used: %s", NX_FORMAT_PROGRAM, *name, problem->message);
  }
  g_ptr_array_sort(plugins, by_priority);
  return plugins;
}

const NxExtractPlugin *nx_extract_plugin_for(GPtrArray *plugins, const char *name)
{
  g_autofree char *extension = nx_name_extension(name);
  for (guint i = 0; extension && i < plugins->len; i++) {
    const NxExtractPlugin *plugin = plugins->pdata[i];
    if (g_strv_contains((const char *const *)plugin->extensions, extension))
      return plugin;
  }
  return NULL;
}

/* --------------------------------------------------------------------------------------------------------------- one file */

NxWorker *nx_extract_plugin_start(const NxExtractPlugin *plugin, const NxSandbox *sandbox, json_object *line, GError **err)
{
  g_autofree char *text = nx_json_text(line, NX_JSON_LINE);
  g_autofree char *with_end = g_strconcat(text, "\n", NULL);
  Start start = { .path = plugin->path, .input = nx_memory_file(with_end, strlen(with_end), err) };
  if (start.input < 0)
    return NULL;
  NxWorker *worker = start_program(sandbox, &start, err);
  close(start.input);
  return worker;
}

/* The beginning of a PNG file (W3C, PNG, 5.2 and 11.2): signature, chunk IHDR of 13 bytes, in it width and height, big-endian. */
static gboolean is_png(const char *data, gsize length)
{
  static const guint8 HEAD[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R' };
  guint32 sides[2];
  if (length < sizeof HEAD + 13 + 4 || memcmp(data, HEAD, sizeof HEAD) != 0)
    return FALSE;
  memcpy(sides, data + sizeof HEAD, sizeof sides);
  const guint32 width = GUINT32_FROM_BE(sides[0]), height = GUINT32_FROM_BE(sides[1]);
  return width >= 1 && width <= PREVIEW_SIDE_MAX && height >= 1 && height <= PREVIEW_SIDE_MAX;
}

/* The preview that a plug-in made of `file`. It goes where others see it, so that nothing but a picture is taken; NULL with a warning. */
static GBytes *read_preview(const char *path, const char *file)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *png = NULL;
  gsize length;
  if (!nx_file_read_regular(path, PREVIEW_MAX, &png, &length, &problem))
    nx_log_warning("%s: no preview: %s", file, problem->message);
  else if (!is_png(png, length))
    nx_log_warning("%s: no preview: %s is not a PNG picture of at most %d × %d pixels", file, path, PREVIEW_SIDE_MAX, PREVIEW_SIDE_MAX);
  else
    return g_bytes_new_take(g_steal_pointer(&png), length);
  return NULL;
}

static gboolean take_dataset(NxOutcome *outcome, json_object *dataset, const char *file, gboolean with_document, GError **err)
{
  json_object *nx_meta = nx_json_get(dataset, "nx_meta");
  if (!json_object_is_type(nx_meta, json_type_object)) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "a dataset has no object 'nx_meta'");
    return FALSE;
  }
  if (!nx_meta_check(nx_meta, file, err))
    return FALSE;
  NxProduct *product = g_new0(NxProduct, 1);
  product->nx_meta = json_object_get(nx_meta);
  nx_pipeline_sign(product->nx_meta, outcome->extractor);
  if (with_document) {
    gsize length;
    char *text = nx_pipeline_document(product->nx_meta, NULL, &length);
    product->document = g_bytes_new_take(text, length);
  }
  const char *preview = nx_json_get_string(dataset, "preview");
  product->preview = preview ? read_preview(preview, file) : NULL;
  g_ptr_array_add(outcome->products, product);
  return TRUE;
}

static json_object *parse_line(const GByteArray *received, GError **err)
{
  NxJsonRoom room = { NX_LINE_MAX, NX_JSON_ROOM_UNWEIGHED, NX_JSON_ROOM_PARSED };
  return nx_outcome_parse((const char *)received->data, received->len, &room, err);
}

NxOutcome *nx_extract_plugin_outcome(const NxExtractPlugin *plugin, const GByteArray *received, const char *file, gboolean with_document,
                                     GError **err)
{
  g_autoptr(json_object) line = parse_line(received, err);
  json_object *datasets = nx_json_get(line, "datasets");
  g_autoptr(NxOutcome) outcome = nx_outcome_new();
  if (!line)
    return NULL;
  if (!json_object_is_type(datasets, json_type_array)) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "its answer has no array 'datasets'");
    return NULL;
  }
  if (json_object_array_length(datasets) == 0) { /* on a line that means: the file is gone, and this one was there */
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "its answer has no datasets");
    return NULL;
  }
  outcome->extractor = g_strdup(plugin->name);
  for (size_t i = 0; i < json_object_array_length(datasets); i++) {
    if (!take_dataset(outcome, json_object_array_get_idx(datasets, i), file, with_document, err))
      return NULL;
  }
  outcome->has_all_metadata = outcome->is_complete = TRUE;
  return g_steal_pointer(&outcome);
}
