# instrument: JEOL-JEM-TEM
# extractor: dm3_extractor
# The microscope leaves no trace of its mode in the file, so the name tells a diffraction pattern, and both types are doubtful (extractors-a §7).
if any("Diff", "diff", "DIFF", "SAED", "saed", "DP", "dp"; . as $word | $below | contains($word))
then settype("Diffraction"; "TEM_Diffraction")
else . end
| warn("DatasetType") | warn("Data Type")
