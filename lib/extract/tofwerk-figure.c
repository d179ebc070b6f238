/* tofwerk-figure.c — reads what the preview of a fibTOF file shows: one pass over the peaks, or over the lengths of the event lists. A part that
 * is not there or cannot be read leaves its panel empty. */
#include "preview/tofwerk.h"
#include "tofwerk-ions.h"
#include "tofwerk.h"

#include <math.h>
#include <string.h>

/* A picture is thinned to this many pixels a side before it is drawn in a panel of 120. */
#define PICTURE_SIDE_MAX 1024u
/* Numbers of a map, of one frame of peaks, of a spectrum. */
#define MAP_MAX (16u * 1024u * 1024u)
#define FRAME_MAX (4u * 1024u * 1024u)
/* Numbers of PeakData that are looked at; of larger data every second, third … write is. */
#define PEAKS_READ_MAX (256u * 1024u * 1024u)
#define WRITES_MAX 100000u
/* Lighter peaks are hydrogen and noise. */
#define LEAST_MASS 5.0

typedef struct {
  NxFigure base;
  NxHdf5 *file;
} Figure;

/* ------------------------------------------------------------------------------------------------------------------ pieces */

static gboolean is_map_size(guint64 width, guint64 height)
{
  guint64 n;
  return width > 0 && height > 0 && g_uint64_checked_mul(&n, width, height) && n <= MAP_MAX;
}

static double *read_list(NxHdf5 *file, const char *path, gsize *n)
{
  g_autoptr(NxHdf5Data) data = nx_hdf5_data_open(file, path, NULL);
  const guint64 start[NX_DIMS_MAX] = { 0 };
  guint64 count = data && nx_hdf5_data_dims(data) == 1 ? nx_hdf5_data_extent(data, 0) : 0;
  g_autofree double *values = count > 0 && count <= MAP_MAX ? g_try_new(double, count) : NULL;
  *n = (gsize)count;
  return values && nx_hdf5_data_read(data, start, NULL, &count, values, NULL) ? g_steal_pointer(&values) : NULL;
}

static void read_picture(NxHdf5 *file, NxMap *map)
{
  g_auto(GStrv) names = nx_hdf5_names(file, "FIBImages");
  g_autofree char *path = g_strdup_printf("FIBImages/%s/Data", *names ? *names : "");
  g_autoptr(NxHdf5Data) data = *names ? nx_hdf5_data_open(file, path, NULL) : NULL;
  if (!data || nx_hdf5_data_dims(data) != 2)
    return;
  const guint64 start[2] = { 0, 0 }, height = nx_hdf5_data_extent(data, 0), width = nx_hdf5_data_extent(data, 1);
  if (!is_map_size(width, height))
    return;
  const guint64 apart = (MAX(width, height) - 1) / PICTURE_SIDE_MAX + 1;
  const guint64 step[2] = { apart, apart }, count[2] = { (height - 1) / apart + 1, (width - 1) / apart + 1 };
  g_autofree double *values = g_try_new(double, count[0] * count[1]);
  if (values && nx_hdf5_data_read(data, start, step, count, values, NULL))
    *map = (NxMap){ g_steal_pointer(&values), (guint)count[1], (guint)count[0], width, height };
}

static NxMap new_map(guint64 width, guint64 height)
{
  return (NxMap){ g_new0(double, width * height), (guint)width, (guint)height, width, height };
}

static double sum_of(const double *values, gsize n)
{
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += isfinite(values[i]) ? values[i] : 0;
  return sum;
}

/* ---------------------------------------------------------------------------------------------------------------- raw files */

