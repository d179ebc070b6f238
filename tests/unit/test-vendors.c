/* test-vendors.c — files of SmartSEM, JEOL, SerialEM, EPU, OME and Esprit are read as their texts say, key by key. Expected values are
 * worked out by hand from the texts of test-vendors-samples.c. */
#include "extract-corpus.h"
#include "formats.h"
#include "preview/nx-preview.h"
#include "preview/plane.h"
#include "test-vendors-reading.h"
#include "written-quantity.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define COMMON "\"Creation Time\":\"2023-11-14T22:13:20+00:00\",\"Instrument ID\":null,"
#define Q(value, unit) "{\"value\":" #value ",\"unit\":\"" unit "\"}"

static const struct {
  const char *name, *nx_meta;
} EXPECTED[] = {
  { "smart.tif",
    "{" COMMON "\"DatasetType\":\"Image\",\"Data Type\":\"SEM_Imaging\",\"warnings\":[],\"acceleration_voltage\":" Q(5.0, "kilovolt")
    ",\"working_distance\":" Q(3.9, "millimeter") ",\"magnification\":50000.0,\"beam_current\":" Q(1200.0, "picoampere")
    ",\"dwell_time\":" Q(0.1, "microsecond") ",\"pixel_width\":" Q(25.0, "nanometer") ",\"pixel_height\":" Q(25.0, "nanometer")
    ",\"horizontal_field_width\":" Q(1.0, "micrometer") ",\"vertical_field_width\":" Q(0.75, "micrometer") ",\"detector_type\":\"InLens\","
    "\"stage_position\":{\"x\":" Q(62.9961, "millimeter") ",\"rotation\":" Q(245.8, "degree") ",\"tilt_alpha\":" Q(0.0, "degree") "},"
    "\"extensions\":{\"Zoom\":\"Off\",\"System Vacuum\":" Q(4.48e-06, "millibar") ",\"Brightness\":" Q(47.5, "percent") ",\"Gamma\":1.0,"
    "\"Acquisition Date\":\"25 Sep 2018\",\"Acquisition Time\":\"8:20:42\",\"User Name\":\"KEPLER\","
    "\"Software Version\":\"V05.04.03.00 : 16-Apr-10\",\"Data Dimensions\":\"(40, 30)\"}}" },
  { "jeol.tif",
    "{" COMMON "\"DatasetType\":\"Image\",\"Data Type\":\"SEM_Imaging\",\"warnings\":[[\"Operator\"]],\"acceleration_voltage\":" 
    Q(15.0, "kilovolt")
    ",\"working_distance\":" Q(8.0, "millimeter") ",\"magnification\":5000.0,\"emission_current\":" Q(86.7, "microampere")
    ",\"pixel_width\":" Q(25.0, "nanometer") ",\"pixel_height\":" Q(25.0, "nanometer") ",\"detector_type\":\"LEI\","
    "\"extensions\":{\"Acquisition Date\":\"2024/02/05\",\"Acquisition Time\":\"10:11:12\",\"Operator\":\"curie\",\"Instrument\":\"7600F\","
    "\"Format\":\"JEOL-SEM\",\"Version\":1.0,\"Micron Bar\":160.0,\"Micron Marker\":\"4um\",\"Full Size\":\"1280 1024\",\"Column "
    "Mode\":\"GB High\","
    "\"Data Dimensions\":\"(16, 12)\"}}" },
  { "tem.tif",
    "{" COMMON "\"DatasetType\":\"Image\",\"Data Type\":\"TEM_Imaging\",\"warnings\":[],\"acceleration_voltage\":" Q(200.0, "kilovolt")
    ",\"magnification\":100000.0,\"pixel_width\":" Q(0.2, "nanometer") ",\"pixel_height\":" Q(0.25, "nanometer")
    ",\"detector_type\":\"TEM\",\"extensions\":{\"Acquisition Date\":\"2021/03/19\",\"Acquisition Time\":\"10:11:12\","
    "\"Instrument\":\"JEM-2200FS\",\"Version\":0.1,\"Pixelspermeter X\":5000000000.0,\"Pixelspermeter Y\":4000000000.0,"
    "\"Data Dimensions\":\"(16, 12)\"}}" },
  { "tilt.mrc",
    "{" COMMON "\"DatasetType\":\"Image\",\"Data Type\":\"TEM_Imaging\",\"warnings\":[],\"acceleration_voltage\":" Q(300.0, "kilovolt")
    ",\"magnification\":13500.0,\"pixel_width\":" Q(0.5, "nanometer") ",\"pixel_height\":" Q(0.5, "nanometer") ",\"stage_position\":{\"x\":"
    Q(919.141, "micrometer") ",\"y\":" Q(-849.945, "micrometer") ",\"z\":" Q(54.986, "micrometer") ",\"tilt_alpha\":" Q(-20.5, "degree")
        "},"
    "\"extensions\":{\"Data Dimensions\":\"(4, 3, 2)\",\"Number Format\":\"16-bit integer\",\"Space Group\":0,\"Density Minimum\":0.0,"
    "\"Density Maximum\":23.0,\"Density Mean\":11.5,\"Labels\":[\"made up\"],\"Defocus\":" Q(-3.5, "micrometer") ",\"Spot Size\":7.0,"
    "\"Exposure Time\":" Q(1.25, "second") ",\"Binning\":2.0,\"Acquisition Time\":\"25-Mar-21 17:00:46\",\"Image File\":\"tilt.mrc\","
    "\"Sections\":2,\"Tilt Angles\":[-20.5,0.25],\"SerialEM Titles\":[\"SerialEM: made up 25-Mar-21 16:59:53\"]}}" },
  { "epu.mrc",
    "{" COMMON "\"DatasetType\":\"Image\",\"Data Type\":\"TEM_Imaging\",\"warnings\":[],\"acceleration_voltage\":" Q(300.0, "kilovolt")
    ",\"stage_position\":{\"x\":" Q(250.0, "micrometer") ",\"y\":" Q(-500.0, "micrometer") ",\"z\":" Q(125.0, "micrometer")
    ",\"tilt_alpha\":"
    Q(30.0, "degree") ",\"tilt_beta\":" Q(-1.5, "degree")
        "},\"extensions\":{\"Data Dimensions\":\"(4, 3)\",\"Number Format\":\"32-bit real\","
    "\"Space Group\":0,\"Extended Header Type\":\"FEI1\",\"Density Minimum\":0.0,\"Density Maximum\":11.0,\"Density Mean\":5.5}}" },
  { "cells.ome.tif",
    "{" COMMON "\"DatasetType\":\"Image\",\"Data "
    "Type\":\"OME_Imaging\",\"warnings\":[],\"magnification\":40.0,\"acquisition_device\":\"Camera 2\","
    "\"detector_type\":\"CMOS\",\"pixel_width\":" Q(65.0, "nanometer") ",\"pixel_height\":" Q(65.0, "nanometer")
    ",\"stage_position\":{\"x\":"
    Q(1500.0, "micrometer") "},\"extensions\":{\"Creator\":\"by hand\",\"Microscope Manufacturer\":\"Maker\",\"Microscope Model\":\"One\","
    "\"Numerical Aperture\":0.95,\"Dimension Order\":\"XYZCT\",\"Pixel Type\":\"uint8\",\"Planes\":1.0,\"Number of "
    "Channels\":2.0,\"Times\":1.0,"
    "\"Exposure Time\":" Q(0.02, "second") ",\"Image Name\":\"grid\",\"Acquisition Date\":\"2024-02-05T10:11:12\",\"Description\":\"a <b> "
    "c\","
    "\"Channels\":[\"DAPI\",\"\xce\xb1\"],\"Data Dimensions\":\"(16, 12)\",\"Images in File\":2}}" },
  { "map.bcf",
    "{" COMMON "\"DatasetType\":\"SpectrumImage\",\"Data Type\":\"EDS_Spectrum_Imaging\",\"warnings\":[],\"acceleration_voltage\":"
    Q(20.0, "kilovolt")
    ",\"working_distance\":" Q(8.5, "millimeter") ",\"magnification\":1500.0,\"pixel_width\":" Q(125.0, "nanometer") ",\"pixel_height\":"
    Q(125.0, "nanometer") ",\"stage_position\":{\"x\":" Q(66940.81, "micrometer") ",\"y\":" Q(-54233.16, "micrometer") ",\"z\":"
    Q(250.0, "micrometer")
    ",\"rotation\":" Q(90.0, "degree") ",\"tilt_alpha\":" Q(1.5, "degree") "},\"acquisition_time\":" Q(2.5, "second") ",\"live_time\":"
    Q(2.0, "second") ",\"elevation_angle\":" Q(35.0, "degree") ",\"channel_size\":" Q(10.0, "electron_volt") ",\"starting_energy\":"
    Q(-0.5, "kiloelectron_volt") ",\"detector_type\":\"XFlash 6|30\",\"elements\":[\"Fe\",\"O\"],\"extensions\":{\"Dead Time\":" 
    Q(20.0, "percent")
    ",\"Primary Energy\":" Q(20.0, "kiloelectron_volt") ",\"Number of Spectrum Channels\":5.0,\"Map Name\":\"Map 7\",\"Acquisition "
    "Date\":\"5.2.2024\","
    "\"Acquisition Time of Day\":\"10:11:12\",\"File Version\":\"2\",\"Detector Serial Number\":\"11\",\"Data "
    "Dimensions\":\"(3, 2, 5)\"}}" },
};

