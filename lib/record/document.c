/* document.c — the record, element by element, through libxml2's writer (record-building §9). The writer would also escape quotes in text,
 * which records do not; its text is therefore escaped by the library's own xmlEncodeEntitiesReentrant and written as it is. */
#include "document.h"

#include "parameters.h"

#include <libxml/entities.h>
#include <libxml/schemasInternals.h>
#include <libxml/xmlschemastypes.h>
#include <libxml/xmlwriter.h>

#define NAMESPACE "https://data.nist.gov/od/dm/nexus/experiment/v1.0"
#define INSTANCE "http://www.w3.org/2001/XMLSchema-instance"

typedef struct {
  xmlTextWriterPtr writer;
  xmlDocPtr encoding; /* an empty document that says UTF-8, for the escaping */
  const NxValues *values;
  GTimeZone *zone; /* the instrument's */
  guint dropped; /* characters XML forbids, in the head */
} Document;

void nx_dataset_free(NxDataset *dataset)
{
  g_free(dataset->name);
  g_free(dataset->location);
  g_free(dataset->preview);
  g_free(dataset->type);
  g_array_unref(dataset->parameters);
  g_free(dataset);
}

void nx_activity_free(NxActivity *activity)
{
  g_array_unref(activity->setup);
  g_ptr_array_unref(activity->datasets);
  g_free(activity);
}

/* ---------------------------------------------------------------------------------------------------------- primitives */

static void open_element(Document *document, const char *name)
{
  xmlTextWriterStartElement(document->writer, BAD_CAST name);
}

static void close_element(Document *document)
{
  xmlTextWriterEndElement(document->writer);
}

static char *cleaned(Document *document, const char *text)
{
  guint dropped = 0;
  char *clean = nx_text_for_xml(text, &dropped);
  document->dropped += dropped;
  return clean;
}

static void write_attribute(Document *document, const char *name, const char *text)
{
  g_autofree char *clean = cleaned(document, text);
  xmlTextWriterWriteAttribute(document->writer, BAD_CAST name, BAD_CAST clean);
}

static void write_text(Document *document, const char *text)
{
  g_autofree char *clean = cleaned(document, text);
  xmlChar *escaped = xmlEncodeEntitiesReentrant(document->encoding, BAD_CAST clean);
  xmlTextWriterWriteRaw(document->writer, escaped);
  xmlFree(escaped);
}

static void write_element(Document *document, const char *name, const char *text)
{
  open_element(document, name);
  write_text(document, text);
  close_element(document);
}

/* The member as an element: absent or null, none. */
static void write_member(Document *document, json_object *object, const char *key, const char *name)
{
  const char *text = nx_json_get_string(object, key);
  if (text)
    write_element(document, name, text);
}

static const char *text_or_null(json_object *object, const char *key)
{
  const char *text = nx_json_get_string(object, key);
  return text && *text ? text : NULL;
}

/* The text as a value of that type; NULL when there is none, and with a warning when the schema would not take it: that would
 * cost the whole record. */
static char *typed_text(Document *document, xmlSchemaValType kind, const char *text)
{
  xmlSchemaTypePtr type = xmlSchemaGetBuiltInType(kind);
  g_autofree char *clean = text ? cleaned(document, text) : NULL;
  if (!clean || xmlSchemaValidatePredefinedType(type, BAD_CAST clean, NULL) == 0)
    return g_steal_pointer(&clean);
  g_autofree char *shown = nx_text_beginning(clean);
  nx_log_warning("'%s' is left out of the record: it is no valid %s", shown, (const char *)type->name);
  return NULL;
}

/* ----------------------------------------------------------------------------------------------------------------- head */

/* An instant of the reservation; NULL, with a warning when it is there and cannot be read. */
static GDateTime *reservation_time(const Document *document, json_object *session, const char *key)
{
  const char *text = nx_json_get_string(nx_json_get(session, "reservation"), key);
  g_autoptr(GError) problem = NULL;
  GDateTime *instant = text ? nx_time_parse(text, document->zone, &problem) : NULL;
  if (problem)
    nx_log_warning("the reservation's %s is left out: %s", key, problem->message);
  return instant;
}

static const char *instrument_name(json_object *session)
{
  json_object *instrument = nx_json_get(session, "instrument");
  const char *name = text_or_null(instrument, "display_name");
  return name ? name : nx_json_get_string(instrument, "instrument_pid");
}

