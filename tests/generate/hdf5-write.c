/* hdf5-write.c — see hdf5-write.h. Files are made in memory. */
#include "hdf5-write.h"

#include <hdf5.h>
#include <string.h>
#include <zlib.h>

#define DIMS_MAX 8 /* as many as are read */

static hid_t begin(void)
{
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, 64 * 1024, 0);
  hid_t file = H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, access);
  H5Pclose(access);
  return file;
}

static GByteArray *end(hid_t file)
{
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  const ssize_t length = H5Fget_file_image(file, NULL, 0);
  g_assert_cmpint(length, >, 0);
  GByteArray *bytes = g_byte_array_new();
  g_byte_array_set_size(bytes, (guint)length);
  g_assert_cmpint(H5Fget_file_image(file, bytes->data, bytes->len), ==, length);
  H5Fclose(file);
  return bytes;
}

static hid_t folders(void)
{
  hid_t list = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(list, 1);
  return list;
}

static void group(hid_t file, const char *path)
{
  hid_t list = folders();
  H5Gclose(H5Gcreate2(file, path, list, H5P_DEFAULT, H5P_DEFAULT));
  H5Pclose(list);
}

/* `create` (or H5P_DEFAULT) says how the numbers are laid out; `values` NULL writes none. */
static void dataset(hid_t file, const char *path, hid_t type, int n_dims, const hsize_t *extents, hid_t create, hid_t memory, const void *values)
{
  hid_t list = folders(), space = H5Screate_simple(n_dims, extents, NULL);
  hid_t data = H5Dcreate2(file, path, type, space, list, create, H5P_DEFAULT);
  g_assert_cmpint(data, >=, 0);
  if (values)
    g_assert_cmpint(H5Dwrite(data, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), >=, 0);
  H5Dclose(data);
  H5Sclose(space);
  H5Pclose(list);
}

static void attribute(hid_t file, const char *path, const char *name, hid_t type, const void *value)
{
  hid_t space = H5Screate(H5S_SCALAR), object = H5Oopen(file, path, H5P_DEFAULT);
  hid_t made = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  g_assert_cmpint(H5Awrite(made, type, value), >=, 0);
  H5Aclose(made);
  H5Oclose(object);
  H5Sclose(space);
}

static void number(hid_t file, const char *path, const char *name, double value)
{
  attribute(file, path, name, H5T_NATIVE_DOUBLE, &value);
}