/* ------------------------------------------------------------------------------------------------------------ metadata */

/* In a record an extension stands for the field that has its name (extractors-b §11). */
static void assert_nothing_hidden(const NxSignal *signal)
{
  json_object_object_foreach(nx_json_get(signal->nx_meta, "extensions"), name, value) {
    (void)value;
    if (strcmp(name, "Data Dimensions") != 0)
      g_assert_cmpstr(nx_meta_is_taken(signal->nx_meta, name) ? name : NULL, ==, NULL);
  }
}

static void test_metadata(gconstpointer data)
{
  const VendorSample *sample = data;
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxOpened) opened = vendor_open_sample(sample);
  g_autoptr(NxSignal) signal = vendor_read(opened);
  g_assert_cmpstr(nx_opened_input(opened)->format->name, ==, sample->format);
  for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
    if (strcmp(EXPECTED[i].name, sample->name) != 0)
      continue;
    g_autoptr(json_object) expected = nx_json_parse(EXPECTED[i].nx_meta, strlen(EXPECTED[i].nx_meta), &problem);
    g_assert_no_error(problem);
    corpus_assert_same(signal->nx_meta, expected, sample->name);
    assert_nothing_hidden(signal);
    g_assert_true(nx_meta_check(signal->nx_meta, sample->name, &problem));
    /* The schema has a place for every field that is not in extensions. */
    corpus_assert_same(signal->nx_meta, expected, sample->name);
    return;
  }
  g_error("no expectation for %s", sample->name);
}

/* A picture that can be drawn and is not the placeholder. */
static void test_preview(gconstpointer data)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxOpened) opened = vendor_open_sample(data);
  g_autoptr(NxSignal) signal = vendor_read(opened);
  g_autoptr(GBytes) png = nx_preview_png(nx_opened_input(opened), signal, 0, 1, &problem), placeholder = nx_preview_placeholder(NULL);
  g_assert_no_error(problem);
  g_assert_nonnull(png);
  g_assert_false(g_bytes_equal(png, placeholder));
}

/* ------------------------------------------------------------------------------------------------------------ SmartSEM */

static NxSignal *read_smartsem(guint width, const char *pixel, const char **format)
{
  g_autofree char *text = vendor_smartsem_text(pixel);
  g_autoptr(GByteArray) bytes = vendor_tiff(width, 30, 34118, 2, text);
  g_autoptr(NxOpened) opened = vendor_open_bytes("other.tif", bytes);
  NxSignal *signal = vendor_read(opened);
  *format = nx_opened_input(opened)->format->name;
  return signal;
}

static void test_smartsem_scaled(void)
{
  const char *format;
  g_autoptr(NxSignal) scaled = read_smartsem(20, "AP_PIXEL_SIZE\r\nPixel Size = 25.00 nm\r\n", &format);
  g_assert_cmpstr(format, ==, "basic_file_info");
  g_autoptr(NxSignal) stored =
      read_smartsem(20, "AP_PIXEL_SIZE\r\nPixel Size = 25.00 nm\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 50.00 nm\r\n", &format);
  g_assert_cmpstr(format, ==, "zeiss_smartsem_tif");
  g_assert_cmpfloat(nx_json_get_double(nx_json_get(stored->nx_meta, "pixel_width"), "value", 0), ==, 50.0);
}

static NxSignal *read_smartsem_text(const char *text, guint width, guint16 type)
{
  g_autoptr(GByteArray) bytes = vendor_tiff(width, 30, 34118, type, text);
  g_autoptr(NxOpened) opened = vendor_open_bytes("other.tif", bytes);
  NxSignal *signal = vendor_read(opened);
  g_assert_cmpstr(nx_opened_input(opened)->format->name, ==, "zeiss_smartsem_tif");
  return signal;
}

