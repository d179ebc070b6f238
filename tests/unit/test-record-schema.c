/* test-record-schema.c — our schema of records and the official one (corpus/schema) are of one mind: on every record of the corpus, on a
 * document that uses all of the language, and on what becomes of them when something is taken out, put in, moved or changed. */
#include "nx-record.h"

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <string.h>

#define NAMESPACE "https://data.nist.gov/od/dm/nexus/experiment/v1.0"
#define INSTANCE "http://www.w3.org/2001/XMLSchema-instance"

static char *corpus_path(const char *folder)
{
  const char *corpus = g_getenv("NX_CORPUS"), *source = g_getenv("NX_SOURCE");
  g_autofree char *beside = g_build_filename(source ? source : ".", "..", "shared", "corpus", NULL);
  return g_build_filename(corpus ? corpus : beside, folder, NULL);
}

static char *our_schema_path(void)
{
  const char *source = g_getenv("NX_SOURCE");
  return g_build_filename(source ? source : ".", "share", "schema", "nexus-experiment.xsd", NULL);
}

static void be_silent(void *data, const char *message, ...)
{
  (void)data;
  (void)message;
}

static xmlSchemaPtr parse_schema(const char *path)
{
  xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(path);
  xmlSchemaSetParserErrors(parser, be_silent, be_silent, NULL);
  xmlSchemaPtr schema = xmlSchemaParse(parser);
  xmlSchemaFreeParserCtxt(parser);
  return schema;
}

static gboolean is_valid(xmlSchemaPtr schema, xmlDocPtr document)
{
  xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema);
  xmlSchemaSetValidErrors(context, be_silent, be_silent, NULL);
  gboolean valid = xmlSchemaValidateDoc(context, document) == 0;
  xmlSchemaFreeValidCtxt(context);
  return valid;
}

typedef struct {
  xmlSchemaPtr ours, theirs;
  guint valid, invalid;
} Judges;

static void compare(Judges *judges, xmlDocPtr document, const char *what)
{
  gboolean ours = is_valid(judges->ours, document), theirs = is_valid(judges->theirs, document);
  if (ours != theirs) {
    xmlChar *text;
    int length;
    xmlDocDumpMemory(document, &text, &length);
    g_test_message("%s", (char *)text);
    g_error("%s: %s by ours, %s by the official schema", what, ours ? "valid" : "invalid", theirs ? "valid" : "invalid");
  }
  *(theirs ? &judges->valid : &judges->invalid) += 1;
}

/* ----------------------------------------------------------------------------------------------------------- mutations */

static void remove_node(xmlNodePtr node)
{
  xmlUnlinkNode(node);
  xmlFreeNode(node);
}

static void double_node(xmlNodePtr node)
{
  xmlAddNextSibling(node, xmlCopyNode(node, 1));
}

static void move_to_end(xmlNodePtr node)
{
  xmlNodePtr parent = node->parent;
  xmlUnlinkNode(node);
  xmlAddChild(parent, node);
}

static void move_to_start(xmlNodePtr node)
{
  xmlNodePtr first = node->parent->children;
  if (first != node)
    xmlAddPrevSibling(first, node);
}

static void add_stranger(xmlNodePtr node)
{
  xmlNewChild(node, node->ns, BAD_CAST "stranger", NULL);
}

static void leave_namespace(xmlNodePtr node)
{
  xmlSetNs(node, NULL);
}

static void add_text(xmlNodePtr node)
{
  xmlAddChild(node, xmlNewText(BAD_CAST "loose words"));
}

static void add_attribute(xmlNodePtr node)
{
  xmlNewProp(node, BAD_CAST "stranger", BAD_CAST "x");
}

static void (*const CHANGES[])(xmlNodePtr) = {remove_node,  double_node,     move_to_end, move_to_start,
                                              add_stranger, leave_namespace, add_text,    add_attribute};

static const char *const TEXTS[] = {
    "",           "x",     "12",      "-3",        "1.5",           "true",       "2024-03-10T13:00:00-04:00",
    "2024-13-99", "Image", "Derived", "a  b \n c", "http://[::bad", "FEI Helios", "Fe"};
static const char *const NAMES[] = {"name", "summary", "elements", "Fe", "Xx", "meta", "p", "setup"};
static const char *const TYPES[] = {"nx:TextEntry",      "nx:ImageEntry", "nx:TableEntry", "nx:Entry",  "nx:DatasetType",
                                    "nx:InstrumentName", "nx:Parameter",  "nx:TableCell",  "nx:Nothing"};
static const char *const ATTRIBUTES[] = {"pid", "ref", "id", "seqno", "name", "unit", "warning", "type", "role", "source", "colid"};

static void collect(xmlNodePtr node, GPtrArray *nodes)
{
  for (; node; node = node->next)
    if (node->type == XML_ELEMENT_NODE) {
      g_ptr_array_add(nodes, node);
      collect(node->children, nodes);
    }
}

