/* dm-marks.c — what a DigitalMicrograph user has drawn over an image.
 * DocumentObjectList holds a display of each image, whose ImageSource points into ImageSourceList and from there (ImageRef) at the image;
 * its AnnotationGroupList holds the drawings: AnnotationType (the "component types" of the vendor's scripting reference), Rectangle as
 * top, left, bottom, right in pixels, ForegroundColor as three 16-bit numbers. Checked against corpus/dm. */
#include "dm-image.h"

#include <math.h>

/* More than these of anything is no drawing of a person. */
#define MARKS_MAX 1000u
#define SOURCES_MAX 1024

typedef struct {
  gint64 annotation_type;
  int kind;
  gboolean dashed;
} MarkType;

/* Arrows, ovals, masks, scale bars and displays of other images are not drawn. */
static const MarkType MARK_TYPES[] = {
  { 2, NX_MARK_LINE, FALSE }, { 5, NX_MARK_BOX, FALSE }, { 13, NX_MARK_TEXT, FALSE },
  { 23, NX_MARK_BOX, TRUE },  { 25, NX_MARK_LINE, TRUE }, { 27, NX_MARK_POINT, FALSE },
};

static const MarkType *mark_type(const DmTree *tree, const DmTag *annotation)
{
  gint64 type;
  if (!dm_tag_integer(tree, dm_tag_find(tree, annotation, "AnnotationType"), 0, &type))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS(MARK_TYPES); i++) {
    if (MARK_TYPES[i].annotation_type == type)
      return &MARK_TYPES[i];
  }
  return NULL;
}

static gboolean read_place(const DmTree *tree, const DmTag *annotation, NxMark *mark)
{
  const DmTag *rectangle = dm_tag_find(tree, annotation, "Rectangle");
  return dm_tag_double(tree, rectangle, 0, &mark->y0) && dm_tag_double(tree, rectangle, 1, &mark->x0) &&
         dm_tag_double(tree, rectangle, 2, &mark->y1) && dm_tag_double(tree, rectangle, 3, &mark->x1) && isfinite(mark->x0) &&
         isfinite(mark->y0) && isfinite(mark->x1) && isfinite(mark->y1);
}

/* Colours are 16-bit numbers whose sign carries nothing; -1 is full intensity (extractors-b 12.5). */
static double intensity(double stored)
{
  double value = fabs(stored);
  return value > 1.0 ? MIN(value / 65536.0, 1.0) : value;
}

static void read_colour(const DmTree *tree, const DmTag *annotation, NxMark *mark)
{
  const DmTag *colour = dm_tag_find(tree, annotation, "ForegroundColor");
  double red, green, blue;
  mark->red = 1.0;
  if (!dm_tag_double(tree, colour, 0, &red) || !dm_tag_double(tree, colour, 1, &green) || !dm_tag_double(tree, colour, 2, &blue))
    return;
  mark->red = intensity(red);
  mark->green = intensity(green);
  mark->blue = intensity(blue);
}

static NxMark *read_mark(const DmTree *tree, const DmTag *annotation)
{
  const MarkType *type = mark_type(tree, annotation);
  if (!type)
    return NULL;
  g_autoptr(GString) text = dm_tag_text(tree, dm_tag_find(tree, annotation, "Text"));
  NxMark *mark = g_new0(NxMark, 1);
  mark->kind = type->kind;
  mark->dashed = type->dashed;
  if (!read_place(tree, annotation, mark) || (mark->kind == NX_MARK_TEXT && !text)) {
    nx_mark_free(mark);
    return NULL;
  }
  read_colour(tree, annotation, mark);
  if (mark->kind == NX_MARK_TEXT)
    mark->text = g_strdup(text->str);
  return mark;
}

/* A flag for each of the first SOURCES_MAX entries of ImageSourceList: does it show this image? */
static void find_sources(const DmTree *tree, const DmImage *image, gboolean shows_image[SOURCES_MAX])
{
  const DmTag *tag = dm_tag_first(tree, dm_tag_find(tree, dm_tree_root(tree), "ImageSourceList"));
  for (guint i = 0; i < SOURCES_MAX; i++) {
    gint64 reference;
    shows_image[i] = dm_tag_integer(tree, dm_tag_find(tree, tag, "ImageRef"), 0, &reference) && reference == (gint64)image->index;
    tag = dm_tag_next(tree, tag);
  }
}

static void add_marks(const DmTree *tree, const DmTag *object, GPtrArray *marks)
{
  const DmTag *list = dm_tag_find(tree, object, "AnnotationGroupList");
  for (const DmTag *tag = dm_tag_first(tree, list); tag && marks->len < MARKS_MAX; tag = dm_tag_next(tree, tag)) {
    NxMark *mark = read_mark(tree, tag);
    if (mark)
      g_ptr_array_add(marks, mark);
  }
}

GPtrArray *dm_image_marks(const DmTree *tree, const DmImage *image)
{
  gboolean shows_image[SOURCES_MAX];
  find_sources(tree, image, shows_image);
  g_autoptr(GPtrArray) marks = g_ptr_array_new_with_free_func((GDestroyNotify)nx_mark_free);
  const DmTag *displays = dm_tag_find(tree, dm_tree_root(tree), "DocumentObjectList");
  const DmTag *display = dm_tag_first(tree, displays);
  for (guint i = 0; display && i < SOURCES_MAX; i++) {
    gint64 source;
    gboolean has_source =
        dm_tag_integer(tree, dm_tag_find(tree, display, "ImageSource"), 0, &source) && source >= 0 && source < SOURCES_MAX;
    if (has_source && shows_image[source])
      add_marks(tree, display, marks);
    display = dm_tag_next(tree, display);
  }
  return marks->len ? g_steal_pointer(&marks) : NULL;
}