/* "Tuesday Nov. 13, 2018", in English whatever the locale. */
static char *english_date(GDateTime *instant)
{
  static const char *const DAYS[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return g_strdup_printf("%s %s. %02d, %04d", DAYS[g_date_time_get_day_of_week(instant) - 1], MONTHS[g_date_time_get_month(instant) - 1],
                         g_date_time_get_day_of_month(instant), g_date_time_get_year(instant));
}

static void write_title(Document *document, json_object *session, GDateTime *start)
{
  const char *own = text_or_null(nx_json_get(session, "reservation"), "experiment_title");
  g_autofree char *date = start ? english_date(start) : NULL;
  g_autofree char *made = g_strdup_printf("Experiment on the %s%s%s", instrument_name(session), date ? " on " : "", date ? date : "");
  write_element(document, "title", own ? own : made);
}

static void write_time(Document *document, const char *name, GDateTime *instant)
{
  g_autoptr(GDateTime) local = instant ? g_date_time_to_timezone(instant, document->zone) : NULL; /* NULL: there it is the year 10000 */
  g_autofree char *text = instant ? nx_time_format(local ? local : instant) : NULL;
  g_autofree char *valid = typed_text(document, XML_SCHEMAS_DATETIME, text);
  if (valid)
    write_element(document, name, valid);
}

static void write_summary(Document *document, json_object *session, GDateTime *start, GDateTime *end)
{
  json_object *reservation = nx_json_get(session, "reservation");
  const char *purpose = text_or_null(reservation, "experiment_purpose");
  const char *person = text_or_null(reservation, "user_full_name");
  g_autofree char *url = typed_text(document, XML_SCHEMAS_ANYURI, text_or_null(reservation, "url"));
  if (!person)
    person = text_or_null(reservation, "username");
  open_element(document, "summary");
  if (url)
    write_attribute(document, "ref", url);
  if (person)
    write_element(document, "experimenter", person);
  open_element(document, "instrument");
  write_attribute(document, "pid", nx_json_get_string(nx_json_get(session, "instrument"), "instrument_pid"));
  write_text(document, instrument_name(session));
  close_element(document);
  write_time(document, "reservationStart", start);
  write_time(document, "reservationEnd", end);
  if (purpose)
    write_element(document, "motivation", purpose);
  close_element(document);
}

/* One empty element for each chemical symbol, each once. A symbol that could not be an element's name at all is refused here; whether it is
 * in the periodic table is for the schema to say. */
static gboolean write_elements(Document *document, json_object *symbols, GError **err)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  open_element(document, "elements");
  for (gsize i = 0; i < json_object_array_length(symbols); i++) {
    json_object *symbol = json_object_array_get_idx(symbols, i);
    const char *text = json_object_is_type(symbol, json_type_string) ? json_object_get_string(symbol) : NULL;
    if (!text || xmlValidateNCName(BAD_CAST text, 0) != 0) {
      g_set_error(err, NX_ERROR, NX_ERROR_DATA, "'%s' among the elements of a sample is not the symbol of a chemical element",
                  text ? text : json_object_to_json_string(symbol));
      return FALSE;
    }
    if (!g_hash_table_add(seen, (gpointer)text))
      continue;
    open_element(document, text);
    close_element(document);
  }
  close_element(document);
  return TRUE;
}

static gboolean write_sample(Document *document, json_object *sample, const char *id, GError **err)
{
  json_object *symbols = nx_json_get(sample, "elements");
  const char *pid = nx_json_get_string(sample, "pid");
  open_element(document, "sample");
  if (pid)
    write_attribute(document, "ref", pid);
  write_attribute(document, "id", id);
  write_member(document, sample, "name", "name");
  write_member(document, sample, "details", "description");
  if (json_object_is_type(symbols, json_type_array) && !write_elements(document, symbols, err))
    return FALSE;
  close_element(document);
  return TRUE;
}

static void write_project(Document *document, json_object *reservation, json_object *project)
{
  g_autofree char *ref = typed_text(document, XML_SCHEMAS_ANYURI, nx_json_get_string(project, "ref"));
  open_element(document, "project");
  write_member(document, project, "name", "name");
  write_member(document, reservation, "division", "division");
  write_member(document, reservation, "group", "group");
  write_member(document, project, "id", "project_id");
  if (ref)
    write_element(document, "ref", ref);
  close_element(document);
}

/* The members of an array, or one NULL for none. */
static gsize count_members(json_object *array)
{
  return json_object_is_type(array, json_type_array) ? MAX(json_object_array_length(array), 1) : 1;
}

static json_object *member(json_object *array, gsize i)
{
  return json_object_is_type(array, json_type_array) ? json_object_array_get_idx(array, i) : NULL;
}

