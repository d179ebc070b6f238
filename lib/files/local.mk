# lib/files
