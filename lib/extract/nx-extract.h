/* nx-extract.h — one data file → metadata, arrays for the preview, and the two files written beside each other.
 *
 * A format is one file of this folder with one NxFormat constant; registry.c lists them. Containers (tag trees, TIFF, INI, XML, HDF5) are
 * helpers of their own. Everything read here is hostile: lengths and offsets are checked against the bytes that are there. */
#ifndef NX_EXTRACT_H
#define NX_EXTRACT_H

#include "nx-base.h"

/* ----------------------------------------------------------------------------------------------------- bytes of a file */

/* A file read through one window with pread(2): nothing is mapped, so a file that shrinks is an error and not a signal, and only the bytes
 * asked for (rounded up to the window) are read. */
typedef struct NxBytes NxBytes;
NxBytes *nx_bytes_from_fd(int fd, GError **err);              /* fd is borrowed and stays open */
NxBytes *nx_bytes_from_memory(const void *data, gsize length); /* data is borrowed (tests, fuzzing) */
void nx_bytes_free(NxBytes *bytes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxBytes, nx_bytes_free)
guint64 nx_bytes_size(const NxBytes *bytes);
/* `length` bytes at `offset`: borrowed until the next call. NULL and NX_ERROR_FORMAT "ends at byte N, M bytes wanted at O" past the end. */
const guint8 *nx_bytes_at(NxBytes *bytes, guint64 offset, gsize length, GError **err);
/* Copies; same errors. For large reads: goes past the window. */
gboolean nx_bytes_copy(NxBytes *bytes, guint64 offset, void *to, gsize length, GError **err);
/* One thing that was made of the bytes and is freed with them, so that the next who looks need not make it again. NULL: none yet. */
void nx_bytes_keep(NxBytes *bytes, gpointer kept, GDestroyNotify free_kept);
gpointer nx_bytes_kept(const NxBytes *bytes);

/* ------------------------------------------------------------------------------------------------------------- arrays */

typedef enum {
  NX_U8, NX_I8, NX_U16, NX_I16, NX_U32, NX_I32, NX_U64, NX_I64,
  NX_F16,  /* IEEE 754 half float */
  NX_F32, NX_F64,
  NX_C32,  /* complex, 2 × 16-bit integer */
  NX_C64,  /* complex, 2 × float */
  NX_C128, /* complex, 2 × double */
  NX_RGB,  /* 3 bytes R, G, B */
  NX_RGBA, /* 4 bytes R, G, B, A */
  NX_BGRA, /* 4 bytes B, G, R, A */
} NxSample;
gsize nx_sample_size(NxSample sample);
/* The value of an IEEE 754 half float, given as its 16 bits in the order of this machine. */
double nx_half_value(guint16 half);

typedef struct {
  char *name;  /* "Energy loss", "x", …; or NULL */
  char *units; /* "nm", "eV"; NULL or "" when not calibrated */
  double scale, offset; /* value = offset + scale × index */
} NxAxis;

#define NX_DIMS_MAX 8

/* Numbers that a library unpacks (chunks of HDF5): as nx_array_read and nx_array_read_colours, whose index has been checked. Of colours only the
 * latter is asked for. */
typedef struct NxArrayReader NxArrayReader;
struct NxArrayReader {
  gboolean (*read)(const NxArrayReader *reader, const guint64 *index, guint dim, guint64 count, guint64 step, double *to, GError **err);
  gboolean (*read_colours)(const NxArrayReader *reader, const guint64 *index, guint dim, guint64 count, guint64 step, guint8 *to, GError **err);
  void (*free)(NxArrayReader *reader);
};

/* Numbers in a file, described and not read. Dimensions slowest first; the last `n_signal_dims` (1 spectrum, 2 image) are the signal, those
 * before are navigation. Strides are bytes and may be in any order, so a moved axis is a description and not a copy. */
typedef struct {
  NxSample sample;
  gboolean big_endian;
  guint n_dims, n_signal_dims;
  guint64 shape[NX_DIMS_MAX];
  guint64 stride[NX_DIMS_MAX];
  guint64 offset;   /* of element 0 in `source` */
  guint64 mirror;   /* not 0: of the last dimension only columns 0 … mirror are stored, and element j is column |j − mirror| (half of a Fourier
                       transform; the other half differs in the sign of the imaginary part) */
  gboolean bottom_up; /* the dimension before the last, rows of an image, is stored from its last row to its first */
  NxAxis axis[NX_DIMS_MAX];
  NxBytes *source;  /* borrowed */
  GBytes *owned;    /* instead of source, when the numbers had to be unpacked (compressed, packed complex) */
  NxArrayReader *reader; /* instead of both; owned by the signal. Strides, offset, mirror and bottom_up then say nothing */
} NxArray;

/* Checks that every element lies inside the source; sizes overflow-checked. Call once after filling in. */
gboolean nx_array_check(const NxArray *array, GError **err);
/* C-contiguous strides for shape and sample. FALSE when the product overflows. */
gboolean nx_array_set_contiguous(NxArray *array, GError **err);
/* `count` elements along dimension `dim` from `index` (one entry per dimension), `step` elements apart, as doubles (complex: modulus,
 * RGB: luma). */
