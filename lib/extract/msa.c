/* msa.c — EMSA/MAS .msa (ISO 22029): a spectrum as text, `#KEYWORD : value` lines and then numbers.
 * Vendors bend the standard: units with or without blanks before them, unknown keywords, numbers as "2.0 E-06". A comma parts numbers, but a
 * computer with German or French settings writes it for the point. Facts: extractors-a 6, checked against corpus/edax. */
#include "decimal.h"
#include "edax.h"
#include "formats.h"
#include "written-quantity.h"

#include <math.h>
#include <string.h>

#define LINE_MAX_BYTES (64u * 1024u)
#define CHANNELS_MAX (1024u * 1024u)
#define HEADER_LINES_MAX 10000 /* further ones are not looked at */
#define DOS_END_OF_FILE 0x1a

/* Keywords whose values are numbers. */
static const char *const NUMBERS[] = {
  "NPOINTS",   "NCOLUMNS",  "XPERCHAN",  "OFFSET",     "CHOFFSET",  "BEAMKV",    "EMISSION",  "PROBECUR",  "BEAMDIAM",
  "MAGCAM",    "CONVANGLE", "THICKNESS", "XTILTSTGE",  "YTILTSTGE", "XPOSITION", "YPOSITION", "ZPOSITION", "INTEGTIME",
  "DWELLTIME", "COLLANGLE", "ELEVANGLE", "AZIMANGLE",  "SOLIDANGLE", "LIVETIME", "REALTIME",  "FWHMMNKA",  "TBEWIND",
  "TAUWIND",   "TDEADLYR",  "TACTLYR",   "TALWIND",    "TPYWIND",   "TBNWIND",   "TDIWIND",   "THCWIND",
};

static const EdaxExtension EXTENSIONS[] = {
  { "AZIMANGLE-dg", "Azimuthal Angle", "degree" },
  { "AmpTime (usec)", "Amplifier Time", "microsecond" },
  { "Analyzer Type", "Analyzer Type", NULL },
  { "BEAMKV   -kV", "Beam Energy", "kiloelectron_volt" },
  { "CHOFFSET", "Channel Offset", NULL },
  { "COMMENT", "EDAX Comment", NULL },
  { "DATATYPE", "Data Format", NULL },
  { "DATE", "EDAX Date", NULL },
  { "ELEVANGLE-dg", "Elevation Angle", "degree" },
  { "Elements", "User-Selected Elements", NULL },
  { "FILENAME", "Originating File of MSA Export", NULL },
  { "FORMAT", "File Format", NULL },
  { "FPGA Version", "FPGA Version", NULL },
  { "LIVETIME  -s", "Live Time", "second" },
  { "NCOLUMNS", "Number of Data Columns", NULL },
  { "NPOINTS", "Number of Data Points", NULL },
  { "OFFSET", "Offset", NULL },
  { "OWNER", "EDAX Owner", NULL },
  { "REALTIME  -s", "Real Time", "second" },
  { "RESO (MnKa)", "Energy Resolution", "electron_volt" },
  { "SIGNALTYPE", "Signal Type", NULL },
  { "TACTYLR  -cm", "Active Layer Thickness", "centimeter" },
  { "TBEWIND  -cm", "Be Window Thickness", "centimeter" },
  { "TDEADLYR -cm", "Dead Layer Thickness", "centimeter" },
  { "TIME", "EDAX Time", NULL },
  { "TITLE", "EDAX Title", NULL },
  { "TakeOff Angle", "TakeOff Angle", "degree" },
  { "Tilt Angle", "Stage Tilt", "degree" },
  { "VERSION", "MSA Format Version", NULL },
  { "XLABEL", "X Column Label", NULL },
  { "XPERCHAN", "X Units Per Channel", NULL },
  { "XUNITS", "X Column Units", NULL },
  { "YLABEL", "Y Column Label", NULL },
  { "YUNITS", "Y Column Units", NULL },
};

/* ----------------------------------------------------------------------------------------------------------------- lines */

typedef struct {
  const NxInput *in;
  guint64 offset;
  guint64 number;   /* of the line last read, from 1 */
  GString *line;    /* decoded */
  guint too_long;   /* lines that were passed over */
  gboolean has_decimal_commas;
} Lines;

/* Appends bytes as Latin-1, without NULs. FALSE once the line is too long to be one. */
static gboolean append(GString *line, const guint8 *bytes, gsize length)
{
  if (line->len + length > LINE_MAX_BYTES)
    return FALSE;
  for (gsize i = 0; i < length; i++) {
    if (bytes[i])
      g_string_append_unichar(line, bytes[i]);
  }
  return TRUE;
}

