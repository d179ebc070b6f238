/* mrc.c — MRC2014 and CCP4 .mrc (mrc_extractor): pictures, stacks, tilt series and volumes of transmission electron microscopes. A
 * header of 1024 bytes, an extended header of NSYMBT bytes, then the numbers, columns fastest and the lowest row first. Source of the
 * facts: the MRC2014 format (CCP-EM, J. Struct. Biol. 192 (2015) 146), IMOD's "The MRC file format" (signed bytes, modes 6, 16 and 101). FEI's
 * extended headers are in mrc-fei.h; SerialEM puts NAME.mdoc beside the file, see mrc-mdoc.h. */
#include "decimal.h"
#include "formats.h"
#include "mrc-fei.h"
#include "mrc-mdoc.h"
#include "written-quantity.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define LABELS_MAX 10u
#define LABEL_BYTES 80u
#define IMOD_STAMP 1146047817u
#define SIDE_MAX (1 << 24)
/* Bytes of packed numbers that are unpacked at once. */
#define PACKED_BLOCK 1024u

/* Offsets of the header's words. */
enum {
  AT_SIZE = 0, AT_MODE = 12, AT_INTERVALS = 28, AT_CELL = 40, AT_AXES = 64, AT_DENSITY = 76, AT_SPACE_GROUP = 88, AT_EXTENDED = 92,
  AT_EXTENDED_TYPE = 104, AT_IMOD = 152, AT_IMOD_FLAGS = 156, AT_MAP = 208, AT_STAMP = 212,
  AT_N_LABELS = 220, AT_LABELS = 224,
};

typedef struct {
  const guint8 *bytes; /* NX_MRC_HEADER_BYTES */
  gboolean big_endian;
} Words;

/* A kind of numbers. */
typedef struct {
  gint32 mode;
  NxSample sample;
  gboolean is_packed; /* two numbers a byte, the first in its lower half; each row begins at a byte */
  const char *name;
} Mode;

/* What is needed of the header. */
typedef struct {
  gint32 size[3], intervals[3], axes[3];
  const Mode *mode; /* NULL: one that does not exist */
  double cell[3]; /* ångström */
  double step[3]; /* nanometres between neighbours along a dimension of the file; 0: not calibrated */
  guint32 extended;
  gboolean has_signed_bytes;
} Mrc;

static guint32 word(const Words *words, guint at)
{
  guint32 value;
  memcpy(&value, words->bytes + at, sizeof value);
  return words->big_endian ? GUINT32_FROM_BE(value) : GUINT32_FROM_LE(value);
}

static double real(const Words *words, guint at)
{
  guint32 bits = word(words, at);
  float value;
  memcpy(&value, &bits, sizeof value);
  return (double)value;
}

/* ---------------------------------------------------------------------------------------------------------------- the header */

static const Mode MODES[] = {
  { 0, NX_I8, FALSE, "8-bit integer" },
  { 1, NX_I16, FALSE, "16-bit integer" },
  { 2, NX_F32, FALSE, "32-bit real" },
  { 3, NX_C32, FALSE, "16-bit complex integer" },
  { 4, NX_C64, FALSE, "32-bit complex" },
  { 6, NX_U16, FALSE, "16-bit unsigned integer" },
  { 12, NX_F16, FALSE, "16-bit real" },
  { 16, NX_RGB, FALSE, "8-bit colour" },
  { 101, NX_U8, TRUE, "4-bit integer" },
};

static const Mode *find_mode(gint32 mode)
{
  for (gsize i = 0; i < G_N_ELEMENTS(MODES); i++) {
    if (MODES[i].mode == mode)
      return &MODES[i];
  }
  return NULL;
}

/* IMOD says of its own bytes whether they are signed. Those of others are, as the format has it, unless the greatest cannot be (readBytesSigned of
 * IMOD's b3dutil.c). */
static gboolean are_bytes_signed(const Words *words)
{
  if (word(words, AT_IMOD) == IMOD_STAMP)
    return word(words, AT_IMOD_FLAGS) & 1;
  return !(real(words, AT_DENSITY) >= 0 && real(words, AT_DENSITY + 4) >= 128);
}

static void load(const Words *words, Mrc *mrc)
{
  for (guint i = 0; i < 3; i++) {
    mrc->size[i] = (gint32)word(words, AT_SIZE + 4 * i);
    mrc->intervals[i] = (gint32)word(words, AT_INTERVALS + 4 * i);
    mrc->axes[i] = (gint32)word(words, AT_AXES + 4 * i);
    mrc->cell[i] = real(words, AT_CELL + 4 * i);
  }
  mrc->mode = find_mode((gint32)word(words, AT_MODE));
  mrc->extended = word(words, AT_EXTENDED);
  mrc->has_signed_bytes = are_bytes_signed(words);
}