static void read_events(NxHdf5 *file, NxTofwerkFigure *figure)
{
  guint64 extents[NX_DIMS_MAX];
  if (nx_hdf5_extents(file, TOFWERK_EVENTS, extents) != 3 || extents[0] > WRITES_MAX || !is_map_size(extents[2], extents[1]))
    return;
  const gsize cells = (gsize)(extents[1] * extents[2]);
  figure->total = new_map(extents[2], extents[1]);
  figure->n_writes = (guint)extents[0];
  figure->n_layers = extents[0];
  figure->per_write = g_new0(double, MAX(extents[0], 1));
  double before = 0;
  for (guint write = 0; write < figure->n_writes; write++) {
    if (!nx_hdf5_add_lengths(file, TOFWERK_EVENTS, write, figure->total.values, NULL)) {
      g_clear_pointer(&figure->total.values, g_free);
      g_clear_pointer(&figure->per_write, g_free);
      return;
    }
    const double after = sum_of(figure->total.values, cells);
    figure->per_write[write] = after - before;
    before = after;
  }
}

/* ---------------------------------------------------------------------------------------------------------- processed files */

/* Counts of every peak: (writes, segments, columns, peaks). */
typedef struct {
  NxHdf5Data *data;
  guint64 writes, segments, columns, peaks;
  guint64 step; /* writes between two that are read */
  double *row;  /* columns × peaks */
} Counts;

static gboolean counts_open(NxHdf5 *file, Counts *counts)
{
  g_autoptr(NxHdf5Data) data = nx_hdf5_data_open(file, TOFWERK_PEAKS, NULL);
  if (!data || nx_hdf5_data_dims(data) != 4)
    return FALSE;
  *counts = (Counts){ .writes = nx_hdf5_data_extent(data, 0), .segments = nx_hdf5_data_extent(data, 1), .columns = nx_hdf5_data_extent(data, 2),
                      .peaks = nx_hdf5_data_extent(data, 3) };
  guint64 row, frame, all;
  if (!is_map_size(counts->columns, counts->segments) || !counts->writes || counts->writes > WRITES_MAX || !counts->peaks ||
      !g_uint64_checked_mul(&row, counts->columns, counts->peaks) || row > FRAME_MAX || !g_uint64_checked_mul(&frame, row, counts->segments) ||
      !g_uint64_checked_mul(&all, frame, counts->writes))
    return FALSE;
  counts->step = MIN(all / PEAKS_READ_MAX + 1, counts->writes);
  counts->row = g_try_new(double, row);
  if (counts->row)
    counts->data = g_steal_pointer(&data);
  return counts->row != NULL;
}

static void counts_close(Counts *counts)
{
  nx_hdf5_data_free(counts->data);
  g_free(counts->row);
}

static guint counts_writes(const Counts *counts)
{
  return (guint)((counts->writes - 1) / counts->step + 1);
}

/* Calls `add` with every row of every write that is read. */
typedef void (*AddRow)(const Counts *counts, guint write, guint64 segment, gpointer user_data);

static gboolean counts_each(const Counts *counts, AddRow add, gpointer user_data)
{
  const guint64 count[4] = { 1, 1, counts->columns, counts->peaks };
  for (guint write = 0; write < counts_writes(counts); write++) {
    for (guint64 segment = 0; segment < counts->segments; segment++) {
      const guint64 start[4] = { write * counts->step, segment, 0, 0 };
      if (!nx_hdf5_data_read(counts->data, start, NULL, count, counts->row, NULL))
        return FALSE;
      add(counts, write, segment, user_data);
    }
  }
  return TRUE;
}

typedef struct {
  NxTofwerkFigure *figure;
  double *totals;  /* of each peak */
  guint64 chosen[NX_TOFWERK_PEAKS];
} Gathering;

static void add_totals(const Counts *counts, guint write, guint64 segment, gpointer user_data)
{
  (void)write;
  Gathering *gathering = user_data;
  double *map_row = gathering->figure->total.values + segment * counts->columns;
  for (guint64 x = 0; x < counts->columns; x++) {
    for (guint64 peak = 0; peak < counts->peaks; peak++) {
      const double value = counts->row[x * counts->peaks + peak];
      if (!isfinite(value))
        continue;
      map_row[x] += value;
      gathering->totals[peak] += value;
    }
  }
}