/* Steps over the end of the line at the present offset: CR LF, LF or CR. */
static gboolean step_over_end(Lines *lines, GError **err)
{
  gsize length = (gsize)MIN(2, nx_bytes_size(lines->in->bytes) - lines->offset);
  const guint8 *at = nx_bytes_at(lines->in->bytes, lines->offset, length, err);
  if (!at)
    return FALSE;
  lines->offset += length == 2 && at[0] == '\r' && at[1] == '\n' ? 2 : 1;
  return TRUE;
}

/* The next line; *more is FALSE at the end of the file. A line that is too long comes out empty. */
static gboolean next_line(Lines *lines, gboolean *more, GError **err)
{
  const guint64 size = nx_bytes_size(lines->in->bytes);
  gboolean is_good = TRUE;
  *more = lines->offset < size;
  g_string_truncate(lines->line, 0);
  lines->number++;
  while (lines->offset < size) {
    gsize length = (gsize)MIN(4096, size - lines->offset), end = 0;
    const guint8 *at = nx_bytes_at(lines->in->bytes, lines->offset, length, err);
    if (!at)
      return FALSE;
    while (end < length && at[end] != '\n' && at[end] != '\r')
      end++;
    is_good = is_good && append(lines->line, at, end);
    lines->offset += end;
    if (end == length)
      continue;
    if (!step_over_end(lines, err))
      return FALSE;
    break;
  }
  if (!is_good) {
    g_string_truncate(lines->line, 0);
    lines->too_long++;
  }
  return TRUE;
}

/* -------------------------------------------------------------------------------------------------------------- keywords */

static gboolean is_number_keyword(const char *key)
{
  g_autofree char *bare = g_strstrip(g_strndup(key, strcspn(key, "-")));
  for (gsize i = 0; i < G_N_ELEMENTS(NUMBERS); i++) {
    if (g_str_equal(bare, NUMBERS[i]))
      return TRUE;
  }
  return FALSE;
}

/* "2.0 E-06", "4096 points" and plain numbers; a comma is a point, but not in what is counted. */
static gboolean parse_number(const char *text, gboolean is_count, double *number)
{
  if (is_count ? nx_decimal_parse(text, 0, number, NULL) : nx_written_decimal(text, 0, number))
    return TRUE;
  if (strpbrk(text, "eE")) {
    g_auto(GStrv) pieces = g_strsplit(text, " ", -1);
    g_autofree char *joined = g_strjoinv("", pieces);
    return nx_decimal_parse(joined, 0, number, NULL);
  }
  g_autofree char *first = g_strndup(text, strcspn(text, " "));
  return nx_decimal_parse(first, 0, number, NULL);
}

static gboolean is_count(const char *key)
{
  return g_str_equal(key, "NPOINTS") || g_str_equal(key, "NCOLUMNS") || g_str_equal(key, "CHOFFSET");
}

static json_object *keyword_value(const char *key, const char *text)
{
  double number;
  if (g_str_equal(key, "FORMAT"))
    return json_object_new_string("EMSA/MAS Spectral Data File");
  if (*text && is_number_keyword(key) && parse_number(text, is_count(key), &number))
    return nx_json_double(number);
  return json_object_new_string(text);
}

/* A title or comment goes on where the one before it ended; of other keywords the last counts. */
static void set_keyword(json_object *keywords, const char *key, const char *text)
{
  gboolean goes_on = g_str_equal(key, "TITLE") || g_str_equal(key, "COMMENT");
  const char *before = goes_on ? nx_json_get_string(keywords, key) : NULL;
  if (before && strlen(before) > LINE_MAX_BYTES)
    return;
  g_autofree char *joined = before ? g_strconcat(before, text, NULL) : NULL;
  nx_json_set(keywords, key, joined ? json_object_new_string(joined) : keyword_value(key, text));
}

/* One header line. FALSE when it is the SPECTRUM line that ends the header; `is_wanted` FALSE: that is all it is asked for. A value may
 * itself hold ": " (Q-MSACOLON). */
static gboolean read_keyword(const char *line, gboolean is_wanted, json_object *keywords)
{
  const char *start = line + strspn(line, "#");
  const char *last = *start ? start + strlen(start) - 1 : start, *parting = strstr(start, ": ");
  const char *colon = parting ? parting : *last == ':' ? last : NULL;
  g_autofree char *key = g_strstrip(colon ? g_strndup(start, (gsize)(colon - start)) : g_strdup(start));
  if (g_str_equal(key, "SPECTRUM"))
    return FALSE;
  if (!is_wanted)
    return TRUE;
  if (colon) {
    g_autofree char *value = g_strchomp(g_strdup(colon[1] ? colon + 2 : ""));
    set_keyword(keywords, key, value);
  } else {
    json_object_object_add(keywords, key, NULL);
  }
  return TRUE;
}

