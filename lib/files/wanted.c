/* wanted.c — which names the settings ask for: every extension of a real format, ours and the plug-ins', or all files (record-building
 * §4.3). */
#include "nx-files.h"

#include <string.h>

#define PLUGIN_PREFIX "nx-extract-"
#define DESCRIBE_SECONDS 10
#define DESCRIBE_BYTES (64 * 1024)

/* What `program --describe` says, as JSON; NULL when it says nothing useful. */
static json_object *describe(const char *program, GError **err)
{
  char *argv[] = {(char *)program, (char *)"--describe", NULL};
  const NxQuestion question = {.argv = argv, .seconds = DESCRIBE_SECONDS, .answer_max = DESCRIBE_BYTES, .err = -1};
  g_autoptr(GString) answer = nx_process_ask(&question, NULL, err);
  return answer ? nx_json_parse(answer->str, answer->len, err) : NULL;
}

/* An extension is put into a glob, so it may hold nothing that means something there. */
static gboolean is_extension(const char *text)
{
  for (const char *at = text; *at; at++)
    if (!g_ascii_isalnum(*at) && !strchr("_-+.", *at))
      return FALSE;
  return *text != '\0';
}

static void add_plugin(const char *name, GPtrArray *globs)
{
  g_autofree char *file = g_strconcat(PLUGIN_PREFIX, name, NULL);
  g_autofree char *program = nx_program_path(file);
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) format = program ? describe(program, &problem) : NULL;
  json_object *extensions = nx_json_get(format, "extensions");
  if (g_error_matches(problem, NX_ERROR, NX_ERROR_INTERRUPTED))
    return;
  if (!json_object_is_type(extensions, json_type_array)) {
    nx_log_warning("%s --describe names no extensions (%s); its files are not looked for", file,
                   problem ? problem->message : "no 'extensions'");
    return;
  }
  for (gsize i = 0; i < json_object_array_length(extensions); i++) {
    const char *extension = json_object_get_string(json_object_array_get_idx(extensions, i));
    if (extension && is_extension(extension))
      g_ptr_array_add(globs, g_strconcat("*.", extension, NULL));
    else
      nx_log_warning("%s --describe: '%s' is not a file name extension", file, extension ? extension : "null");
  }
}

/* `*.EXT` for every extension of a real format; NULL-terminated. */
static GPtrArray *format_globs(void)
{
  GPtrArray *globs = g_ptr_array_new_with_free_func(g_free);
  for (const char *const *extension = nx_format_extensions(); *extension; extension++)
    g_ptr_array_add(globs, g_strconcat("*.", *extension, NULL));
  g_auto(GStrv) plugins = nx_program_list(PLUGIN_PREFIX);
  for (char **name = plugins; *name && !nx_interrupted(); name++)
    add_plugin(*name, globs);
  g_ptr_array_add(globs, NULL);
  return globs;
}

NxFileFilter *nx_file_filter_for_strategy(NxFileStrategy strategy, const char *const *ignored)
{
  if (strategy == NX_FILES_INCLUSIVE)
    return nx_file_filter_new(NULL, ignored);
  g_autoptr(GPtrArray) wanted = format_globs();
  return nx_file_filter_new((const char *const *)wanted->pdata, ignored);
}