static void add_chosen(const Counts *counts, guint write, guint64 segment, gpointer user_data)
{
  const Gathering *gathering = user_data;
  for (guint k = 0; k < gathering->figure->n_peaks; k++) {
    NxTofwerkPeak *peak = &gathering->figure->peaks[k];
    for (guint64 x = 0; x < counts->columns; x++) {
      const double value = counts->row[x * counts->peaks + gathering->chosen[k]];
      if (!isfinite(value))
        continue;
      peak->map.values[segment * counts->columns + x] += value;
      peak->per_write[write] += value;
    }
  }
}

/* ------------------------------------------------------------------------------------------------------------ the top peaks */

typedef struct {
  json_object *label, *mass, *lower, *upper; /* arrays, or NULL */
} PeakTable;

static PeakTable peak_table(const NxHdf5 *file)
{
  return (PeakTable){ nx_hdf5_column(file, TOFWERK_PEAK_TABLE, "label"), nx_hdf5_column(file, TOFWERK_PEAK_TABLE, "mass"),
                      nx_hdf5_column(file, TOFWERK_PEAK_TABLE, "lower integration limit"),
                      nx_hdf5_column(file, TOFWERK_PEAK_TABLE, "upper integration limit") };
}

static void peak_table_clear(PeakTable *table)
{
  json_object_put(table->label);
  json_object_put(table->mass);
  json_object_put(table->lower);
  json_object_put(table->upper);
}

static double number_at(json_object *values, guint64 i)
{
  json_object *value = values && i < json_object_array_length(values) ? json_object_array_get_idx(values, (size_t)i) : NULL;
  return value ? json_object_get_double(value) : NAN;
}

static char *peak_label(const PeakTable *table, guint64 i, gboolean is_positive)
{
  json_object *value = table->label && i < json_object_array_length(table->label) ? json_object_array_get_idx(table->label, (size_t)i) : NULL;
  const char *label = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
  return *label && strcmp(label, "nominal") != 0 ? g_strdup(label) : tofwerk_ion_label(number_at(table->mass, i), is_positive);
}

static gboolean is_chosen(const Gathering *gathering, guint64 peak)
{
  for (guint k = 0; k < gathering->figure->n_peaks; k++) {
    if (gathering->chosen[k] == peak)
      return TRUE;
  }
  return FALSE;
}

/* The heaviest counts of peaks that are heavy enough, the largest first. */
static void choose_peaks(Gathering *gathering, const Counts *counts, const PeakTable *table)
{
  NxTofwerkFigure *figure = gathering->figure;
  while (figure->n_peaks < NX_TOFWERK_PEAKS) {
    guint64 best = counts->peaks;
    for (guint64 peak = 0; peak < counts->peaks; peak++) {
      if (number_at(table->mass, peak) >= LEAST_MASS && !is_chosen(gathering, peak) &&
          (best == counts->peaks || gathering->totals[peak] > gathering->totals[best]))
        best = peak;
    }
    if (best == counts->peaks)
      return;
    NxTofwerkPeak *peak = &figure->peaks[figure->n_peaks];
    gathering->chosen[figure->n_peaks++] = best;
    *peak = (NxTofwerkPeak){ .label = peak_label(table, best, figure->is_positive), .mass = number_at(table->mass, best),
                             .map = new_map(counts->columns, counts->segments), .per_write = g_new0(double, counts_writes(counts)) };
  }
}

static void take_windows(const PeakTable *table, NxTofwerkFigure *figure)
{
  const gsize n = table->lower && table->upper ? json_object_array_length(table->lower) : 0;
  figure->windows = g_new0(double, MAX(2 * n, 1));
  for (gsize i = 0; i < n; i++) {
    const double lower = number_at(table->lower, i), upper = number_at(table->upper, i);
    if (!(lower < upper))
      continue;
    figure->windows[2 * figure->n_windows] = lower;
    figure->windows[2 * figure->n_windows++ + 1] = upper;
  }
}

