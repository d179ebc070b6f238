/* dm-writer.h — writes small DM3 and DM4 files for tests, right ones and wrong ones. */
#ifndef DM_WRITER_H
#define DM_WRITER_H

#include <glib.h>

/* A group under construction. Values are written little-endian unless `big_endian`; structure integers are always big-endian. */
typedef struct {
  guint version;
  gboolean big_endian;
  GByteArray *tags;
  guint count;
} DmGroup;

DmGroup *dm_group_new(guint version, gboolean big_endian);
void dm_group_free(DmGroup *group);

/* Each adds one tag; an empty name is an unnamed tag. */
void dm_add_i32(DmGroup *group, const char *name, gint32 value);
void dm_add_f64(DmGroup *group, const char *name, double value);
void dm_add_boolean(DmGroup *group, const char *name, gboolean value);
void dm_add_text(DmGroup *group, const char *name, const char *text);
void dm_add_f32s(DmGroup *group, const char *name, const float *values, guint count);       /* array */
void dm_add_f32_struct(DmGroup *group, const char *name, const float *values, guint count); /* struct */
/* A tag of given information words and value bytes. */
void dm_add_data(DmGroup *group, const char *name, const gint64 *info, guint n_info, const void *value, gsize length);
/* Adds `child` and frees it. */
void dm_add_group(DmGroup *group, const char *name, DmGroup *child);
/* The bytes of the file whose root is `group`, which is freed. */
GByteArray *dm_file(DmGroup *root);

/* An image of `width` × `height` float pixels counted up from 0, with `tags` (consumed; NULL: none) as its ImageTags. */
DmGroup *dm_image_group(guint version, gboolean big_endian, gint32 width, gint32 height, DmGroup *tags);
/* A file with that image (consumed) alone in its ImageList. */
GByteArray *dm_one_image_file(DmGroup *image);

#endif
