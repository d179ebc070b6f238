/* scan.c — what in a log calls for a mail (export §10.3). */
#include "nx-mail.h"

#include <string.h>

/* In the order in which they are named. */
static const char *const WORDS[] = {"critical", "error", "fatal"};

/* A record with one of these is somebody else's business. */
static const char *const EXCLUSIONS[] = {"Temporary failure in name resolution", "NoDataConsentError", "NoMatchingReservationError"};

/* A finding of the preflight, and the record after all of them, which only names them again. */
static const char FINDING[] = "[preflight] ", SUMMARY[] = "Preflight checks failed: ";

/* "2025-01-31 14:05:09,123 ": 9 stands for any digit. */
static const char STAMP[] = "9999-99-99 99:99:99,999 ";

static gboolean begins_record(const char *line, gsize length)
{
  if (length < sizeof STAMP - 1)
    return FALSE;
  for (gsize i = 0; i < sizeof STAMP - 1; i++)
    if (STAMP[i] == '9' ? !g_ascii_isdigit(line[i]) : line[i] != STAMP[i])
      return FALSE;
  return TRUE;
}

/* Where the line that begins at `at` ends, its newline included. */
static gsize line_end(const char *log, gsize length, gsize at)
{
  const char *newline = memchr(log + at, '\n', length - at);
  return newline ? (gsize)(newline - log) + 1 : length;
}

static gsize record_end(const char *log, gsize length, gsize start)
{
  gsize at = line_end(log, length, start);
  while (at < length && !begins_record(log + at, length - at))
    at = line_end(log, length, at);
  return at;
}

/* Letters and digits of any script, and "_". */
static gboolean is_word_character(const char *at, const char *end)
{
  if (!(*at & 0x80))
    return g_ascii_isalnum(*at) || *at == '_';
  gunichar c = g_utf8_get_char_validated(at, end - at);
  return c != (gunichar)-1 && c != (gunichar)-2 && g_unichar_isalnum(c);
}

static gboolean begins_word(const char *text, const char *at, const char *end)
{
  const char *before = at > text ? at - 1 : NULL;
  if (before && (*before & 0x80))
    before = g_utf8_find_prev_char(text, at);
  return !before || !is_word_character(before, end);
}

static gboolean has_word(const char *text, gsize length, const char *word)
{
  const char *end = text + length;
  gsize n = strlen(word);
  for (const char *at = text; (gsize)(end - at) >= n; at++)
    if (g_ascii_strncasecmp(at, word, n) == 0 && begins_word(text, at, end) && (at + n == end || !is_word_character(at + n, end)))
      return TRUE;
  return FALSE;
}

static gboolean holds(const char *text, gsize length, const char *part)
{
  return memmem(text, length, part, strlen(part)) != NULL;
}

static gboolean is_excluded(const char *text, gsize length)
{
  for (gsize i = 0; i < G_N_ELEMENTS(EXCLUSIONS); i++)
    if (holds(text, length, EXCLUSIONS[i]))
      return TRUE;
  return FALSE;
}

/* What the findings of the preflight were so far: excluded ones, and others that call for a mail. */
typedef struct {
  gboolean excluded, calling;
} Findings;

/* Notes in `found` which words a record has; TRUE when there is one. */
static gboolean look_for_words(const char *text, gsize length, Findings *findings, gboolean *found)
{
  gboolean any = FALSE, is_finding = holds(text, length, FINDING), is_out = is_excluded(text, length);
  findings->excluded = findings->excluded || (is_finding && is_out);
  if (is_out || (findings->excluded && !findings->calling && holds(text, length, SUMMARY)))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(WORDS); i++)
    if (has_word(text, length, WORDS[i]))
      any = found[i] = TRUE;
  findings->calling = findings->calling || (is_finding && any);
  return any;
}

NxLogFindings *nx_mail_scan(const char *log, gsize length)
{
  NxLogFindings *findings = g_new0(NxLogFindings, 1);
  gboolean found[G_N_ELEMENTS(WORDS)] = {FALSE};
  Findings preflight = {FALSE, FALSE};
  findings->patterns = g_ptr_array_new();
  findings->records = g_array_new(FALSE, FALSE, sizeof(NxLogRecord));
  for (NxLogRecord record = {0, 0}; record.start < length; record.start = record.end) {
    record.end = record_end(log, length, record.start);
    if (look_for_words(log + record.start, record.end - record.start, &preflight, found))
      g_array_append_val(findings->records, record);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(WORDS); i++)
    if (found[i])
      g_ptr_array_add(findings->patterns, (char *)WORDS[i]);
  return findings;
}

void nx_log_findings_free(NxLogFindings *findings)
{
  if (!findings)
    return;
  g_ptr_array_unref(findings->patterns);
  g_array_unref(findings->records);
  g_free(findings);
}
