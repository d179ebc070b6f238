/* test-record.c — values, units, names and parameters of records. Expected values: record-building §7–8 and §11.1, extractors-b §9–11. */
#include "names.h"
#include "parameters.h"
#include "units.h"

#include <math.h>
#include <string.h>

static json_object *json(const char *text)
{
  g_autofree char *wrapped = g_strdup_printf("[%s]", text);
  g_autoptr(GError) err = NULL;
  g_autoptr(json_object) array = nx_json_parse(wrapped, strlen(wrapped), &err);
  g_assert_no_error(err);
  return json_object_get(json_object_array_get_idx(array, 0));
}

/* ------------------------------------------------------------------------------------------------------------- values */

static const struct {
  const char *json, *text, *unit;
} WRITTEN[] = {
    {"\"as is\"", "as is", NULL},
    {"\"\"", "", NULL},
    {"13000", "13000", NULL},
    {"-7", "-7", NULL},
    {"18446744073709551615", "18446744073709551615", NULL},
    {"13000.0", "13000.0", NULL},
    {"300000.0", "300000.0", NULL},
    {"-0.0", "-0.0", NULL},
    {"0.0001", "0.0001", NULL},
    {"1e-5", "1e-05", NULL},
    {"5e-6", "5e-06", NULL},
    {"1E16", "1e+16", NULL},
    {"1.5e-310", "1.5e-310", NULL},
    {"18446744073709551616", "18446744073709551616", NULL},
    {"-9223372036854775809", "-9223372036854775809", NULL},
    {"[36893488147419103232]", "[36893488147419103232]", NULL},
    {"true", "True", NULL},
    {"false", "False", NULL},
    {"null", "None", NULL},
    {"[1, 2.5, \"x\"]", "[1, 2.5, 'x']", NULL},
    {"[]", "[]", NULL},
    {"[\"it's\", \"both ' and \\\"\", null, true, [\"a\\\\b\"]]", "[\"it's\", 'both \\' and \"', None, True, ['a\\\\b']]", NULL},
    {"{\"value\": 5, \"unit\": \"kilovolt\"}", "5.0", "kV"},
    {"{\"unit\": \"micrometer\", \"value\": -134.755}", "-134.755", "\u00B5m"},
    {"{\"value\": 2, \"unit\": \"\"}", "2.0", NULL},
    {"{\"value\": 2, \"unit\": \"dimensionless\"}", "2.0", NULL},
    {"{\"value\": 2, \"unit\": null}", "2.0", NULL},
    {"\"a\\u0001b\\u0000c\\uffff\"", "abc", NULL},
};

static void test_written(void)
{
  g_autoptr(NxValues) values = nx_values_new();
  for (gsize i = 0; i < G_N_ELEMENTS(WRITTEN); i++) {
    g_autoptr(json_object) value = json(WRITTEN[i].json);
    guint32 number = nx_values_add(values, value, "test");
    g_assert_cmpstr(nx_values_text(values, number), ==, WRITTEN[i].text);
    g_assert_cmpstr(nx_values_unit(values, number), ==, WRITTEN[i].unit);
  }
}

static const struct {
  const char *name, *symbol;
} SYMBOLS[] = {
    {"degree", "deg"},
    {"degree_Celsius", "\u00B0C"},
    {"angstrom", "\u00C5"},
    {"percent", "%"},
    {"electron_volt/pixel", "eV / pixel"},
    {"1 / nanometer", "1 / nm"},
    {"1/nanometer", "1 / nm"},
    {"meter ** 2", "m ** 2"},
    {"meter**2", "m ** 2"},
    {"kilovolt * second", "kV * s"},
    {"volt/meter/second", "V / m / s"},
    {"second ** -1", "1 / s"},
    {"furlong", "furlong"},
    {"furlong/second", "furlong / s"},
    {"what is (this)", "what is (this)"},
    {"meter ** 0.5", "meter ** 0.5"},
    {"meter ** 10", "meter ** 10"},
    {"meter ** -9223372036854775808", "meter ** -9223372036854775808"},
    {"kiloX", "kX"},
    {"millibar", "mbar"},
    {"minute", "min"},
    {"", ""},
};

static void test_symbols(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(SYMBOLS); i++) {
    g_autofree char *symbol = nx_unit_symbol(SYMBOLS[i].name);
    g_assert_cmpstr(symbol, ==, SYMBOLS[i].symbol);
  }
}

