/* wanted.c — which names the settings ask for: every extension of a real format, ours and the plug-ins', or all files (record-building
 * §4.3). */
#include "nx-files.h"

/* What `program --describe` says; NULL when it says nothing useful. */
static NxFormatLine *describe(const char *name, const char *path, GError **err)
{
  char *argv[] = {(char *)path, (char *)"--describe", NULL};
  g_auto(GStrv) environment = nx_environment_harmless();
  const NxQuestion question = {
      .argv = argv, .environment = environment, .seconds = NX_FORMAT_SECONDS, .answer_max = NX_FORMAT_LINE_MAX, .err = -1};
  g_autoptr(GString) answer = nx_process_ask(&question, NULL, err);
  return answer ? nx_format_line_parse(name, answer->str, answer->len, err) : NULL;
}

static void add_plugin(const char *name, GPtrArray *globs)
{
  g_autofree char *file = g_strconcat(NX_FORMAT_PROGRAM, name, NULL), *program = nx_program_path(file);
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxFormatLine) format = program ? describe(file, program, &problem) : NULL;
  for (char **extension = format ? format->extensions : NULL; extension && *extension; extension++)
    g_ptr_array_add(globs, g_strconcat("*.", *extension, NULL));
  if (problem && !g_error_matches(problem, NX_ERROR, NX_ERROR_INTERRUPTED))
    nx_log_warning("%s --describe: %s; its files are not looked for", file, problem->message);
}

/* `*.EXT` for every extension of a real format; NULL-terminated. */
static GPtrArray *format_globs(void)
{
  GPtrArray *globs = g_ptr_array_new_with_free_func(g_free);
  for (const char *const *extension = nx_format_extensions(); *extension; extension++)
    g_ptr_array_add(globs, g_strconcat("*.", *extension, NULL));
  g_auto(GStrv) plugins = nx_program_list(NX_FORMAT_PROGRAM);
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
