# lib/record
