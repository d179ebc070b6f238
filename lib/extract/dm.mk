# lib/extract — the sources of dm3 and dm4.
EXTRACT_DM_SOURCES =