static hid_t text_type(void)
{
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

static void text(hid_t file, const char *path, const char *name, const char *value)
{
  hid_t type = text_type();
  attribute(file, path, name, type, &value);
  H5Tclose(type);
}

static hid_t truth_type(void)
{
  hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
  const gint8 values[] = { 0, 1 };
  H5Tenum_insert(type, "FALSE", &values[0]);
  H5Tenum_insert(type, "TRUE", &values[1]);
  return type;
}

static void truth(hid_t file, const char *path, const char *name, gboolean value)
{
  hid_t type = truth_type();
  const gint8 own = value ? 1 : 0;
  attribute(file, path, name, type, &own);
  H5Tclose(type);
}

static void texts(hid_t file, const char *path, const char *value)
{
  const hsize_t one = 1;
  hid_t type = text_type();
  dataset(file, path, type, 1, &one, H5P_DEFAULT, type, &value);
  H5Tclose(type);
}

/* ------------------------------------------------------------------------------------------------------------------- Velox */

#define MICROSCOPE                                                                                                                         \
  "\"Instrument\":{\"InstrumentModel\":\"Demo 300\",\"InstrumentId\":\"4711\"},"                                                           \
  "\"Acquisition\":{\"AcquisitionStartDatetime\":{\"DateTime\":\"1700000000\"}},"                                                          \
  "\"Optics\":{\"AccelerationVoltage\":\"200000\",\"CameraLength\":\"0.23\",\"SpotIndex\":\"6\"},"                                         \
  "\"Stage\":{\"Position\":{\"x\":\"1.25e-05\",\"y\":\"-2e-06\",\"z\":\"0.0001\"},\"AlphaTilt\":\"0\"},"                                   \
  "\"Detectors\":{\"Detector-0\":{\"DetectorName\":\"HAADF\"},"                                                                            \
  "\"Detector-1\":{\"DetectorName\":\"SuperX\",\"Dispersion\":\"10\",\"OffsetEnergy\":\"-250\",\"LiveTime\":\"12.5\"}}"

static const char IMAGE[] = "{" MICROSCOPE ",\"Scan\":{\"DwellTime\":\"2e-06\"},\"CustomProperties\":{\"StemMagnification\":{\"value\":\"40000\"}},"
                            "\"BinaryResult\":{\"DetectorIndex\":\"0\",\"PixelUnitX\":\"m\",\"PixelUnitY\":\"m\","
                            "\"PixelSize\":{\"width\":\"5e-10\",\"height\":\"5e-10\"},\"Offset\":{\"x\":\"0\",\"y\":\"0\"}}}";
static const char PATTERNS[] = "{" MICROSCOPE ",\"BinaryResult\":{\"PixelUnitX\":\"1/m\",\"PixelUnitY\":\"1/m\","
                               "\"PixelSize\":{\"width\":\"1e+07\",\"height\":\"1e+07\"}}}";
static const char SPECTRUM[] = "{" MICROSCOPE ",\"Scan\":{\"DwellTime\":\"2e-06\"},\"BinaryResult\":{\"DetectorIndex\":\"1\"}}";

static void velox_metadata(hid_t file, const char *entry, const char *json)
{
  g_autofree char *path = g_strconcat(entry, "/Metadata", NULL);
  guint8 bytes[2048] = { 0 };
  const hsize_t extents[] = { sizeof bytes, 1 };
  g_assert_cmpuint(strlen(json), <, sizeof bytes);
  memcpy(bytes, json, strlen(json));
  dataset(file, path, H5T_STD_U8LE, 2, extents, H5P_DEFAULT, H5T_NATIVE_UINT8, bytes);
}

static void velox_image(hid_t file)
{
  guint16 values[12][16][1];
  const hsize_t extents[] = { 12, 16, 1 };
  for (guint y = 0; y < 12; y++) {
    for (guint x = 0; x < 16; x++)
      values[y][x][0] = (guint16)(100 * y + x);
  }
  dataset(file, "Data/Image/a0/Data", H5T_STD_U16LE, 3, extents, H5P_DEFAULT, H5T_NATIVE_UINT16, values);
  velox_metadata(file, "Data/Image/a0", IMAGE);
}

static void velox_patterns(hid_t file)
{
  gint32 values[8][8][3];
  const hsize_t extents[] = { 8, 8, 3 };
  for (int i = 0; i < 8 * 8 * 3; i++)
    (&values[0][0][0])[i] = i;
  dataset(file, "Data/Image/b1/Data", H5T_STD_I32LE, 3, extents, H5P_DEFAULT, H5T_NATIVE_INT32, values);
  velox_metadata(file, "Data/Image/b1", PATTERNS);
}

static void velox_spectra(hid_t file)
{
  guint32 channels[64];
  const guint16 stream[] = { 3, 5, 5, 65535, 5, 65535 };
  const hsize_t spectrum_extents[] = { 64, 1 }, stream_extents[] = { G_N_ELEMENTS(stream), 1 };
  for (guint i = 0; i < 64; i++)
    channels[i] = i * i;
  dataset(file, "Data/Spectrum/c2/Data", H5T_STD_U32LE, 2, spectrum_extents, H5P_DEFAULT, H5T_NATIVE_UINT32, channels);
  velox_metadata(file, "Data/Spectrum/c2", SPECTRUM);
  dataset(file, "Data/SpectrumStream/d3/Data", H5T_STD_U16LE, 2, stream_extents, H5P_DEFAULT, H5T_NATIVE_UINT16, stream);
  texts(file, "Data/SpectrumStream/d3/AcquisitionSettings", "{\"bincount\":\"16\",\"StreamEncoding\":\"uint16\"}");
  velox_metadata(file, "Data/SpectrumStream/d3", SPECTRUM);
}

static hid_t begin_velox(void)
{
  hid_t file = begin();
  texts(file, "Version", "{\"format\":\"Velox\",\"version\":\"1.5\"}");
  return file;
}

GByteArray *hdf5_write_velox(void)
{
  hid_t file = begin_velox();
  velox_image(file);
  velox_patterns(file);
  velox_spectra(file);
  return end(file);
}

#define SEGMENT(number, name, offset, angle)                                                                                               \
  "\"Detector-" number "\":{\"DetectorName\":\"" name "\",\"Dispersion\":\"5\",\"OffsetEnergy\":\"" offset "\","                               \
  "\"LiveTime\":\"3\",\"RealTime\":\"4\",\"ElevationAngle\":\"" angle "\"}"
#define DETECTORS                                                                                                                          \
  "\"Detectors\":{\"Detector-0\":{\"DetectorName\":\"BF\",\"ExposureTime\":\"1\"}," SEGMENT("1", "SuperXG21", "-475", "0.5235987755982988")      \
  "," SEGMENT("2", "SuperXG22", "-470", "0.3839724354387525") ",\"Detector-3\":{\"DetectorName\":\"BM-Ceta\",\"ExposureTime\":\"0.5\"}}"

static void velox_values(hid_t file, const char *entry, const char *kind)
{
  static const guint16 VALUES[4] = { 1, 2, 3, 65535 };
  static const hsize_t SQUARE[] = { 2, 2, 1 }, COLUMN[] = { 4, 1 };
  const gboolean is_image = strcmp(kind, "Image") == 0;
  g_autofree char *path = g_strconcat(entry, "/Data", NULL);
  dataset(file, path, H5T_STD_U16LE, is_image ? 3 : 2, is_image ? SQUARE : COLUMN, H5P_DEFAULT, H5T_NATIVE_UINT16, VALUES);
}

GByteArray *hdf5_write_velox_result(const char *kind, const char *result)
{
  g_autofree char *entry = g_strdup_printf("Data/%s/a0", kind), *json = g_strdup_printf("{" DETECTORS ",\"BinaryResult\":%s}", result);
  hid_t file = begin_velox();
  velox_values(file, entry, kind);
  velox_metadata(file, entry, json);
  return end(file);
}

#define IMAGE_PATH(id) "\"dataPath\":\"\\/Data\\/Image\\/" id "\""
#define OUTPUT(to, place) "\"outputs\":[{\"operation\":\"\\/Operations\\/" to "\\/f\",\"inputIndex\":\"" place "\"}]"

GByteArray *hdf5_write_velox_operations(void)
{
  static const struct {
    const char *path, *json;
  } OPERATIONS[] = {
    { "StemInputOperation/a", "{" IMAGE_PATH("0") ",\"detector\":\"DF4-A\"}" },
    { "StemInputOperation/b", "{" IMAGE_PATH("1") ",\"detector\":\"DF4-B\"}" },
    { "MathematicsOperation/c", "{" IMAGE_PATH("2") "," OUTPUT("DpcOperation", "0") "}" },
    { "MathematicsOperation/d", "{" IMAGE_PATH("3") "," OUTPUT("SurfaceReconstructionOperation", "1") "}" },
    { "MathematicsOperation/e", "{" IMAGE_PATH("9") "," OUTPUT("DisplayLevelsOperation", "0") "}" },
    { "DpcOperation/f", "{" IMAGE_PATH("4") "}" },
    { "SurfaceReconstructionOperation/g", "{" IMAGE_PATH("6") ",\"unfilteredDataPath\":\"\\/Data\\/Image\\/5\",\"integrationMode\":\"true\","
                                          "\"enableFilter\":\"true\"}" },
    { "IntegrationOperation/h", "{" IMAGE_PATH("7") "}" },
    { "StemInputOperation/i", IMAGE_PATH("8") },
    { "Operations", "{\"operations\":[]}" },
  };
  hid_t file = begin_velox();
  for (guint i = 0; i < 10; i++) {
    g_autofree char *entry = g_strdup_printf("Data/Image/%u", i);
    velox_values(file, entry, "Image");
    velox_metadata(file, entry, "{" DETECTORS ",\"BinaryResult\":{\"DetectorIndex\":\"0\",\"Detector\":\"BF\"}}");
  }
  for (gsize i = 0; i < G_N_ELEMENTS(OPERATIONS); i++) {
    g_autofree char *path = g_strconcat("Operations/", OPERATIONS[i].path, NULL);
    texts(file, path, OPERATIONS[i].json);
  }
  return end(file);
}

static hid_t complex_type(void)
{
  hid_t type = H5Tcreate(H5T_COMPOUND, 2 * sizeof(float));
  H5Tinsert(type, "realFloatHalfEven", 0, H5T_IEEE_F32LE);
  H5Tinsert(type, "imagFloatHalfEven", sizeof(float), H5T_IEEE_F32LE);
  return type;
}

GByteArray *hdf5_write_velox_transforms(void)
{
  const hsize_t extents[] = { 2, 2, 1 };
  hid_t file = begin_velox(), type = complex_type();
  dataset(file, "Data/Image/0/Data", type, 3, extents, H5P_DEFAULT, type, NULL);
  velox_values(file, "Data/Image/1", "Image");
  velox_values(file, "Data/Image/2", "Image");
  velox_metadata(file, "Data/Image/0", PATTERNS);
  velox_metadata(file, "Data/Image/1", PATTERNS);
  velox_metadata(file, "Data/Image/2", PATTERNS);
  texts(file, "Operations/FftOperation/a", "{\"outputMode\":\"Magnitude\",\"imageOutputPath\":\"\\/Data\\/Image\\/1\"}");
  H5Tclose(type);
  return end(file);
}

/* What is not written has the value that the list of properties says. */
static void velox_stream(hid_t file, const char *entry, guint64 events)
{
  static const guint16 SEVEN = 7, PIXEL_ENDS = 65535;
  const hsize_t extents[] = { events, 1 }, chunk[] = { 65536, 1 }, first[] = { 0, 0 }, one[] = { 1, 1 };
  g_autofree char *path = g_strconcat(entry, "/Data", NULL);
  hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, extents, NULL), memory = H5Screate_simple(2, one, NULL);
  H5Pset_chunk(list, 2, chunk);
  H5Pset_fill_value(list, H5T_NATIVE_UINT16, &SEVEN);
  dataset(file, path, H5T_STD_U16LE, 2, extents, list, H5T_NATIVE_UINT16, NULL);
  hid_t data = H5Dopen2(file, path, H5P_DEFAULT);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, first, NULL, one, NULL);
  g_assert_cmpint(H5Dwrite(data, H5T_NATIVE_UINT16, memory, space, H5P_DEFAULT, &PIXEL_ENDS), >=, 0);
  H5Dclose(data);
  H5Sclose(memory);
  H5Sclose(space);
  H5Pclose(list);
}

