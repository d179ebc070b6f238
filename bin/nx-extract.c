/* nx-extract — data files in, metadata, JSON files and previews out: a filter of file lines, or FILE… for a person. */
#include "nx-cli-tree.h"
#include "nx-extract-pipe.h"
#include "nx-extract.h"
#include "settings.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  NxExtractOptions shared; /* those of `nexuslims extract`; first, because its row fills the same struct */
  guint verbosity;
  gint64 workers;
  const char *profile;
  gboolean check_profiles, describe;
} Options;

static const NxOption OPTIONS[] = {
  {.name = "--jobs", .letter = 'j', .type = NX_VALUE_INT, .ranged = TRUE, .minimum = 1, .maximum = 1024, .preset = "1", .default_shown = "1",
   .field = offsetof(Options, workers), .help = "Files that are read at once."},
  {.name = "--no-preview", .field = offsetof(Options, shared.no_preview), .help = "Make no previews."},
  {.name = "--no-metadata", .field = offsetof(Options, shared.no_metadata), .help = "Write no metadata files; with FILE, print no metadata."},
  {.name = "--preview-path", .letter = 'p', .type = NX_VALUE_FILE, .default_shown = "FILE.thumb.png",
   .field = offsetof(Options, shared.preview_path), .help = "With FILE: where to put the preview."},
  {.name = "--write", .letter = 'w', .field = offsetof(Options, shared.write), .help = "With FILE: also write the metadata JSON to a file."},
  {.name = "--overwrite", .field = offsetof(Options, shared.overwrite), .help = "With FILE: replace files that exist (a filter always does)."},
  {.name = "--profile", .type = NX_VALUE_EXISTING_FILE, .field = offsetof(Options, profile), .help = "Also run this instrument profile on every file."},
  {.name = "--check-profiles", .field = offsetof(Options, check_profiles), .help = "Compile the profiles, or those named, say what is wrong, and end."},
  {.name = "--describe", .field = offsetof(Options, describe), .help = "Write a line about each format, those of plug-ins included, and end."},
  {.name = "--verbose", .letter = 'v', .type = NX_VALUE_COUNT, .field = offsetof(Options, verbosity), .help = NX_HELP_VERBOSE},
  {0},
};
static const NxArgument ARGUMENTS[] = {
  {.name = "FILE", .type = NX_VALUE_INPUT_FILE, .optional = TRUE, .variadic = TRUE, .field = offsetof(Options, shared.files)},
  {0},
};
static const NxCommand COMMAND = {
  .name = "nx-extract",
  .version = NX_VERSION_DATED,
  .options = OPTIONS,
  .arguments = ARGUMENTS,
  .help = "Read metadata out of data files and draw their previews.\n\n"
          "Without FILE, reads file lines on standard input and writes each with its extractor and datasets; metadata and previews go below "
          "NX_DATA_PATH. With one FILE, prints its metadata; with several, a file line each. FILE may be a FIFO, or - for data on standard input.",
  .epilog = "\b\nExamples:\n    $ nx-extract -j 4 < files.jsonl\n    $ nx-extract image.dm4 | jq .nx_meta.DatasetType",
};

/* ---------------------------------------------------------------------------------------------------------- lines of a filter */

static NxLines *input_lines;

static gboolean is_line_ready(gpointer unused)
{
  (void)unused;
  return nx_lines_waiting(input_lines, 0);
}

/* FALSE when the line names no path. */
static gboolean has_path(json_object *line, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *path = nx_line_path(line, &problem);
  if (!path)
    g_set_error(err, NX_ERROR, NX_ERROR_LINE, "line %" G_GUINT64_FORMAT ": %s", nx_lines_number(input_lines), problem->message);
  return path != NULL;
}

static gboolean next_line(gpointer unused, json_object **line, GError **err)
{
  static const char *const KINDS[] = { "file", NULL };
  (void)unused;
  if (!nx_lines_next(input_lines, KINDS, line, err))
    return FALSE;
  if (!*line || has_path(*line, err))
    return TRUE;
  g_clear_pointer(line, json_object_put);
  return FALSE;
}

static gboolean write_line(gpointer unused, const NxExtracted *result, GError **err)
{
  (void)unused;
  return nx_line_write(stdout, result->line, err);
}