static gboolean is_sane(const Mrc *mrc)
{
  for (guint i = 0; i < 3; i++) {
    if (mrc->size[i] < 1 || mrc->size[i] > SIDE_MAX)
      return FALSE;
  }
  return mrc->mode && mrc->extended <= G_MAXINT32;
}

static gboolean has_axes(const Mrc *mrc)
{
  guint seen = 0;
  for (guint i = 0; i < 3; i++)
    seen |= mrc->axes[i] >= 1 && mrc->axes[i] <= 3 ? 1u << mrc->axes[i] : 0;
  return seen == 0xe;
}

/* TRUE when the numbers end inside a file of so many bytes. */
static gboolean fits(const Mrc *mrc, guint64 file_bytes)
{
  const guint64 columns = (guint64)mrc->size[0], before = (guint64)NX_MRC_HEADER_BYTES + mrc->extended;
  guint64 bytes = mrc->mode->is_packed ? (columns + 1) / 2 : columns * nx_sample_size(mrc->mode->sample);
  return g_uint64_checked_mul(&bytes, bytes, (guint64)mrc->size[1]) && g_uint64_checked_mul(&bytes, bytes, (guint64)mrc->size[2]) &&
         before <= file_bytes && bytes <= file_bytes - before;
}

static gboolean is_stamped(const Words *words)
{
  return words->bytes[AT_STAMP] == (words->big_endian ? 0x11 : 0x44);
}

/* How much speaks for a byte order: above all the axes, then the length of the file, and last the machine stamp, which many programs write
 * wrongly. 0: the header makes no sense in it. */
static guint credit(const Words *words, const Mrc *mrc, guint64 file_bytes)
{
  if (!is_sane(mrc))
    return 0;
  return 1u + (has_axes(mrc) ? 4u : 0u) + (fits(mrc, file_bytes) ? 2u : 0u) + (is_stamped(words) ? 1u : 0u);
}

/* Reads the words in the order for which most speaks, little-endian when as much speaks for both: one section of bytes makes sense in
 * either, for 1 is 2^24 in the other and mode 0 is 0. FALSE when the header makes sense in none. */
static gboolean read_header(Words *words, guint64 file_bytes, Mrc *mrc)
{
  guint best = 0;
  for (guint i = 0; i < 2; i++) {
    const Words ordered = { words->bytes, i == 1 };
    Mrc loaded;
    load(&ordered, &loaded);
    const guint points = credit(&ordered, &loaded, file_bytes);
    if (points <= best)
      continue;
    best = points;
    *words = ordered;
    *mrc = loaded;
  }
  return best > 0;
}

/* The axis of the cell (0 x, 1 y, 2 z) that dimension `dim` of the file runs along. */
static guint cell_axis(const Mrc *mrc, guint dim)
{
  return has_axes(mrc) ? (guint)mrc->axes[dim] - 1 : dim;
}

/* What the header says of a step. The cell is the product of floats, or one itself: 121 pixels of 1.06 ångström have one of 128.259995. */
static double spacing(const Mrc *mrc, guint dim)
{
  guint axis = cell_axis(mrc, dim);
  double nanometres = mrc->intervals[axis] > 0 ? nx_decimal_shortest(mrc->cell[axis] / mrc->intervals[axis], FLT_EPSILON, -1) : 0.0;
  return isfinite(nanometres) && nanometres > 0 ? nanometres : 0.0;
}

/* ----------------------------------------------------------------------------------------------------------------- the fields */

static void add_labels(const Words *words, json_object *nx_meta)
{
  json_object *labels = json_object_new_array();
  for (guint i = 0; i < MIN(word(words, AT_N_LABELS), LABELS_MAX); i++) {
    g_autofree char *label = nx_written_text(words->bytes + AT_LABELS + i * LABEL_BYTES, LABEL_BYTES);
    if (label && *g_strstrip(label))
      json_object_array_add(labels, json_object_new_string(label));
  }
  if (json_object_array_length(labels) > 0)
    nx_meta_put(nx_meta, "Labels", NULL, labels);
  else
    json_object_put(labels);
}

/* Statistics that were never made have a maximum below the minimum. */
static void add_density(const Words *words, json_object *nx_meta)
{
  static const char *const NAMES[] = { "Density Minimum", "Density Maximum", "Density Mean" };
  if (!(real(words, AT_DENSITY) <= real(words, AT_DENSITY + 4)))
    return;
  for (guint i = 0; i < 3; i++)
    nx_meta_put(nx_meta, NAMES[i], NULL, nx_json_double(real(words, AT_DENSITY + 4 * i)));
}