GByteArray *hdf5_write_velox_streams(guint n, guint64 events)
{
  hid_t file = begin_velox();
  velox_image(file);
  for (guint i = 0; i < n; i++) {
    g_autofree char *entry = g_strdup_printf("Data/SpectrumStream/%u", i);
    velox_stream(file, entry, events);
    velox_metadata(file, entry, SPECTRUM);
  }
  return end(file);
}

/* ------------------------------------------------------------------------------------------------------------------- traps */

static hid_t trapped_layout(Hdf5Trap trap, const char *target, hid_t space)
{
  hid_t list = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[] = { 1, 64, 1 };
  if (trap == HDF5_EXTERNAL_DATA)
    H5Pset_external(list, target, 0, H5F_UNLIMITED);
  else if (trap == HDF5_VIRTUAL)
    H5Pset_virtual(list, space, target, "data", space);
  else
    H5Pset_chunk(list, 3, chunk);
  return list;
}

GByteArray *hdf5_write_trap(Hdf5Trap trap, const char *target)
{
  hid_t file = begin_velox();
  velox_metadata(file, "Data/Image/a0", IMAGE);
  if (trap == HDF5_EXTERNAL_LINK) {
    H5Lcreate_external(target, "/data", file, "Data/Image/a0/Data", H5P_DEFAULT, H5P_DEFAULT);
    return end(file);
  }
  const hsize_t extents[] = { 4, trap == HDF5_HUGE ? 1ull << 40 : 4, 1 };
  hid_t space = H5Screate_simple(3, extents, NULL), list = trapped_layout(trap, target, space);
  dataset(file, "Data/Image/a0/Data", H5T_STD_U16LE, 3, extents, list, H5T_NATIVE_UINT16, NULL);
  H5Pclose(list);
  H5Sclose(space);
  return end(file);
}

