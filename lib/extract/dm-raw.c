/* dm-raw.c — the tag tree as it is kept beside the metadata of an image (extractors-a 2.10): everything but pixels, other images and how
 * the program's windows stood. */
#include "dm-raw.h"

static const char *const LEFT_OUT[] = {
  "ApplicationBounds", "LayoutType",   "DocumentTags",         "HasWindowPosition", "ImageSourceList", "Image Behavior", "InImageMode",
  "MinVersionList",    "NextDocumentObjectID", "PageSetup",    "Page Behavior",     "SentinelList",    "Thumbnails",     "WindowPosition",
};

static gboolean is_left_out(const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS(LEFT_OUT); i++) {
    if (g_str_equal(name, LEFT_OUT[i]))
      return TRUE;
  }
  return FALSE;
}

static void set_tag(const DmTree *tree, const DmTag *tag, json_object *to, const char *key, DmBudget *budget)
{
  json_object *value = dm_tag_json(tree, tag, budget);
  if (value)
    nx_json_set(to, key, value);
}

/* Displays of images, reduced to what was drawn on them. */
static json_object *objects_json(const DmTree *tree, const DmTag *list, DmBudget *budget)
{
  if (!dm_tag_is_group(list))
    return dm_tag_json(tree, list, budget);
  json_object *objects = json_object_new_object();
  for (const DmTag *tag = dm_tag_first(tree, list); tag && budget->values > 0; tag = dm_tag_next(tree, tag)) {
    json_object *object = json_object_new_object();
    budget->values--;
    set_tag(tree, dm_tag_find(tree, tag, "AnnotationGroupList"), object, "AnnotationGroupList", budget);
    nx_json_set(objects, tag->name, object);
  }
  return objects;
}

json_object *dm_raw_common(const DmTree *tree, DmBudget *budget)
{
  json_object *common = json_object_new_object();
  for (const DmTag *tag = dm_tag_first(tree, dm_tree_root(tree)); tag; tag = dm_tag_next(tree, tag)) {
    json_object *value = NULL;
    if (is_left_out(tag->name))
      continue;
    if (g_str_equal(tag->name, "ImageList"))
      value = json_object_new_object();
    else if (g_str_equal(tag->name, "DocumentObjectList"))
      value = objects_json(tree, tag, budget);
    else
      value = dm_tag_json(tree, tag, budget);
    if (value)
      nx_json_set(common, tag->name, value);
  }
  return common;
}

json_object *dm_raw_image(const DmTree *tree, const DmImage *image, json_object *common, DmBudget *budget)
{
  json_object *raw = json_object_new_object();
  json_object_object_foreach(common, key, value)
  {
    if (budget->values == 0)
      break;
    budget->values--;
    nx_json_set(raw, key, json_object_get(value));
  }
  json_object *tags = json_object_new_object();
  set_tag(tree, dm_tag_find(tree, image->group, "ImageTags"), tags, "ImageTags", budget);
  set_tag(tree, dm_tag_find(tree, image->group, "Name"), tags, "Name", budget);
  json_object *list = json_object_new_object();
  nx_json_set(list, "TagGroup0", tags);
  nx_json_set(raw, "ImageList", list);
  return raw;
}