static const struct {
  const char *a, *b;
  gboolean equal;
} PAIRS[] = {
    {"\"x\"", "\"x\"", TRUE},
    {"\"x\"", "\"X\"", FALSE},
    {"1", "1.0", TRUE},
    {"1", "true", TRUE},
    {"0.0", "false", TRUE},
    {"0.0", "-0.0", TRUE},
    {"1", "\"1\"", FALSE},
    {"true", "\"True\"", FALSE},
    {"null", "null", TRUE},
    {"null", "0", FALSE},
    {"null", "\"None\"", FALSE},
    {"9007199254740993", "9007199254740992.0", FALSE},
    {"9007199254740993", "9007199254740993", TRUE},
    {"[1, \"a\"]", "[1.0, \"a\"]", TRUE},
    {"[1]", "[1, 2]", FALSE},
    {"[1]", "1", FALSE},
    {"{\"value\":200,\"unit\":\"kilovolt\"}", "{\"value\":200000,\"unit\":\"volt\"}", TRUE},
    {"{\"value\":0.3,\"unit\":\"millimeter\"}", "{\"value\":300,\"unit\":\"micrometer\"}", TRUE},
    {"{\"value\":0.30000000000000004,\"unit\":\"millimeter\"}", "{\"value\":0.3,\"unit\":\"millimeter\"}", FALSE},
    {"{\"value\":0.30000000000000004,\"unit\":\"millimeter\"}", "{\"value\":300,\"unit\":\"micrometer\"}", FALSE},
    {"{\"value\":1,\"unit\":\"minute\"}", "{\"value\":60,\"unit\":\"second\"}", TRUE},
    {"{\"value\":-1.5,\"unit\":\"minute\"}", "{\"value\":-90,\"unit\":\"second\"}", TRUE},
    {"{\"value\":1,\"unit\":\"volt\"}", "{\"value\":1,\"unit\":\"meter\"}", FALSE},
    {"{\"value\":1,\"unit\":\"volt\"}", "{\"value\":-1,\"unit\":\"volt\"}", FALSE},
    {"{\"value\":0,\"unit\":\"volt\"}", "{\"value\":-0.0,\"unit\":\"kilovolt\"}", TRUE},
    {"{\"value\":1,\"unit\":\"electron_volt/pixel\"}", "{\"value\":1,\"unit\":\"electron_volt / pixel\"}", TRUE},
    {"{\"value\":1,\"unit\":\"kiloelectron_volt/pixel\"}", "{\"value\":1000,\"unit\":\"electron_volt/pixel\"}", TRUE},
    {"{\"value\":1,\"unit\":\"furlong\"}", "{\"value\":1,\"unit\":\"furlong\"}", TRUE},
    {"{\"value\":1,\"unit\":\"furlong\"}", "{\"value\":1,\"unit\":\"league\"}", FALSE},
    {"{\"value\":1,\"unit\":\"volt\"}", "1", FALSE},
    {"{\"value\":1,\"unit\":\"dimensionless\"}", "1", TRUE},
    {"{\"value\":50,\"unit\":\"percent\"}", "0.5", TRUE},
    {"{\"value\":1,\"unit\":\"volt\"}", "\"1.0\"", FALSE},
};

static void test_equality(void)
{
  g_autoptr(NxValues) values = nx_values_new();
  for (gsize i = 0; i < G_N_ELEMENTS(PAIRS); i++) {
    g_autoptr(json_object) a = json(PAIRS[i].a), b = json(PAIRS[i].b);
    guint32 first = nx_values_add(values, a, "test"), second = nx_values_add(values, b, "test");
    if (nx_values_equal(values, first, second) != PAIRS[i].equal || nx_values_equal(values, second, first) != PAIRS[i].equal)
      g_error("%s and %s", PAIRS[i].a, PAIRS[i].b);
  }
}

static void test_nan(void)
{
  g_autoptr(NxValues) values = nx_values_new();
  g_autoptr(json_object) nan = json_object_new_double(NAN);
  guint32 number = nx_values_add(values, nan, "test");
  g_assert_cmpstr(nx_values_text(values, number), ==, "nan");
  g_assert_false(nx_values_equal(values, number, number));
}

/* -------------------------------------------------------------------------------------------------------------- names */

static const struct {
  const char *key, *shown;
} SHOWN[] = {
    {"acceleration_voltage", "Acceleration Voltage"},
    {"dwell_time", "Pixel Dwell Time"},
    {"detector_type", "Detector"},
    {"dataset_type", "DatasetType"},
    {"instrument_id", "Instrument ID"},
    {"detector_energy_resolution", "Energy Resolution"},
    {"stage_x", "Stage X"},
    {"stage_alpha", "Stage Alpha"},
    {"stage_position", "Stage Position"},
    {"field_of_view", "Field Of View"},
    {"magnification", "magnification"},
    {"Data Type", "Data Type"},
    {"Keep_this", "Keep_this"},
    {"creation_time", "Creation Time"},
    {"x2y_z", "X2Y Z"},
};

static void test_names(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(SHOWN); i++) {
    g_autofree char *shown = nx_field_display_name(SHOWN[i].key);
    g_assert_cmpstr(shown, ==, SHOWN[i].shown);
  }
}

/* --------------------------------------------------------------------------------------------------------- parameters */

/* name[!]=text[ unit], joined by " | ". */
static char *described(const NxValues *values, const GArray *parameters)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < parameters->len; i++) {
    const NxParameter *parameter = &g_array_index(parameters, NxParameter, i);
    const char *unit = nx_values_unit(values, parameter->value);
    g_string_append_printf(out, "%s%s%s=%s%s%s", i ? " | " : "", nx_values_name(values, parameter->name), parameter->warning ? "!" : "",
                           nx_values_text(values, parameter->value), unit ? " " : "", unit ? unit : "");
  }
  return g_string_free(out, FALSE);
}