/* ---------------------------------------------------------------------------------------------------------------- HyperSpy */

static void hspy_axis(hid_t file, const char *experiment, guint dim, const char *name, const char *units, double scale, double offset, gboolean navigate)
{
  g_autofree char *path = g_strdup_printf("%s/axis-%u", experiment, dim);
  group(file, path);
  text(file, path, "name", name);
  text(file, path, "units", units);
  number(file, path, "scale", scale);
  number(file, path, "offset", offset);
  truth(file, path, "navigate", navigate);
}

static void hspy_metadata(hid_t file, const char *experiment, const char *title, const char *signal_type)
{
  g_autofree char *general = g_strconcat(experiment, "/metadata/General", NULL), *signal = g_strconcat(experiment, "/metadata/Signal", NULL);
  g_autofree char *instrument = g_strconcat(experiment, "/metadata/Acquisition_instrument/TEM", NULL);
  g_autofree char *stage = g_strconcat(instrument, "/Stage", NULL), *eds = g_strconcat(instrument, "/Detector/EDS", NULL);
  g_autofree char *sample = g_strconcat(experiment, "/metadata/Sample", NULL);
  group(file, general);
  text(file, general, "title", title);
  text(file, general, "authors", "_None_");
  group(file, signal);
  text(file, signal, "signal_type", signal_type);
  group(file, instrument);
  number(file, instrument, "beam_energy", 200.0);
  number(file, instrument, "magnification", 40000.0);
  group(file, stage);
  number(file, stage, "x", 0.0125);
  group(file, eds);
  number(file, eds, "live_time", 12.5);
  group(file, sample);
}

