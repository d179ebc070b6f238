/* excerpt.c — what a mail shows of a large log (export §10.4). */
#include "excerpt.h"

#include <string.h>

#define MIB ((gsize)1024 * 1024)
#define WHOLE_MAX (5 * MIB)
#define FIRST_LINES 200
#define LAST_LINES 2000
#define FIRST_MAX (1 * MIB) /* lines without end are cut all the same */
#define RECORDS_MAX (2 * MIB)
#define LAST_MAX (2 * MIB)

/* Bytes of the first `lines` lines, at most `most`. */
static gsize head_length(const char *log, gsize length, guint lines, gsize most)
{
  gsize at = 0;
  while (lines-- > 0 && at < length) {
    const char *newline = memchr(log + at, '\n', length - at);
    at = newline ? (gsize)(newline - log) + 1 : length;
  }
  return MIN(at, most);
}

/* Where the last `lines` lines begin, at most `most` bytes before the end. */
static gsize tail_start(const char *log, gsize length, guint lines, gsize most)
{
  gsize at = length;
  while (lines-- > 0 && at > 0) {
    const char *newline = at > 1 ? memrchr(log, '\n', at - 1) : NULL;
    at = newline ? (gsize)(newline - log) + 1 : 0;
  }
  return MAX(at, length - MIN(most, length));
}

/* The records that begin between the two parts that are shown anyway. */
static void append_records(GString *out, const char *log, const NxLogFindings *findings, gsize from, gsize to)
{
  gsize limit = out->len + RECORDS_MAX;
  guint left_out = 0;
  for (guint i = 0; i < findings->records->len; i++) {
    NxLogRecord record = g_array_index(findings->records, NxLogRecord, i);
    if (record.start < from || record.start >= to)
      continue;
    gsize length = MIN(record.end, to) - record.start;
    if (out->len + length > limit)
      left_out++;
    else
      g_string_append_len(out, log + record.start, (gssize)length);
  }
  if (left_out > 0)
    g_string_append_printf(out, "[... %u more such records ...]\n", left_out);
}

static void end_line(GString *out)
{
  if (out->len > 0 && out->str[out->len - 1] != '\n')
    g_string_append_c(out, '\n');
}

GString *nx_mail_excerpt(const char *log, gsize length, const NxLogFindings *findings)
{
  if (length <= WHOLE_MAX)
    return g_string_new_len(log, (gssize)length);
  gsize head = head_length(log, length, FIRST_LINES, FIRST_MAX);
  gsize tail = MAX(tail_start(log, length, LAST_LINES, LAST_MAX), head);
  GString *out = g_string_new_len(log, (gssize)head);
  end_line(out);
  g_string_append_printf(out, "[... %zu of %zu bytes cut here; what called for this mail in them: ...]\n", tail - head, length);
  append_records(out, log, findings, head, tail);
  end_line(out);
  g_string_append(out, "[... the end of the log: ...]\n");
  g_string_append_len(out, log + tail, (gssize)(length - tail));
  return out;
}