/* The step between channels is hardly ever whole, and never two numbers. */
static gboolean has_decimal_comma(const char *line)
{
  const char *colon = g_str_has_prefix(line, "#XPERCHAN") ? strchr(line, ':') : NULL;
  return colon && strchr(colon, ',') && !strchr(colon, '.');
}

/* Reads to the SPECTRUM line; *found is FALSE when the file ends before it. */
static gboolean read_header(Lines *lines, json_object *keywords, gboolean *found, GError **err)
{
  gboolean more;
  *found = FALSE;
  while (!*found) {
    if (!next_line(lines, &more, err))
      return FALSE;
    if (!more)
      break;
    lines->has_decimal_commas |= has_decimal_comma(lines->line->str);
    *found = lines->line->str[0] == '#' && !read_keyword(lines->line->str, lines->number <= HEADER_LINES_MAX, keywords);
  }
  json_object_object_foreach(keywords, key, value)
  {
    (void)key;
    if (value)
      return TRUE;
  }
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "MSA file without any keyword: no line is of the form '#KEYWORD : value'");
  return FALSE;
}

/* --------------------------------------------------------------------------------------------------------------- numbers */

typedef enum { DATA_UNKNOWN, DATA_Y, DATA_XY } DataType;

static DataType data_type(json_object *keywords)
{
  const char *text = nx_json_get_string(keywords, "DATATYPE");
  g_autofree char *word = g_strstrip(g_strdup(text ? text : ""));
  return g_str_equal(word, "Y") ? DATA_Y : g_str_equal(word, "XY") ? DATA_XY : DATA_UNKNOWN;
}

static gboolean fail(const Lines *lines, GError **err, const char *cause, const char *text)
{
  g_autofree char *visible = nx_text_visible(text);
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "MSA file, line %" G_GUINT64_FORMAT ": %s: %.60s", lines->number, cause, visible);
  return FALSE;
}

/* TRUE when `text` has the form of a number, though of one no double can hold. */
static gboolean is_overflow(const char *text)
{
  char *end;
  double number = g_ascii_strtod(text, &end);
  return *end == '\0' && isinf(number) && strpbrk(text, "0123456789");
}

/* Two commas in one word: they part numbers, whatever the header's commas do. */
static gboolean is_parted_by_commas(const char *line)
{
  for (const char *comma = strchr(line, ','); comma; comma = strchr(comma + 1, ','))
    if (comma[1 + strcspn(comma + 1, " \t;,")] == ',')
      return TRUE;
  return FALSE;
}

/* The numbers of one line; blanks and commas are between them. What no double can hold is no number (NaN) and is counted. */
static gboolean read_numbers(const Lines *lines, GArray *numbers, guint *overflows, GError **err)
{
  const gboolean has_points = !lines->has_decimal_commas || is_parted_by_commas(lines->line->str);
  g_auto(GStrv) words = g_strsplit_set(lines->line->str, has_points ? " \t," : " \t;", -1);
  g_array_set_size(numbers, 0);
  for (char **word = words; *word; word++) {
    double number = NAN;
    if (g_str_has_suffix(*word, ","))
      (*word)[strlen(*word) - 1] = '\0';
    if (**word == '\0')
      continue;
    if (has_points ? !nx_decimal_parse(*word, 0, &number, NULL) : !nx_written_decimal(*word, 0, &number)) {
      if (!is_overflow(*word))
        return fail(lines, err, "no number", *word);
      number = NAN;
      (*overflows)++;
    }
    g_array_append_val(numbers, number);
  }
  return TRUE;
}

/* Takes the channels out of a line: all numbers, or of each pair the second. */
static gboolean take_channels(const Lines *lines, DataType type, const GArray *numbers, GArray *channels, GError **err)
{
  if (type == DATA_XY && numbers->len < 2)
    return fail(lines, err, "x and y are expected", lines->line->str);
  for (guint i = type == DATA_XY ? 1 : 0; i < numbers->len && channels->len < CHANNELS_MAX; i += type == DATA_XY ? 2 : 1) {
    if (type == DATA_Y || i < 4)
      g_array_append_val(channels, g_array_index(numbers, double, i));
  }
  return TRUE;
}

/* TRUE at the line after which nothing is data. A DOS end of file is cut off, with what is behind it. */
static gboolean ends_data(char *line)
{
  char *end = strchr(line, DOS_END_OF_FILE);
  if (end)
    *end = '\0';
  return end || (line[0] == '#' && g_str_has_prefix(line + strspn(line, "# \t"), "ENDOFDATA"));
}