/* Lists of texts alone are packed datasets, others groups with a member for each. */
static void hspy_elements(hid_t file)
{
  static const char *const ELEMENTS[] = { "Fe", "Pt" };
  const hsize_t two = 2;
  hid_t list = H5Pcreate(H5P_DATASET_CREATE), type = text_type();
  H5Pset_chunk(list, 1, &two);
  H5Pset_shuffle(list);
  H5Pset_deflate(list, 4);
  dataset(file, "Experiments/EDS map/metadata/Sample/_list_elements", type, 1, &two, list, type, ELEMENTS);
  H5Tclose(type);
  H5Pclose(list);
  group(file, "Experiments/Image/metadata/Sample/_list_2_elements");
  text(file, "Experiments/Image/metadata/Sample/_list_2_elements", "0", "Fe");
  text(file, "Experiments/Image/metadata/Sample/_list_2_elements", "1", "Pt");
}

static void hspy_spectra(hid_t file, gboolean is_packed)
{
  static const char EXPERIMENT[] = "Experiments/EDS map";
  float values[4][5][32];
  const hsize_t extents[] = { 4, 5, 32 }, chunk[] = { 2, 5, 32 };
  hid_t list = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(list, 3, chunk);
  if (is_packed) {
    H5Pset_shuffle(list);
    H5Pset_deflate(list, 6);
  }
  for (int i = 0; i < 4 * 5 * 32; i++)
    (&values[0][0][0])[i] = (float)i;
  dataset(file, "Experiments/EDS map/data", H5T_IEEE_F32LE, 3, extents, list, H5T_NATIVE_FLOAT, values);
  H5Pclose(list);
  hspy_axis(file, EXPERIMENT, 0, "y", "nm", 2.0, 0.0, TRUE);
  hspy_axis(file, EXPERIMENT, 1, "x", "nm", 2.0, 0.0, TRUE);
  hspy_axis(file, EXPERIMENT, 2, "Energy", "keV", 0.01, -0.25, FALSE);
  hspy_metadata(file, EXPERIMENT, "EDS map", "EDS_TEM");
  text(file, "Experiments/EDS map/metadata/General", "time_zone", "Europe/Berlin");
  group(file, "Experiments/EDS map/metadata/Acquisition_instrument/TEM/Detector/EELS");
  number(file, "Experiments/EDS map/metadata/Acquisition_instrument/TEM/Detector/EELS", "exposure", 0.25);
}

