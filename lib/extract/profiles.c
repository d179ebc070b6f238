/* profiles.c — finds, matches and runs instrument profiles. A profile that fails, in whatever way, is a warning and changes nothing. */
#include "profiles.h"
#include "nx-jq.h"
#include "profile-values.h"

#include <fnmatch.h>
#include <string.h>

#define PROFILE_MAX (1024 * 1024)
/* Lines at the top in which `# instrument:` and its like are looked for. */
#define HEADER_LINES 10
/* Levels of an object that a profile may leave: half of what nx_json_parse() takes, since nx_meta comes to lie inside a line. */
#define DEPTH_MAX 128u
/* Bytes of text that profiles may add to the nx_meta of all signals of a file: half of what an answer may hold (outcome.c). */
#define ADDED_MAX (8u * 1024u * 1024u)

typedef struct {
  char *path;
  char *name;        /* base name */
  char *instrument;  /* glob on the PID */
  char *extractor;   /* glob on "dm3_extractor"; NULL: any */
  gboolean only_first;
  char *program;     /* jq text; NULL for a .json file */
  json_object *fields; /* of a .json file: merged into extensions */
  jq_state *jq;      /* NULL before it is compiled */
  gboolean is_broken;
  gboolean is_skipped;
} Profile;

static GPtrArray *profiles; /* of Profile*, in the order in which they run */
static GPtrArray *unloaded; /* of char*: "PATH: why" of those that lie there and cannot be loaded */
static GPtrArray *failures; /* of char*: warnings that are still to be logged; NULL: none */
static gsize room; /* of ADDED_MAX, what is left: profiles run in a process that reads one file */
static NxProfileWatch watch_call;
static gpointer watch_data;

/* One line, so that line numbers in messages are those of the profile. jq's own `stderr` would write amid the records of the log, and its `env` and
 * `$ENV` tell what is no profile's business. */
static const char PRELUDE[] =
  "def real(x): x as $x | if $x | type == \"number\" then {\"\\u0001real\": $x} else error(\"real(\\($x | tojson | .[:40])): not a number\") end; "
  "def q(value; unit): {\"value\": value, \"unit\": unit}; "
  "def ext(name; value): .nx_meta.extensions[name] = value; "
  "def warn(name): .nx_meta.warnings += [[name]]; "
  "def settype(dataset; data): .nx_meta.DatasetType = dataset | .nx_meta[\"Data Type\"] = data; "
  "def mv(old; new): if .nx_meta | has(old) then .nx_meta[new] = .nx_meta[old] | del(.nx_meta[old]) "
  "  elif .nx_meta.extensions // {} | has(old) then .nx_meta.extensions[new] = .nx_meta.extensions[old] | del(.nx_meta.extensions[old]) "
  "  else . end; "
  "def parse_decimal: if type == \"string\" then (try (gsub(\"^\\\\s+|\\\\s+$\"; \"\") | tonumber) catch null) elif type == \"number\" then . else null end; "
  "def stderr: debug; "
  "def env: {}; {} as $ENV | "
  ".variables as {$file, $name, $ext, $below, $instrument, $signal, $signals, $tecnai} | .object | (";

static void profile_free(Profile *profile)
{
  g_free(profile->path);
  g_free(profile->name);
  g_free(profile->instrument);
  g_free(profile->extractor);
  g_free(profile->program);
  json_object_put(profile->fields);
  if (profile->jq)
    jq_teardown(&profile->jq);
  g_free(profile);
}

/* ---------------------------------------------------------------------------------------------------------------- finding */

/* The value behind `# key:` in the first lines, or NULL. */
static char *header_value(const char *program, const char *key)
{
  g_auto(GStrv) lines = g_strsplit(program, "\n", HEADER_LINES + 1);
  for (guint i = 0; lines[i] && i < HEADER_LINES; i++) {
    const char *at = lines[i];
    if (*at != '#')
      continue;
    at += 1 + strspn(at + 1, " \t");
    if (g_str_has_prefix(at, key) && at[strlen(key)] == ':')
      return g_strstrip(g_strdup(at + strlen(key) + 1));
  }
  return NULL;
}

