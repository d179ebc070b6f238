/* filter.c — which file names are wanted. Nearly all globs are `*.ext`, and a walk asks a million times: those are compared as suffixes,
 * which gives fnmatch's answer as long as pattern and name are ASCII; everything else goes to fnmatch itself. */
#include "nx-files.h"

#include <string.h>

typedef struct {
  char *pattern;
  char *suffix; /* lower case, of a pattern `*suffix`; NULL: fnmatch decides */
  gsize length;
} Glob;

struct NxFileFilter {
  gint references;
  GArray *wanted; /* of Glob; NULL: every name */
  GArray *ignored;
};

static gboolean is_ascii(const char *text)
{
  for (; *text; text++)
    if ((guchar)*text >= 0x80)
      return FALSE;
  return TRUE;
}

static void clear_glob(gpointer data)
{
  Glob *glob = data;
  g_free(glob->pattern);
  g_free(glob->suffix);
}

static GArray *compile(const char *const *patterns)
{
  GArray *globs = g_array_new(FALSE, TRUE, sizeof(Glob));
  g_array_set_clear_func(globs, clear_glob);
  for (; patterns && *patterns; patterns++) {
    g_array_set_size(globs, globs->len + 1);
    Glob *glob = &g_array_index(globs, Glob, globs->len - 1);
    glob->pattern = g_strdup(*patterns);
    if (**patterns == '*' && !strpbrk(*patterns + 1, "*?[\\") && is_ascii(*patterns)) {
      glob->suffix = g_ascii_strdown(*patterns + 1, -1);
      glob->length = strlen(glob->suffix);
    }
  }
  return globs;
}

NxFileFilter *nx_file_filter_new(const char *const *wanted, const char *const *ignored)
{
  NxFileFilter *filter = g_new0(NxFileFilter, 1);
  filter->references = 1;
  filter->wanted = wanted ? compile(wanted) : NULL;
  filter->ignored = compile(ignored);
  return filter;
}

NxFileFilter *nx_file_filter_ref(NxFileFilter *filter)
{
  g_atomic_int_inc(&filter->references);
  return filter;
}

void nx_file_filter_unref(NxFileFilter *filter)
{
  if (!filter || !g_atomic_int_dec_and_test(&filter->references))
    return;
  g_clear_pointer(&filter->wanted, g_array_unref);
  g_array_unref(filter->ignored);
  g_free(filter);
}

static gboolean ends_with(const char *name, gsize length, const Glob *glob)
{
  if (length < glob->length)
    return FALSE;
  const char *tail = name + length - glob->length;
  for (gsize i = glob->length; i-- > 0;)
    if (g_ascii_tolower(tail[i]) != glob->suffix[i])
      return FALSE;
  return TRUE;
}

static gboolean any_matches(const GArray *globs, const char *name, gsize length, gboolean ascii)
{
  for (guint i = 0; i < globs->len; i++) {
    const Glob *glob = &g_array_index(globs, Glob, i);
    if (glob->suffix && ascii ? ends_with(name, length, glob) : nx_text_matches(glob->pattern, name))
      return TRUE;
  }
  return FALSE;
}

gboolean nx_file_filter_accepts(const NxFileFilter *filter, const char *name)
{
  gsize length = strlen(name);
  gboolean ascii = is_ascii(name);
  return (!filter->wanted || any_matches(filter->wanted, name, length, ascii)) && !any_matches(filter->ignored, name, length, ascii);
}