static void hspy_image(hid_t file)
{
  static const char EXPERIMENT[] = "Experiments/Image";
  guint8 values[6][8];
  const hsize_t extents[] = { 6, 8 };
  for (int i = 0; i < 6 * 8; i++)
    (&values[0][0])[i] = (guint8)i;
  dataset(file, "Experiments/Image/data", H5T_STD_U8LE, 2, extents, H5P_DEFAULT, H5T_NATIVE_UINT8, values);
  hspy_axis(file, EXPERIMENT, 0, "y", "nm", 1.0, 0.0, FALSE);
  hspy_axis(file, EXPERIMENT, 1, "x", "nm", 1.0, 0.0, FALSE);
  hspy_metadata(file, EXPERIMENT, "_None_", "_None_");
  group(file, "Experiments/Image/metadata/Acquisition_instrument/TEM/Detector/Camera");
  number(file, "Experiments/Image/metadata/Acquisition_instrument/TEM/Detector/Camera", "exposure", 0.5);
}

static hid_t begin_hspy(void)
{
  hid_t file = begin();
  text(file, "/", "file_format", "HyperSpy");
  text(file, "/", "file_format_version", "3.1");
  return file;
}

GByteArray *hdf5_write_hspy_image(const char *rows, const char *columns, gboolean is_transform)
{
  static const char EXPERIMENT[] = "Experiments/Image";
  const float values[6][8] = { 0 };
  const hsize_t extents[] = { 6, 8 };
  hid_t file = begin_hspy();
  dataset(file, "Experiments/Image/data", H5T_IEEE_F32BE, 2, extents, H5P_DEFAULT, H5T_NATIVE_FLOAT, values);
  hspy_axis(file, EXPERIMENT, 0, "y", rows, -0.25, 0.0, FALSE);
  hspy_axis(file, EXPERIMENT, 1, "x", columns, 0.5, 0.0, FALSE);
  hspy_metadata(file, EXPERIMENT, "Image", "");
  if (is_transform) {
    group(file, "Experiments/Image/metadata/Signal/FFT");
    truth(file, "Experiments/Image/metadata/Signal/FFT", "shifted", TRUE);
  }
  return end(file);
}

GByteArray *hdf5_write_hspy_places(const double *places, guint n)
{
  const float values[HDF5_HSPY_CHANNELS] = { 0 };
  const hsize_t channels = HDF5_HSPY_CHANNELS, many = n;
  hid_t file = begin_hspy();
  dataset(file, "Experiments/Light/data", H5T_IEEE_F32LE, 1, &channels, H5P_DEFAULT, H5T_NATIVE_FLOAT, values);
  group(file, "Experiments/Light/axis-0");
  text(file, "Experiments/Light/axis-0", "name", "Wavelength");
  text(file, "Experiments/Light/axis-0", "units", "nm");
  truth(file, "Experiments/Light/axis-0", "navigate", FALSE);
  if (n > 0)
    dataset(file, "Experiments/Light/axis-0/axis", H5T_IEEE_F64LE, 1, &many, H5P_DEFAULT, H5T_NATIVE_DOUBLE, places);
  hspy_metadata(file, "Experiments/Light", "Light", "CL");
  return end(file);
}