static void read_type(const Words *words, char type[5])
{
  memcpy(type, words->bytes + AT_EXTENDED_TYPE, 4);
  type[4] = '\0';
  for (guint i = 0; i < 4; i++) {
    if (!g_ascii_isprint(type[i]))
      type[0] = '\0';
  }
  g_strstrip(type);
}

static void add_header(const Words *words, const Mrc *mrc, const char *type, json_object *nx_meta)
{
  g_autofree char *shape = mrc->size[2] > 1 ? g_strdup_printf("(%d, %d, %d)", mrc->size[0], mrc->size[1], mrc->size[2])
                                            : g_strdup_printf("(%d, %d)", mrc->size[0], mrc->size[1]);
  nx_meta_put(nx_meta, "Data Dimensions", NULL, json_object_new_string(shape));
  nx_meta_put(nx_meta, "Number Format", NULL, json_object_new_string(mrc->mode->name));
  nx_meta_put(nx_meta, "Space Group", NULL, json_object_new_int((gint32)word(words, AT_SPACE_GROUP)));
  if (*type)
    nx_meta_put(nx_meta, "Extended Header Type", NULL, json_object_new_string(type));
  add_density(words, nx_meta);
  add_labels(words, nx_meta);
}

/* What the header says, else the extended header, else the text beside the file. */
static void settle_steps(Mrc *mrc, const NxMrcFei *fei, double beside)
{
  for (guint dim = 0; dim < 3; dim++) {
    const double extended = dim < 2 ? fei->pixel[dim] : 0.0, said = spacing(mrc, dim);
    mrc->step[dim] = said > 0 && !(fei->counts && extended > 0) ? said : extended > 0 ? extended : dim < 2 ? beside : 0.0;
  }
}

static void add_pixels(const Mrc *mrc, json_object *nx_meta)
{
  static const char *const NAMES[] = { "pixel_width", "pixel_height" };
  for (guint dim = 0; dim < 2; dim++) {
    if (mrc->step[dim] > 0)
      nx_meta_put(nx_meta, NAMES[dim], NULL, nx_meta_quantity(mrc->step[dim], "nanometer"));
  }
}

/* ---------------------------------------------------------------------------------------------------------------- the numbers */

/* Packed numbers, out of the bytes that they lie in: an array whose rows have half the length. */
typedef struct {
  NxArrayReader base;
  NxArray bytes;
} Packed;

static double half_of(double byte, guint64 column)
{
  return column % 2 ? (guint)byte >> 4 : (guint)byte & 15;
}

/* Along a row, from column `index` of the array: block by block, or byte by byte when few of a block are wanted. */
static gboolean read_packed_row(const NxArray *bytes, const guint64 *index, guint64 count, guint64 step, double *to, GError **err)
{
  const guint columns = bytes->n_dims - 1;
  double block[PACKED_BLOCK];
  guint64 at[NX_DIMS_MAX], first = 0, held = 0;
  memcpy(at, index, bytes->n_dims * sizeof *at);
  for (guint64 i = 0; i < count; i++) {
    const guint64 column = index[columns] + i * step, byte = column / 2;
    if (byte - first >= held) {
      at[columns] = first = byte;
      held = step < PACKED_BLOCK / 8 ? MIN(PACKED_BLOCK, bytes->shape[columns] - byte) : 1;
      if (!nx_array_read(bytes, at, columns, held, 1, block, err))
        return FALSE;
    }
    to[i] = half_of(block[byte - first], column);
  }
  return TRUE;
}

static gboolean read_packed(const NxArrayReader *base, const guint64 *index, guint dim, guint64 count, guint64 step, double *to, GError **err)
{
  const NxArray *bytes = &((const Packed *)base)->bytes;
  const guint columns = bytes->n_dims - 1;
  guint64 at[NX_DIMS_MAX];
  if (dim == columns)
    return read_packed_row(bytes, index, count, step, to, err);
  memcpy(at, index, bytes->n_dims * sizeof *at);
  at[columns] /= 2;
  if (!nx_array_read(bytes, at, dim, count, step, to, err))
    return FALSE;
  for (guint64 i = 0; i < count; i++)
    to[i] = half_of(to[i], index[columns]);
  return TRUE;
}

static void free_packed(NxArrayReader *base)
{
  g_free(base);
}

