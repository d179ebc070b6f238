/* hdf5-file.h — HDF5 files through libhdf5, which reads through NxBytes and can open nothing itself. Private to lib/extract.
 *
 * Refused whatever a file asks for: external links, raw data in other files, virtual datasets, filter plug-ins. Numbers are read piece by piece;
 * nothing of a file's size is allocated. Text of variable length is read by us (hdf5-heap.h): libhdf5 gives the references alone. The library is started when the first file is opened, so other formats do not pay for it. */
#ifndef NX_HDF5_H
#define NX_HDF5_H

#include "hdf5-heap.h"

#include <hdf5.h>

/* An open file. References are counted, because arrays that are described in it outlive the reader. */
typedef struct NxHdf5 NxHdf5;
/* `bytes` is borrowed and must outlive the file. NX_ERROR_FORMAT with libhdf5's reason. */
NxHdf5 *nx_hdf5_open(NxBytes *bytes, GError **err);
NxHdf5 *nx_hdf5_ref(NxHdf5 *file);
void nx_hdf5_unref(NxHdf5 *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxHdf5, nx_hdf5_unref)
/* TRUE when the signature stands where the format allows it: at 0, 512, 1024, 2048, … */
gboolean nx_hdf5_is(NxBytes *bytes);

typedef enum { NX_HDF5_NOTHING, NX_HDF5_GROUP, NX_HDF5_DATASET } NxHdf5Kind;
/* What is at `path` ("/" for the root); nothing when a link leads nowhere or out of the file. */
NxHdf5Kind nx_hdf5_kind(const NxHdf5 *file, const char *path);
/* Names in a group, sorted by code points, at most NX_HDF5_NAMES_MAX. NULL-terminated; empty when there is no such group. */
#define NX_HDF5_NAMES_MAX 10000u
char **nx_hdf5_names(const NxHdf5 *file, const char *path);

/* The attribute `name` of the object at `path`: text, integer, real, boolean, or an array of these. NULL when it is missing, or of another kind,
 * or larger than NX_HDF5_SMALL_MAX bytes. */
#define NX_HDF5_SMALL_MAX (1024u * 1024u)
json_object *nx_hdf5_attribute(const NxHdf5 *file, const char *path, const char *name);
/* The same, and of an array its first element. */
json_object *nx_hdf5_first(const NxHdf5 *file, const char *path, const char *name);
/* A small dataset, flat, in the same forms. */
json_object *nx_hdf5_value(const NxHdf5 *file, const char *path);
/* Field `field` of the records of a dataset, in the same forms: always an array. */
json_object *nx_hdf5_column(const NxHdf5 *file, const char *path, const char *field);
/* A group with its attributes, small datasets and groups below it, as objects; bounded in depth and number, and each group once, whatever links
 * lead to it. */
json_object *nx_hdf5_tree(const NxHdf5 *file, const char *path);

/* A dataset of numbers (of truths, which are 0 and 1, or of pairs of reals, which are complex), or of colours: members R, G and B of 8 or 16 bits. */
typedef struct NxHdf5Data NxHdf5Data;
NxHdf5Data *nx_hdf5_data_open(NxHdf5 *file, const char *path, GError **err);
void nx_hdf5_data_free(NxHdf5Data *data);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxHdf5Data, nx_hdf5_data_free)
guint nx_hdf5_data_dims(const NxHdf5Data *data);
guint64 nx_hdf5_data_extent(const NxHdf5Data *data, guint dim);
NxSample nx_hdf5_data_sample(const NxHdf5Data *data);
/* The block of `count` elements in each dimension from `start`, `step` apart (NULL: 1), as doubles (complex: modulus). The product of `count` is the
 * caller's to bound. Colours are refused: they are read as an array. */
gboolean nx_hdf5_data_read(const NxHdf5Data *data, const guint64 *start, const guint64 *step, const guint64 *count, double *to, GError **err);
/* The same of a dataset of 16-bit numbers without a sign, as they are: many times as fast. All else is refused. */
gboolean nx_hdf5_data_read_words(const NxHdf5Data *data, const guint64 *start, const guint64 *count, guint16 *to, GError **err);
/* Describes `n_dims` dimensions of the dataset, file dimensions `order[0]`, `order[1]` …, as `array`; those that are not named stay at index 0.
 * Takes `data` over. Refuses what no file of that size can hold, and dimensions that are longer than a preview can show. */
gboolean nx_hdf5_describe(NxHdf5Data *data, const guint *order, guint n_dims, NxArray *array, GError **err);

/* Extents of a dataset of any type; 0 when there is none or it has more than NX_DIMS_MAX dimensions. */
guint nx_hdf5_extents(const NxHdf5 *file, const char *path, guint64 *extents);
#define NX_HDF5_SEQUENCES_MAX (64u * 1024u * 1024u) /* bytes of a chunk, cells of a slice */
/* Adds the lengths of the variable-length sequences of a three-dimensional dataset at (`first`, every, every) to `totals` (extent 1 × extent 2
 * numbers). What the sequences hold is not read. */
gboolean nx_hdf5_add_lengths(const NxHdf5 *file, const char *path, guint64 first, double *totals, GError **err);

/* What was damaged among the values that were asked for since this was last called: a sentence, or NULL. Owned by the caller. */
char *nx_hdf5_take_damage(NxHdf5 *file);

/* Private to hdf5*.c: the library's identifier, and its last reason as an error. */
hid_t nx_hdf5_id(const NxHdf5 *file);
NxBytes *nx_hdf5_bytes(const NxHdf5 *file);
gboolean nx_hdf5_failed(GError **err, const char *what);
/* The file's heaps; borrowed. */
NxHeap *nx_hdf5_heap(const NxHdf5 *file);
/* Keeps the first sentence for nx_hdf5_take_damage. */
void nx_hdf5_note_damage(const NxHdf5 *file, const char *sentence);
/* Counts `n` values that hold `bytes` in memory; FALSE when all values of this file would take more than NX_HDF5_VALUES_MAX: names may lead to the
 * same values again and again. */
#define NX_HDF5_VALUES_MAX (64u * 1024u * 1024u)
gboolean nx_hdf5_afford(const NxHdf5 *file, gsize n, gsize bytes);
/* The type in memory, to be closed, of elements that stay references to the file's heaps. */
hid_t nx_hdf5_reference_type(const NxHdf5 *file);
/* TRUE when sign, exponent, mantissa and bits of all numbers of a type lie inside them, and none is larger than the field has: libhdf5 takes them as they
 * are said to be, and its conversions write past the end of their own variables. An enumeration has to be one of integers of its own size, and the
 * members of a record lie inside it. Ask before any value is read. */
gboolean nx_hdf5_is_sound(hid_t type);
/* FALSE when a dataset's numbers lie outside the file or are packed in a way that only a plug-in knows, or in chunks too large to be unpacked. */
gboolean nx_hdf5_is_readable(hid_t dataset, GError **err);
/* Until nx_hdf5_length_read(), no more than `room` > 0 bytes of data are read at once, and how many the last read wanted is remembered; that takes the
 * limit away again. libhdf5 reads as many bytes of a chunk as the file says it has, whatever room there is. */
void nx_hdf5_look_at_reading(gsize room);
gsize nx_hdf5_length_read(void);
/* The driver that reads through `bytes`: a file access property list. */
hid_t nx_hdf5_access(NxBytes *bytes);

#endif
