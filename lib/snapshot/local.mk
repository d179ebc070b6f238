# lib/snapshot