static gboolean run_filter(const Options *options, const NxExtractSettings *settings, GError **err)
{
  NxExtractRules rules = {
    .instrument_root = settings->instrument_root,
    .data_root = settings->data_root,
    .write_metadata = !options->shared.no_metadata,
    .write_preview = !options->shared.no_preview,
    .overwrite = TRUE,
    .links = NX_LINKS_REFUSED,
    .workers = (guint)options->workers,
  };
  g_autoptr(NxLines) lines = nx_lines_new(STDIN_FILENO);
  g_autoptr(NxExtractor) extractor = nx_extractor_new(&rules, settings->profiles_path, err);
  input_lines = lines;
  return extractor && (!options->profile || nx_profiles_add(options->profile, err)) &&
         nx_extractor_run(extractor, STDIN_FILENO, is_line_ready, next_line, write_line, NULL, err);
}

/* -------------------------------------------------------------------------------------------------------------- FILE by hand */

typedef struct {
  const Options *options;
  GPtrArray *lines;  /* of json_object*, taken one by one */
  guint next, shown; /* results come in the order of the lines */
  gboolean is_only_one;
} Files;

static gboolean next_file(gpointer user_data, json_object **line, GError **err)
{
  Files *files = user_data;
  (void)err;
  *line = files->next < files->lines->len ? json_object_get(files->lines->pdata[files->next++]) : NULL;
  return TRUE;
}

/* The metadata as its file has it; a list when there are several signals. */
static gboolean print_documents(const GPtrArray *documents, GError **err)
{
  g_autoptr(GString) text = g_string_new(documents->len == 1 ? NULL : "[\n");
  for (guint i = 0; i < documents->len; i++) {
    gsize length;
    const char *document = g_bytes_get_data(documents->pdata[i], &length);
    g_string_append_printf(text, "%s%.*s", i ? ",\n" : "", (int)length, document);
  }
  g_string_append(text, documents->len == 1 ? "\n" : "\n]\n");
  if (fwrite(text->str, 1, text->len, stdout) == text->len && fflush(stdout) == 0)
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_LINE, "cannot write the output: %s", g_strerror(errno));
  return FALSE;
}

static gboolean has_pipe(const Options *options)
{
  for (const char *const *file = options->shared.files; *file; file++) {
    if (nx_pipe_is(*file))
      return TRUE;
  }
  return FALSE;
}

/* Whether previews have a place: beside their files, or where the only one shall go. */
static gboolean has_place(const Options *options)
{
  return options->shared.preview_path || !has_pipe(options);
}

static void tell_previews(const Options *options, json_object *line, gboolean was_kept)
{
  json_object *datasets = nx_json_get(line, "datasets");
  for (size_t i = 0; i < json_object_array_length(datasets); i++) {
    const char *preview = nx_json_get_string(json_object_array_get_idx(datasets, i), "preview");
    g_autofree char *shown = nx_text_visible(preview ? preview : nx_json_get_string(line, "path"));
    if (!preview)
      fprintf(stderr, "No preview is made of %s%s\n", shown, has_place(options) ? "" : " (--preview-path says where to)");
    else
      fprintf(stderr, "Preview: %s%s\n", shown, was_kept ? " (it was there already; --overwrite replaces it)" : "");
  }
}

static gboolean show_file(gpointer user_data, const NxExtracted *result, GError **err)
{
  Files *files = user_data;
  const char *file = files->options->shared.files[files->shown++];
  if (nx_pipe_is(file))
    nx_line_set_path(result->line, file);
  if (!files->options->shared.no_metadata && !(files->is_only_one ? print_documents(result->documents, err) : nx_line_write(stdout, result->line, err)))
    return FALSE;
  if (!files->options->shared.no_preview)
    tell_previews(files->options, result->line, result->preview_kept);
  return TRUE;
}

static void line_free(gpointer line)
{
  json_object_put(line);
}

/* The line of an argument, with the instrument when `nexuslims` asks on somebody's behalf. */
static json_object *line_of(NxPipes *pipes, const char *file, const NxExtractSettings *settings, GError **err)
{
  gboolean looks_up = g_str_has_prefix(nx_cli_program(), "nexuslims");
  g_autofree char *named = nx_path_absolute(file), *copy = nx_pipe_is(file) ? nx_pipes_copy(pipes, file, err) : NULL;
  if (!copy && nx_pipe_is(file))
    return NULL;
  json_object *line = json_object_new_object();
  nx_json_set_string(line, "kind", "file");
  nx_line_set_path(line, copy ? copy : named);
  nx_json_set(line, "instrument", looks_up ? nx_extract_instrument_of(named, settings) : NULL);
  return line;
}