gboolean nx_array_read(const NxArray *array, const guint64 *index, guint dim, guint64 count, guint64 step, double *to, GError **err);
/* TRUE for NX_RGBA and NX_BGRA. */
gboolean nx_array_is_colour(const NxArray *array);
/* The same elements of such an array, each as three bytes: R, G, B. */
gboolean nx_array_read_colours(const NxArray *array, const guint64 *index, guint dim, guint64 count, guint64 step, guint8 *to, GError **err);

/* ------------------------------------------------------------------------------------------------------------ results */

/* What the preview shows. */
typedef enum {
  NX_VIEW_NONE,        /* no preview is made */
  NX_VIEW_ARRAY,       /* a signal plot of `array`: image with scale bar, spectrum, stack … */
  NX_VIEW_FIGURE,      /* `figure` draws itself */
  NX_VIEW_PICTURE,     /* the file itself is a picture (TIFF, PNG, JPEG, BMP, GIF): shown as it is */
  NX_VIEW_TEXT,        /* the file is text */
  NX_VIEW_PLACEHOLDER, /* it could not be read */
} NxViewKind;

/* A line, box, text or point drawn over an image (dm annotations); coordinates in pixels of the image. */
typedef struct {
  enum { NX_MARK_LINE, NX_MARK_BOX, NX_MARK_TEXT, NX_MARK_POINT } kind;
  gboolean dashed;
  double x0, y0, x1, y1;
  double red, green, blue; /* 0..1 */
  char *text;
} NxMark;
void nx_mark_free(NxMark *mark);

/* A picture that only one format has (preview/nx-preview.h). */
typedef struct NxFigure NxFigure;

/* One signal of a file. */
typedef struct {
  json_object *nx_meta; /* object, extractors-a 1.3 */
  json_object *raw;     /* object whose members stand beside nx_meta in the JSON file; or NULL */
  char *title;          /* of the plot; NULL: the file's name */
  NxViewKind view;
  NxArray array;        /* for NX_VIEW_ARRAY */
  GPtrArray *marks;     /* of NxMark*, or NULL */
  NxFigure *figure;     /* for NX_VIEW_FIGURE */
} NxSignal;
NxSignal *nx_signal_new(void);
void nx_signal_free(NxSignal *signal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxSignal, nx_signal_free)

/* The file at hand. */
typedef struct NxCompanion NxCompanion;
typedef struct NxFormat NxFormat;
typedef struct {
  const char *path; /* bytes */
  const char *name; /* base name, valid UTF-8 */
  int fd;           /* open for reading; -1 in tests that work on memory */
  NxBytes *bytes;
  double mtime;     /* seconds since the epoch */
  const char *instrument_pid; /* or NULL */
  GTimeZone *zone;  /* the instrument's, or NULL when unknown */
  const char *below;          /* the path below NX_INSTRUMENT_DATA_PATH, or the whole path; NULL in tests */
  json_object *instrument;    /* the row on the line, or NULL */
  const NxCompanion *companions; /* opened before the sandbox closes; see nx_input_companion */
  const NxFormat *format;        /* that reads it; NULL while it is looked for */
} NxInput;

struct NxFormat {
  const char *name;               /* + "_extractor" = the name in records */
  const char *const *extensions;  /* lower case, NULL-terminated; NULL: any */
  int priority;
  /* The file that stands beside another and belongs to it is the first that is there of those with one of these in place of the last suffix,
   * each also in capitals (.hdr, .HDR). NULL-terminated; may be NULL. */
  const char *const *companion_suffixes;
  /* The path of that file where its name follows another rule (.emi of _1.ser, -tif.hdr of .tif), or NULL; capitals as above. It is asked last,
   * and the whole member may be NULL. */
  char *(*companion)(const char *path);
  /* `read` runs the profiles itself, with nx_profiles_run, before its last step (dm); all others leave it to the pipeline. */
  gboolean runs_profiles;
  /* TRUE when the bytes are ours. NULL: the extension decides. May not fail. */
  gboolean (*sniff)(const NxInput *in);
  /* Adds one NxSignal per signal to `signals`. */
  gboolean (*read)(const NxInput *in, GPtrArray *signals, GError **err);
};

/* Every format, by descending priority, ties by name; NULL-terminated. */
extern const NxFormat *const nx_formats[];
const NxFormat *nx_format_for(const NxInput *in);
/* The companion that `format` asked for: borrowed, or NULL when there is no such (regular, readable) file. A format can open nothing itself. */
NxBytes *nx_input_companion(const NxInput *in, const NxFormat *format);
/* Its path below NX_INSTRUMENT_DATA_PATH, as `below`, where the rule `companion` of the format names it; else NULL. */
char *nx_input_companion_path(const NxInput *in, const NxFormat *format);

/* ------------------------------------------------------------------------------------------------------------ profiles */