static void check_parameters(const char *nx_meta, const char *expected, const char *expected_type)
{
  g_autoptr(NxValues) values = nx_values_new();
  g_autoptr(json_object) meta = json(nx_meta);
  g_autofree char *type = NULL;
  g_autoptr(GArray) parameters = nx_parameters_read(values, meta, "test", &type);
  g_autofree char *got = described(values, parameters);
  g_assert_cmpstr(got, ==, expected);
  g_assert_cmpstr(type, ==, expected_type);
}

static void test_flat(void)
{
  check_parameters(
      "{\"acceleration_voltage\": {\"value\":5000.0,\"unit\":\"volt\"}, \"Instrument ID\": null, \"warnings\":[[\"Operator\"]],"
      " \"extensions\": {\"Operator\":\"supervisor\", \"Internal Scan\":true, \"Stage Position\":{\"α\":6.54498e-06}}}",
      "Acceleration Voltage=5000.0 V | Instrument ID=None | Internal Scan=True | Operator!=supervisor | Stage Position – α=6.54498e-06",
      NULL);
  check_parameters("{\"DatasetType\":\"Image\",\"b key\":1,\"a Key\":1,\"B Key 2\":1,\"Ä\":1,\"é\":1,\"Z\":1,\"empty\":{},\"l\":[{}]}",
                   "a Key=1 | b key=1 | B Key 2=1 | l=[{}] | Z=1 | Ä=1 | é=1", "Image");
  check_parameters("{\"a\":1,\"extensions\":{\"a\":2,\"warnings\":[\"a\"]},\"dataset_type\":\"Spectrum\"}", "a!=2", "Spectrum");
  check_parameters("{\"Data Dimensions\":\"1\",\"extensions\":{\"data_dimensions\":\"2\"}}", "Data Dimensions=2", NULL);
  check_parameters("{\"a\":{\"b\":{\"c\":1}},\"a – b\":{\"c\":2}}", "a – b – c=1", NULL);
  check_parameters("{\"extensions\":\"odd\"}", "extensions=odd", NULL);
  check_parameters("null", "", NULL);
}

static void test_warnings(void)
{
  check_parameters(
      "{\"warnings\":[[\"S\",\"t\"],\"bare\",[\"stage_position\",\"x\"],[3],7],"
      "\"S\":{\"t\":1},\"bare\":2,\"stage_position\":{\"x\":3},\"b\":4}",
      "b=4 | bare!=2 | S – t!=1 | Stage Position – x!=3", NULL);
}

static void check_common(const char *const *metas, const char *expected_common, const char *const *expected_own)
{
  g_autoptr(NxValues) values = nx_values_new();
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  for (const char *const *text = metas; *text; text++) {
    g_autoptr(json_object) meta = json(*text);
    g_autofree char *type = NULL;
    g_ptr_array_add(entries, nx_parameters_read(values, meta, "test", &type));
  }
  g_autoptr(GArray) common = nx_parameters_take_common(values, (GArray **)entries->pdata, entries->len);
  g_autofree char *got = described(values, common);
  g_assert_cmpstr(got, ==, expected_common);
  for (guint i = 0; i < entries->len; i++) {
    g_autofree char *own = described(values, g_ptr_array_index(entries, i));
    g_assert_cmpstr(own, ==, expected_own[i]);
  }
}

static void test_common(void)
{
  check_common((const char *const[]){"{\"a\":1,\"b\":2}", NULL}, "", (const char *const[]){"a=1 | b=2"});
  check_common((const char *const[]){"{\"a\":1,\"b\":2,\"V\":{\"value\":200,\"unit\":\"kilovolt\"},\"warnings\":[\"a\"]}",
                                     "{\"a\":1.0,\"b\":3,\"c\":4,\"V\":{\"value\":200000,\"unit\":\"volt\"}}", NULL},
               "a!=1 | V=200.0 kV", (const char *const[]){"b=2", "b=3 | c=4"});
  /* Missing in one entry: not common, wherever that entry stands. */
  check_common((const char *const[]){"{\"a\":1,\"z\":1}", "{\"z\":1}", "{\"a\":1,\"z\":1}", NULL}, "z=1",
               (const char *const[]){"a=1", "", "a=1"});
  check_common((const char *const[]){"{\"z\":1}", "{\"a\":1,\"z\":1}", NULL}, "z=1", (const char *const[]){"", "a=1"});
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  nx_log_start("test-record", 0);
  g_test_add_func("/values/each kind is written as Python would", test_written);
  g_test_add_func("/values/units are written by their symbols, unknown ones as they are", test_symbols);
  g_test_add_func("/values/equality compares numbers, lists and quantities and nothing else across kinds", test_equality);
  g_test_add_func("/values/NaN equals nothing, not even itself", test_nan);
  g_test_add_func("/parameters/core fields have display names", test_names);
  g_test_add_func("/parameters/nested metadata becomes flat, sorted and named", test_flat);
  g_test_add_func("/parameters/warnings find nested names in both spellings", test_warnings);
  g_test_add_func("/parameters/what all have equal is common, the rest their own", test_common);
  return g_test_run();
}