/* The element of that number in a copy of the document. */
static xmlNodePtr copy_and_find(xmlDocPtr document, guint index, xmlDocPtr *copy)
{
  *copy = xmlCopyDoc(document, 1);
  g_autoptr(GPtrArray) nodes = g_ptr_array_new();
  collect((*copy)->children, nodes);
  return g_ptr_array_index(nodes, index);
}

#define WITH_COPY(statement, what)                                                                                                         \
  do {                                                                                                                                     \
    xmlDocPtr copy;                                                                                                                        \
    xmlNodePtr node = copy_and_find(document, index, &copy);                                                                               \
    statement;                                                                                                                             \
    compare(judges, copy, what);                                                                                                           \
    xmlFreeDoc(copy);                                                                                                                      \
  } while (0)

static void change_element(Judges *judges, xmlDocPtr document, guint index, gboolean is_leaf)
{
  for (gsize i = 0; i < G_N_ELEMENTS(CHANGES); i++)
    WITH_COPY(CHANGES[i](node), "structure");
  for (gsize i = 0; is_leaf && i < G_N_ELEMENTS(TEXTS); i++)
    WITH_COPY(xmlNodeSetContent(node, BAD_CAST TEXTS[i]), TEXTS[i]);
  for (gsize i = 0; i < G_N_ELEMENTS(NAMES); i++)
    WITH_COPY(xmlNodeSetName(node, BAD_CAST NAMES[i]), NAMES[i]);
  for (gsize i = 0; i < G_N_ELEMENTS(TYPES); i++)
    WITH_COPY(xmlNewNsProp(node, xmlSearchNs(copy, node, BAD_CAST "xsi"), BAD_CAST "type", BAD_CAST TYPES[i]), TYPES[i]);
  for (gsize a = 0; a < G_N_ELEMENTS(ATTRIBUTES); a++) {
    WITH_COPY(xmlUnsetProp(node, BAD_CAST ATTRIBUTES[a]), ATTRIBUTES[a]);
    for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++)
      WITH_COPY(xmlSetProp(node, BAD_CAST ATTRIBUTES[a], BAD_CAST TEXTS[i]), ATTRIBUTES[a]);
  }
}

static char *shape(xmlNodePtr node)
{
  xmlChar *type = xmlGetNsProp(node, BAD_CAST "type", BAD_CAST INSTANCE);
  char *text = g_strdup_printf("%s/%s(%s)", node->parent && node->parent->name ? (char *)node->parent->name : "", node->name,
                               type ? (char *)type : "");
  xmlFree(type);
  return text;
}

/* The first element of each kind; `seen` goes from document to document. */
static void change_document(Judges *judges, xmlDocPtr document, GHashTable *seen)
{
  g_autoptr(GPtrArray) nodes = g_ptr_array_new();
  collect(document->children, nodes);
  for (guint i = 0; i < nodes->len; i++) {
    xmlNodePtr node = g_ptr_array_index(nodes, i);
    if (g_hash_table_add(seen, shape(node)))
      change_element(judges, document, i, xmlFirstElementChild(node) == NULL);
  }
}

/* Every element and attribute of the language once. */
static const char ALL_OF_IT[] =
    "<Experiment xmlns='" NAMESPACE "' xmlns:nx='" NAMESPACE "' xmlns:xsi='" INSTANCE "' pid='p'>"
    "<title>t</title><id>1</id>"
    "<summary ref='http://x/'><experimenter>e</experimenter><collaborator>c</collaborator>"
    "<instrument pid='i' ref='http://x/'>n</instrument>"
    "<reservationStart>2024-03-10T13:00:00-04:00</reservationStart><reservationEnd>2024-03-10T15:00:00Z</reservationEnd>"
    "<motivation>m</motivation></summary>"
    "<sample id='s' ref='r'><name>n</name><description>d</description>"
    "<notes source='ELN'><entry xsi:type='nx:TextEntry'><p>x</p></entry></notes>"
    "<elements><Fe/><O/></elements></sample>"
    "<project><name>n</name><division>d</division><group>g</group><project_id>i</project_id><ref>http://x/</ref></project>"
    "<acquisitionActivity seqno='0'><startTime>2024-03-10T13:00:00-04:00</startTime><sampleID>s</sampleID>"
    "<setup><param name='a' unit='V' warning='true'>1</param></setup>"
    "<notes><entry xsi:type='nx:ImageEntry'><imageURL>http://x/</imageURL></entry></notes>"
    "<dataset type='Image' role='Derived'><name>n</name><location>l</location><format>f</format><description>d</description>"
    "<preview>p</preview><meta name='b' unit='m' warning='false'>2</meta>"
    "<curation><rating>3</rating><featured>true</featured></curation></dataset>"
    "</acquisitionActivity>"
    "<notes><entry xsi:type='nx:TableEntry'><table><title>t</title><header><column id='1'>c</column></header>"
    "<rows><row seqno='1'><cell colid='1'>v</cell></row></rows></table></entry></notes></Experiment>";