/* The values of an image of 4 × 6 pixels, all there is to an experiment besides its axes; `type` is consumed. */
static void hspy_kind(hid_t file, const char *name, hid_t type, const void *values)
{
  const hsize_t extents[] = { 4, 6 };
  g_autofree char *experiment = g_strconcat("Experiments/", name, NULL), *path = g_strconcat(experiment, "/data", NULL);
  dataset(file, path, type, 2, extents, H5P_DEFAULT, type, values);
  hspy_axis(file, experiment, 0, "y", "nm", 1.0, 0.0, FALSE);
  hspy_axis(file, experiment, 1, "x", "nm", 1.0, 0.0, FALSE);
  H5Tclose(type);
}

static void hspy_instrument(hid_t file, const Hdf5Instrument *instrument)
{
  g_autofree char *path = g_strconcat("Experiments/Image/metadata/Acquisition_instrument/", instrument->name, NULL);
  g_autofree char *stage = g_strconcat(path, "/Stage", NULL);
  group(file, stage);
  number(file, stage, "tilt_alpha", instrument->tilt);
  if (instrument->beam_energy > 0)
    number(file, path, "beam_energy", instrument->beam_energy);
  if (instrument->mode)
    text(file, path, "acquisition_mode", instrument->mode);
}

GByteArray *hdf5_write_hspy_instruments(const Hdf5Instrument *instruments, guint n)
{
  const guint8 values[4][6] = { 0 };
  hid_t file = begin_hspy();
  hspy_kind(file, "Image", H5Tcopy(H5T_STD_U8LE), values);
  for (guint i = 0; i < n; i++)
    hspy_instrument(file, &instruments[i]);
  return end(file);
}

static void hspy_truths(hid_t file)
{
  gint8 values[4][6];
  for (guint i = 0; i < 4 * 6; i++)
    values[i / 6][i % 6] = (i / 6 + i % 6) % 2;
  hspy_kind(file, "1 truths", truth_type(), values);
}

/* A record of integers whose names are the letters of `members`. */
static hid_t colour_type(const char *members, hid_t integer)
{
  const size_t size = H5Tget_size(integer);
  hid_t type = H5Tcreate(H5T_COMPOUND, strlen(members) * size);
  for (gsize i = 0; members[i]; i++)
    H5Tinsert(type, (const char[]){ members[i], '\0' }, i * size, integer);
  return type;
}

/* Red is 40 × column, green 60 × row, blue 20, in `factor`ths; all else is 0. */
static void hspy_colours(hid_t file, const char *name, const char *members, guint factor)
{
  guint16 words[4 * 6 * 4] = { 0 };
  guint8 bytes[4 * 6 * 4] = { 0 };
  gsize n = 0;
  for (guint i = 0; i < 4 * 6; i++) {
    for (const char *member = members; *member; member++, n++) {
      const guint value = *member == 'R' ? 40 * (i % 6) : *member == 'G' ? 60 * (i / 6) : *member == 'B' ? 20 : 0;
      bytes[n] = (guint8)value;
      words[n] = (guint16)(value * factor);
    }
  }
  hspy_kind(file, name, colour_type(members, factor > 1 ? H5T_STD_U16LE : H5T_STD_U8LE), factor > 1 ? (const void *)words : bytes);
}

static void hspy_texts(hid_t file)
{
  const char values[4][6][3] = { 0 };
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, 3);
  hspy_kind(file, "6 texts", type, values);
}

GByteArray *hdf5_write_hspy_kinds(void)
{
  hid_t file = begin_hspy();
  hspy_truths(file);
  hspy_colours(file, "2 rgb8", "RGB", 1);
  hspy_colours(file, "3 rgba8", "RGBA", 1);
  hspy_colours(file, "4 rgb16", "RGB", 257);
  hspy_colours(file, "5 bgra16", "BGRA", 257);
  hspy_texts(file);
  return end(file);
}

GByteArray *hdf5_write_hspy(void)
{
  hid_t file = begin_hspy();
  hspy_spectra(file, TRUE);
  hspy_image(file);
  hspy_elements(file);
  return end(file);
}