static gboolean write_head(Document *document, json_object *session, const char *const *sample_ids, GError **err)
{
  json_object *reservation = nx_json_get(session, "reservation");
  json_object *samples = nx_json_get(reservation, "samples"), *projects = nx_json_get(reservation, "projects");
  g_autoptr(GDateTime) start = reservation_time(document, session, "start_time");
  g_autoptr(GDateTime) end = reservation_time(document, session, "end_time");
  const char *id = text_or_null(reservation, "internal_id");
  write_title(document, session, start);
  if (id)
    write_element(document, "id", id);
  write_summary(document, session, start, end);
  for (gsize i = 0; i < count_members(samples); i++)
    if (!write_sample(document, member(samples, i), sample_ids[i], err))
      return FALSE;
  for (gsize i = 0; i < count_members(projects); i++)
    write_project(document, reservation, member(projects, i));
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------------- activities */

static void write_parameters(Document *document, const char *element, const GArray *parameters)
{
  for (guint i = 0; i < parameters->len; i++) {
    const NxParameter *parameter = &g_array_index(parameters, NxParameter, i);
    const char *unit = nx_values_unit(document->values, parameter->value);
    open_element(document, element);
    write_attribute(document, "name", nx_values_name(document->values, parameter->name));
    if (parameter->warning)
      write_attribute(document, "warning", "true");
    if (unit)
      write_attribute(document, "unit", unit);
    write_text(document, nx_values_text(document->values, parameter->value));
    close_element(document);
  }
}

static void write_dataset(Document *document, const NxDataset *dataset)
{
  open_element(document, "dataset");
  write_attribute(document, "type", dataset->type);
  write_attribute(document, "role", "Experimental");
  write_element(document, "name", dataset->name);
  write_element(document, "location", dataset->location);
  if (dataset->preview)
    write_element(document, "preview", dataset->preview);
  write_parameters(document, "meta", dataset->parameters);
  close_element(document);
}

static void write_activity(Document *document, const NxActivity *activity, guint number, const char *sample_id)
{
  g_autofree char *seqno = g_strdup_printf("%u", number);
  g_autoptr(GDateTime) start = nx_time_from_epoch(activity->start, document->zone);
  open_element(document, "acquisitionActivity");
  write_attribute(document, "seqno", seqno);
  write_time(document, "startTime", start);
  write_element(document, "sampleID", sample_id);
  open_element(document, "setup");
  write_parameters(document, "param", activity->setup);
  close_element(document);
  for (guint i = 0; i < activity->datasets->len; i++)
    write_dataset(document, g_ptr_array_index(activity->datasets, i));
  close_element(document);
}

/* ------------------------------------------------------------------------------------------------------------- document */

static int append_output(void *text, const char *bytes, int length)
{
  g_string_append_len(text, bytes, length);
  return length;
}

static void start_document(Document *document)
{
  xmlTextWriterSetIndent(document->writer, 1);
  xmlTextWriterSetIndentString(document->writer, BAD_CAST "  ");
  xmlTextWriterSetQuoteChar(document->writer, '\'');
  xmlTextWriterStartDocument(document->writer, "1.0", "UTF-8", NULL);
  xmlTextWriterSetQuoteChar(document->writer, '"');
  open_element(document, "Experiment");
  write_attribute(document, "xmlns", NAMESPACE);
  write_attribute(document, "xmlns:xsi", INSTANCE);
  write_attribute(document, "xmlns:nx", NAMESPACE);
}

GString *nx_document_write(json_object *session, const char *const *sample_ids, const GPtrArray *activities, const NxValues *values,
                           GError **err)
{
  GString *text = g_string_new(NULL);
  Document document = {.values = values, .zone = nx_line_zone(session), .encoding = xmlNewDoc(BAD_CAST "1.0")};
  document.encoding->encoding = xmlStrdup(BAD_CAST "UTF-8");
  document.writer = xmlNewTextWriter(xmlOutputBufferCreateIO(append_output, NULL, text, NULL));
  start_document(&document);
  gboolean good = write_head(&document, session, sample_ids, err);
  for (guint i = 0; good && i < activities->len; i++)
    write_activity(&document, g_ptr_array_index(activities, i), i, sample_ids[0]);
  xmlTextWriterEndDocument(document.writer);
  xmlFreeTextWriter(document.writer);
  xmlFreeDoc(document.encoding);
  if (document.dropped)
    nx_log_warning("%u characters that XML forbids were left out of the record", document.dropped);
  if (good)
    return text;
  g_string_free(text, TRUE);
  return NULL;
}
