# lib/config