/* In the tree of chunks: bytes, filters that were not used, the first element of each dimension, and of the element itself. */
GByteArray *hdf5_write_hspy_plain(guint32 told)
{
  static const guint8 FIRST_CHUNK[8 + 4 * 8] = {0x00, 0x05};
  hid_t file = begin_hspy();
  hspy_spectra(file, FALSE);
  hspy_image(file);
  GByteArray *data = end(file);
  guint8 *found = memmem(data->data, data->len, FIRST_CHUNK, sizeof FIRST_CHUNK);
  g_assert_nonnull(found);
  told = GUINT32_TO_LE(told);
  memcpy(found, &told, sizeof told);
  return data;
}

GByteArray *hdf5_write_hspy_knotted(void)
{
  hid_t file = begin_hspy();
  hspy_spectra(file, TRUE);
  hspy_image(file);
  hid_t metadata = H5Gopen2(file, "Experiments/EDS map/metadata", H5P_DEFAULT);
  H5Lcreate_hard(metadata, ".", metadata, "again", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_hard(metadata, ".", metadata, "itself", H5P_DEFAULT, H5P_DEFAULT);
  hid_t above = H5Gopen2(metadata, "General", H5P_DEFAULT);
  for (guint i = 0; i < 30; i++) {
    hid_t below = H5Gcreate2(above, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(below, ".", above, "b", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(above);
    above = below;
  }
  H5Gclose(above);
  H5Gclose(metadata);
  return end(file);
}

GByteArray *hdf5_write_hspy_short(gboolean is_packed)
{
  static const guint8 HALF[5 * 32 * sizeof(float)];
  const hsize_t first[3] = { 0 };
  guint8 packed[sizeof HALF + 64];
  uLongf length = sizeof packed;
  hid_t file = begin_hspy();
  hspy_spectra(file, TRUE);
  hspy_image(file);
  hid_t data = H5Dopen2(file, "Experiments/EDS map/data", H5P_DEFAULT);
  g_assert_cmpint(compress(packed, &length, HALF, sizeof HALF), ==, Z_OK);
  g_assert_cmpint(is_packed ? H5Dwrite_chunk(data, H5P_DEFAULT, 0, first, length, packed)
                            : H5Dwrite_chunk(data, H5P_DEFAULT, 3, first, sizeof HALF, HALF), >=, 0);
  H5Dclose(data);
  return end(file);
}

GByteArray *hdf5_write_hspy_costly(void)
{
  static guint8 truths[60000]; /* of an attribute, which may have 64 KiB; counted as 8 bytes each */
  const hsize_t extents[DIMS_MAX] = { 1, 1, 1, 1, 1, 1, 2, 2 }, n = sizeof truths;
  const float values[4] = { 0 };
  hid_t file = begin_hspy(), space = H5Screate_simple(1, &n, NULL);
  memset(truths, 1, sizeof truths);
  dataset(file, "Experiments/0/data", H5T_IEEE_F32LE, DIMS_MAX, extents, H5P_DEFAULT, H5T_NATIVE_FLOAT, values);
  for (guint dim = 0; dim < DIMS_MAX; dim++) {
    g_autofree char *path = g_strdup_printf("Experiments/0/axis-%u", dim);
    group(file, path);
    hid_t axis = H5Gopen2(file, path, H5P_DEFAULT), made = H5Acreate2(axis, "navigate", H5T_STD_U8LE, space, H5P_DEFAULT, H5P_DEFAULT);
    g_assert_cmpint(H5Awrite(made, H5T_NATIVE_UINT8, truths), >=, 0);
    H5Aclose(made);
    H5Gclose(axis);
  }
  for (guint i = 1; i < 20; i++) {
    g_autofree char *path = g_strdup_printf("Experiments/%u", i);
    H5Lcreate_hard(file, "Experiments/0", file, path, H5P_DEFAULT, H5P_DEFAULT);
  }
  H5Sclose(space);
  return end(file);
}