static void compare_file(Judges *judges, const char *path, GHashTable *seen)
{
  xmlDocPtr document = xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS);
  g_assert_nonnull(document);
  compare(judges, document, path);
  if (xmlSearchNs(document, xmlDocGetRootElement(document), BAD_CAST "xsi") && is_valid(judges->theirs, document))
    change_document(judges, document, seen);
  xmlFreeDoc(document);
}

static void compare_corpus(Judges *judges, GHashTable *seen)
{
  g_autofree char *folder = corpus_path("records");
  g_autoptr(GDir) records = g_dir_open(folder, 0, NULL);
  const char *name;
  while (records && (name = g_dir_read_name(records))) {
    if (!g_str_has_suffix(name, ".xml"))
      continue;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    compare_file(judges, path, seen);
  }
}

static void test_same_language(void)
{
  g_autofree char *ours = our_schema_path(), *theirs = corpus_path("schema/nexus-experiment.xsd");
  if (!g_file_test(theirs, G_FILE_TEST_EXISTS)) {
    g_test_skip("corpus/schema not found (set NX_CORPUS)");
    return;
  }
  Judges judges = {.ours = parse_schema(ours), .theirs = parse_schema(theirs)};
  g_assert_nonnull(judges.ours);
  g_assert_nonnull(judges.theirs);
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  xmlDocPtr document = xmlReadMemory(ALL_OF_IT, (int)strlen(ALL_OF_IT), NULL, NULL, XML_PARSE_NONET);
  g_assert_true(is_valid(judges.theirs, document));
  compare(&judges, document, "all of it");
  change_document(&judges, document, seen);
  xmlFreeDoc(document);
  compare_corpus(&judges, seen);
  g_test_message("%u valid and %u invalid documents", judges.valid, judges.invalid);
  g_assert_cmpuint(judges.valid, >, 100);
  g_assert_cmpuint(judges.invalid, >, 100);
  xmlSchemaFree(judges.ours);
  xmlSchemaFree(judges.theirs);
}

static void test_every_element(void)
{
  g_autofree char *ours = our_schema_path(), *theirs = corpus_path("schema/nexus-experiment.xsd");
  if (!g_file_test(theirs, G_FILE_TEST_EXISTS)) {
    g_test_skip("corpus/schema not found (set NX_CORPUS)");
    return;
  }
  Judges judges = {.ours = parse_schema(ours), .theirs = parse_schema(theirs)};
  for (char first = 'A'; first <= 'Z'; first++) {
    for (char second = 'a' - 1; second <= 'z'; second++) {
      char symbol[3] = {first, second >= 'a' ? second : '\0', '\0'};
      g_autofree char *text =
          g_strdup_printf("<Experiment xmlns='" NAMESPACE "'><summary/><sample><elements><%s/></elements></sample></Experiment>", symbol);
      xmlDocPtr document = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET);
      compare(&judges, document, symbol);
      xmlFreeDoc(document);
    }
  }
  g_assert_cmpuint(judges.valid, ==, 118);
  xmlSchemaFree(judges.ours);
  xmlSchemaFree(judges.theirs);
}

/* -------------------------------------------------------------------------------------------------------------- reasons */

static void check_text(const char *text, const char *reason)
{
  g_autofree char *path = our_schema_path();
  g_autoptr(GError) err = NULL;
  g_autoptr(NxSchema) schema = nx_schema_new(path, &err);
  g_assert_no_error(err);
  gboolean valid = nx_schema_check(schema, text, strlen(text), &err);
  g_assert_true(valid == (reason == NULL));
  if (reason) {
    g_assert_error(err, NX_ERROR, NX_ERROR_DATA);
    g_test_message("%s", err->message);
    g_assert_nonnull(strstr(err->message, reason));
  }
}

static void test_reasons(void)
{
  check_text("<Experiment xmlns='" NAMESPACE "'><summary/></Experiment>", NULL);
  check_text("<Experiment xmlns='" NAMESPACE "'>\n<title/></Experiment>", "line 2: ");
  check_text("<Experiment xmlns='" NAMESPACE "'><summary/><summary/></Experiment>", "summary");
  check_text("<Experiment xmlns='" NAMESPACE "'><summary/>", "line 1");
  check_text("", "");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  xmlSetGenericErrorFunc(NULL, be_silent);
  g_test_add_func("/schema/ours and the official one agree on every record and on everything done to them", test_same_language);
  g_test_add_func("/schema/ours and the official one know the same 118 chemical elements", test_every_element);
  g_test_add_func("/schema/a record that is not valid is refused with a reason and its line", test_reasons);
  int result = g_test_run();
  xmlCleanupParser();
  return result;
}
