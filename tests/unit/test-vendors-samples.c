/* test-vendors-samples.c — see test-vendors-samples.h. The texts are made up in the form of the sources that the readers' head comments
 * name. */
#include "test-vendors-samples.h"

#include <string.h>

char *vendor_smartsem_text(const char *pixel)
{
  return g_strconcat("0\r\n0\r\n0\r\n2.500000e-008\r\n1.000000e+004\r\n12\r\n"
                     "DP_DETECTOR_CHANNEL\r\nSignal A = InLens\r\nDP_DWELL_TIME\r\nDwell time = 100 ns\r\nDP_ZOOM\r\nZoom = Off\r\n"
                     "AP_WD\r\nWD =  3.9 mm\r\nAP_MAG\r\nMag =  50.00 K X\r\nAP_ACTUALKV\r\nEHT =  5.00 kV\r\n"
                     "AP_IPROBE\r\nI Probe = 1.2 nA\r\n", pixel,
                     "AP_WIDTH\r\nWidth = 1.000 \xb5m\r\nAP_HEIGHT\r\nHeight = 750.0 nm\r\nAP_STAGE_AT_X\r\nStage at X = 62.9961 mm\r\n"
                     "AP_STAGE_AT_R\r\nStage at R = 245.8 \xb0\r\nAP_STAGE_AT_T\r\nStage at T =   0.0 \xb0\r\nAP_SYSTEM_VAC\r\n"
                     "System Vacuum = 4.48e-006 mbar\r\nAP_BRIGHTNESS\r\nBrightness =  47.5 %\r\nAP_GAMMA\r\nGamma =  1.000\r\n"
                     "AP_DATE\r\nDate :25 Sep 2018\r\nAP_TIME\r\nTime :8:20:42\r\nSV_OPERATOR\r\nOperator = \r\nSV_USER_NAME\r\n"
                     "User Name = KEPLER\r\nSV_VERSION\r\nVersion = V05.04.03.00 : 16-Apr-10\r\n", NULL);
}

const char vendor_jeol_text[] =
    "$CM_FORMAT JEOL-SEM\r\n$CM_VERSION 1.0\r\n$CM_DATE 2024/02/05\r\n$CM_TIME 10:11:12\r\n$CM_OPERATOR curie\r\n"
    "$CM_INSTRUMENT 7600F\r\n$CM_ACCEL_VOLT 15.00\r\n$CM_MAG 5000\r\n$CM_SIGNAL LEI\r\n$$SM_WD 8.0\r\n$$SM_EMI_CURRENT 86.70\r\n"
    "$$SM_MICRON_BAR 160\r\n$$SM_MICRON_MARKER 4um\r\n$CM_FULL_SIZE 1280 1024\r\n$$SM_COLUMN_MODE GB High\r\n$CM_COMMENT\r\n";

const char vendor_jeol_tem_text[] =
    "$CM_FORMAT \r\n$CM_VERSION 0.1\r\n$CM_DATE 2021/03/19\r\n$CM_TIME 10:11:12\r\n$CM_INSTRUMENT JEM-2200FS\r\n$CM_ACCEL_VOLT 200.00\r\n"
    "$CM_MAG 100000\r\n$CM_SIGNAL TEM\r\n$$EM_PIXELSPERMETER_X 5000000000.0\r\n$$EM_PIXELSPERMETER_Y 4000000000.0\r\n";

const char vendor_mdoc_text[] =
    "PixelSpacing = 6.5\nVoltage = 300\nImageFile = tilt.mrc\nImageSize = 4 3\nDataMode = 1\n\n"
    "[T = SerialEM: made up 25-Mar-21 16:59:53]\n\n"
    "[ZValue = 0]\nTiltAngle = -20.5\nStagePosition = 919.141 -849.945\nStageZ = 54.986\nMagnification = 13500\nDefocus = -3.5\n"
    "SpotSize = 7\nExposureTime = 1.25\nBinning = 2\nDateTime = 25-Mar-21 17:00:46\n\n"
    "[ZValue = 1]\nTiltAngle = 0.25\n";