static GPtrArray *lines_of(NxPipes *pipes, const Options *options, const NxExtractSettings *settings, GError **err)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(line_free);
  for (const char *const *file = options->shared.files; *file; file++) {
    json_object *line = line_of(pipes, *file, settings, err);
    if (!line)
      return NULL;
    g_ptr_array_add(lines, line);
  }
  return g_steal_pointer(&lines);
}

static gboolean run_files(const Options *options, const NxExtractSettings *settings, GError **err)
{
  g_autoptr(NxPipes) pipes = nx_pipes_new();
  g_autoptr(GPtrArray) lines = lines_of(pipes, options, settings, err);
  if (!lines)
    return FALSE;
  NxExtractRules rules = {
    .instrument_root = settings->instrument_root,
    .data_root = settings->data_root,
    .write_metadata = options->shared.write,
    .write_preview = !options->shared.no_preview && has_place(options),
    .overwrite = options->shared.overwrite,
    .preview_beside = TRUE,
    .preview_path = options->shared.preview_path,
    .with_documents = TRUE,
    .links = NX_LINKS_FOLLOWED,
    .workers = (guint)MAX(options->workers, 1),
  };
  g_autoptr(NxExtractor) extractor = nx_extractor_new(&rules, settings->profiles_path, err);
  Files files = { options, lines, 0, 0, lines->len == 1 };
  return extractor && (!options->profile || nx_profiles_add(options->profile, err)) &&
         nx_extractor_run(extractor, -1, NULL, next_file, show_file, &files, err);
}

/* ---------------------------------------------------------------------------------------------------------------------- main */

/* Options that `nexuslims extract` has not keep their defaults there. */
static gboolean parse(int argc, char **argv, Options *options)
{
  const char *program = g_getenv("NX_CLI_PROG");
  return nx_cli_parse(program && g_str_has_prefix(program, "nexuslims") ? &nx_command_extract : &COMMAND, argc, argv, options);
}

static int check_usage(const Options *options)
{
  gsize n_files = g_strv_length((char **)options->shared.files);
  const gboolean reads_files = n_files > 0 && !options->check_profiles, reads_pipe = reads_files && has_pipe(options);
  if (reads_files && options->shared.no_metadata && options->shared.no_preview)
    return nx_cli_usage_error("Cannot use both --no-metadata and --no-preview.");
  if (n_files != 1 && options->shared.preview_path)
    return nx_cli_usage_error("--preview-path needs exactly one FILE.");
  if (reads_pipe && options->shared.write)
    return nx_cli_usage_error("--write needs files that have a place, which data from a pipe have not.");
  if (reads_pipe && n_files > 1 && !options->shared.no_preview)
    return nx_cli_usage_error("Data from a pipe have no place for a preview: with several FILEs, add --no-preview.");
  return 0;
}

int main(int argc, char **argv)
{
  g_autoptr(GError) problem = NULL;
  g_auto(NxExtractSettings) settings = {0};
  Options options = {0};
  if (!parse(argc, argv, &options))
    return nx_cli_exit_code();
  int misused = check_usage(&options);
  if (misused)
    return misused;

  nx_log_start("nx-extract", options.shared.verbose ? 2 : options.verbosity);
  nx_interrupt_install();
  if (options.describe)
    return nx_extract_describe(stdout, &problem) ? 0 : nx_fail(problem);
  gboolean is_filter = !*options.shared.files && !options.check_profiles;
  gboolean writes = !options.shared.no_metadata || !options.shared.no_preview;
  if (!nx_extract_settings_load(is_filter && writes, &settings, &problem))
    return nx_fail(problem);
  if (options.check_profiles)
    return nx_extract_check_profiles(settings.profiles_path, options.shared.files, stdout) ? 0 : 1;
  gboolean is_good = is_filter ? run_filter(&options, &settings, &problem) : run_files(&options, &settings, &problem);
  return is_good ? 0 : nx_fail(problem);
}