/* Runs the instrument's profiles (jq filters, extractors-b 13.1) over one signal, `index` of `count`. A profile that fails changes nothing
 * and is a warning when the pipeline has all metadata. `tecnai` is the parsed Tecnai text of extractors-a 7.1 (an object, borrowed) or NULL. */
void nx_profiles_run(const NxInput *in, NxSignal *signal, guint index, guint count, json_object *tecnai);

/* -------------------------------------------------------------------------------------------------- many files, in order */

/* What becomes of the files that are read. Texts are borrowed for the life of the NxExtractor. */
typedef struct {
  const char *instrument_root; /* NX_INSTRUMENT_DATA_PATH, or NULL */
  const char *data_root;       /* NX_DATA_PATH, or NULL: what is made goes beside the file, as for one that is not on the share */
  gboolean write_metadata;     /* the JSON file */
  gboolean write_preview;
  gboolean overwrite;          /* else files that exist are kept, as they always are beside a data file when no person asks (preview_beside) */
  gboolean preview_beside;     /* FILE.thumb.png beside FILE, whatever data_root says */
  const char *preview_path;    /* of the only file; or NULL */
  gboolean with_documents;     /* `documents` of the results are wanted */
  NxLinks links;               /* of the files and what stands beside them: those of a share are not followed, for they could lead anywhere */
  guint workers;               /* files read at once, 1 or more */
} NxExtractRules;

/* What came of one line. All is borrowed for the call. */
typedef struct {
  json_object *line;           /* with `extractor` and `datasets` */
  const GPtrArray *documents;  /* of GBytes*, one per dataset: the text of the metadata JSON file; NULL without with_documents */
  gboolean preview_kept;       /* a preview was there before and was left as it was */
} NxExtracted;

/* Gives the next line (owned by the caller), or NULL at the end. */
typedef gboolean (*NxExtractSource)(gpointer user_data, json_object **line, GError **err);
/* Takes the result of the next line, in the order of the lines. */
typedef gboolean (*NxExtractSink)(gpointer user_data, const NxExtracted *result, GError **err);

typedef struct NxExtractor NxExtractor;
/* Makes everything that is slow: sandbox, profiles (of `profiles_path` or NULL, too), plug-ins, fonts. Removes all environment variables that a reader
 * does not need. One per process. */
NxExtractor *nx_extractor_new(const NxExtractRules *rules, const char *profiles_path, GError **err);
void nx_extractor_free(NxExtractor *extractor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxExtractor, nx_extractor_free)
/* Reads the file of every line of `source`, each in a process of its own, and gives each result to `sink` as soon as it and all before it are done.
 * `input` is polled before `source` is asked unless `is_ready` says that it will not wait; -1: it never waits. */
gboolean nx_extractor_run(NxExtractor *extractor, int input, gboolean (*is_ready)(gpointer user_data), NxExtractSource source, NxExtractSink sink,
                          gpointer user_data, GError **err);

/* Writes a format line for each format, in the order in which they are asked, then for each plug-in. */
gboolean nx_extract_describe(FILE *out, GError **err);

/* A further profile that runs for every file (`--profile`). */
gboolean nx_profiles_add(const char *path, GError **err);
/* Compiles `paths` (NULL-terminated; none: ours and those of `profiles_path`) and writes a line about each to `out`. TRUE when all are good. */
gboolean nx_extract_check_profiles(const char *profiles_path, const char *const *paths, FILE *out);

/* ------------------------------------------------------------------------------------------------------------ nx_meta */

/* {"value": v, "unit": unit}; `value` as a JSON real. NULL when v is not finite. */
json_object *nx_meta_quantity(double value, const char *unit);
/* The mtime form of Creation Time: the instrument's zone, else `fallback` (NULL: the system's). */
char *nx_meta_time(const NxInput *in, GTimeZone *fallback);
/* TRUE when the schema allows core field `name` ("acceleration_voltage", …) for `dataset_type`. */
gboolean nx_meta_allows(const char *dataset_type, const char *name);
/* TRUE of what every dataset may have, whatever its format ("Creation Time", "NexusLIMS Extraction", …): no file's label may stand for it. */
gboolean nx_meta_is_own(const char *name);
/* TRUE when an extension called `name` would stand, in a record, for a field at the top of nx_meta, or for one that nx_meta_is_own(). */
gboolean nx_meta_is_taken(json_object *nx_meta, const char *name);
/* Sorts every object of `value` by lower-cased key (code-point order), quantities excepted; consumes and returns. */
json_object *nx_meta_sorted(json_object *value);
/* Gives nx_meta the types of a dataset of which nothing is known when it has no DatasetType. */
void nx_meta_add_missing_type(json_object *nx_meta);
/* FALSE with a reason when a required field is missing or wrong. */
gboolean nx_meta_check_required(json_object *nx_meta, GError **err);
/* Checks nx_meta against the schema (extractors-b 9): fields that do not belong go to `extensions`, logged with `file`; FALSE with a reason when
 * a required field is missing or wrong. */
gboolean nx_meta_check(json_object *nx_meta, const char *file, GError **err);

#endif
