# lib/harvest