static gboolean read_channels(Lines *lines, DataType type, GArray *channels, GError **err)
{
  gboolean more = TRUE;
  guint overflows = 0;
  g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(double));
  while (more && channels->len < CHANNELS_MAX) {
    if (!next_line(lines, &more, err))
      return FALSE;
    char *text = g_strstrip(lines->line->str);
    more = more && !ends_data(text);
    if (text[0] == '\0' || text[0] == '#')
      continue;
    if (!read_numbers(lines, numbers, &overflows, err) || !take_channels(lines, type, numbers, channels, err))
      return FALSE;
  }
  if (overflows)
    nx_log_warning("%s: %u numbers are too large and are left out", lines->in->name, overflows);
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------------- whole file */

static void warn_of_oddities(const Lines *lines, json_object *keywords, gboolean has_spectrum, DataType type, guint n_channels)
{
  const char *name = lines->in->name;
  double announced = nx_json_get_double(keywords, "NPOINTS", n_channels);
  if (!has_spectrum)
    nx_log_warning("%s: no line #SPECTRUM, so no numbers", name);
  else if (type == DATA_UNKNOWN)
    nx_log_warning("%s: DATATYPE is neither Y nor XY, the numbers are not read", name);
  else if (announced != (double)n_channels)
    nx_log_warning("%s: NPOINTS is %g, there are %u numbers", name, announced, n_channels);
  if (lines->too_long)
    nx_log_warning("%s: %u lines of more than %u bytes were passed over", name, lines->too_long, LINE_MAX_BYTES);
}

static char *axis_text(json_object *keywords, const char *key)
{
  const char *text = nx_json_get_string(keywords, key);
  return g_strstrip(g_strdup(text ? text : ""));
}

static void describe_channels(json_object *keywords, const GArray *channels, NxSignal *signal)
{
  NxArray *array = &signal->array;
  if (channels->len == 0) {
    signal->view = NX_VIEW_PLACEHOLDER;
    return;
  }
  array->owned = g_bytes_new(channels->data, (gsize)channels->len * sizeof(double));
  array->sample = NX_F64;
  array->big_endian = G_BYTE_ORDER == G_BIG_ENDIAN;
  array->n_dims = array->n_signal_dims = 1;
  array->shape[0] = channels->len;
  array->stride[0] = sizeof(double);
  array->axis[0] = (NxAxis){.name = axis_text(keywords, "XLABEL"),
                            .units = axis_text(keywords, "XUNITS"),
                            .scale = nx_json_get_double(keywords, "XPERCHAN", 1.0),
                            .offset = nx_json_get_double(keywords, "OFFSET", 0.0)};
  signal->view = NX_VIEW_ARRAY;
}

static gboolean read_spectrum(Lines *lines, json_object *keywords, GArray *channels, GError **err)
{
  gboolean has_spectrum;
  if (!read_header(lines, keywords, &has_spectrum, err))
    return FALSE;
  DataType type = data_type(keywords);
  if (has_spectrum && type != DATA_UNKNOWN && !read_channels(lines, type, channels, err))
    return FALSE;
  warn_of_oddities(lines, keywords, has_spectrum, type, channels->len);
  return TRUE;
}

static gboolean msa_read(const NxInput *in, GPtrArray *signals, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) keywords = json_object_new_object();
  g_autoptr(GArray) channels = g_array_new(FALSE, FALSE, sizeof(double));
  g_autoptr(GString) line = g_string_new(NULL);
  Lines lines = { .in = in, .line = line };
  gboolean done = read_spectrum(&lines, keywords, channels, &problem);
  if (!done && !g_error_matches(problem, NX_ERROR, NX_ERROR_FORMAT)) {
    g_propagate_error(err, g_steal_pointer(&problem));
    return FALSE;
  }
  if (!done) {
    g_ptr_array_add(signals, edax_unreadable(in, "MSA file could not be read", problem->message));
    return TRUE;
  }
  NxSignal *signal = nx_signal_new();
  signal->nx_meta = edax_meta(in);
  nx_json_set(signal->nx_meta, "extensions", edax_extensions(keywords, EXTENSIONS, G_N_ELEMENTS(EXTENSIONS)));
  signal->raw = json_object_new_object();
  nx_json_set(signal->raw, "original_metadata", json_object_get(keywords));
  describe_channels(keywords, channels, signal);
  g_ptr_array_add(signals, signal);
  return TRUE;
}

static const char *const MSA_EXTENSIONS[] = { "msa", NULL };

const NxFormat nx_format_msa = {
  .name = "msa",
  .extensions = MSA_EXTENSIONS,
  .priority = 100,
  .read = msa_read,
};
