/* edax-spc.c — EDAX .spc: an energy-dispersive X-ray spectrum of Genesis or TEAM.
 * Little-endian: fields at fixed offsets, then `numPts` 32-bit counts at `dataStart` (normally 3840). Facts: extractors-a 5, checked
 * against corpus/edax. */
#include "edax.h"
#include "formats.h"

#include <math.h>
#include <string.h>

#define HEADER_BYTES 736u
#define FULL_BYTES 20740u /* of version 0.61 with everything the program writes */
#define CHANNELS_MAX 4096
#define ELEMENTS_MAX 48
#define ELEMENTS_AT 640u

typedef enum { FIELD_I16, FIELD_I32, FIELD_F32 } FieldType;

static const struct {
  const char *name;
  guint offset;
  FieldType type;
} HEADER[] = {
  { "dataStart", 28, FIELD_I32 },  { "numPts", 32, FIELD_I16 },      { "evPerChan", 384, FIELD_I32 }, { "startEnergy", 448, FIELD_F32 },
  { "endEnergy", 452, FIELD_F32 }, { "liveTime", 456, FIELD_F32 },   { "tilt", 460, FIELD_F32 },      { "detReso", 472, FIELD_F32 },
  { "azimuth", 508, FIELD_F32 },   { "elevation", 512, FIELD_F32 },  { "kV", 532, FIELD_F32 },        { "numElem", 638, FIELD_I16 },
};

static const EdaxExtension EXTENSIONS[] = {
  { "azimuth", "Azimuthal Angle", "degree" },
  { "liveTime", "Live Time", "second" },
  { "detReso", "Detector Energy Resolution", "electron_volt" },
  { "elevation", "Elevation Angle", "degree" },
  { "evPerChan", "Channel Size", "electron_volt" },
  { "kV", "Accelerating Voltage", "kilovolt" },
  { "numPts", "Number of Spectrum Channels", NULL },
  { "startEnergy", "Starting Energy", "kiloelectron_volt" },
  { "endEnergy", "Ending Energy", "kiloelectron_volt" },
  { "tilt", "Stage Tilt", "degree" },
};

/* Of atomic number 1 and up. */
static const char *const SYMBOLS[] = {
    "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",  "S",  "Cl", "Ar", "K",  "Ca",
    "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y",  "Zr",
    "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd",
    "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W",  "Re", "Os", "Ir", "Pt", "Au", "Hg",
    "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U",  "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm",
    "Md", "No", "Lr", "Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og",
};

static guint32 little_endian(const guint8 *at, guint length)
{
  guint32 value = 0;
  for (guint i = length; i-- > 0;)
    value = value << 8 | at[i];
  return value;
}

/* NULL for a real that is no number. */
static json_object *field_value(const guint8 *at, FieldType type)
{
  guint32 bits = little_endian(at, type == FIELD_I16 ? 2 : 4);
  float real;
  switch (type) {
  case FIELD_I16:
    return json_object_new_int((gint16)bits);
  case FIELD_I32:
    return json_object_new_int((gint32)bits);
  case FIELD_F32:
    break;
  }
  memcpy(&real, &bits, sizeof real);
  return nx_json_double((double)real);
}

static json_object *read_header(const guint8 *bytes)
{
  json_object *header = json_object_new_object();
  for (gsize i = 0; i < G_N_ELEMENTS(HEADER); i++) {
    json_object *value = field_value(bytes + HEADER[i].offset, HEADER[i].type);
    if (value)
      nx_json_set(header, HEADER[i].name, value);
  }
  json_object *numbers = json_object_new_array_ext(ELEMENTS_MAX);
  for (guint i = 0; i < ELEMENTS_MAX; i++)
    json_object_array_add(numbers, json_object_new_int((gint32)little_endian(bytes + ELEMENTS_AT + 2 * i, 2)));
  nx_json_set(header, "at", numbers);
  return header;
}