/* A program that rewrote the file made bytes of the text. */
static void test_smartsem_bytes(void)
{
  g_autofree char *text = vendor_smartsem_text("AP_PIXEL_SIZE\r\nPixel Size = 25.00 nm\r\n");
  g_autoptr(NxSignal) signal = read_smartsem_text(text, 40, 1);
  json_object *stage = nx_json_get(signal->nx_meta, "stage_position");
  g_assert_cmpfloat(vendor_quantity(signal, "horizontal_field_width"), ==, 1.0);
  g_assert_cmpfloat(nx_json_get_double(nx_json_get(stage, "rotation"), "value", 0), ==, 245.8);
}

static void test_smartsem_commas(void)
{
  g_autoptr(NxSignal) signal = read_smartsem_text("AP_WD\r\nWD =  3,9 mm\r\nAP_ACTUALKV\r\nEHT =  5,00 kV\r\nAP_MAG\r\nMag =   1,01 K X\r\n"
                                                  "AP_BRIGHTNESS\r\nBrightness = 47,5 %\r\n", 40, 2);
  g_assert_cmpfloat(vendor_quantity(signal, "working_distance"), ==, 3.9);
  g_assert_cmpfloat(vendor_quantity(signal, "acceleration_voltage"), ==, 5.0);
  g_assert_cmpfloat(nx_json_get_double(signal->nx_meta, "magnification", 0), ==, 1010.0);
  g_assert_cmpfloat(nx_json_get_double(nx_json_get(nx_json_get(signal->nx_meta, "extensions"), "Brightness"), "value", 0), ==, 47.5);
}

/* Labels that are names of fields: of one that is there, of one that comes last, of the product's own; "Working Distance" is nobody else's here. */
static void test_smartsem_labels(void)
{
  g_autoptr(NxSignal) signal = read_smartsem_text(
      "AP_IPROBE\r\nI Probe = 1 nA\r\nAP_BEAM_CURRENT\r\nBeam Current = 80 \xb5"
      "A\r\nAP_PIXEL_SIZE\r\nPixel Size = 110.0 nm\r\nAP_X\r\n"
      "Pixel Width = 3 nm\r\nDP_TIME\r\nCreation Time = never\r\nDP_ID\r\nInstrument ID = 5\r\nDP_NX\r\nNexusLIMS Extraction = me\r\n"
      "DP_TYPE\r\nDatasetType = Misc\r\nDP_SNAKE\r\ndata_type = Misc\r\nDP_ODD\r\nExtractor Warnings = all is well\r\n"
      "DP_FAR\r\nWorking Distance = 2 mm\r\nDP_SIZE\r\nData Dimensions = 7\r\n", 2048, 2);
  static const char *const KEYS[] = { "AP_BEAM_CURRENT", "AP_X", "DP_TIME", "DP_ID", "DP_NX", "DP_TYPE", "DP_SNAKE", "DP_ODD", "DP_SIZE" };
  for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
    g_assert_nonnull(vendor_extension(signal, KEYS[i]));
  assert_nothing_hidden(signal);
  g_assert_cmpfloat(vendor_quantity(signal, "beam_current"), ==, 1000.0);
  g_assert_cmpfloat(nx_json_get_double(vendor_extension(signal, "AP_BEAM_CURRENT"), "value", 0), ==, 80.0);
  g_assert_cmpfloat(nx_json_get_double(vendor_extension(signal, "Working Distance"), "value", 0), ==, 2.0);
  g_assert_cmpstr(json_object_get_string(vendor_extension(signal, "Data Dimensions")), ==, "(2048, 30)");
}

static void test_smartsem_rotation(void)
{
  static const struct {
    const char *text;
    double core, by_key; /* degrees; NAN: none */
  } CASES[] = {
    { "AP_SCANROTATION\r\nScan Rotation = 145.6 \xb0\r\n", 145.6, NAN },
    { "DP_SCAN_ROT\r\nScan Rot = On\r\nAP_SCANROTATION\r\nScan Rotation = 145.6 \xb0\r\n", 145.6, NAN },
    { "DP_SCAN_ROT\r\nScan Rot = Off\r\nAP_SCANROTATION\r\nScan Rotation = 145.6 \xb0\r\n", NAN, 145.6 },
    { "AP_SCANROTATION\r\nScan Rotation = 145.6 \xb0\r\nDP_SCAN_ROT\r\nScan Rot = Off\r\n", NAN, 145.6 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(NxSignal) signal = read_smartsem_text(CASES[i].text, 40, 2);
    g_assert_cmpint(nx_json_get(signal->nx_meta, "scan_rotation") == NULL, ==, isnan(CASES[i].core));
    g_assert_cmpfloat(nx_json_get_double(nx_json_get(signal->nx_meta, "scan_rotation"), "value", 145.6), ==, 145.6);
    g_assert_cmpint(vendor_extension(signal, "AP_SCANROTATION") == NULL, ==, isnan(CASES[i].by_key));
    g_assert_null(vendor_extension(signal, "Scan Rotation"));
  }
}

static void test_smartsem_screen(void)
{
  g_autoptr(NxSignal) signal = read_smartsem_text("AP_PIXEL_SIZE\r\nPixel Size = 110.0 nm\r\n", 2048, 2);
  g_assert_cmpfloat(vendor_quantity(signal, "pixel_width"), ==, 55.0);
  g_assert_cmpfloat(vendor_quantity(signal, "pixel_height"), ==, 55.0);
}

/* ---------------------------------------------------------------------------------------------------------------- JEOL */

static NxSignal *read_jeol(const char *text)
{
  g_autoptr(GByteArray) bytes = vendor_tiff(16, 12, 0, 0, NULL);
  g_free(vendor_write_file("microscope.txt", text, strlen(text)));
  g_autoptr(NxOpened) opened = vendor_open_bytes("microscope.tif", bytes);
  NxSignal *signal = vendor_read(opened);
  g_assert_cmpstr(nx_opened_input(opened)->format->name, ==, "jeol_sem_tif");
  return signal;
}

static double length_nm(const NxSignal *signal, const char *field)
{
  return nx_json_get_double(nx_json_get(signal->nx_meta, field), "value", 0.0);
}

static void test_jeol_microscopes(void)
{
  static const struct {
    const char *text, *data_type;
  } TEXTS[] = {
    { "$CM_INSTRUMENT JSM-IT800\n", "SEM_Imaging" },
    { "$CM_INSTRUMENT JSM-7900F\n$CM_SIGNAL STEM-BF\n$$SM_WD 4.0\n", "SEM_Imaging" },
    { "$CM_INSTRUMENT JEM-1400\n", "TEM_Imaging" },
    { "$CM_INSTRUMENT jem-2100\n$CM_SIGNAL NON\n", "TEM_Imaging" },
    { "$CM_SIGNAL TEM\n", "TEM_Imaging" },
    { "$CM_MAG 100\n$$EM_PIXELSPERMETER_X 100.0\n", "TEM_Imaging" },
    { "$$EM_PIXELSPERMETER_X\n", "TEM_Imaging" },
    { "$CM_INSTRUMENT JEM-2200FS\n$CM_SIGNAL STEM DF\n$$EM_PIXELSPERMETER_X 100.0\n", "STEM_Imaging" },
    { "$CM_INSTRUMENT JEM-2200FS\n$CM_SIGNAL DFI  \n$$SM_MICRON_BAR 100\n", "STEM_Imaging" },
    { "$CM_INSTRUMENT JEM-2200FS\n$CM_SIGNAL BFI\n", "STEM_Imaging" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
    g_autoptr(NxSignal) signal = read_jeol(TEXTS[i].text);
    g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Data Type"), ==, TEXTS[i].data_type);
  }
}

/* Nanometres; 0: the record has none. */
#define DIFFRACTION "$CM_FORMAT 1 1\r\n$CM_MAG 100\r\n$CM_ACCEL_VOLT 200\r\n$CM_SIGNAL DIFF\r\n$CM_PIXEL_SIZE 9nm\r\n"

/* A magnification, a detector and a pixel on the specimen are no fields of a diffraction pattern: their keys are kept. */
static void test_jeol_patterns(void)
{
  g_autoptr(NxSignal) signal = read_jeol(DIFFRACTION "$CM_INSTRUMENT JEM-2200FS\r\n");
  g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "DatasetType"), ==, "Diffraction");
  g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Data Type"), ==, "TEM_Diffraction");
  g_assert_cmpfloat(vendor_quantity(signal, "acceleration_voltage"), ==, 200.0);
  g_assert_cmpfloat(json_object_get_double(vendor_extension(signal, "Mag")), ==, 100.0);
  g_assert_cmpstr(json_object_get_string(vendor_extension(signal, "Signal")), ==, "DIFF");
  g_assert_cmpstr(json_object_get_string(vendor_extension(signal, "Pixel Size")), ==, "9nm");
  g_assert_null(nx_json_get(signal->nx_meta, "pixel_width"));
}