/* Takes out, in place, what an editor of Windows leaves in a text: the mark at its start and the CR at each line end. Returns the new length. */
static gsize strip_windows(char *text, gsize length)
{
  static const char MARK[] = "\xef\xbb\xbf";
  gsize n = 0;
  for (gsize i = g_str_has_prefix(text, MARK) ? strlen(MARK) : 0; i < length; i++) {
    if (text[i] != '\r' || text[i + 1] != '\n')
      text[n++] = text[i];
  }
  text[n] = '\0';
  return n;
}

/* FALSE: nothing but blanks and comments, which jq does not take for a program where ours stands around it. */
static gboolean has_words(const char *program)
{
  for (const char *at = program; *at; at += strcspn(at, "\n")) {
    at += strspn(at, " \t\r\n");
    if (*at && *at != '#')
      return TRUE;
  }
  return FALSE;
}

static char *without_suffix(const char *name)
{
  const char *dot = strrchr(name, '.');
  return dot ? g_strndup(name, (gsize)(dot - name)) : g_strdup(name);
}

typedef gboolean (*ReadFile)(const char *path, gsize limit, char **data, gsize *length, GError **err);

/* A profile that somebody names may come through a pipe (nx_file_read), one that lies in a folder may not (nx_file_read_regular). */
static Profile *profile_read(const char *path, ReadFile read_file, GError **err)
{
  g_autofree char *text = NULL;
  gsize length;
  if (!read_file(path, PROFILE_MAX, &text, &length, err))
    return NULL;
  length = strip_windows(text, length);
  gboolean is_fields = g_str_has_suffix(path, ".json");
  g_autoptr(json_object) fields = is_fields ? nx_json_parse(text, length, err) : NULL;
  if (is_fields && !json_object_is_type(fields, json_type_object)) {
    if (fields)
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "not a JSON object");
    return NULL;
  }

  Profile *profile = g_new0(Profile, 1);
  profile->path = g_strdup(path);
  profile->name = g_path_get_basename(path);
  profile->fields = g_steal_pointer(&fields);
  if (!is_fields) {
    profile->instrument = header_value(text, "instrument");
    profile->extractor = header_value(text, "extractor");
    g_autofree char *signals = header_value(text, "signals");
    profile->only_first = g_strcmp0(signals, "first") == 0;
    profile->program = has_words(text) ? g_steal_pointer(&text) : g_strdup(".");
  }
  if (!profile->instrument)
    profile->instrument = without_suffix(profile->name);
  return profile;
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void note_unloaded(const char *path, const char *why)
{
  nx_log_warning("Failed to load local profile '%s': %s", path, why);
  g_ptr_array_add(unloaded, g_strdup_printf("%s: %s", path, why));
}

static GPtrArray *names_in(const char *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GError) problem = NULL;
  g_autoptr(GDir) dir = g_dir_open(folder, 0, &problem);
  if (!dir)
    note_unloaded(folder, problem->message);
  for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir))
    g_ptr_array_add(names, g_strdup(name));
  g_ptr_array_sort(names, by_text);
  return names;
}

/* A local profile hides ours of the same stem and kind. */
static void hide(const Profile *newer)
{
  for (guint i = 0; i < profiles->len; i++) {
    const Profile *older = profiles->pdata[i];
    if (strcmp(older->name, newer->name) != 0)
      continue;
    nx_log_warning("profile %s takes the place of %s", newer->path, older->path);
    g_ptr_array_remove_index(profiles, i);
    return;
  }
}