static gboolean check_header(json_object *header, guint64 size, GError **err)
{
  gint64 start = nx_json_get_int(header, "dataStart", 0), channels = nx_json_get_int(header, "numPts", 0);
  if (start < (gint64)HEADER_BYTES || channels < 1 || channels > CHANNELS_MAX || (guint64)start + 4 * (guint64)channels > size) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT,
                "SPC file, byte 28: %" G_GINT64_FORMAT " channels at byte %" G_GINT64_FORMAT " of a file of %" G_GUINT64_FORMAT " bytes",
                channels, start, size);
    return FALSE;
  }
  return TRUE;
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The elements the user has picked, by symbol; only the first `numElem` entries mean something. NULL when there are none. */
static json_object *elements(const NxInput *in, json_object *header)
{
  const char *symbols[ELEMENTS_MAX];
  gsize count = 0;
  gint64 picked = nx_json_get_int(header, "numElem", 0);
  if (picked < 0 || picked > ELEMENTS_MAX) {
    nx_log_warning("%s: SPC file with %" G_GINT64_FORMAT " elements; they are not used", in->name, picked);
    return NULL;
  }
  json_object *numbers = nx_json_get(header, "at");
  for (gint64 i = 0; i < picked; i++) {
    gint number = json_object_get_int(json_object_array_get_idx(numbers, (size_t)i));
    if (number >= 1 && number <= (gint)G_N_ELEMENTS(SYMBOLS))
      symbols[count++] = SYMBOLS[number - 1];
  }
  if (count == 0)
    return NULL;
  qsort(symbols, count, sizeof *symbols, by_name);
  json_object *list = json_object_new_array_ext((int)count);
  for (gsize i = 0; i < count; i++)
    json_object_array_add(list, json_object_new_string(symbols[i]));
  return list;
}

static void describe_counts(json_object *header, NxBytes *bytes, NxSignal *signal)
{
  NxArray *array = &signal->array;
  array->sample = NX_U32;
  array->n_dims = array->n_signal_dims = 1;
  array->shape[0] = (guint64)nx_json_get_int(header, "numPts", 0);
  array->stride[0] = 4;
  array->offset = (guint64)nx_json_get_int(header, "dataStart", 0);
  array->source = bytes;
  array->axis[0] = (NxAxis){.name = g_strdup("Energy"),
                            .units = g_strdup("keV"),
                            .scale = nx_json_get_double(header, "evPerChan", 0) / 1000.0,
                            .offset = nx_json_get_double(header, "startEnergy", 0)};
  signal->view = NX_VIEW_ARRAY;
}

static json_object *read_checked_header(NxBytes *bytes, GError **err)
{
  if (nx_bytes_size(bytes) < HEADER_BYTES) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "SPC file of %" G_GUINT64_FORMAT " bytes, the header alone has %u", nx_bytes_size(bytes),
                HEADER_BYTES);
    return NULL;
  }
  const guint8 *at = nx_bytes_at(bytes, 0, HEADER_BYTES, err);
  g_autoptr(json_object) header = at ? read_header(at) : NULL;
  return header && check_header(header, nx_bytes_size(bytes), err) ? g_steal_pointer(&header) : NULL;
}

static gboolean spc_read(const NxInput *in, GPtrArray *signals, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) header = read_checked_header(in->bytes, &problem);
  if (!header && g_error_matches(problem, NX_ERROR, NX_ERROR_FORMAT)) {
    g_ptr_array_add(signals, edax_unreadable(in, "SPC file could not be read", problem->message));
    return TRUE;
  }
  if (!header) {
    g_propagate_error(err, g_steal_pointer(&problem));
    return FALSE;
  }
  if (nx_bytes_size(in->bytes) < FULL_BYTES)
    nx_log_warning("%s: SPC file of %" G_GUINT64_FORMAT " bytes, %u are usual", in->name, nx_bytes_size(in->bytes), FULL_BYTES);

  NxSignal *signal = nx_signal_new();
  json_object *extensions = edax_extensions(header, EXTENSIONS, G_N_ELEMENTS(EXTENSIONS));
  json_object *list = elements(in, header);
  if (list)
    nx_json_set(extensions, "Elements", list);
  signal->nx_meta = edax_meta(in);
  nx_json_set(signal->nx_meta, "extensions", extensions);
  signal->raw = json_object_new_object();
  nx_json_set(signal->raw, "original_metadata", json_object_get(header));
  describe_counts(header, in->bytes, signal);
  g_ptr_array_add(signals, signal);
  return TRUE;
}

static const char *const SPC_EXTENSIONS[] = { "spc", NULL };

const NxFormat nx_format_spc = {
  .name = "spc",
  .extensions = SPC_EXTENSIONS,
  .priority = 100,
  .read = spc_read,
};