const char vendor_ome_text[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OME xmlns=\"http://www.openmicroscopy.org/Schemas/OME/2016-06\" Creator=\"by hand\">"
    "<Instrument ID=\"Instrument:0\"><Microscope Manufacturer=\"Maker\" Model=\"One\"/>"
    "<Detector ID=\"Detector:0\" Model=\"Camera 2\" Type=\"CMOS\"/><Objective ID=\"Objective:0\" LensNA=\"0.95\" "
    "NominalMagnification=\"40\"/>"
    "</Instrument><Image ID=\"Image:0\" Name=\"grid\"><AcquisitionDate>2024-02-05T10:11:12</AcquisitionDate><Description>a &lt;b&gt; "
    "c</Description>"
    "<Pixels ID=\"Pixels:0\" DimensionOrder=\"XYZCT\" Type=\"uint8\" SizeX=\"16\" SizeY=\"12\" SizeZ=\"1\" SizeC=\"2\" SizeT=\"1\" "
    "PhysicalSizeX=\"0.065\" PhysicalSizeY=\"65\" PhysicalSizeYUnit=\"nm\"><Channel ID=\"Channel:0:0\" Name=\"DAPI\"/>"
    "<Channel ID=\"Channel:0:1\" Name=\"\xce\xb1\"/><Plane TheZ=\"0\" TheC=\"0\" TheT=\"0\" ExposureTime=\"20\" ExposureTimeUnit=\"ms\" "
    "PositionX=\"1.5\" "
    "PositionXUnit=\"mm\" PositionY=\"2\"/></Pixels></Image><Image ID=\"Image:1\"/></OME>";

/* The picture is 3 × 2 with the bytes 1 to 6. */
const char vendor_bcf_text[] =
    "<?xml version=\"1.0\" encoding=\"WINDOWS-1252\" standalone=\"yes\"?><TRTProject>"
    "<ClassInstance Type=\"TRTSpectrumDatabase\" Name=\"Map 7\">"
    "<Header><Date>5.2.2024</Date><Time>10:11:12</Time><FileVersion>2</FileVersion></Header>"
    "<ClassInstance Type=\"TRTSEMData\"><HV>20</HV><WD>8,5</WD><Mag>1500</Mag><DX>0.125</DX><DY>1.25E-1</DY></ClassInstance>"
    "<ClassInstance Type=\"TRTSEMStageData\"><X>66940.81</X><Y>-54233,16</Y><Z>250</Z><Rotation>90</Rotation><Tilt>1.5</Tilt></ClassInstance>"
    "<ClassInstance Type=\"TRTImageData\"><Width>3</Width><Height>2</Height><ItemSize>1</ItemSize><PlaneCount>1</PlaneCount>"
    "<Plane0><Data>AQIDBAUG</Data></Plane0></ClassInstance>"
    "<ClassInstance Type=\"TRTContainerClass\"><ChildClassInstances><ClassInstance Type=\"TRTElementInformationList\">"
    "<ClassInstance Type=\"TRTSpectrumRegionList\"><ChildClassInstances><ClassInstance Type=\"TRTSpectrumRegion\" "
    "Name=\"Fe\"><Line>Ka</Line></ClassInstance>"
    "<ClassInstance Type=\"TRTSpectrumRegion\" "
    "Name=\"O\"/></ChildClassInstances></ClassInstance></ClassInstance></ChildClassInstances></ClassInstance>"
    "<LineCounter>4,4</LineCounter><ChCount>5</ChCount><DetectorCount>1</DetectorCount>"
    "<SpectrumData0><ClassInstance Type=\"TRTSpectrum\"><TRTHeaderedClass><ClassInstance "
    "Type=\"TRTSpectrumHardwareHeader\"><RealTime>2500</RealTime>"
    "<LifeTime>2000</LifeTime><DeadTime>20</DeadTime></ClassInstance><ClassInstance Type=\"TRTDetectorHeader\"><Type>XFlash "
    "6|30</Type><Serial>11</Serial>"
    "</ClassInstance><ClassInstance "
    "Type=\"TRTESMAHeader\"><PrimaryEnergy>20</PrimaryEnergy><ElevationAngle>35</ElevationAngle></ClassInstance></TRTHeaderedClass>"
    "<ClassInstance Type=\"TRTSpectrumHeader\"><ChannelCount>5</ChannelCount><CalibAbs>-0.5</CalibAbs><CalibLin>0.01</CalibLin>"
    "</ClassInstance>"
    "<Channels>0,3,9,4,1</Channels></ClassInstance></SpectrumData0></ClassInstance></TRTProject>";

static GByteArray *make_smartsem(void)
{
  g_autofree char *text = vendor_smartsem_text("AP_PIXEL_SIZE\r\nPixel Size = 25.00 nm\r\n");
  return vendor_tiff(40, 30, 34118, 2, text);
}

static GByteArray *make_jeol(void)
{
  return vendor_tiff(16, 12, 0, 0, NULL);
}

static GByteArray *make_mrc(void)
{
  return vendor_mrc(&(VendorMrc){ .size = { 4, 3, 2 }, .mode = 1, .cell = { 20, 15, 10 }, .label = "made up" });
}

static GByteArray *make_fei_mrc(void)
{
  g_autoptr(GByteArray) extended = vendor_fei1();
  return vendor_mrc(&(VendorMrc){
      .size = { 4, 3, 1 }, .mode = 2, .extended_type = "FEI1", .extended = extended->data, .extended_bytes = extended->len });
}

static GByteArray *make_ome(void)
{
  return vendor_tiff(16, 12, 270, 2, vendor_ome_text);
}

static GByteArray *make_bcf(void)
{
  return vendor_bcf(vendor_bcf_text, 1056, TRUE);
}

const VendorSample vendor_samples[] = {
  { "smart.tif", "zeiss_smartsem_tif", make_smartsem, NULL, NULL },
  { "jeol.tif", "jeol_sem_tif", make_jeol, "jeol.txt", vendor_jeol_text },
  { "tem.tif", "jeol_sem_tif", make_jeol, "tem.txt", vendor_jeol_tem_text },
  { "tilt.mrc", "mrc", make_mrc, "tilt.mrc.mdoc", vendor_mdoc_text },
  { "epu.mrc", "mrc", make_fei_mrc, NULL, NULL },
  { "cells.ome.tif", "ome_tif", make_ome, NULL, NULL },
  { "map.bcf", "bruker_bcf", make_bcf, NULL, NULL },
  { NULL, NULL, NULL, NULL, NULL },
};

const VendorSample *vendor_sample(const char *name)
{
  const VendorSample *sample = vendor_samples;
  while (sample->name && strcmp(sample->name, name) != 0)
    sample++;
  g_assert_nonnull(sample->name);
  return sample;
}
