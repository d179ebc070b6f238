# instrument: FEI-Titan-TEM
# extractor: dm3_extractor
# Takes over what the Tecnai text of the microscope says, then tells diffraction patterns from images (extractors-a §7, §7.1).
def is_given: . != null and . != "" and . != "DO NOT EDIT" and . != "DO NOT ENTER";
def take(name; value): (value) as $value | if $value | is_given then .nx_meta[name] = $value else . end;
def specimen: [.. | objects | select(has("Tecnai")) | .Tecnai | objects][0]["Specimen Info"]?;

def positions: {
  "X (μm)": $tecnai.Stage_Position_x, "Y (μm)": $tecnai.Stage_Position_y, "Z (μm)": $tecnai.Stage_Position_z,
  "θ (°)": $tecnai.Stage_Position_theta, "φ (°)": $tecnai.Stage_Position_phi };

def filter: $tecnai.Filter_Settings | if . == null then null else with_entries(.key |= ({
  Mode: "Mode", Dispersion: "Dispersion (eV/channel)", Aperture: "Aperture (mm)", Prism_Shift: "Prism Shift (eV)",
  Drift_Tube: "Drift Tube (eV)", Total_Energy_Loss: "Total Energy Loss (eV)" }[.])) end;

def tecnai:
  take("Tecnai Microscope Name"; $tecnai.Microscope_Name)
  | take("Tecnai User"; $tecnai.User)
  | take("Gun Name"; $tecnai.Gun_Name)
  | take("Extractor Voltage (V)"; $tecnai.Extractor_Voltage)
  | take("Gun Lens #"; $tecnai.Gun_Lens_No)
  | take("Emission Current (μA)"; $tecnai.Emission_Current)
  | take("Tecnai Mode"; $tecnai.Mode)
  | take("Defocus"; $tecnai.Defocus)
  | take("Camera Length (m)"; $tecnai.Camera_Length)
  | take("Spot"; $tecnai.Spot)
  | take("C2 Lens Strength (%)"; $tecnai.C2_Strength)
  | take("C3 Lens Strength (%)"; $tecnai.C3_Strength)
  | take("Objective Lens Strength (%)"; $tecnai.Obj_Strength)
  | take("Diffraction Lens Strength (%)"; $tecnai.Dif_Strength)
  | take("Image Shift X (μm)"; $tecnai.Image_Shift_x)
  | take("Image Shift Y (μm)"; $tecnai.Image_Shift_y)
  | .nx_meta["Stage Position"] += positions
  | take("C1 Aperture (μm)"; $tecnai.C1_Aperture)
  | take("C2 Aperture (μm)"; $tecnai.C2_Aperture)
  | take("Objective Aperture (μm)"; $tecnai.Obj_Aperture)
  | take("Selected Area Aperture (μm)"; $tecnai.SA_Aperture)
  | take("Tecnai Filter"; filter)
  | specimen as $specimen
  | if $specimen == "Specimen information is not available yet" then . else take("Specimen"; $specimen) end;

if $tecnai == null then . else tecnai end
| if .nx_meta["Tecnai Mode"] == "STEM nP SA Zoom Diffraction" then settype("Diffraction"; "STEM_Diffraction")
  elif .nx_meta["Operation Mode"] == "DIFFRACTION" then settype("Diffraction"; "TEM_Diffraction")
  else . end