static gboolean describe_packed(NxArray *array, GError **err)
{
  NxArray bytes = *array;
  guint64 *columns = &bytes.shape[bytes.n_dims - 1];
  *columns = (*columns + 1) / 2;
  if (!nx_array_set_contiguous(&bytes, err) || !nx_array_check(&bytes, err))
    return FALSE;
  Packed *packed = g_new(Packed, 1);
  *packed = (Packed){ { .read = read_packed, .free = free_packed }, bytes };
  array->reader = &packed->base;
  return TRUE;
}

/* Columns are the last dimension; one section is a picture, several are a stack. */
static gboolean describe(const NxInput *in, const Words *words, const Mrc *mrc, NxArray *array, GError **err)
{
  static const char *const NAMES[] = { "x", "y", "z" };
  array->sample = mrc->mode->sample == NX_I8 && !mrc->has_signed_bytes ? NX_U8 : mrc->mode->sample;
  array->big_endian = words->big_endian;
  array->n_dims = mrc->size[2] > 1 ? 3 : 2;
  array->n_signal_dims = 2;
  array->bottom_up = TRUE;
  array->offset = (guint64)NX_MRC_HEADER_BYTES + mrc->extended;
  array->source = in->bytes;
  for (guint dim = 0; dim < array->n_dims; dim++) {
    guint to = array->n_dims - 1 - dim;
    const double step = mrc->step[dim];
    array->shape[to] = (guint64)mrc->size[dim];
    array->axis[to] = (NxAxis){ .name = g_strdup(NAMES[dim]), .units = g_strdup(step > 0 ? "nm" : ""), .scale = step > 0 ? step : 1.0 };
  }
  if (mrc->mode->is_packed)
    return describe_packed(array, err);
  return nx_array_set_contiguous(array, err) && nx_array_check(array, err);
}

/* ------------------------------------------------------------------------------------------------------------ the format */

static char *companion_path(const char *path)
{
  return g_strconcat(path, ".mdoc", NULL);
}

static gboolean sniff_mrc(const NxInput *in)
{
  Words words = { nx_bytes_at(in->bytes, 0, NX_MRC_HEADER_BYTES, NULL), FALSE };
  Mrc mrc;
  return words.bytes && read_header(&words, nx_bytes_size(in->bytes), &mrc) && (memcmp(words.bytes + AT_MAP, "MAP", 3) == 0 || has_axes(&mrc));
}

static gboolean read_mrc(const NxInput *in, GPtrArray *signals, GError **err)
{
  guint8 header[NX_MRC_HEADER_BYTES];
  Words words = { header, FALSE };
  Mrc mrc;
  g_autoptr(GError) problem = NULL;
  if (!nx_bytes_copy(in->bytes, 0, header, sizeof header, err))
    return FALSE;
  if (!read_header(&words, nx_bytes_size(in->bytes), &mrc)) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the MRC header holds no size or kind of numbers that exists");
    return FALSE;
  }
  NxBytes *companion = nx_input_companion(in, &nx_format_mrc);
  g_autoptr(json_object) mdoc = companion ? nx_mdoc_parse(companion) : NULL;
  NxMrcExtended extended = { .offset = NX_MRC_HEADER_BYTES, .length = mrc.extended, .big_endian = words.big_endian };
  NxMrcFei fei;
  read_type(&words, extended.type);

  NxSignal *signal = nx_signal_new();
  json_object *nx_meta = nx_image_meta(in, "TEM_Imaging");
  g_ptr_array_add(signals, signal);
  nx_json_set(nx_meta, "extensions", json_object_new_object());
  add_header(&words, &mrc, extended.type, nx_meta);
  nx_mrc_fei_add_fields(in->bytes, &extended, nx_meta, &fei);
  settle_steps(&mrc, &fei, mdoc ? nx_mdoc_pixel_size(mdoc) : 0.0);
  add_pixels(&mrc, nx_meta);
  if (mdoc)
    nx_mdoc_add_fields(mdoc, nx_meta);
  signal->view = NX_VIEW_ARRAY;
  if (!describe(in, &words, &mrc, &signal->array, &problem)) {
    signal->view = NX_VIEW_PLACEHOLDER;
    nx_meta_warn(nx_meta, problem->message);
  }
  signal->nx_meta = nx_meta_sorted(nx_meta);
  if (mdoc) {
    signal->raw = json_object_new_object();
    nx_json_set(signal->raw, "SerialEM", g_steal_pointer(&mdoc));
  }
  return TRUE;
}

/* .map is left out: the name says too little, and every such file would count as data. */
static const char *const EXTENSIONS[] = { "mrc", "mrcs", "ccp4", "st", "rec", NULL };

const NxFormat nx_format_mrc = {
  .name = "mrc",
  .extensions = EXTENSIONS,
  .priority = 100,
  .companion = companion_path,
  .sniff = sniff_mrc,
  .read = read_mrc,
};