static void load_folder(const char *folder)
{
  g_autoptr(GPtrArray) names = names_in(folder);
  for (guint i = 0; i < names->len; i++) {
    const char *name = names->pdata[i];
    g_autofree char *path = g_build_filename(folder, name, NULL);
    if (*name == '_' || *name == '.')
      continue;
    if (g_str_has_suffix(name, ".py")) {
      note_unloaded(path, "Python profiles are not supported; see nexuslims-profiles(7)");
      continue;
    }
    if (!g_str_has_suffix(name, ".jq") && !g_str_has_suffix(name, ".json"))
      continue;
    g_autoptr(GError) problem = NULL;
    Profile *profile = profile_read(path, nx_file_read_regular, &problem);
    if (!profile) {
      note_unloaded(path, problem->message);
      continue;
    }
    hide(profile);
    g_ptr_array_add(profiles, profile);
  }
}

void nx_profiles_unload(void)
{
  g_clear_pointer(&profiles, g_ptr_array_unref);
  g_clear_pointer(&unloaded, g_ptr_array_unref);
  g_clear_pointer(&failures, g_ptr_array_unref);
}

void nx_profiles_load(const char *local_folder)
{
  nx_profiles_unload();
  profiles = g_ptr_array_new_with_free_func((GDestroyNotify)profile_free);
  unloaded = g_ptr_array_new_with_free_func(g_free);
  room = ADDED_MAX;
  g_autofree char *built_in = nx_share_path("profiles");
  if (built_in)
    load_folder(built_in);
  if (local_folder)
    load_folder(local_folder);
  nx_log_debug("%u instrument profiles", profiles->len);
}

gboolean nx_profiles_add(const char *path, GError **err)
{
  Profile *profile = profile_read(path, nx_file_read, err);
  if (!profile)
    return FALSE;
  g_free(profile->instrument);
  profile->instrument = g_strdup("*");
  g_ptr_array_add(profiles, profile);
  return TRUE;
}

const char *nx_profiles_name(int number)
{
  return profiles && number >= 0 && (guint)number < profiles->len ? ((Profile *)profiles->pdata[number])->name : NULL;
}

void nx_profiles_watch(NxProfileWatch watch, gpointer user_data)
{
  watch_call = watch;
  watch_data = user_data;
}

void nx_profiles_skip(int number)
{
  if (nx_profiles_name(number))
    ((Profile *)profiles->pdata[number])->is_skipped = TRUE;
}

/* -------------------------------------------------------------------------------------------------------------- compiling */

/* What the library says of a program, for whoever wrote the profile in it. */
typedef struct {
  const char *profile;
  GString *text;
} Complaints;

/* NULL: the profile ends before it. */
static char *line_of(const char *profile, guint64 number)
{
  g_autofree char *trimmed = g_strchomp(g_strdup(profile));
  g_auto(GStrv) lines = g_strsplit(trimmed, "\n", -1);
  return number >= 1 && number <= g_strv_length(lines) ? g_strdup(g_strstrip(lines[number - 1])) : NULL;
}

/* Told is `jq: error: CAUSE (Unix shell quoting issues?) at <top-level>, line N:` and the line of the program, which may be all that stands around a
 * profile; and, last, how many errors there were. */
static void add_complaint(Complaints *complaints, const char *told)
{
  static const char ERROR[] = "jq: error: ", PLACE[] = " at <top-level>, line ";
  const char *cause = g_str_has_prefix(told, ERROR) ? told + strlen(ERROR) : told, *place = strstr(cause, PLACE);
  const char *separator = complaints->text->len ? "; " : "";
  if (!place) {
    if (!complaints->text->len)
      g_string_append(complaints->text, cause);
    return;
  }
  const guint64 number = g_ascii_strtoull(place + strlen(PLACE), NULL, 10);
  g_autofree char *why = g_strndup(cause, (gsize)(place - cause)), *line = line_of(complaints->profile, number);
  char *guess = strstr(why, " (Unix shell");
  if (guess)
    *guess = '\0';
  if (line)
    g_string_append_printf(complaints->text, "%sline %" G_GUINT64_FORMAT ": %s: %s", separator, number, why, line);
  else
    g_string_append_printf(complaints->text, "%sat its end: %s; its brackets, quotes, or words such as `if` and `end` do not match", separator, why);
}

