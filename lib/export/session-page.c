/* session-page.c — see session-page.h. The tree is libxml2's; it is written here, because lines, quotes and void elements are prescribed. */
#include "session-page.h"

#include <string.h>

#define PAGE "page"

xmlNode *nx_page_new(void)
{
  return xmlNewNode(NULL, (const xmlChar *)PAGE);
}

void nx_page_free(xmlNode *page)
{
  xmlFreeNode(page);
}

xmlNode *nx_page_add(xmlNode *parent, const char *name, const char *text)
{
  g_autofree char *allowed = text ? nx_text_for_xml(text, NULL) : NULL;
  return xmlNewTextChild(parent, NULL, (const xmlChar *)name, (const xmlChar *)allowed);
}

void nx_page_set(xmlNode *element, const char *attribute, const char *value)
{
  g_autofree char *allowed = nx_text_for_xml(value, NULL);
  xmlNewProp(element, (const xmlChar *)attribute, (const xmlChar *)allowed);
}

/* --------------------------------------------------------------------------------------------------------------- writing */

/* Where line ends stand; elements that are not named here are written in one line. */
static const struct {
  const char *name;
  gboolean before_child, before_end;
} LINES[] = {{"ul", TRUE, TRUE}, {"table", TRUE, FALSE}, {"tr", TRUE, TRUE}};

static const char *const VOID_ELEMENTS[] = {"br", "img", NULL};

static const char SPECIAL[] = "&<>\"'";
static const char *const ESCAPES[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"}; /* of the characters of SPECIAL, in their order */

static void write_escaped(GString *out, const char *text)
{
  for (const char *at = text ? text : ""; *at;) {
    gsize plain = strcspn(at, SPECIAL);
    g_string_append_len(out, at, (gssize)plain);
    at += plain;
    if (*at)
      g_string_append(out, ESCAPES[strchr(SPECIAL, *at++) - SPECIAL]);
  }
}

static void write_attributes(GString *out, const xmlNode *element)
{
  for (const xmlAttr *each = element->properties; each; each = each->next) {
    g_string_append_printf(out, " %s=\"", (const char *)each->name);
    write_escaped(out, each->children ? (const char *)each->children->content : "");
    g_string_append_c(out, '"');
  }
}

static void write_node(GString *out, const xmlNode *node);

static void write_children(GString *out, const xmlNode *element)
{
  gboolean before_child = FALSE, before_end = FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(LINES); i++)
    if (g_str_equal(LINES[i].name, element->name)) {
      before_child = LINES[i].before_child;
      before_end = LINES[i].before_end;
    }
  gboolean is_page = g_str_equal(PAGE, element->name);
  for (const xmlNode *child = element->children; child; child = child->next) {
    if (before_child || (is_page && child->prev))
      g_string_append_c(out, '\n');
    write_node(out, child);
  }
  if (before_end)
    g_string_append_c(out, '\n');
}

static void write_node(GString *out, const xmlNode *node)
{
  const char *name = (const char *)node->name;
  if (node->type == XML_TEXT_NODE) {
    write_escaped(out, (const char *)node->content);
    return;
  }
  g_string_append_printf(out, "<%s", name);
  write_attributes(out, node);
  g_string_append_c(out, '>');
  if (g_strv_contains(VOID_ELEMENTS, name))
    return;
  write_children(out, node);
  g_string_append_printf(out, "</%s>", name);
}

char *nx_page_text(const xmlNode *node)
{
  GString *out = g_string_new(NULL);
  if (g_str_equal(node->name, PAGE))
    write_children(out, node);
  else
    write_node(out, node);
  return g_string_free(out, FALSE);
}

/* ------------------------------------------------------------------------------------------------------------- a session */

char *nx_page_time(const char *text)
{
  gboolean has_offset = text && nx_time_has_offset(text);
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  g_autoptr(GDateTime) instant = text ? nx_time_parse(text, has_offset ? NULL : utc, NULL) : NULL;
  char *shown = instant ? nx_time_format(instant) : g_strdup(text ? text : "");
  if (instant && !has_offset)
    shown[strlen(shown) - strlen("+00:00")] = '\0';
  return shown;
}

const char *nx_page_cdcs_link(json_object *context)
{
  json_object *result = nx_json_get(nx_json_get(context, "previous_results"), "cdcs");
  const char *address = nx_json_get_boolean(result, "success") ? nx_json_get_string(result, "record_url") : NULL;
  return address && *address ? address : NULL;
}

static void add_particular(xmlNode *list, const char *name, const char *value)
{
  xmlNode *item = nx_page_add(list, "li", NULL);
  g_autofree char *rest = g_strconcat(": ", value ? value : "", NULL), *allowed = nx_text_for_xml(rest, NULL);
  nx_page_add(item, "strong", name);
  xmlAddChild(item, xmlNewText((const xmlChar *)allowed));
}

static void add_link(xmlNode *page, const char *address)
{
  nx_page_add(page, "h2", "Related Records");
  xmlNode *link = nx_page_add(nx_page_add(nx_page_add(page, "ul", NULL), "li", NULL), "a", "View in CDCS");
  nx_page_set(link, "href", address);
}

void nx_page_add_session(xmlNode *page, json_object *context)
{
  const char *user = nx_json_get_string(context, "user"), *address = nx_page_cdcs_link(context);
  g_autofree char *start = nx_page_time(nx_json_get_string(context, "dt_from"));
  g_autofree char *end = nx_page_time(nx_json_get_string(context, "dt_to"));
  nx_page_add(page, "h1", NX_PAGE_TITLE);
  nx_page_add(page, "h2", "Session Details");
  xmlNode *list = nx_page_add(page, "ul", NULL);
  add_particular(list, "Session ID", nx_json_get_string(context, "session_identifier"));
  add_particular(list, "Instrument", nx_json_get_string(context, "instrument_pid"));
  if (user && *user)
    add_particular(list, "User", user);
  add_particular(list, "Start", start);
  add_particular(list, "End", end);
  if (address)
    add_link(page, address);
}