static void read_peaks(NxHdf5 *file, NxTofwerkFigure *figure)
{
  Counts counts = { 0 };
  if (!counts_open(file, &counts))
    return;
  PeakTable table = peak_table(file);
  g_autofree double *totals = g_new0(double, counts.peaks);
  Gathering gathering = { .figure = figure, .totals = totals };
  figure->total = new_map(counts.columns, counts.segments);
  figure->n_layers = counts.peaks;
  figure->n_writes = counts_writes(&counts);
  if (counts_each(&counts, add_totals, &gathering)) {
    choose_peaks(&gathering, &counts, &table);
    counts_each(&counts, add_chosen, &gathering);
  }
  take_windows(&table, figure);
  peak_table_clear(&table);
  counts_close(&counts);
}

/* ----------------------------------------------------------------------------------------------------------------- headings */

static char *attribute_text(const NxHdf5 *file, const char *object, const char *name)
{
  g_autoptr(json_object) value = nx_hdf5_first(file, object, name);
  return g_strdup(value ? json_object_get_string(value) : "?");
}

static void write_headings(NxHdf5 *file, NxTofwerkFigure *figure)
{
  guint64 extents[NX_DIMS_MAX] = { 0 };
  g_autofree char *hardware = attribute_text(file, "FIBParams", "FibHardware"), *mode = attribute_text(file, "/", "IonMode");
  g_autofree char *created = attribute_text(file, "/", "HDF5 File Creation Time");
  g_autoptr(json_object) voltage = nx_hdf5_first(file, "FIBParams", "Voltage");
  const gboolean has_extents = nx_hdf5_extents(file, figure->is_processed ? TOFWERK_PEAKS : TOFWERK_EVENTS, extents) >= 3;
  g_autofree char *peaks = figure->is_processed ? g_strdup_printf(", %" G_GUINT64_FORMAT " peaks", extents[3]) : g_strdup("");
  g_autofree char *size = has_extents ? g_strdup_printf("%" G_GUINT64_FORMAT " depth slices, %" G_GUINT64_FORMAT "×%" G_GUINT64_FORMAT " px%s  |  ",
                                                        extents[0], extents[2], extents[1], peaks)
                                      : g_strdup("");
  figure->is_positive = g_ascii_strcasecmp(mode, "positive") == 0;
  figure->heading = g_strdup_printf("pFIB-ToF-SIMS Preview (%s)  |  %s FIB, %g kV, %s mode", figure->is_processed ? "Processed" : "Raw", hardware,
                                    voltage ? json_object_get_double(voltage) / 1000.0 : 0.0, mode);
  figure->subheading = g_strconcat(size, created, NULL);
}

static void read_spectrum(NxHdf5 *file, NxTofwerkFigure *figure)
{
  gsize n_masses, n_sums;
  figure->masses = read_list(file, TOFWERK_MASSES, &n_masses);
  figure->sums = read_list(file, TOFWERK_SUM, &n_sums);
  figure->n_channels = figure->masses && figure->sums ? MIN(n_masses, n_sums) : 0;
}

static GBytes *figure_png(const NxFigure *base, GError **err)
{
  NxHdf5 *file = ((const Figure *)base)->file;
  NxTofwerkFigure figure = { .is_processed = nx_hdf5_kind(file, TOFWERK_PEAKS) == NX_HDF5_DATASET, .ion_label = tofwerk_ion_label };
  write_headings(file, &figure);
  read_picture(file, &figure.fib);
  read_spectrum(file, &figure);
  if (figure.is_processed)
    read_peaks(file, &figure);
  else
    read_events(file, &figure);
  GBytes *png = nx_tofwerk_figure_png(&figure, err);
  nx_tofwerk_figure_clear(&figure);
  return png;
}

static void figure_free(NxFigure *base)
{
  nx_hdf5_unref(((Figure *)base)->file);
  g_free(base);
}

NxFigure *tofwerk_figure_new(NxHdf5 *file)
{
  Figure *figure = g_new0(Figure, 1);
  figure->base = (NxFigure){ figure_png, figure_free };
  figure->file = nx_hdf5_ref(file);
  return &figure->base;
}