static void collect_message(void *complaints, jv message)
{
  jv formatted = jq_format_error(message);
  if (jv_get_kind(formatted) == JV_KIND_STRING)
    add_complaint(complaints, jv_string_value(formatted));
  jv_free(formatted);
}

static void log_debug(void *profile_name, jv value)
{
  jv text = jv_dump_string(value, 0);
  nx_log_debug("profile %s: DEBUG: %s", (const char *)profile_name, jv_string_value(text));
  jv_free(text);
}

static gboolean compile(Profile *profile, GError **err)
{
  g_autoptr(GString) text = g_string_new(NULL);
  Complaints complaints = { profile->program, text };
  g_autofree char *program = g_strconcat(PRELUDE, profile->program, "\n)", NULL);
  profile->jq = nx_jq_new(log_debug, profile->name);
  jq_set_error_cb(profile->jq, collect_message, &complaints);
  gboolean is_good = jq_compile(profile->jq, program) != 0;
  jq_set_error_cb(profile->jq, NULL, NULL);
  if (is_good)
    return TRUE;
  jq_teardown(&profile->jq);
  g_strdelimit(text->str, "\n", ' ');
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "%s", text->len ? text->str : "it cannot be compiled");
  return FALSE;
}

/* FALSE when it cannot be used; says so once. */
static gboolean make_ready(Profile *profile)
{
  if (profile->fields || profile->jq)
    return TRUE;
  g_autoptr(GError) problem = NULL;
  if (profile->is_broken || compile(profile, &problem))
    return !profile->is_broken;
  profile->is_broken = TRUE;
  nx_log_warning("Failed to load local profile '%s': %s", profile->path, problem->message);
  return FALSE;
}

static gboolean is_for(const Profile *profile, const char *instrument_pid)
{
  return strcmp(profile->instrument, "*") == 0 || (instrument_pid && fnmatch(profile->instrument, instrument_pid, 0) == 0);
}

gboolean nx_profiles_prepare(const char *instrument_pid)
{
  gboolean any = FALSE;
  for (guint i = 0; profiles && i < profiles->len; i++)
    any |= is_for(profiles->pdata[i], instrument_pid) && make_ready(profiles->pdata[i]);
  return any;
}

static gboolean check_one(Profile *profile, FILE *out)
{
  g_autoptr(GError) problem = NULL;
  gboolean is_good = profile->fields || profile->jq || compile(profile, &problem);
  fprintf(out, "%s: %s\n", profile->path, is_good ? "ok" : problem->message);
  return is_good;
}

static gboolean check_found(FILE *out)
{
  gboolean all_good = !unloaded || unloaded->len == 0;
  for (guint i = 0; profiles && i < profiles->len; i++)
    all_good &= check_one(profiles->pdata[i], out);
  for (guint i = 0; unloaded && i < unloaded->len; i++)
    fprintf(out, "%s\n", (const char *)unloaded->pdata[i]);
  return all_good;
}

gboolean nx_profiles_check(const char *const *paths, FILE *out)
{
  gboolean all_good = *paths || check_found(out);
  for (; *paths; paths++) {
    g_autoptr(GError) problem = NULL;
    Profile *profile = profile_read(*paths, nx_file_read, &problem);
    if (profile) {
      all_good &= check_one(profile, out);
      profile_free(profile);
    } else {
      fprintf(out, "%s: %s\n", *paths, problem->message);
      all_good = FALSE;
    }
  }
  return all_good;
}

/* ---------------------------------------------------------------------------------------------------------------- running */

static void add_variable(json_object *variables, const char *name, json_object *value)
{
  json_object_object_add(variables, name, value);
}

static json_object *variables_of(const NxInput *in, guint index, guint count, json_object *tecnai)
{
  json_object *variables = json_object_new_object();
  g_autofree char *file = nx_text_utf8(in->path, -1);
  g_autofree char *below = nx_text_utf8(in->below ? in->below : in->path, -1);
  const char *dot = strrchr(in->name, '.');
  add_variable(variables, "file", json_object_new_string(file));
  add_variable(variables, "name", json_object_new_string(in->name));
  add_variable(variables, "ext", json_object_new_string(dot ? dot + 1 : ""));
  add_variable(variables, "below", json_object_new_string(below));
  add_variable(variables, "instrument", json_object_get(in->instrument));
  add_variable(variables, "signal", json_object_new_int((int)index));
  add_variable(variables, "signals", json_object_new_int((int)count));
  add_variable(variables, "tecnai", json_object_get(tecnai));
  return variables;
}

