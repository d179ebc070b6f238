# instrument: FEI-Titan-STEM
# extractor: dm3_extractor
# The microscope's users leave these fields as the last one set them; EFTEM diffraction is told by the imaging mode alone (extractors-a §7).
def doubt(field): if .nx_meta | has(field) then warn(field) else . end;

doubt("Detector") | doubt("Operator") | doubt("Specimen")
| if .nx_meta["Imaging Mode"] // "" | tostring | ascii_upcase | contains("EFTEM DIFFRACTION")
  then settype("Diffraction"; "TEM_EFTEM_Diffraction")
  else . end