static void test_jeol_other_patterns(void)
{
  g_autoptr(NxSignal) signal = read_jeol(DIFFRACTION "$CM_INSTRUMENT JSM-7900F\r\n");
  g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "DatasetType"), ==, "Image");
  g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Data Type"), ==, "SEM_Imaging");
  g_assert_cmpfloat(nx_json_get_double(signal->nx_meta, "magnification", 0), ==, 100.0);
}

static void test_jeol_pixel_sizes(void)
{
  static const struct {
    const char *text;
    double width, height;
  } TEXTS[] = {
    { "$SM_MICRON_BAR 125\n$SM_MICRON_MARKER 1um\n$CM_PIXEL_SIZE 9.375nm\n$$EM_PIXELSPERMETER_X 1000.0\n", 8.0, 8.0 },
    { "$CM_PIXEL_SIZE 9.375nm\n$$EM_PIXELSPERMETER_X 1000.0\n", 9.375, 9.375 },
    { "$CM_PIXEL_SIZE 0.5 \xc2\xb5m\n", 500.0, 500.0 },
    { "$CM_PIXEL_SIZE 9,375nm\n", 9.375, 9.375 },
    { "$CM_PIXEL_SIZE 12\n$$EM_PIXELSPERMETER_X 2,5E+9\n$$EM_PIXELSPERMETER_Y 2,0E+9\n", 0.4, 0.5 },
    { "$$SM_MICRON_BAR 12,5\n$$SM_MICRON_MARKER 100nm\n", 8.0, 8.0 },
    { "$CM_PIXEL_SIZE 12\n$$EM_PIXELSPERMETER_X 5000000000.0\n$$EM_PIXELSPERMETER_Y 4000000000.0\n", 0.2, 0.25 },
    { "$$SM_MICRON_BAR 125\n$$SM_MICRON_MARKER 5deg.\n$CM_PIXEL_SIZE 2nm\n", 2.0, 2.0 },
    { "$$SM_MICRON_BAR 0\n$$SM_MICRON_MARKER 5um\n$CM_PIXEL_SIZE -2nm\n$$EM_PIXELSPERMETER_X 0\n", 0.0, 0.0 },
    { "$$EM_PIXELSPERMETER_X 1e-310\n$$EM_PIXELSPERMETER_Y x\n", 0.0, 0.0 },
    { "$CM_SIGNAL DIFF\n$$EM_PIXELSPERMETER_X 5000000000.0\n$$EM_PIXELSPERMETER_Y 5000000000.0\n", 0.0, 0.0 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
    g_autoptr(NxSignal) signal = read_jeol(TEXTS[i].text);
    g_assert_cmpfloat(length_nm(signal, "pixel_width"), ==, TEXTS[i].width);
    g_assert_cmpfloat(length_nm(signal, "pixel_height"), ==, TEXTS[i].height);
  }
}

/* Only where a number is known to stand: elsewhere a comma may part two. */
static void test_jeol_commas(void)
{
  g_autoptr(NxSignal) signal = read_jeol("$CM_INSTRUMENT JEM-F200\n$CM_ACCEL_VOLT 200,0\n$CM_MAG 60000,5\n$CM_OTHER 1,5\n");
  g_assert_cmpfloat(vendor_quantity(signal, "acceleration_voltage"), ==, 200.0);
  g_assert_cmpfloat(nx_json_get_double(signal->nx_meta, "magnification", 0), ==, 60000.5);
  g_assert_cmpstr(nx_json_get_string(nx_json_get(signal->nx_meta, "extensions"), "Other"), ==, "1,5");
}

static void test_jeol_keys(void)
{
  g_autoptr(NxSignal) signal =
      read_jeol("$SEM_DATA_VERSION 1\n$CM_FORMAT Bitmap\n$SM_WD 10.1\n$SM_PNU_HEIGHT 64\n$$SM_PNU_HEIGHT 32\n$FE_DETECTOR_NAME UED\n"
                "$HOME a\n$ 5\n$$$SM_X 1\n$Cm_MAG 2\na note\n");
  g_autofree char *raw = nx_json_text(signal->raw, NX_JSON_LINE);
  g_assert_cmpstr(raw, ==, "{\"JEOL\":{\"$SEM_DATA_VERSION\":\"1\",\"$CM_FORMAT\":\"Bitmap\",\"$SM_WD\":\"10.1\",\"$SM_PNU_HEIGHT\":\"64\","
                           "\"$$SM_PNU_HEIGHT\":\"32\",\"$FE_DETECTOR_NAME\":\"UED\"}}");
  g_assert_cmpfloat(nx_json_get_double(nx_json_get(signal->nx_meta, "working_distance"), "value", 0.0), ==, 10.1);
  g_assert_null(vendor_extension(signal, "Wd"));
  g_assert_cmpstr(nx_json_get_string(nx_json_get(signal->nx_meta, "extensions"), "Detector Name"), ==, "UED");
  g_assert_cmpfloat(json_object_get_double(vendor_extension(signal, "Pnu Height")), ==, 64.0);
  g_assert_cmpfloat(json_object_get_double(vendor_extension(signal, "$$SM_PNU_HEIGHT")), ==, 32.0);
}

/* The keys' own words are no names of fields. */
static void test_jeol_names(void)
{
  g_autoptr(NxSignal) signal = read_jeol("$CM_INSTRUMENT 7600F\n$$SM_WD 8.0\n$CM_WORKING_DISTANCE 9\n$CM_CREATION_TIME never\n"
                                         "$CM_PIXEL_SIZE 2nm\n$CM_PIXEL_WIDTH 5\n$CM_EXTRACTOR_WARNINGS none\n$CM_DATA_DIMENSIONS 1\n");
  static const char *const KEYS[] = { "$CM_WORKING_DISTANCE", "$CM_CREATION_TIME", "$CM_PIXEL_WIDTH", "$CM_EXTRACTOR_WARNINGS",
                                      "$CM_DATA_DIMENSIONS" };
  for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
    g_assert_nonnull(vendor_extension(signal, KEYS[i]));
  assert_nothing_hidden(signal);
  g_assert_cmpfloat(vendor_quantity(signal, "working_distance"), ==, 8.0);
  g_assert_cmpstr(json_object_get_string(vendor_extension(signal, "Data Dimensions")), ==, "(16, 12)");
}

static void test_tiff_without_companion(void)
{
  g_autoptr(GByteArray) bytes = vendor_tiff(16, 12, 0, 0, NULL);
  g_autoptr(NxOpened) opened = vendor_open_bytes("alone.tif", bytes);
  g_assert_cmpstr(nx_format_for(nx_opened_input(opened))->name, ==, "basic_file_info");
  g_free(vendor_write_file("alone.txt", "a note about the sample\n", 24));
  g_autoptr(NxOpened) beside_note = vendor_open_bytes("alone.tif", bytes);
  g_assert_cmpstr(nx_format_for(nx_opened_input(beside_note))->name, ==, "basic_file_info");
  g_free(vendor_write_file("alone.txt", "$DATA_FOLDER /data\n", 19));
  g_autoptr(NxOpened) beside_script = vendor_open_bytes("alone.tif", bytes);
  g_assert_cmpstr(nx_format_for(nx_opened_input(beside_script))->name, ==, "basic_file_info");
}

/* Texts come from Windows, where IMG1.TXT stands beside IMG1.TIF. A text in small letters is preferred. */
static void test_companions_in_capitals(void)
{
  static const struct {
    const char *name, *beside, *text, *format;
  } FILES[] = {
    { "IMG1.TIF", "IMG1.TXT", vendor_jeol_text, "jeol_sem_tif" }, { "img2.tif", "img2.TXT", vendor_jeol_text, "jeol_sem_tif" },
    { "IMG3.TIF", "IMG3.txt", vendor_jeol_text, "jeol_sem_tif" }, { "IMG3.TIF", "IMG3.TXT", "a note", "jeol_sem_tif" },
    { "IMG4.TIF", "IMG4.HDR", "[MAIN]\nDevice=TESCAN\n", "tescan_tif" },
  };
  g_autoptr(GByteArray) bytes = vendor_tiff(16, 12, 0, 0, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++) {
    g_free(vendor_write_file(FILES[i].beside, FILES[i].text, strlen(FILES[i].text)));
    g_autoptr(NxOpened) opened = vendor_open_bytes(FILES[i].name, bytes);
    g_assert_cmpstr(nx_format_for(nx_opened_input(opened))->name, ==, FILES[i].format);
  }
}

/* Tescan's software names the text after the whole name of the picture: sample.tif, sample-tif.hdr. */
static void test_tescan_sidecars(void)
{
  static const struct {
    const char *name, *beside;
  } FILES[] = {
    { "tescan1.tif", "tescan1-tif.hdr" }, { "TESCAN2.TIF", "TESCAN2-TIF.HDR" }, { "TESCAN3.TIF", "TESCAN3-TIF.hdr" },
    { "tescan5.tif", "tescan5-tif.HDR" }, { "tescan6.tiff", "tescan6-tiff.hdr" },
    { "TESCAN7.TIFF", "TESCAN7-TIFF.HDR" }, { "a.b.tif", "a.b-tif.hdr" },
  };
  const char text[] = "[MAIN]\nDevice=TESCAN MIRA3\nPixelSizeX=5.0e-8\n[SEM]\nHV=15000\n";
  g_autoptr(GByteArray) bytes = vendor_tiff(16, 12, 0, 0, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++) {
    g_free(vendor_write_file(FILES[i].beside, text, strlen(text)));
    g_autoptr(NxOpened) opened = vendor_open_bytes(FILES[i].name, bytes);
    g_autoptr(NxSignal) signal = vendor_read(opened);
    g_assert_cmpstr(nx_opened_input(opened)->format->name, ==, "tescan_tif");
    g_assert_cmpstr(nx_json_get_string(nx_json_get(signal->raw, "MAIN"), "Device"), ==, "TESCAN MIRA3");
    g_assert_cmpfloat(length_nm(signal, "pixel_width"), ==, 50.0);
  }
}

static void test_tescan_prefers_plain_sidecar(void)
{
  const char plain[] = "[MAIN]\nDevice=TESCAN one\n", named[] = "[MAIN]\nDevice=TESCAN two\n";
  g_autoptr(GByteArray) bytes = vendor_tiff(16, 12, 0, 0, NULL);
  g_free(vendor_write_file("both.hdr", plain, strlen(plain)));
  g_free(vendor_write_file("both-tif.hdr", named, strlen(named)));
  g_autoptr(NxOpened) opened = vendor_open_bytes("both.tif", bytes);
  g_autoptr(NxSignal) signal = vendor_read(opened);
  g_assert_cmpstr(nx_json_get_string(nx_json_get(signal->raw, "MAIN"), "Device"), ==, "TESCAN one");
}

/* Windows programs save texts as "Unicode", which is UTF-16 with a mark. */
static void test_companions_in_utf16(void)
{
  static const struct {
    const char *name, *beside, *text, *format, *field, *value;
  } FILES[] = {
    { "wide.tif", "wide.txt", "$CM_OPERATOR Zo\u00eb\r\n", "jeol_sem_tif", "Operator", "Zo\u00eb" },
    { "wide5.tif", "wide5.hdr", "[MAIN]\r\nUserName=Zo\u00eb\r\n", "tescan_tif", "User Name", "Zo\u00eb" },
    { "wide.mrc", "wide.mrc.mdoc", "DateTime = 5 M\u00e4rz\r\n", "mrc", "Acquisition Time", "5 M\u00e4rz" },
  };
  for (gsize i = 0; i < 2 * G_N_ELEMENTS(FILES); i++) {
    const gsize file = i / 2;
    gsize length;
    g_autofree char *text = g_convert(FILES[file].text, -1, i % 2 ? "UTF-16BE" : "UTF-16LE", "UTF-8", NULL, &length, NULL);
    g_autoptr(GByteArray) beside = g_byte_array_new(), bytes = NULL;
    g_byte_array_append(beside, (const guint8 *)(i % 2 ? "\xfe\xff" : "\xff\xfe"), 2);
    g_byte_array_append(beside, (const guint8 *)text, (guint)length);
    g_free(vendor_write_file(FILES[file].beside, beside->data, beside->len));
    bytes = g_str_has_suffix(FILES[file].name, ".mrc") ? vendor_mrc(&(VendorMrc){ .size = { 5, 2, 1 }, .mode = 1 }) : vendor_tiff(16, 12, 0, 0, NULL);
    g_autoptr(NxOpened) opened = vendor_open_bytes(FILES[file].name, bytes);
    g_autoptr(NxSignal) signal = vendor_read(opened);
    g_assert_cmpstr(nx_opened_input(opened)->format->name, ==, FILES[file].format);
    g_assert_cmpstr(json_object_get_string(vendor_extension(signal, FILES[file].field)), ==, FILES[file].value);
  }
}

/* ----------------------------------------------------------------------------------------------------------------- OME */

/* Files of a set whose metadata are in one of them, or in none, still have a size; the reader is told where to look. */
static void test_ome_without_image(void)
{
  static const struct {
    const char *inside, *warning;
  } FILES[] = {
    { "<BinaryOnly MetadataFile=\"a &lt;\u00e4&gt;.companion.ome\" UUID=\"urn:uuid:2\"/>",
      "The metadata of this picture are in a <\u00e4>.companion.ome, which was not read" },
    { "<BinaryOnly UUID=\"urn:uuid:2\"/>", "The metadata of this picture are in another file, which was not read" },
    { "", NULL },
    { "<Image><Pixels SizeX=\"0\" SizeY=\"12\"/></Image>", NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++) {
    g_autofree char *xml = g_strconcat("<OME xmlns=\"http://www.openmicroscopy.org/Schemas/OME/2016-06\">", FILES[i].inside, "</OME>", NULL);
    g_autoptr(GByteArray) bytes = vendor_tiff(16, 12, 270, 2, xml);
    g_autoptr(NxOpened) opened = vendor_open_bytes("part.ome.tif", bytes);
    g_autoptr(NxSignal) signal = vendor_read(opened);
    g_assert_cmpstr(nx_opened_input(opened)->format->name, ==, "ome_tif");
    g_assert_cmpstr(json_object_get_string(vendor_extension(signal, "Data Dimensions")), ==, "(16, 12)");
    g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Extractor Warnings"), ==, FILES[i].warning);
  }
}

/* -------------------------------------------------------------------------------------------------------------- Bruker */

static NxSignal *read_bcf(const char *xml, guint32 chunk, gboolean packed, NxOpened **opened)
{
  g_autoptr(GByteArray) bytes = vendor_bcf(xml, chunk, packed);
  *opened = vendor_open_bytes("other.bcf", bytes);
  return vendor_read(*opened);
}

static void test_bcf_containers(void)
{
  static const guint32 CHUNKS[] = { 1024, 1056, 4096, 65536 };
  g_autoptr(GString) xml = g_string_new(vendor_bcf_text);
  /* Long enough for several lists of chunk numbers: 248 numbers of 992 bytes each. */
  while (xml->len < 600000)
    g_string_append(xml, "<!-- padding -->");
  for (gsize i = 0; i < 2 * G_N_ELEMENTS(CHUNKS); i++) {
    g_autoptr(NxOpened) opened = NULL;
    g_autoptr(NxSignal) signal = read_bcf(xml->str, CHUNKS[i / 2], i % 2, &opened);
    g_assert_cmpfloat(nx_json_get_double(nx_json_get(signal->nx_meta, "working_distance"), "value", 0), ==, 8.5);
    g_assert_cmpfloat(vendor_element(signal, (const guint64[]){ 1, 2 }), ==, 6.0);
    g_assert_cmpfloat(signal->array.axis[1].scale, ==, 0.125);
    g_assert_cmpstr(signal->array.axis[1].units, ==, "µm");
  }
}

/* One text of more than the 10,000,000 bytes that libxml2 reads of its own accord, close to the end. */
static void test_bcf_long_header(void)
{
  g_autofree char *pixels = g_strnfill(11000000, 'A');
  g_autofree char *end = g_strconcat("<Plane0><Data>", pixels, "</Data></Plane0></ClassInstance></TRTProject>", NULL);
  g_autoptr(GString) xml = g_string_new(vendor_bcf_text);
  g_assert_cmpuint(g_string_replace(xml, "</ClassInstance></TRTProject>", end, 0), ==, 1);
  g_autoptr(NxOpened) opened = NULL;
  g_autoptr(NxSignal) signal = read_bcf(xml->str, 65536, TRUE, &opened);
  g_assert_null(nx_json_get_string(signal->nx_meta, "Extractor Warnings"));
  g_assert_cmpfloat(nx_json_get_double(nx_json_get(signal->nx_meta, "working_distance"), "value", 0), ==, 8.5);
  g_assert_cmpfloat(vendor_element(signal, (const guint64[]){ 1, 2 }), ==, 6.0);
}

#define PLANE "<PlaneCount>1</PlaneCount><Plane0><Data>AQIDBAUG</Data></Plane0>"
#define BLANK "<Data>AAAAAAAA</Data>"

static void test_bcf_planes(void)
{
  /* What the file says of its planes, and the first pixel and the last of the picture; the bytes 9, 8, 7, 6, 5, 4 are "CQgHBgUE". */
  static const struct {
    const char *planes;
    double first, last;
  } FILES[] = {
    { "<PlaneCount>2</PlaneCount><Plane0>" BLANK "</Plane0><Plane1><Data>CQgHBgUE</Data></Plane1>", 9.0, 4.0 },
    { "<PlaneCount>3</PlaneCount><Plane0>" BLANK "</Plane0><Plane1><Data>CQgH</Data></Plane1><Plane2><Data>CQgHBgUE</Data></Plane2>", 9.0, 4.0 },
    { "<PlaneCount>3</PlaneCount><Plane0/><Plane2><Data>CQgHBgUE</Data></Plane2>", 9.0, 4.0 },
    { "<PlaneCount>2</PlaneCount><Plane0><Data>AAAAAAAB</Data></Plane0><Plane1><Data>CQgHBgUE</Data></Plane1>", 0.0, 1.0 },
    { "<Plane0><Data>CQgHBgUE</Data></Plane0>", 9.0, 4.0 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++) {
    g_autoptr(GString) xml = g_string_new(vendor_bcf_text);
    g_autoptr(NxOpened) opened = NULL;
    g_assert_cmpuint(g_string_replace(xml, PLANE, FILES[i].planes, 0), ==, 1);
    g_autoptr(NxSignal) signal = read_bcf(xml->str, 4096, TRUE, &opened);
    g_assert_cmpuint(signal->array.n_dims, ==, 2);
    g_assert_cmpfloat(vendor_element(signal, (const guint64[]){ 0, 0 }), ==, FILES[i].first);
    g_assert_cmpfloat(vendor_element(signal, (const guint64[]){ 1, 2 }), ==, FILES[i].last);
  }
}

static void test_bcf_blank_planes(void)
{
  g_autoptr(GString) xml = g_string_new(vendor_bcf_text);
  g_autoptr(NxOpened) opened = NULL;
  g_string_replace(xml, PLANE, "<PlaneCount>2</PlaneCount><Plane0>" BLANK "</Plane0><Plane1>" BLANK "</Plane1>", 0);
  g_autoptr(NxSignal) signal = read_bcf(xml->str, 4096, TRUE, &opened);
  g_assert_cmpuint(signal->array.n_dims, ==, 1);
}

static void test_bcf_spectrum(void)
{
  g_autoptr(GString) xml = g_string_new(vendor_bcf_text);
  g_autoptr(NxOpened) opened = NULL;
  g_string_replace(xml, "AQIDBAUG", "AQID", 0);
  g_autoptr(NxSignal) signal = read_bcf(xml->str, 4096, TRUE, &opened);
  g_assert_cmpuint(signal->array.n_dims, ==, 1);
  g_assert_cmpuint(signal->array.shape[0], ==, 5);
  g_assert_cmpfloat(vendor_element(signal, (const guint64[]){ 2 }), ==, 9.0);
  g_assert_cmpfloat(signal->array.axis[0].offset, ==, -0.5);
  g_assert_cmpstr(signal->array.axis[0].units, ==, "keV");
}

/* -1 is Esprit's word for what it does not know; a stage may well be at -1. */
static void test_bcf_unknown(void)
{
  g_autoptr(GString) xml = g_string_new(vendor_bcf_text);
  g_autoptr(NxOpened) opened = NULL;
  g_assert_cmpuint(g_string_replace(xml, "<WD>8,5</WD><Mag>1500</Mag>", "<WD>-1.0</WD><Mag>-1</Mag>", 0), ==, 1);
  g_assert_cmpuint(g_string_replace(xml, "<X>66940.81</X>", "<X>-1</X>", 0), ==, 1);
  g_autoptr(NxSignal) signal = read_bcf(xml->str, 4096, TRUE, &opened);
  g_assert_null(nx_json_get(signal->nx_meta, "working_distance"));
  g_assert_null(nx_json_get(signal->nx_meta, "magnification"));
  g_assert_cmpfloat(vendor_quantity(signal, "acceleration_voltage"), ==, 20.0);
  g_assert_cmpfloat(nx_json_get_double(nx_json_get(nx_json_get(signal->nx_meta, "stage_position"), "x"), "value", 0), ==, -1.0);
}

/* A detector of 4096 channels whose map was taken with 2048. */
static void test_bcf_channels(void)
{
  static const struct {
    const char *count, *dimensions;
  } FILES[] = { { "<ChannelCount>2048</ChannelCount>", "(3, 2, 2048)" }, { "", "(3, 2, 4096)" } };
  for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++) {
    g_autoptr(GString) xml = g_string_new(vendor_bcf_text);
    g_autoptr(NxOpened) opened = NULL;
    g_assert_cmpuint(g_string_replace(xml, "<ChCount>5</ChCount>", "<ChCount>4096</ChCount>", 0), ==, 1);
    g_assert_cmpuint(g_string_replace(xml, "<ChannelCount>5</ChannelCount>", FILES[i].count, 0), ==, 1);
    g_autoptr(NxSignal) signal = read_bcf(xml->str, 4096, TRUE, &opened);
    g_assert_cmpstr(json_object_get_string(vendor_extension(signal, "Data Dimensions")), ==, FILES[i].dimensions);
  }
}

/* Of the three last chunks, which hold the spectra, the last is half full: what lies behind is nobody's. */
static void test_bcf_cut(void)
{
  static const struct {
    guint missing;
    gboolean is_whole;
  } CUTS[] = { { 0, TRUE }, { 2032, TRUE }, { 2033, FALSE }, { 4096, FALSE }, { 3 * 4096, FALSE }, { 4 * 4096, FALSE } };
  for (gsize i = 0; i < G_N_ELEMENTS(CUTS); i++) {
    g_autoptr(GByteArray) bytes = vendor_bcf(vendor_bcf_text, 4096, TRUE);
    g_byte_array_set_size(bytes, bytes->len - CUTS[i].missing);
    g_autoptr(NxOpened) opened = vendor_open_bytes("cut.bcf", bytes);
    g_autoptr(NxSignal) signal = vendor_read(opened);
    const char *warning = nx_json_get_string(signal->nx_meta, "Extractor Warnings");
    g_assert_cmpstr(warning, ==, CUTS[i].is_whole ? NULL : "the spectra of the map are not all in the file, as when only a part of it was copied");
    g_assert_cmpfloat(vendor_quantity(signal, "acceleration_voltage"), ==, 20.0);
    g_assert_cmpint(signal->view, ==, NX_VIEW_ARRAY);
  }
}

static void test_bcf_other_xml(void)
{
  static const char *const TEXTS[] = { "", "no XML", "<a/>", "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
      "<TRTProject><ClassInstance Type=\"TRTSpectrumDatabase\"/></TRTProject>" };
  for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
    g_autoptr(NxOpened) opened = NULL;
    g_autoptr(NxSignal) signal = read_bcf(TEXTS[i], 1024, FALSE, &opened);
    g_assert_cmpint(signal->view, ==, NX_VIEW_PLACEHOLDER);
    g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Data Type"), ==, "EDS_Spectrum_Imaging");
    g_assert_cmpint(nx_json_get_string(signal->nx_meta, "Extractor Warnings") != NULL, ==, i < 4);
  }
}

/* -------------------------------------------------------------------------------------------------------------- numbers */

/* IEEE 754, binary16: a sign, five bits of exponent, ten of fraction. */
static void test_halves(void)
{
  static const struct {
    guint16 bits;
    double value;
  } HALVES[] = {
    { 0x0000, 0.0 },     { 0x3c00, 1.0 },     { 0xc000, -2.0 },    { 0x3555, 0.333251953125 }, { 0x7bff, 65504.0 },     { 0x0400, 0x1p-14 },
    { 0x03ff, 0x3ffp-24 }, { 0x8001, -0x1p-24 }, { 0x7c00, INFINITY }, { 0xfc00, -INFINITY },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(HALVES); i++)
    g_assert_cmpfloat(nx_half_value(HALVES[i].bits), ==, HALVES[i].value);
  g_assert_true(isnan(nx_half_value(0x7e00)));
  g_assert_true(isnan(nx_half_value(0xfc01)));
}

static void assert_written(const char *text, const char *unit, const char *expected)
{
  g_autoptr(json_object) value = nx_written_quantity(text, unit);
  g_autofree char *got = value ? nx_json_text(value, NX_JSON_LINE) : NULL;
  g_assert_cmpstr(got, ==, expected);
}

static void test_written_quantities(void)
{
  assert_written(" 1.25e-009 m ", "nanometer", Q(1.25, "nanometer"));
  assert_written("3.9 mm", NULL, Q(3.9, "millimeter"));
  assert_written("3.9 mm", "kilovolt", NULL);
  assert_written("20 °C", NULL, Q(20.0, "degree_Celsius"));
  assert_written("20 %", "kelvin", NULL);
  assert_written("4838  ", NULL, "4838.0");
  assert_written("4838", "nanometer", NULL);
  assert_written("1e999 mm", NULL, "\"1e999 mm\"");
  assert_written("Line Int. Done", NULL, "\"Line Int. Done\"");
  assert_written("  ", NULL, NULL);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  vendor_folder_make();
  for (const VendorSample *sample = vendor_samples; sample->name; sample++) {
    g_autofree char *meta = g_strdup_printf("/vendors/%s has the expected metadata, key by key", sample->name);
    g_autofree char *preview = g_strdup_printf("/vendors/%s has a preview", sample->name);
    g_test_add_data_func(meta, sample, test_metadata);
    g_test_add_data_func(preview, sample, test_preview);
  }
  g_test_add_func("/vendors/smartsem/a picture whose width contradicts its pixel size is left alone unless its own is written",
      test_smartsem_scaled);
  g_test_add_func("/vendors/jeol/a picture alone or beside a note stays a plain one", test_tiff_without_companion);
  g_test_add_func("/vendors/jeol/a text of a transmission microscope says so, and whether it scanned", test_jeol_microscopes);
  g_test_add_func("/vendors/jeol/a diffraction pattern of a transmission microscope is no image", test_jeol_patterns);
  g_test_add_func("/vendors/jeol/a scanning microscope takes images, whatever it calls them", test_jeol_other_patterns);
  g_test_add_func("/vendors/jeol/the pixel is the micron bar's, else as written, else one of those in a metre", test_jeol_pixel_sizes);
  g_test_add_func("/vendors/jeol/numbers may have a comma for their point", test_jeol_commas);
  g_test_add_func("/vendors/jeol/every key is kept, and one dollar means what two mean", test_jeol_keys);
  g_test_add_func("/vendors/companions/a text in capitals belongs to its picture, unless there is one in small letters", test_companions_in_capitals);
  g_test_add_func("/vendors/smartsem/a text of type BYTE keeps its µ and °", test_smartsem_bytes);
  g_test_add_func("/vendors/smartsem/numbers may have a comma for their point", test_smartsem_commas);
  g_test_add_func("/vendors/smartsem/a rotation that is switched off is none of the scan", test_smartsem_rotation);
  g_test_add_func("/vendors/smartsem/a label never stands for a field of the record", test_smartsem_labels);
  g_test_add_func("/vendors/jeol/a key's words never stand for a field of the record", test_jeol_names);
  g_test_add_func("/vendors/smartsem/without the width of the field a pixel is one of the screen's 1024", test_smartsem_screen);
  g_test_add_func("/vendors/tescan/a text that is named after the picture and its suffix belongs to it", test_tescan_sidecars);
  g_test_add_func("/vendors/tescan/a text of the picture's name comes before one that names its suffix", test_tescan_prefers_plain_sidecar);
  g_test_add_func("/vendors/companions/a text in UTF-16 says what it says in UTF-8", test_companions_in_utf16);
  g_test_add_func("/vendors/ome/a file whose metadata are elsewhere has its size and says where", test_ome_without_image);
  g_test_add_func("/vendors/bcf/chunks of any size, packed or not, hold the same map", test_bcf_containers);
  g_test_add_func("/vendors/bcf/a header of 11 MB is read like any other", test_bcf_long_header);
  g_test_add_func("/vendors/bcf/the picture is the first of its planes that is whole and not blank", test_bcf_planes);
  g_test_add_func("/vendors/bcf/the sum spectrum is drawn when all planes are blank", test_bcf_blank_planes);
  g_test_add_func("/vendors/bcf/the sum spectrum is drawn when the picture is not whole", test_bcf_spectrum);
  g_test_add_func("/vendors/bcf/what the microscope did not tell is not -1", test_bcf_unknown);
  g_test_add_func("/vendors/bcf/a map has the channels of its spectra, whatever the detector has", test_bcf_channels);
  g_test_add_func("/vendors/bcf/a copy that was aborted keeps its metadata and says so", test_bcf_cut);
  g_test_add_func("/vendors/bcf/a header that is no map keeps the file and says so", test_bcf_other_xml);
  g_test_add_func("/vendors/numbers/half floats are what IEEE 754 says, from the least to infinity", test_halves);
  g_test_add_func("/vendors/numbers/units are moved by the decimal point and never invented", test_written_quantities);
  int failed = g_test_run();
  vendor_folder_remove();
  return failed;
}