/* The first output; invalid with the reason when it is not the only one. */
static jv single_output(jq_state *jq)
{
  jv first = jq_next(jq);
  if (!jv_is_valid(first))
    return jv_invalid_has_msg(jv_copy(first)) ? first : (jv_free(first), jv_invalid_with_msg(jv_string("no output")));
  jv second = jq_next(jq);
  gboolean is_single = !jv_is_valid(second) && !jv_invalid_has_msg(jv_copy(second));
  jv_free(second);
  if (is_single)
    return first;
  jv_free(first);
  return jv_invalid_with_msg(jv_string("more than one output"));
}

static char *reason_of(jv invalid)
{
  jv message = jv_invalid_get_msg(invalid);
  char *text = jv_get_kind(message) == JV_KIND_STRING ? g_strdup(jv_string_value(message)) : g_strdup("an error without text");
  jv_free(message);
  return text;
}

/* Runs a jq profile over `object`; NULL with the reason when it failed. */
static json_object *run_program(const Profile *profile, json_object *object, json_object *variables, char **reason)
{
  jv input = jv_object_set(jv_object(), jv_string("variables"), nx_profile_to_jq(variables));
  jq_start(profile->jq, jv_object_set(input, jv_string("object"), nx_profile_to_jq(object)), 0);
  jv output = single_output(profile->jq);
  if (!jv_is_valid(output)) {
    *reason = reason_of(output);
    return NULL;
  }
  json_object *result = nx_profile_from_jq(output, object, nx_json_get(variables, "tecnai"));
  if (json_object_is_type(nx_json_get(result, "nx_meta"), json_type_object))
    return result;
  json_object_put(result);
  *reason = g_strdup("its output is not an object with an object 'nx_meta'");
  return NULL;
}

/* Sets the members of `from` (or of nothing, when it is no object) in `to`; both share them. */
static void share_members(json_object *to, json_object *from)
{
  if (!json_object_is_type(from, json_type_object))
    return;
  json_object_object_foreach(from, key, value)
    nx_json_set(to, key, json_object_get(value));
}

static json_object *twin(json_object *object)
{
  json_object *result = json_object_new_object();
  share_members(result, object);
  return result;
}

/* The object with the fields of a .json profile in its extensions. */
static json_object *merge_fields(const Profile *profile, json_object *object)
{
  json_object *result = twin(object), *nx_meta = twin(nx_json_get(object, "nx_meta"));
  json_object *extensions = twin(nx_json_get(nx_meta, "extensions"));
  share_members(extensions, profile->fields);
  nx_json_set(nx_meta, "extensions", extensions);
  nx_json_set(result, "nx_meta", nx_meta);
  return result;
}

/* nx_meta and raw as one object, whose members are shared. */
static json_object *joined(const NxSignal *signal)
{
  json_object *object = json_object_new_object();
  json_object_object_add(object, "nx_meta", NULL); /* the first, whatever raw holds */
  share_members(object, signal->raw);
  json_object_object_add(object, "nx_meta", json_object_get(signal->nx_meta));
  return object;
}

/* Takes the object apart into the signal again; consumes it. */
static void take_apart(NxSignal *signal, json_object *object)
{
  json_object_put(signal->nx_meta);
  signal->nx_meta = json_object_get(nx_json_get(object, "nx_meta"));
  json_object_object_del(object, "nx_meta");
  json_object_put(signal->raw);
  signal->raw = json_object_object_length(object) ? json_object_get(object) : NULL;
  json_object_put(object);
}

static void add_failure(const NxInput *in, const Profile *profile, const char *reason)
{
  if (!failures)
    failures = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(failures, g_strdup_printf("%s: profile %s failed: %s", in->name, profile->name, reason));
}

void nx_profiles_log_failures(void)
{
  for (guint i = 0; failures && i < failures->len; i++)
    nx_log_warning("%s", (const char *)failures->pdata[i]);
  g_clear_pointer(&failures, g_ptr_array_unref);
}

/* FALSE when a value lies deeper than `levels` objects and arrays. */
static gboolean is_within(json_object *value, guint levels)
{
  const gboolean is_array = json_object_is_type(value, json_type_array), is_object = json_object_is_type(value, json_type_object);
  if (levels == 0)
    return !is_array && !is_object;
  for (size_t i = 0; is_array && i < json_object_array_length(value); i++) {
    if (!is_within(json_object_array_get_idx(value, i), levels - 1))
      return FALSE;
  }
  if (!is_object)
    return TRUE;
  json_object_object_foreach(value, key, member) {
    (void)key;
    if (!is_within(member, levels - 1))
      return FALSE;
  }
  return TRUE;
}

/* FALSE with the reason when the file would fail for it later. What the steps behind the profiles add or sort may still be missing. */
static gboolean can_be_recorded(json_object *object, GError **err)
{
  g_autoptr(json_object) nx_meta = twin(nx_json_get(object, "nx_meta"));
  nx_meta_add_missing_type(nx_meta);
  if (!nx_meta_check_required(nx_meta, err))
    return FALSE;
  if (is_within(object, DEPTH_MAX))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "values are nested deeper than %u levels", DEPTH_MAX);
  return FALSE;
}

static gsize meta_length(json_object *object)
{
  g_autofree char *text = nx_json_text(nx_json_get(object, "nx_meta"), NX_JSON_LINE);
  return strlen(text);
}

static gboolean take_room(json_object *result, json_object *object)
{
  const gsize before = meta_length(object), after = meta_length(result), added = after > before ? after - before : 0;
  if (added > room)
    return FALSE;
  room -= added;
  return TRUE;
}

/* The reason why the metadata may not become `result`; NULL: they may, also because they were no better before. */
static char *objection_to(json_object *result, json_object *object)
{
  g_autoptr(GError) problem = NULL;
  if (!can_be_recorded(result, &problem) && can_be_recorded(object, NULL))
    return g_strdup_printf("what it leaves cannot be recorded: %s", problem->message);
  return take_room(result, object) ? NULL : g_strdup_printf("profiles may add %u MiB to the metadata of a file", ADDED_MAX >> 20);
}

static void run_profile(const NxInput *in, const Profile *profile, NxSignal *signal, json_object *variables)
{
  g_autofree char *reason = NULL;
  g_autoptr(json_object) object = joined(signal);
  g_autoptr(json_object) result = profile->fields ? merge_fields(profile, object) : run_program(profile, object, variables, &reason);
  if (result)
    reason = objection_to(result, object);
  if (reason)
    add_failure(in, profile, reason);
  else
    take_apart(signal, g_steal_pointer(&result));
}

void nx_profiles_run(const NxInput *in, NxSignal *signal, guint index, guint count, json_object *tecnai)
{
  g_autoptr(json_object) variables = NULL;
  g_autofree char *extractor = in->format ? g_strconcat(in->format->name, "_extractor", NULL) : g_strdup("");
  for (guint i = 0; profiles && i < profiles->len; i++) {
    Profile *profile = profiles->pdata[i];
    if (profile->is_skipped || !is_for(profile, in->instrument_pid) || (profile->only_first && index > 0) ||
        (profile->extractor && fnmatch(profile->extractor, extractor, 0) != 0) || !make_ready(profile))
      continue;
    if (!variables)
      variables = variables_of(in, index, count, tecnai);
    if (watch_call)
      watch_call((int)i, watch_data);
    run_profile(in, profile, signal, variables);
    if (watch_call)
      watch_call(NX_PROFILES_NONE, watch_data);
  }
}
